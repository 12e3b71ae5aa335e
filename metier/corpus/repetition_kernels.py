"""Compiled kernels of the repetition rules: repeated lines and paragraphs, repeated n-grams of words.

An n-gram can only repeat where the (n-1)-grams at its first and second word both repeat. So each n looks only at the
places that are left over from n - 1: in prose, from n = 4 on hardly any. All of them release the interpreter's lock.
"""

import numpy as np

from metier.jit import numba as nb
from metier.text.word_kernels import mix

_BASE = np.uint64(0x9E3779B97F4A7C15)
_LOW, _PASSED = (1 << 31) - 1, 1 << 31
"""Of a mark: the count, and whether the walk has passed the n-gram. The stamp stands in the upper half."""
_SMALL = 4096
"""Up to so many entries a table is kept a quarter full, beyond that half full."""


@nb.njit(nogil=True, inline="always")
def _slot(keys, marks, stamp, key, mask):  # type: ignore[no-untyped-def]
    """The place of a key in a table where only entries marked with ``stamp`` count, or the empty place for it."""
    place = np.int64(key & mask)
    while marks[place] >> 32 == stamp and keys[place] != key:
        place = (place + 1) & np.int64(mask)
    return place


@nb.njit(nogil=True)
def _power(least):  # type: ignore[no-untyped-def]
    size = 16
    while size < least:
        size *= 2
    return size


@nb.njit(nogil=True)
def _hash(data, start, stop):  # type: ignore[no-untyped-def]
    """A 64-bit hash of some bytes, eight at a time."""
    h = np.uint64(stop - start) * _BASE
    at = start
    while at + 8 <= stop:
        x = np.uint64(0)
        for i in range(8):
            x |= np.uint64(data[at + i]) << np.uint64(8 * i)
        h = (h ^ x) * _BASE
        h ^= h >> np.uint64(29)
        at += 8
    x = np.uint64(0)
    for i in range(stop - at):
        x |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return mix((h ^ x) * _BASE)


@nb.njit(nogil=True)
def _characters(data, start, stop):  # type: ignore[no-untyped-def]
    """Characters in some bytes of UTF-8."""
    count = 0
    for at in range(start, stop):
        count += (data[at] & 0xC0) != 0x80
    return count


@nb.njit(nogil=True)
def _cut(data, start, stop, breaks, at, lines):  # type: ignore[no-untyped-def]
    """(lines, next break) of a text: bounds without white space, and whether a paragraph begins, go to ``lines``."""
    count = 0
    begins = 1
    while start < stop:
        end = breaks[at] if at < len(breaks) and breaks[at] < stop else stop
        at += end < stop
        first, last = start, end
        while first < last and data[first] <= 32:
            first += 1
        while last > first and data[last - 1] <= 32:
            last -= 1
        if first < last:
            lines[count, 0], lines[count, 1], lines[count, 2] = first, last, begins
            count += 1
            begins = 0
        else:
            begins = 1
        start = end + 1
    return count, at


@nb.njit(nogil=True)
def _repeated(keys, sizes, count, table, marks, stamp, out):  # type: ignore[no-untyped-def]
    """Write the share of pieces that stand earlier in the text, and the share of characters in them."""
    mask = np.uint64(_power(2 * count) - 1)
    repeated = again = total = 0
    for i in range(count):
        place = _slot(table, marks, stamp, keys[i], mask)
        total += sizes[i]
        if marks[place] >> 32 == stamp:
            repeated += 1
            again += sizes[i]
        else:
            table[place], marks[place] = keys[i], stamp << 32
    out[0] = repeated / count
    out[1] = again / total


@nb.njit(cache=True, nogil=True)
def duplicate_lines(data, offsets, breaks):  # type: ignore[no-untyped-def]
    """Shares of duplicate lines, of characters in them, of duplicate paragraphs, of characters in them: (rows, 4).

    ``breaks`` are the places of all line breaks. Lines are taken without white space around them, blank ones are none;
    a blank line ends a paragraph.
    """
    rows = len(offsets) - 1
    out = np.zeros((rows, 4), np.float64)
    room = len(breaks) + 1
    lines = np.empty((room, 3), np.int64)
    keys, table = np.empty(room, np.uint64), np.empty(_power(2 * room), np.uint64)
    marks = np.zeros(len(table), np.int64)
    sizes = np.empty(room, np.int64)
    at = 0
    for row in range(rows):
        while at < len(breaks) and breaks[at] < offsets[row]:
            at += 1
        count, at = _cut(data, offsets[row], offsets[row + 1], breaks, at, lines)
        if count < 2:
            continue
        for i in range(count):
            keys[i] = _hash(data, lines[i, 0], lines[i, 1])
            sizes[i] = _characters(data, lines[i, 0], lines[i, 1])
        _repeated(keys, sizes, count, table, marks, 2 * row + 1, out[row])
        paragraphs = -1
        for i in range(count):
            if lines[i, 2]:
                paragraphs += 1
                keys[paragraphs], sizes[paragraphs] = keys[i], sizes[i]
            else:
                keys[paragraphs] = mix(keys[paragraphs] * _BASE + keys[i])
                sizes[paragraphs] += sizes[i]
        if paragraphs > 0:
            _repeated(keys, sizes, paragraphs + 1, table, marks, 2 * row + 2, out[row, 2:])
    return out


@nb.njit(nogil=True)
def _count(grams, left, keys, marks, stamp, slots):  # type: ignore[no-untyped-def]
    """Count the first ``left`` n-grams in the low half of ``marks``; ``slots`` says where each is counted."""
    mask = np.uint64(_power(4 * left if left < _SMALL else 2 * left) - 1)
    fresh = (stamp << 32) | 1
    for j in range(left):
        key = mix(grams[j])
        place = _slot(keys, marks, stamp, key, mask)
        keys[place] = key
        marks[place] = marks[place] + 1 if marks[place] >> 32 == stamp else fresh
        slots[j] = place


@nb.njit(nogil=True)
def _top(places, left, slots, marks, ends, n):  # type: ignore[no-untyped-def]
    """Characters in all occurrences of the most frequent n-gram, the first of equals; 0 where none repeats."""
    most = 1
    best = 0
    for j in range(left):
        count = marks[slots[j]] & _LOW
        if count > most:
            most = count
            best = most * (ends[places[j] + n] - ends[places[j]])
    return best


@nb.njit(nogil=True)
def _covered(places, left, slots, marks, ends, n):  # type: ignore[no-untyped-def]
    """Characters in n-grams that were passed before, no word counted twice: a repeated one is stepped over whole."""
    total = 0
    free = 0
    for j in range(left):
        at = places[j]
        mark = marks[slots[j]]
        if at < free or mark & _LOW == 1:
            continue
        if mark & _PASSED:
            total += ends[at + n] - ends[at]
            free = at + n
        else:
            marks[slots[j]] = mark | _PASSED
    return total


@nb.njit(nogil=True)
def _narrow(places, grams, left, slots, marks, hashes, n):  # type: ignore[no-untyped-def]
    """Keep the places where an n-gram and its right neighbour both repeat, each with the hash of its (n+1)-gram."""
    kept = 0
    repeats = marks[slots[0]] & _LOW != 1
    for j in range(left - 1):
        next_repeats = marks[slots[j + 1]] & _LOW != 1
        at = places[j]
        if repeats & next_repeats and places[j + 1] == at + 1:
            places[kept] = at
            grams[kept] = grams[j] * _BASE + hashes[at + n]
            kept += 1
        repeats = next_repeats
    return kept


@nb.njit(cache=True, nogil=True)
def repeated_ngrams(hashes, sizes, starts, stops, sought):  # type: ignore[no-untyped-def]
    """Shares of the characters of all words that lie in repeated n-grams, shape (rows, k).

    ``sought`` of shape (rows, k) names the n of each column, rising along a row and at least 2; the first three columns
    are the share of the most frequent n-gram, the others that of all n-grams that stand earlier in the text.
    """
    rows, columns = sought.shape
    out = np.zeros((rows, columns), np.float64)
    room = 1
    for row in range(rows):
        room = max(room, stops[row] - starts[row])
    places, slots = np.empty(room, np.int64), np.empty(room, np.int64)
    ends = np.zeros(room + 1, np.int64)
    grams = np.empty(room, np.uint64)
    keys = np.empty(_power(max(2 * room, 4 * min(room, _SMALL))), np.uint64)
    marks = np.zeros(len(keys), np.int64)
    stamp = 0
    for row in range(rows):
        first, words = starts[row], stops[row] - starts[row]
        for i in range(words):
            ends[i + 1] = ends[i] + sizes[first + i]
        left = max(words - 1, 0)
        for i in range(left):
            places[i] = i
            grams[i] = hashes[first + i] * _BASE + hashes[first + i + 1]
        n, column = 2, 0
        while column < columns and left > 1:
            stamp += 1
            _count(grams, left, keys, marks, stamp, slots)
            if sought[row, column] == n:
                if column < 3:
                    found = _top(places, left, slots, marks, ends, n)
                else:
                    found = _covered(places, left, slots, marks, ends, n)
                out[row, column] = found / ends[words]
                column += 1
            left = _narrow(places, grams, left, slots, marks, hashes[first:], n)
            n += 1
    return out

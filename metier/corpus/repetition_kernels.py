"""Compiled kernels of the repetition rules: repeated lines and paragraphs, repeated n-grams of words.

An n-gram can only repeat where the (n-1)-grams at its first and second word both repeat. So each n looks only at the
places that are left over from n - 1: in prose, from n = 4 on hardly any. All of them release the interpreter's lock.
"""

import numpy as np

from metier.jit import numba as nb
from metier.text.lanes import below, count_of, eight, lent, next_of
from metier.text.word_kernels import mix

_BASE = np.uint64(0x9E3779B97F4A7C15)
_LOW, _PASSED = (1 << 31) - 1, 1 << 31
"""The place in an entry of a table, whose upper half is a stamp; of a count, whether the walk has passed the n-gram."""
_SMALL = 4096
"""Up to so many entries a table is kept a quarter full, beyond that half full."""
_SEEN = 1 << 18
"""Bytes, at most, of the table that tells what is met once: it stays in the cache."""


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


@nb.njit(nogil=True, forceinline=True)
def _hash(data, start, stop):  # type: ignore[no-untyped-def]
    """A 64-bit hash of some bytes, eight at a time."""
    h = np.uint64(stop - start) * _BASE
    at = start
    while at + 8 <= stop:
        h = (h ^ eight(data, at)) * _BASE
        h ^= h >> np.uint64(29)
        at += 8
    x = np.uint64(0)
    if at + 8 <= len(data):
        x = eight(data, at) & below(8 * (stop - at))
    else:
        for i in range(stop - at):
            x |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return mix((h ^ x) * _BASE)


@nb.njit(nogil=True, forceinline=True)
def _cut(data, start, stop, lines):  # type: ignore[no-untyped-def]
    """How many lines a text has: bounds without white space, and whether a paragraph begins, go to ``lines``."""
    count = 0
    begins = 1
    while start < stop:
        end = next_of(data, start, stop, 10)
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
    return count


@nb.njit(nogil=True, forceinline=True)
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
def duplicate_lines(data, offsets):  # type: ignore[no-untyped-def]
    """Shares of duplicate lines, of characters in them, of duplicate paragraphs, of characters in them: (rows, 4).

    Lines are taken without white space around them, blank ones are none; a blank line ends a paragraph.
    """
    rows = len(offsets) - 1
    out = np.zeros((rows, 4), np.float64)
    data = lent(data)
    room = 1
    for row in range(rows):
        room = max(room, count_of(data, offsets[row], offsets[row + 1], 10, 10) + 1)
    lines, sizes = np.empty((room, 3), np.int64), np.empty(room, np.int64)
    keys, table = np.empty(room, np.uint64), np.empty(_power(2 * room), np.uint64)
    marks = np.zeros(len(table), np.int64)
    for row in range(rows):
        count = _cut(data, offsets[row], offsets[row + 1], lines)
        if count < 2:
            continue
        for i in range(count):
            begin, end = lines[i, 0], lines[i, 1]
            keys[i] = _hash(data, begin, end)
            sizes[i] = end - begin - count_of(data, begin, end, 0x80, 0xBF)
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
def _sift(hashes, left, places, slots, seen):  # type: ignore[no-untyped-def]
    """How many of the first ``left`` pairs of words may repeat; their places go to ``places``.

    A pair may where its slot in a table of bits is met twice; there is no branch for any of them.
    """
    size = min(_power(8 * left), len(seen))
    mask = np.uint64(size - 1)
    seen[:size] = 0
    for i in range(left):
        slot = np.int64((hashes[i] * _BASE + hashes[i + 1]) & mask)
        slots[i] = slot
        seen[slot] = (seen[slot] << 1 | 1) & 3
    kept = 0
    for i in range(left):
        places[kept] = i
        kept += seen[slots[i]] >> 1
    return kept


@nb.njit(nogil=True, forceinline=True)
def _meet(at, key, table, mask, same):  # type: ignore[no-untyped-def]
    """Count an n-gram under the first place that it was met at; ``table`` is (keys, places with the stamp, stamp)."""
    keys, owners, stamp = table
    firsts, counts = same
    slot = _slot(keys, owners, stamp, key, mask)
    if owners[slot] >> 32 == stamp:
        firsts[at] = owners[slot] & _LOW
        counts[firsts[at]] += 1
    else:
        keys[slot], owners[slot] = key, stamp << 32 | at
        firsts[at], counts[at] = at, 1


@nb.njit(nogil=True)
def _pairs(hashes, places, left, table, same):  # type: ignore[no-untyped-def]
    """Tell for each of the first ``left`` places where its pair of words stands first, and count it there."""
    table, same = (lent(table[0]), lent(table[1]), table[2]), (lent(same[0]), lent(same[1]))
    mask = np.uint64(_power(4 * left if left < _SMALL else 2 * left) - 1)
    for j in range(left):
        at = places[j]
        _meet(at, mix(hashes[at] * _BASE + hashes[at + 1]), table, mask, same)


@nb.njit(nogil=True)
def _longer(hashes, places, left, n, table, same):  # type: ignore[no-untyped-def]
    """The same of n words, after it was told of n - 1: most go on as the first of their like does."""
    table, same = (lent(table[0]), lent(table[1]), table[2]), (lent(same[0]), lent(same[1]))
    firsts, counts = same
    mask = np.uint64(_power(4 * left if left < _SMALL else 2 * left) - 1)
    for j in range(left):
        at = places[j]
        first, word = firsts[at], hashes[at + n - 1]
        if first == at:
            counts[at] = 1
        elif hashes[first + n - 1] == word:
            counts[first] += 1
        else:
            _meet(at, mix(word + np.uint64(first) * _BASE), table, mask, same)


@nb.njit(nogil=True)
def _top(places, left, same, ends, n):  # type: ignore[no-untyped-def]
    """Characters in all occurrences of the most frequent n-gram, the first of equals; 0 where none repeats."""
    firsts, counts = same
    most = 1
    best = 0
    for j in range(left):
        at = places[j]
        count = counts[firsts[at]]
        if count > most:
            most = count
            best = most * (ends[at + n] - ends[at])
    return best


@nb.njit(nogil=True)
def _covered(places, left, same, ends, n):  # type: ignore[no-untyped-def]
    """Characters in n-grams that were passed before, no word counted twice: a repeated one is stepped over whole."""
    firsts, counts = same
    total = 0
    free = 0
    for j in range(left):
        at = places[j]
        first = firsts[at]
        if at < free or counts[first] == 1:
            continue
        if counts[first] & _PASSED:
            total += ends[at + n] - ends[at]
            free = at + n
        else:
            counts[first] |= _PASSED
    return total


@nb.njit(nogil=True)
def _narrow(places, left, same):  # type: ignore[no-untyped-def]
    """Keep the places where an n-gram and its right neighbour both repeat."""
    firsts, counts = same
    kept = 0
    repeats = left > 0 and counts[firsts[places[0]]] != 1
    for j in range(left - 1):
        at, after = places[j], places[j + 1]
        next_repeats = counts[firsts[after]] != 1
        places[kept] = at
        kept += 1 if repeats & next_repeats & (after == at + 1) else 0
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
    same = np.empty(room, np.int64), np.empty(room, np.int64)
    ends = np.zeros(room + 1, np.int64)
    seen = np.empty(min(_power(8 * room), _SEEN), np.uint8)
    keys = np.empty(_power(max(2 * room, 4 * min(room, _SMALL))), np.uint64)
    owners = np.zeros(len(keys), np.int64)
    stamp = 0
    for row in range(rows):
        first, words = starts[row], stops[row] - starts[row]
        own = hashes[first : stops[row]]
        for i in range(words):
            ends[i + 1] = ends[i] + sizes[first + i]
        left = _sift(own, max(words - 1, 0), places, slots, seen)
        n, column = 2, 0
        while column < columns and left > 1:
            stamp += 1
            if n == 2:
                _pairs(own, places, left, (keys, owners, stamp), same)
            else:
                _longer(own, places, left, n, (keys, owners, stamp), same)
            if sought[row, column] == n:
                found = _top(places, left, same, ends, n) if column < 3 else _covered(places, left, same, ends, n)
                out[row, column] = found / ends[words]
                column += 1
            left = _narrow(places, left, same)
            n += 1
    return out

"""Compiled kernels of near-duplicate search: MinHash signatures, true Jaccard, and what two texts differ in."""

import numpy as np

from metier.corpus.change_kernels import renamed
from metier.jit import numba as nb
from metier.text.lanes import LANES
from metier.text.word_kernels import ALONE, gram, mix

_BASE = np.uint64(0x9E3779B97F4A7C15)
_ROUND = np.uint64(0xFF51AFD7ED558CCD)
JUDGED, KEYS = 64, 1 << 21
"""Records that one is compared with in detail; places for words that are counted, of which a quarter stays free."""


@nb.njit(nogil=True, inline="always")
def shingle_size(marks, start, stop, sizes):  # type: ignore[no-untyped-def]
    """Words of a shingle of this text: ``sizes`` are for words and for characters, whichever the text has more of."""
    alone = 0
    for at in range(start, stop):
        if marks[at] & ALONE:
            alone += 1
    return sizes[1] if 2 * alone > stop - start else sizes[0]


@nb.njit(nogil=True, forceinline=True)
def _permuted(x, multiplier, offset):  # type: ignore[no-untyped-def]
    """One of the permutations that signatures take the least of; in 32 bits, so that many are worked out at once."""
    y = np.uint32(x * multiplier + offset)
    return np.uint32(y ^ (y >> np.uint32(15)))


@nb.njit(nogil=True)
def _least(grams, count, multipliers, offsets, least):  # type: ignore[no-untyped-def]
    """The least value of the first ``count`` shingles under every permutation, four shingles at a time."""
    for i in range(len(least)):
        least[i] = np.uint32(0xFFFFFFFF)
    for at in range(0, count, 4):  # behind the last one the last but a few come again, which changes no minimum
        end = count - 1
        a, b, c, d = grams[at], grams[min(at + 1, end)], grams[min(at + 2, end)], grams[min(at + 3, end)]
        for i in range(len(least)):
            multiplier, offset = multipliers[i], offsets[i]
            ab = min(_permuted(a, multiplier, offset), _permuted(b, multiplier, offset))
            cd = min(_permuted(c, multiplier, offset), _permuted(d, multiplier, offset))
            least[i] = min(least[i], min(ab, cd))


@nb.njit(cache=True, nogil=True)
def band_hashes(words, rows, sizes, seeds, bands):  # type: ignore[no-untyped-def]
    """Hashes of the bands of a MinHash signature, shape (bands, rows); Broder 1997, Leskovec et al. 2020, chapter 3.

    ``words`` are (hashes, marks), ``rows`` (starts, stops), ``seeds`` odd multipliers and offsets, each of shape
    (permutations,). A text without words has bands of its own row, so that no two of them meet.
    """
    hashes, marks = words
    starts, stops = rows
    count = len(seeds[0])
    deep = count // bands
    whole = -(-count // LANES) * LANES  # a multiple of what the processor does at once
    multipliers, offsets, least = np.ones(whole, np.uint32), np.zeros(whole, np.uint32), np.empty(whole, np.uint32)
    multipliers[:count], offsets[:count] = seeds
    longest = 1
    for row in range(len(starts)):
        longest = max(longest, stops[row] - starts[row])
    grams = np.empty(longest, np.uint32)
    out = np.empty((bands, len(starts)), np.uint64)
    for row in range(len(starts)):
        start, stop = starts[row], stops[row]
        n = min(shingle_size(marks, start, stop, sizes), max(1, stop - start))
        shingles = max(0, stop - start - n + 1)
        for i in range(shingles):
            grams[i] = np.uint32(gram(hashes, start + i, n) >> np.uint64(32))
        _least(grams, shingles, multipliers, offsets, least)
        for band in range(bands):
            h = np.uint64(band + 1) * _BASE
            for i in range(band * deep, (band + 1) * deep):
                h = (h ^ np.uint64(least[i])) * _ROUND
                h ^= h >> np.uint64(32)
            out[band, row] = h if stop > start else mix(np.uint64(row) + h)
    return out


@nb.njit(cache=True, nogil=True)
def shingle_sets(words, rows, sizes):  # type: ignore[no-untyped-def]
    """(distinct shingles of every text in ascending order, starts, stops)."""
    hashes, marks = words
    starts, stops = rows
    total = 0
    for row in range(len(starts)):
        total += max(0, stops[row] - starts[row])
    out = np.empty(total, np.uint64)
    first = np.empty(len(starts), np.int64)
    last = np.empty(len(starts), np.int64)
    count = 0
    for row in range(len(starts)):
        start, stop = starts[row], stops[row]
        n = min(shingle_size(marks, start, stop, sizes), max(1, stop - start))
        some = np.empty(max(0, stop - start - n + 1), np.uint64)
        for i in range(len(some)):
            some[i] = gram(hashes, start + i, n)
        some.sort()
        first[row] = count
        for i in range(len(some)):
            if i == 0 or some[i] != some[i - 1]:
                out[count] = some[i]
                count += 1
        last[row] = count
    return out[:count], first, last


@nb.njit(nogil=True)
def jaccard(a, b):  # type: ignore[no-untyped-def]
    """The Jaccard similarity of two ascending sets; 0 where both are empty."""
    i, j, both = 0, 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            both += 1
            i += 1
            j += 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    either = len(a) + len(b) - both
    return both / either if either else 0.0


@nb.njit(nogil=True)
def _neighbours_of(one, lists, sets, asked, rules):  # type: ignore[no-untyped-def]
    """(records that share a bucket with one and are as similar as asked, similarities), the most similar first."""
    buckets, heads, following = lists
    shingles, first, last = sets
    similarity, most = rules
    mine = shingles[first[one] : last[one]]
    some = np.empty(most, np.int64)
    values = np.empty(most, np.float64)
    count, met = 0, 0
    for band in range(buckets.shape[1]):
        other = heads[buckets[one, band]]
        while other >= 0 and met < most:
            if other != one and asked[other] == asked[one] and not np.any(some[:count] == other):
                met += 1
                value = jaccard(mine, shingles[first[other] : last[other]])
                if value >= similarity:
                    some[count], values[count] = other, value
                    count += 1
            other = following[other, band]
    order = np.argsort(-values[:count], kind="mergesort")
    return some[:count][order], values[:count][order]


@nb.njit(nogil=True)
def _stands_in(whole, part):  # type: ignore[no-untyped-def]
    """Whether one text stands in another word for word, in one piece."""
    for at in range(len(whole) - len(part) + 1):
        i = 0
        while i < len(part) and whole[at + i] == part[i]:
            i += 1
        if i == len(part):
            return True
    return False


@nb.njit(cache=True, nogil=True)
def settle(order, texts, sets, keys, buckets, rules):  # type: ignore[no-untyped-def]
    """Which of some records repeat a better one: (index of the one kept or -1, similarity, pairs that only look alike).

    ``order`` lists the records from the best to the worst; ``texts`` are (hashes, marks, starts, stops) of their
    words, ``sets`` (shingles, starts, stops), ``keys`` (facts, columns that must agree), each of shape (records,);
    ``buckets`` numbers the bucket of every record in every band, shape (records, bands); ``rules`` are (similarity,
    what ``renamed`` takes, most comparisons of a record, whether one that stands within a better one goes whatever that
    one says besides). A record goes where one that is kept has its facts and no
    record with other facts is more like it: a variant is nearer to what it varies than to another variant. Pairs are
    (better, worse, similarity) of kept records that are alike, agree in the columns and differ in facts.
    """
    words, marks, starts, stops = texts
    facts, asked = keys
    similarity, vocabulary, most, within = rules
    count, bands = buckets.shape
    heads = np.full(buckets.max() + 1 if count else 1, -1, np.int64)
    following = np.full((count, bands), -1, np.int64)
    for one in order[::-1]:
        for band in range(bands):
            following[one, band] = heads[buckets[one, band]]
            heads[buckets[one, band]] = one
    kept = np.full(count, -1, np.int64)
    alike = np.zeros(count, np.float64)
    done = np.zeros(count, np.bool_)
    pairs = [(np.int64(0), np.int64(0), 0.0) for _ in range(0)]
    for one in order:
        done[one] = True
        others, values = _neighbours_of(one, (buckets, heads, following), sets, asked, (similarity, most))
        mine = words[starts[one] : stops[one]], marks[starts[one] : stops[one]]
        varies = False
        for i in range(min(len(others), JUDGED)):
            other = others[i]
            better = done[other] and kept[other] < 0
            if varies and not better:
                continue
            its = words[starts[other] : stops[other]], marks[starts[other] : stops[other]]
            if within and better and _stands_in(its[0], mine[0]):
                kept[one], alike[one] = other, values[i]
                break
            if facts[other] != facts[one] or renamed(its, mine, vocabulary):
                varies = True
                if better:
                    pairs.append((other, np.int64(one), values[i]))
            elif better and not varies:
                kept[one], alike[one] = other, values[i]
                break
    return kept, alike, pairs


@nb.njit(cache=True, nogil=True)
def neighbours(order, column, single):  # type: ignore[no-untyped-def]
    """Pairs of rows with equal values of a column, each with the next in ``order``, shape (pairs, 2).

    ``order`` sorts the column; only ``single`` rows count.
    """
    out = np.empty((0, 2), np.int64)
    for fill in range(2):
        last, count = np.int64(-1), 0
        for row in order:
            if not single[row]:
                continue
            if last >= 0 and column[last] == column[row]:
                if fill:
                    out[count, 0], out[count, 1] = last, row
                count += 1
            last = row
        if not fill:
            out = np.empty((count, 2), np.int64)
    return out


@nb.njit(cache=True, nogil=True)
def join(parent, pairs):  # type: ignore[no-untyped-def]
    """Join the groups of every pair of rows, in place; the first row of a group stands for it."""
    for at in range(len(pairs)):
        a, b = _root(parent, pairs[at, 0]), _root(parent, pairs[at, 1])
        parent[max(a, b)] = min(a, b)


@nb.njit(nogil=True)
def _root(parent, row):  # type: ignore[no-untyped-def]
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


@nb.njit(cache=True, nogil=True)
def roots(parent):  # type: ignore[no-untyped-def]
    """Let every row point at the first row of its group, in place."""
    for row in range(len(parent)):
        parent[row] = _root(parent, row)


@nb.njit(cache=True, nogil=True)
def spread(words, rows, groups):  # type: ignore[no-untyped-def]
    """(keys, in how many groups of texts each stands) of all words, and of pairs of unspaced characters.

    ``words`` are (hashes, marks), ``rows`` (starts, stops), ``groups`` the group of each row, ascending.
    """
    hashes, marks = words
    starts, stops = rows
    size = KEYS
    keys = np.zeros(size, np.uint64)
    counts = np.zeros(size, np.int32)
    last = np.full(size, -1, np.int64)
    mask = np.uint64(size - 1)
    full = 0
    for row in range(len(starts)):
        for at in range(starts[row], stops[row]):
            for n in range(1, 3):
                if n == 2 and not (marks[at] & ALONE and at + 1 < stops[row] and marks[at + 1] & ALONE):
                    continue
                key = gram(hashes, at, n)
                place = key & mask
                while keys[place] != 0 and keys[place] != key:
                    place = (place + np.uint64(1)) & mask
                if keys[place] == 0:
                    full += 1
                    if 4 * full > 3 * size:
                        continue
                    keys[place] = key
                if last[place] != groups[row]:
                    last[place] = groups[row]
                    counts[place] += 1
    some = keys != 0
    return keys[some], counts[some]

"""Compiled kernels of near-duplicate search: MinHash signatures, true Jaccard, and what two texts differ in."""

import numba as nb
import numpy as np

from metier.text.word_kernels import ALONE, DIGIT, find, gram, mix

_BASE = np.uint64(0x9E3779B97F4A7C15)
_ROUND = np.uint64(0xFF51AFD7ED558CCD)
NAME, FEW, MOST, EMPTY, JUDGED, KEYS = 8, 3, 160, 8, 64, 1 << 21
"""Words of the longest change that may be a name; changes of a text in which a single rare word tells; changes beyond
which two texts are not compared in detail; places of a table of no keys; records one is compared with in detail;
places for words that are counted, beyond three quarters of which no new one is taken."""


@nb.njit(nogil=True, inline="always")
def shingle_size(marks, start, stop, sizes):  # type: ignore[no-untyped-def]
    """Words of a shingle of this text: ``sizes`` are for words and for characters, whichever the text has more of."""
    alone = 0
    for at in range(start, stop):
        if marks[at] & ALONE:
            alone += 1
    return sizes[1] if 2 * alone > stop - start else sizes[0]


@nb.njit(cache=True, nogil=True)
def band_hashes(words, rows, sizes, seeds, bands):  # type: ignore[no-untyped-def]
    """Hashes of the bands of a MinHash signature, shape (bands, rows); Broder 1997, Leskovec et al. 2020, chapter 3.

    ``words`` are (hashes, marks), ``rows`` (starts, stops), ``seeds`` odd multipliers and offsets, each of shape
    (permutations,). A text without words has bands of its own row, so that no two of them meet.
    """
    hashes, marks = words
    starts, stops = rows
    multipliers, offsets = seeds
    count = len(multipliers)
    deep = count // bands
    least = np.empty(count, np.uint32)
    out = np.empty((bands, len(starts)), np.uint64)
    for row in range(len(starts)):
        start, stop = starts[row], stops[row]
        n = min(shingle_size(marks, start, stop, sizes), max(1, stop - start))
        least[:] = np.uint32(0xFFFFFFFF)
        for at in range(start, stop - n + 1):
            x = np.uint32(gram(hashes, at, n) >> np.uint64(32))
            for i in range(count):
                y = x * multipliers[i] + offsets[i]
                y ^= y >> np.uint32(15)
                least[i] = min(least[i], np.uint32(y))
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


@nb.njit(cache=True, nogil=True)
def changes(a, b):  # type: ignore[no-untyped-def]
    """The shortest way from one sequence to the other as runs (start, stop, start, stop), shape (changes, 4).

    Myers 1986, greedy; one row of -1 where more than MOST words must be taken out or put in.
    """
    n, m = len(a), len(b)
    head = 0
    while head < n and head < m and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < n - head and tail < m - head and a[n - 1 - tail] == b[m - 1 - tail]:
        tail += 1
    n, m = n - head - tail, m - head - tail
    most = min(MOST, n + m)
    reach = np.zeros((most + 2, 2 * most + 3), np.int32)
    for d in range(most + 1):
        for k in range(-d, d + 1, 2):
            at = k + most + 1
            if d == 0:
                x = 0
            elif k == -d or (k != d and reach[d - 1, at - 1] < reach[d - 1, at + 1]):
                x = reach[d - 1, at + 1]
            else:
                x = reach[d - 1, at - 1] + 1
            while x < n and x - k < m and a[head + x] == b[head + x - k]:
                x += 1
            reach[d, at] = x
            if x >= n and x - k >= m:
                return _runs(reach, d, n, m, most, head)
    return np.full((1, 4), -1, np.int64)


@nb.njit(nogil=True)
def _runs(reach, d, n, m, most, head):  # type: ignore[no-untyped-def]
    """Walk back through what ``changes`` reached and join steps that touch."""
    steps = np.empty((d, 2), np.int64)
    puts = np.empty(d, np.bool_)
    x, y = n, m
    for depth in range(d, 0, -1):
        k = x - y
        at = k + most + 1
        put = k == -depth or (k != depth and reach[depth - 1, at - 1] < reach[depth - 1, at + 1])
        before = reach[depth - 1, at + 1] if put else reach[depth - 1, at - 1]
        x = before
        y = x - (k + 1 if put else k - 1)
        steps[depth - 1, 0], steps[depth - 1, 1], puts[depth - 1] = x, y, put
    out = np.empty((d, 4), np.int64)
    count = 0
    for i in range(d):
        x, y = head + steps[i, 0], head + steps[i, 1]
        if count and out[count - 1, 1] == x and out[count - 1, 3] == y:
            out[count - 1, 3 if puts[i] else 1] += 1
        else:
            out[count] = (x, x, y, y + 1) if puts[i] else (x, x + 1, y, y)
            count += 1
    return out[:count]


@nb.njit(nogil=True)
def _side(text, run, other, vocabulary):  # type: ignore[no-untyped-def]
    """What one side of a change holds: words that are not ordinary; rare ones; numbers or negations; and how often the
    commonest of its words that the other text lacks stands in this one. ``text`` are (hashes, marks).
    """
    words, marks = text
    ordinary, always, common = vocabulary
    named, rare, facts, most = 0, 0, 0, 0
    for at in range(run[0], run[1]):
        if marks[at] & DIGIT or find(always, words[at]) >= 0:
            facts += 1
        if find(ordinary, words[at]) >= 0:
            continue
        named += 1
        if not np.any(other == words[at]):
            most = max(most, np.sum(words == words[at]))
        if len(common) > EMPTY and not _known(words, marks, at, run, common):
            rare += 1
    return named, rare, facts, most


@nb.njit(nogil=True)
def _known(words, marks, at, run, common):  # type: ignore[no-untyped-def]
    """Whether a word is common; an unspaced character is where it makes a common pair with one beside it."""
    if not marks[at] & ALONE or run[1] - run[0] < 2:
        return find(common, gram(words, at, 1)) >= 0
    for first in (at - 1, at):
        if first >= run[0] and first + 1 < run[1] and find(common, gram(words, first, 2)) >= 0:
            return True
    return False


@nb.njit(nogil=True)
def _near_together(runs, marks):  # type: ignore[no-untyped-def]
    """The same changes, those joined that one or two unspaced characters part: two names may share a character."""
    out = runs.copy()
    count = min(1, len(runs))
    for i in range(1, len(runs)):
        gap = runs[i, 0] - out[count - 1, 1]
        if gap <= 2 and marks[runs[i, 0] - 1] & ALONE and marks[runs[i, 0] - gap] & ALONE:
            out[count - 1, 1], out[count - 1, 3] = runs[i, 1], runs[i, 3]
        else:
            out[count] = runs[i]
            count += 1
    return out[:count]


@nb.njit(cache=True, nogil=True)
def renamed(one, other, vocabulary):  # type: ignore[no-untyped-def]
    """Whether two texts differ as if they spoke of another thing, rather than as copies that were edited or damaged.

    That is so where a change of at most NAME words (1) is the only one, and not of ordinary words alone; (2) has a
    number or a negation on both sides, or a rare word on both, as a name for a name, or on one where no more than FEW
    changes are made; (3) is made in two places; or where (4) each text has a word twice or more that the other lacks.
    ``one`` and ``other`` are (hashes, marks); ``vocabulary`` are tables: ordinary words, negations, common words
    (EMPTY or shorter where these are not known).
    """
    a, b = one[0], other[0]
    runs = _near_together(changes(a, b), one[1])
    if len(runs) == 0 or runs[0, 0] < 0:
        return False
    keys = np.zeros(len(runs), np.uint64)
    named, odd, mine, theirs = 0, 0, 0, 0
    for i in range(len(runs)):
        taken, put = runs[i, :2], runs[i, 2:]
        some, rare, facts, most = _side(one, taken, b, vocabulary)
        others, rare_too, facts_too, most_too = _side(other, put, a, vocabulary)
        mine, theirs = max(mine, most), max(theirs, most_too)
        if taken[1] - taken[0] > NAME or put[1] - put[0] > NAME or some + others == 0:
            continue
        if (facts and facts_too) or (rare and rare_too):
            return True
        named += 1
        odd += rare + rare_too
        x = np.uint64(1)
        for at in range(taken[0], taken[1]):
            x = mix(x * _BASE + a[at])
        x = mix(x + np.uint64(1))
        for at in range(put[0], put[1]):
            x = mix(x * _BASE + b[at])
        keys[i] = x if x else np.uint64(1)
    if (named == 1 and len(runs) == 1) or (odd and named <= FEW) or min(mine, theirs) > 1:
        return True
    keys.sort()
    twice = keys[1:][keys[1:] == keys[:-1]]
    return len(twice) > 0 and twice[-1] != 0


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


@nb.njit(cache=True, nogil=True)
def settle(order, texts, sets, keys, buckets, rules):  # type: ignore[no-untyped-def]
    """Which of some records repeat a better one: (index of the one kept or -1, similarity, pairs that only look alike).

    ``order`` lists the records from the best to the worst; ``texts`` are (hashes, marks, starts, stops) of their
    words, ``sets`` (shingles, starts, stops), ``keys`` (facts, columns that must agree), each of shape (records,);
    ``buckets`` numbers the bucket of every record in every band, shape (records, bands); ``rules`` are (similarity,
    what ``renamed`` takes, most comparisons of a record). A record goes where one that is kept has its facts and no
    record with other facts is more like it: a variant is nearer to what it varies than to another variant. Pairs are
    (better, worse, similarity) of kept records that are alike, agree in the columns and differ in facts.
    """
    words, marks, starts, stops = texts
    facts, asked = keys
    similarity, vocabulary, most = rules
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

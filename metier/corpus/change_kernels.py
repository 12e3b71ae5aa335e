"""Compiled kernels that tell whether two texts that are worded alike speak of one thing, and where they differ."""

import numpy as np

from metier.jit import numba as nb
from metier.text.word_kernels import ALONE, DIGIT, find, gram, mix

_BASE = np.uint64(0x9E3779B97F4A7C15)
NAME, SHARED, FEW, MOST, EMPTY = 8, 4, 3, 160, 8
"""Words of the longest change that may be a name; unspaced characters that two names may share; changes of a text in
which a single rare word tells; changes beyond which two texts are not compared in detail; places of a table of no keys.
"""


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
        lone = marks[at] & ALONE and run[1] - run[0] < 2
        if not lone and not np.any(other == words[at]):
            most = max(most, np.sum(words == words[at]))
        if len(common) > EMPTY and not _known(words, marks, at, run, common):
            rare += 1
    return named, rare, facts, most


@nb.njit(nogil=True)
def _known(words, marks, at, run, common):  # type: ignore[no-untyped-def]
    """Whether a word is common; an unspaced character is by itself, or in a common pair with its neighbour."""
    if not marks[at] & ALONE:
        return find(common, gram(words, at, 1)) >= 0
    if run[1] - run[0] < 2:
        return True
    for first in (at - 1, at):
        if first >= 0 and first + 1 < len(words) and find(common, gram(words, first, 2)) >= 0:
            return True
    return False


@nb.njit(nogil=True)
def _near_together(runs, marks):  # type: ignore[no-untyped-def]
    """The same changes, those joined that a few unspaced characters part: two names may share some of theirs."""
    out = runs.copy()
    count = min(1, len(runs))
    for i in range(1, len(runs)):
        gap = runs[i, 0] - out[count - 1, 1]
        if gap <= SHARED and marks[runs[i, 0] - 1] & ALONE and marks[runs[i, 0] - gap] & ALONE:
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
    changes are made; (3) is made in two places; or where (4) each text has a word twice or more that the other lacks,
    and no more than twice as many changes are made.
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
    if (named == 1 and len(runs) == 1) or (odd and named <= FEW) or (min(mine, theirs) > 1 and named <= 2 * FEW):
        return True
    keys.sort()
    twice = keys[1:][keys[1:] == keys[:-1]]
    return len(twice) > 0 and twice[-1] != 0

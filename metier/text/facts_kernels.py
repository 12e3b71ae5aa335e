"""Compiled kernel: the facts of many texts as one hash each."""

import numpy as np

from metier.jit import numba as nb
from metier.text.word_kernels import ALONE, CAPITAL, DIGIT, OPENS, find, gram, mix

LONGEST = 8
"""Words (or characters of an unspaced script) of the longest name or unit that is looked for."""
_BASE = np.uint64(0x9E3779B97F4A7C15)


@nb.njit(nogil=True, inline="always")
def _longest(hashes, at, stop, expressions):  # type: ignore[no-untyped-def]
    """Words of the longest expression that begins at ``at``; 0 where none does."""
    firsts, table = expressions
    if find(firsts, hashes[at]) < 0:
        return 0
    for length in range(min(LONGEST, stop - at), 0, -1):
        if find(table, gram(hashes, at, length)) >= 0:
            return length
    return 0


@nb.njit(nogil=True, inline="always")
def _units(hashes, at, stop, units):  # type: ignore[no-untyped-def]
    """Where the units that begin at ``at`` end: mg, or mg per kg written as two."""
    while at < stop:
        length = _longest(hashes, at, stop, units)
        if not length:
            break
        at += length
    return at


@nb.njit(cache=True, nogil=True)
def fact_hashes(hashes, marks, rows, expressions, single):  # type: ignore[no-untyped-def]
    """A hash of the facts of each text, shape (rows,): in their order within a sentence; 0 where it has none.

    ``rows`` are (starts, stops); ``expressions`` (units, names), each as (first words, whole); ``single`` (numerals,
    negations, sieve).
    """
    starts, stops = rows
    units, names = expressions
    numerals, always, sieve = single
    out = np.zeros(len(starts), np.uint64)
    for row in range(len(starts)):
        at, stop = starts[row], stops[row]
        h, total = np.uint64(0), np.uint64(0)
        while at < stop:
            end = at
            if marks[at] & OPENS:
                total += mix(h)
                h = np.uint64(0)
            sign = np.uint64(marks[at] >> 4)
            if sign:
                h = mix(h * _BASE + sign)
            if not marks[at] & (DIGIT | CAPITAL) and not sieve[hashes[at] & np.uint64(0xFFFF)]:
                at += 1
                continue
            if marks[at] & DIGIT:
                end = _units(hashes, at + 1, stop, units)
            else:
                one = hashes[at]
                if find(numerals, one) >= 0:
                    after = at + 1
                    while after < stop and find(numerals, hashes[after]) >= 0:
                        after += 1
                    end = _units(hashes, after, stop, units)
                    end = end if end > after else at
                elif find(always, one) >= 0:
                    end = at + 1
            if end == at:
                end += _longest(hashes, at, stop, names)
            if end == at and marks[at] & CAPITAL and not marks[at] & (OPENS | ALONE):
                end = at + 1
            for i in range(at, end):
                h = mix(h * _BASE + hashes[i])
            at = max(end, at + 1)
        out[row] = total + mix(h)
    return out

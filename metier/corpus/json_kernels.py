"""Compiled kernels that read JSON objects of nothing but strings, line by line, and decline what is unusual.

All of them release the interpreter's lock.
"""

import numpy as np

from metier.jit import numba as nb
from metier.text.lanes import LANES, copy, count_of, first, lent, within

QUOTE, ESCAPE, BREAK = 34, 92, 10
_PLAIN = np.full(256, 255, np.uint8)
"""What stands behind a backslash -> what it means; 255 for nothing that is plain."""
for _sign, _meant in zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True):
    _PLAIN[_sign] = _meant


@nb.njit(cache=True, nogil=True)
def breaks(data):  # type: ignore[no-untyped-def]
    """How many line breaks there are."""
    return count_of(data, 0, len(data), BREAK, BREAK)


@nb.njit(cache=True, nogil=True)
def perhaps_blank(data, offsets):  # type: ignore[no-untyped-def]
    """Which texts may say nothing: no character of ASCII but blanks stands before their end, or before any other."""
    out = np.ones(len(offsets) - 1, np.bool_)
    for row in range(len(out)):
        at, stop = offsets[row], offsets[row + 1]
        while at < stop and data[at] <= 32:
            at += 1
        out[row] = at == stop or data[at] >= 0x80
    return out


@nb.njit(nogil=True, forceinline=True)
def _after(data, at, byte):  # type: ignore[no-untyped-def]
    """The place behind blanks and one byte; -1 where another stands there, or after a failure."""
    while 0 <= at < len(data) and (data[at] == 32 or data[at] == 9):
        at += 1
    return at + 1 if 0 <= at < len(data) and data[at] == byte else -1


@nb.njit(nogil=True, forceinline=True)
def _behind(data, at, key):  # type: ignore[no-untyped-def]
    """The place behind blanks and a name; -1 where another stands there, or after a failure."""
    while 0 <= at < len(data) and (data[at] == 32 or data[at] == 9):
        at += 1
    if at < 0 or at + len(key) > len(data):
        return -1
    for i in range(len(key)):
        if data[at + i] != key[i]:
            return -1
    return at + len(key)


@nb.njit(nogil=True, forceinline=True)
def _close(data, at):  # type: ignore[no-untyped-def]
    """The place of the quote that ends a string; -1 where a control character stands in it, or nothing ends it."""
    while at < len(data):
        if at + LANES <= len(data):
            bits = within(data, at, QUOTE, QUOTE) | within(data, at, ESCAPE, ESCAPE) | within(data, at, 0, 31)
            at += first(bits)
            if not bits:
                continue
        if data[at] == QUOTE:
            return at
        if data[at] < 32:
            return -1
        at += 2 if data[at] == ESCAPE else 1
    return -1


@nb.njit(cache=True, nogil=True)
def spans(data, keys, ends):  # type: ignore[no-untyped-def]
    """Where the strings of a block of lines begin and end, shape (names, lines, 2); no lines where one is unusual.

    Every line shall be an object of strings under the same names in the same order. ``keys`` are the names in quotes,
    end to end, ``ends`` where each ends.
    """
    data, keys = lent(data), lent(keys)
    rows = count_of(data, 0, len(data), BREAK, BREAK) + np.int64(data[len(data) - 1] != BREAK)
    out = np.empty((len(ends), rows, 2), np.int64)
    at = 0
    for row in range(rows):
        at = at + 1 if at < len(data) and data[at] == 123 else -1
        begin = 0
        for column in range(len(ends)):
            if column:
                at = _after(data, at, 44)
            at = _behind(data, at, keys[begin : ends[column]])
            at = _after(data, _after(data, at, 58), QUOTE)
            stop = _close(data, at) if at >= 0 else -1
            if stop < 0:
                return out[:, :0]
            out[column, row, 0], out[column, row, 1] = at, stop
            begin, at = ends[column], stop + 1
        at = _after(data, at, 125)
        if at < 0 or (at < len(data) and data[at] != BREAK):
            return out[:, :0]
        at += 1
    return out


@nb.njit(nogil=True, forceinline=True)
def _number(data, at, stop):  # type: ignore[no-untyped-def]
    """The number of four hexadecimal digits; -1 where they are none, or half of a pair."""
    if at + 4 > stop:
        return -1
    number = 0
    for i in range(at, at + 4):
        letter = data[i] | 32
        digit = letter - 87 if letter >= 97 else data[i] - 48
        if not (48 <= data[i] <= 57 or 97 <= letter <= 102):
            return -1
        number = number << 4 | int(digit)
    return -1 if 0xD800 <= number < 0xE000 else number


@nb.njit(nogil=True, forceinline=True)
def _write(out, to, point):  # type: ignore[no-untyped-def]
    """The place behind a character below 65536 that is written as UTF-8."""
    if point < 0x80:
        out[to] = point
        return to + 1
    if point < 0x800:
        out[to], out[to + 1] = 0xC0 | point >> 6, 0x80 | point & 63
        return to + 2
    out[to], out[to + 1], out[to + 2] = 0xE0 | point >> 12, 0x80 | point >> 6 & 63, 0x80 | point & 63
    return to + 3


@nb.njit(cache=True, nogil=True)
def unescaped(data, places):  # type: ignore[no-untyped-def]
    """(bytes, offsets) of the strings between places, shape (strings, 2), as they are meant.

    No offsets where one holds an escape that is unusual.
    """
    rows = len(places)
    room = LANES
    for row in range(rows):
        room += places[row, 1] - places[row, 0]
    written, offsets = np.empty(room, np.uint8), np.zeros(rows + 1, np.int64)
    data, out = lent(data), lent(written)
    to = 0
    for row in range(rows):
        at, stop = places[row]
        while at < stop:
            if at + LANES <= len(data):
                size = min(first(within(data, at, ESCAPE, ESCAPE)), stop - at)
                copy(data, at, out, to)
                at, to = at + size, to + size
                if size == LANES or at == stop:
                    continue
            if data[at] != ESCAPE:
                out[to] = data[at]
                at, to = at + 1, to + 1
                continue
            meant = np.int64(_PLAIN[data[at + 1]])
            size = 2
            if data[at + 1] == 117:
                meant, size = _number(data, at + 2, stop), 6
            if meant < 0 or (size == 2 and meant == 255):
                return written[:0], offsets[:0]
            to = _write(out, to, meant)
            at += size
        offsets[row + 1] = to
    return written[:to], offsets

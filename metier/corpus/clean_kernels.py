"""One pass over the bytes of a text column: which rows need work, how long they are, how many symbols they hold."""

import functools
import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

from metier.jit import numba as nb
from metier.text.word_kernels import point_at
from metier.text.wrapped import LONG, WIDEST

SYMBOL, ODD, MAYBE = 1, 2, 4
"""Bits of a table entry: counts as a symbol; is never in a tidy text; may not stand so in NFC. Bits 8-15: the
canonical combining class."""
POINTS, ASSIGNED = 0x110000, 0x40000
"""All code points; behind the second there are tags, variation selectors and private characters only."""
SELECTORS = range(0xE0000, 0xE1000)


@functools.cache
def table(usual: str, odd: str) -> NDArray[np.uint16]:
    """What each code point counts as, shape (0x110000,); ``usual`` and ``odd`` are patterns of single characters."""
    entries = np.full(POINTS, SYMBOL, np.uint16)
    entries[0xD800:0xE000] = SYMBOL | ODD
    fine, bad = re.compile(usual), re.compile(odd)
    for points in (range(0xD800), range(0xE000, ASSIGNED), SELECTORS):
        chars = [chr(point) for point in points]
        symbols = [unicodedata.category(char)[0] not in "LMN" for char in chars]
        classes = [unicodedata.combining(char) for char in chars]
        entries[points.start : points.stop] = np.array(symbols, np.uint16) * SYMBOL + np.array(classes, np.uint16) * 256
        text = "".join(chars)
        for match in fine.finditer(text):
            entries[points.start + match.start() : points.start + match.end()] &= ~np.uint16(SYMBOL)
        for match in bad.finditer(text):
            entries[points.start + match.start() : points.start + match.end()] |= ODD
        for char in chars:
            if not unicodedata.is_normalized("NFC", char):
                entries[ord(char)] |= MAYBE
            elif (parts := unicodedata.decomposition(char).split()) and len(parts) == 2 and parts[0][0] != "<":
                entries[int(parts[1], 16)] |= MAYBE
    entries[0x1161:0x1176] |= MAYBE
    entries[0x11A8:0x11C3] |= MAYBE
    return entries


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def survey(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], entries: NDArray[np.uint16], markup: bool
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(untidy, characters, symbols, long lines with a line right below), each of shape (rows,).

    The counts of an untidy row end where its first fault was found. With ``markup``, what may be a tag or an entity is
    a fault too.
    """
    rows = len(offsets) - 1
    untidy = np.zeros(rows, np.bool_)
    chars = np.zeros(rows, np.int64)
    symbols = np.zeros(rows, np.int64)
    pairs = np.zeros(rows, np.int64)
    for row in range(rows):
        untidy[row], chars[row], symbols[row], pairs[row] = _row(data, offsets[row], offsets[row + 1], entries, markup)
    return untidy, chars, symbols, pairs


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def count(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], entries: NDArray[np.uint16]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(characters, symbols) of whole rows, each of shape (rows,)."""
    rows = len(offsets) - 1
    chars = np.zeros(rows, np.int64)
    symbols = np.zeros(rows, np.int64)
    for row in range(rows):
        at = offsets[row]
        while at < offsets[row + 1]:
            point, size = point_at(data, at)
            symbols[row] += entries[point] & SYMBOL
            chars[row] += 1
            at += size
    return chars, symbols


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _row(
    data: NDArray[np.uint8], at: int, stop: int, entries: NDArray[np.uint16], markup: bool
) -> tuple[bool, int, int, int]:
    """The survey of one row."""
    chars, symbols, pairs, breaks, line, last_class = 0, 0, 0, 0, 0, 0
    before, long_above = 10, False
    while at < stop:
        byte = data[at]
        point, size = point_at(data, at)
        entry = entries[point]
        if entry:
            if entry & (ODD | MAYBE):
                return True, chars, symbols, pairs
            symbols += entry & SYMBOL
            if 0 < entry >> 8 < last_class:
                return True, chars, symbols, pairs
            if markup and ((byte == 60 and _tag(data, at, stop)) or (byte == 38 and _entity(data, at, stop))):
                return True, chars, symbols, pairs
        last_class = entry >> 8
        if byte == 10:
            if before == 32 or chars == 0 or breaks == 2:
                return True, chars, symbols, pairs
            long_above, line = LONG <= line <= WIDEST, 0
            breaks += 1
        else:
            if byte == 32 and (before == 32 or before == 10):
                return True, chars, symbols, pairs
            if breaks == 1 and long_above:
                pairs += 1
            long_above = False
            breaks = 0
            line += 1
        before = byte
        chars += 1
        at += size
    return chars > 0 and (before == 32 or before == 10), chars, symbols, pairs


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _tag(data: NDArray[np.uint8], at: int, stop: int) -> bool:
    """Whether the ``<`` at an offset may open a tag: a letter, slash or sign stands behind it."""
    if at + 1 >= stop:
        return False
    byte = data[at + 1]
    return bool(byte >= 128 or 97 <= byte | 32 <= 122 or byte == 47 or byte == 33 or byte == 63)


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _entity(data: NDArray[np.uint8], at: int, stop: int) -> bool:
    """Whether the ``&`` at an offset may begin an entity: letters, digits or # up to a semicolon."""
    for place in range(at + 1, min(stop, at + 36)):
        byte = data[place]
        if byte == 59:
            return True
        if not (byte == 35 or 48 <= byte <= 57 or 97 <= byte | 32 <= 122):
            return False
    return False

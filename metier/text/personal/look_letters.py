"""Characters as the compiled look reads them: code points, and what kind each is."""

import numpy as np
from numpy.typing import NDArray

from metier.jit import numba as nb
from metier.text.word_kernels import point_at

FAR = -(1 << 30)
UP, LOW, NUM, GAP, LOOK = (1 << bit for bit in range(5))
"""Kinds of characters below U+0180: capital, small, digit, between digits of a number, one to stop at."""


def letters() -> NDArray[np.uint8]:
    """The kinds of the characters below U+0180."""
    table = np.zeros(0x180, np.uint8)
    for code in range(0x180):
        upper = 65 <= code <= 90 or 0xC0 <= code <= 0xDE or code in (0x160, 0x17D)
        lower = 97 <= code <= 122 or (0xDF <= code <= 0x17E and code not in (0xF7, 0x160, 0x17D))
        table[code] = UP * upper | LOW * lower | NUM * (48 <= code <= 57) | GAP * (chr(code) in " -.()")
        table[code] |= LOOK * bool(upper or 48 <= code <= 57 or chr(code) in ":=@)]")
    return table


@nb.njit(nogil=True)
def is_digit(c):  # type: ignore[no-untyped-def]
    """Whether a character is an ASCII digit."""
    return 48 <= c <= 57


@nb.njit(nogil=True)
def is_kind(c, kinds, what):  # type: ignore[no-untyped-def]
    """Whether a character is of a kind that ``letters`` knows."""
    return c < 0x180 and kinds[c] & what != 0


@nb.njit(nogil=True)
def is_word(c):  # type: ignore[no-untyped-def]
    """Whether a character is an ASCII letter or digit."""
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122


@nb.njit(nogil=True)
def is_space(c):  # type: ignore[no-untyped-def]
    """Whether a character is white space."""
    return c == 32 or 9 <= c <= 13 or c == 0xA0 or c == 0x3000 or 0x2000 <= c <= 0x200A or c == 0x202F or c == 0x85


@nb.njit(nogil=True)
def is_arabic(c):  # type: ignore[no-untyped-def]
    """Whether a character belongs to an Arabic word."""
    return 0x621 <= c <= 0x63A or 0x640 <= c <= 0x652 or c == 0x670 or c == 0x671


@nb.njit(nogil=True)
def is_han(c):  # type: ignore[no-untyped-def]
    """Whether a character is Chinese."""
    return 0x4E00 <= c <= 0x9FFF


@nb.njit(nogil=True)
def _folded(point):  # type: ignore[no-untyped-def]
    """Digits of every script, and the wide signs among them, as ASCII; as ``digits.ascii_digits`` has it."""
    if 0x660 <= point <= 0x669:
        return point - 0x630
    if 0x6F0 <= point <= 0x6F9:
        return point - 0x6C0
    if 0xFF0B <= point <= 0xFF19 and point != 0xFF0C:
        return point - 0xFEE0
    return point


@nb.njit(nogil=True)
def points(data, at, end, out):  # type: ignore[no-untyped-def]
    """The characters of a text with three zeros before and after; (how many, whether Arabic, whether Chinese)."""
    n, arabic, han = 3, False, False
    while at < end:
        c = int(data[at])
        if c < 0x80:
            out[n] = c
            at += 1
        else:
            point, width = point_at(data, at)
            c = int(point)
            arabic = arabic or 0x600 <= c <= 0x6FF
            han = han or 0x4E00 <= c <= 0x9FFF
            out[n] = _folded(c)
            at += width
        n += 1
    out[n : n + 8] = 0
    return n, arabic, han


@nb.njit(nogil=True)
def lowered(c):  # type: ignore[no-untyped-def]
    """An ASCII letter as a small one."""
    return c | 32 if 65 <= c <= 90 else c


@nb.njit(nogil=True)
def digits_in(p, start, stop):  # type: ignore[no-untyped-def]
    """Whether a digit stands among some characters."""
    for k in range(start, stop):  # noqa: SIM110
        if is_digit(p[k]):
            return True
    return False

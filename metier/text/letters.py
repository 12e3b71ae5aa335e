"""What one character counts as in a compared word: one table for the compiled kernels and for plain Python.

Case, accents, width, digit scripts and Arabic spelling variants are folded away; punctuation separates; each character
of a script that writes no spaces is a word of its own.
"""

import functools
import unicodedata

import numpy as np
from numpy.typing import NDArray

SIZE = 0x33480
"""The table ends behind the last plane of Han; what lies beyond stands for itself."""
BLANK, SKIPPED, LINE, SIGN, STOP = range(5)
"""White space; no trace in a word; a line's end; punctuation; one that ends a sentence. All else are letters."""
ALONE, CAPITAL, DIGIT, FOLDED, UNSETTLED = 1 << 31, 1 << 30, 1 << 29, 1 << 28, 1 << 27
"""Flags: a word of its own; a capital letter; a digit; not told from others in words; may compose with a neighbour."""
PLAIN, SIGNED = (1 << 21) - 1, 21
"""What is left of a value without its flags: the code point that is compared; where the number of a sign begins."""
_SIGNS = {sign: number for number, some in enumerate(
    ("", "%٪％", "‰", "°℃", "<＜", ">＞", "≤", "≥", "±", "+＋", "=＝", "×✕", "-−–－", ".．٫", ",，٬", "/:／：∶"),
) for sign in some}  # fmt: skip
"""Signs that numbers carry, and what tells them apart. Those from the hyphen on count only beside a digit."""

_UNSPACED = (
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3041, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0x1B000, 0x1B16F), (0x20000, SIZE - 1),
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0xAA60, 0xAA7F),
)  # fmt: skip
"""Han, kana, Hangul; Thai, Lao, Myanmar, Khmer, Tai."""
_ARABIC = {"ى": "ي", "ی": "ي", "ة": "ه", "ۀ": "ه", "ک": "ك", "ٱ": "ا", "ے": "ي"}
"""Spelling variants that writers do not keep apart, as in Arabic information retrieval (Larkey et al. 2002)."""

_STOPS, _DIGITS = frozenset(".!?:;。！？：；؟؛۔"), frozenset("0123456789")
_DRESSES = frozenset(("<wide>", "<narrow>", "<initial>", "<medial>", "<final>", "<isolated>"))
"""Decompositions that change how a letter looks and not what it says; a superscript is another letter."""


def folded(char: str) -> int:
    """What a character counts as: BLANK, SKIPPED, LINE, SIGN, STOP or a code point, with its flags."""
    if char.isspace():
        return LINE if char == "\n" else BLANK
    return _plain(char) | (UNSETTLED if _unsettled(char) else 0)


def _plain(char: str) -> int:
    category, point = unicodedata.category(char), ord(char)
    if category == "Cf" or char == "ـ":
        return SKIPPED | FOLDED
    if category in ("Mn", "Me") and unicodedata.combining(char) and _foldable_mark(point) and not _between(point):
        return SKIPPED | FOLDED
    if category[0] not in "LNM" and not _stands_for_letters(char):
        return (STOP if char in _STOPS else SIGN) | _SIGNS.get(char, 0) << SIGNED
    if _between(point):
        return point | ALONE
    base = _base(char)
    flags = (CAPITAL if category == "Lu" else 0) | (DIGIT if base in _DIGITS else 0)
    return ord(base) | flags | (0 if base in (char, char.lower(), char.casefold()) else FOLDED)


def _unsettled(char: str) -> bool:
    jamo = "\u1161" <= char <= "\u1175" or "\u11a8" <= char <= "\u11c2"
    return bool(unicodedata.combining(char) or jamo or not unicodedata.is_normalized("NFC", char))


def _between(point: int) -> bool:
    return any(low <= point <= high for low, high in _UNSPACED)


def _foldable_mark(point: int) -> bool:
    """Accents and the vowel signs of Arabic and Hebrew; those of Indic scripts are letters."""
    return point < 0x0900 or 0x1AB0 <= point <= 0x1AFF or 0x1DC0 <= point <= 0x20FF or 0xFE20 <= point <= 0xFE2F


def _stands_for_letters(char: str) -> bool:
    """Signs such as the square mg, which are letters in another dress."""
    return char not in "®™" and unicodedata.normalize("NFKC", char).isalnum()


def _base(char: str) -> str:
    """Lower case, without accents, full-width forms and other scripts' digits as plain ones."""
    if (digit := unicodedata.decimal(char, None)) is not None:
        return str(digit)
    if unicodedata.decomposition(char).partition(" ")[0] in _DRESSES:
        wide = unicodedata.normalize("NFKC", char)
        char = wide if len(wide) == 1 else char
    lower = char.lower()
    first, *marks = list(unicodedata.normalize("NFD", lower[0]))
    plain = first if all(unicodedata.category(mark) == "Mn" for mark in marks) else lower[0]
    return _ARABIC.get(plain, plain)


@functools.cache
def table() -> NDArray[np.uint32]:
    """``folded`` of every code point below SIZE, shape (SIZE,)."""
    values = (SIGN if 0xD800 <= point < 0xE000 else folded(chr(point)) for point in range(SIZE))
    return np.fromiter(values, np.uint32, SIZE)


@functools.cache
def cases() -> NDArray[np.uint32]:
    """The case-folded code point of every one below SIZE, shape (SIZE,); one that folds to several is itself."""
    folds = (chr(point).casefold() if not 0xD800 <= point < 0xE000 else "" for point in range(SIZE))
    return np.fromiter((ord(fold) if len(fold) == 1 else point for point, fold in enumerate(folds)), np.uint32, SIZE)


class _Spelled(dict[int, str]):
    """The table as ``str.translate`` takes it: separators are spaces, words of their own stand between spaces."""

    def __missing__(self, point: int) -> str:
        value = folded(chr(point)) if point < SIZE else point
        plain = value & PLAIN
        letters = chr(plain) if plain > STOP else ("" if plain == SKIPPED else " ")
        self[point] = f" {letters} " if value & ALONE else letters
        return self[point]


_SPELLED = _Spelled()


def split(text: str) -> list[str]:
    """The compared words of a text, in plain Python: what the kernels hash."""
    return [word for word in text.translate(_SPELLED).split(" ") if word]

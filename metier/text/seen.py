"""A text as a reader sees it: what is not seen is left out, and look-alikes stand as what they look like.

Unlike the bare form (``metier.text.bare``), in which names are looked up, it keeps case, blanks and punctuation.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from metier.text.bare import bare_text

_UNSEEN = (
    "\u00ad\u034f\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
"""Format characters, accents, the vowel signs and the stretching of Arabic, variation selectors."""
_ALIKE = "\u0370-\u052f\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff"
"""Greek and Cyrillic letters, full-width letters and digits, letters of mathematics."""
_SPACES = "\u00a0\u2000-\u200a\u202f\u3000"
_DISGUISE = re.compile(f"[{_UNSEEN}{_ALIKE}{_SPACES}\uff0e\uff05\uff0b]")
_WORD = re.compile(r"[^\W\d_]+")
_LETTER, _GREEK = re.compile("[a-zA-Z]"), re.compile("[\u0370-\u052f]")


class Seen(NamedTuple):
    """A text as it is seen."""

    text: str
    at: Sequence[int]
    """Where each character stands in the text as it was written; the last item is that text's length."""


def seen(text: str) -> Seen:
    """The text as it is seen; every character knows where it came from."""
    if text.isascii() or not _DISGUISE.search(text):
        return Seen(text, range(len(text) + 1))
    plain = [(_shown(char), place) for place, char in enumerate(text)]
    parts = [(part, place) for part, place in plain if part]
    made = "".join(part for part, _ in parts)
    places = [place for part, place in parts for _ in part]
    return Seen(_unmixed(made), [*places, len(text)])


def _shown(char: str) -> str:
    if not _DISGUISE.match(char) or _GREEK.match(char):
        return char
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in ("Mn", "Cf", "Lm") else unicodedata.normalize("NFKC", char)


def _unmixed(text: str) -> str:
    """Greek and Cyrillic letters inside Latin words as the Latin letters that they look like."""
    return _WORD.sub(_latin, text) if _GREEK.search(text) else text


def _latin(word: re.Match[str]) -> str:
    return _GREEK.sub(_alike, word[0]) if _LETTER.search(word[0]) else word[0]


def _alike(letter: re.Match[str]) -> str:
    plain = bare_text(letter[0])
    return plain if len(plain) == 1 else letter[0]

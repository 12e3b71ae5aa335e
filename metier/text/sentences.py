"""Where sentences begin, in Chinese, Arabic, English and their neighbours."""

import itertools
import re

_OPEN_END = "[.!?؟۔…]"
_CLOSERS = "[\"'”’)\\]»]*"
_END = re.compile(
    f"(?P<cjk>[。！？]+[”’」』）】》]*\\s*)"
    f"|(?P<latin>{_OPEN_END}+{_CLOSERS}\\s+)(?=\\S)"
    "|(?P<blank>[^\\S\\n]*\\n[^\\S\\n]*\\n\\s*)"
    "|(?P<item>[^\\S\\n]*\\n\\s*)(?=[-*•·▪◦]\\s|#{1,6}\\s|\\(?\\d{1,2}[.)、]\\s?|<[一-鿿]{1,8}>)"
    "|(?P<colon>[:：;；][^\\S\\n]*\\n\\s*)"
)
_NUMBER = re.compile(r"\s*\d")
_LAST_WORD = re.compile(r"(?:^|[\s(\[\"'“‘/-])((?:[^\W\d_]\.)*[^\W\d_]+|\d{1,2})$")
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "dr mr mrs ms prof st sr jr vs e.g i.e eg ie cf al ed eds resp dept ph.d m.d u.s u.k mt gen sen rep rev"
        " hon messrs jan feb mar apr jun jul aug sept sep oct nov dec",
    )
)
_BEFORE_NUMBERS = frozenset(("no", "nos", "fig", "figs", "eq", "vol", "approx", "ca", "ch", "sec", "p", "pp"))
_SINGLE_LETTERS_END = frozenset("abcdek")
"""Vitamin C. and hepatitis B. end sentences more often than they begin a surname."""


def _is_abbreviation(text: str, stop: int) -> bool:
    """Whether the full stop at ``stop`` belongs to the word before it."""
    found = _LAST_WORD.search(text, max(0, stop - 16), stop)
    if not found:
        return False
    word = found[1]
    if word.lower() in _BEFORE_NUMBERS:
        return bool(_NUMBER.match(text, stop + 1))
    if word.isdigit():
        line = text.rfind("\n", 0, stop) + 1
        return not text[line : found.start(1)].strip()
    if len(word) == 1:
        return word.isupper() and word.isascii() and word.lower() not in _SINGLE_LETTERS_END
    return word.lower() in _ABBREVIATIONS


def starts(text: str) -> list[int]:
    """Character offsets where a sentence begins, the first (0) left out.

    A blank line, a list item or a heading begins a sentence; a bare line break does not, for lines are often wrapped.
    """
    found = []
    for match in _END.finditer(text):
        if match.lastgroup == "latin":
            first = text[match.end()]
            if "\n" not in match[0] and first.islower():
                continue
            if text[match.start()] == "." and _is_abbreviation(text, match.start()):
                continue
        if 0 < match.end() < len(text):
            found.append(match.end())
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text, stripped, empty ones left out."""
    edges = [0, *starts(text), len(text)]
    pieces = (text[a:b].strip() for a, b in itertools.pairwise(edges))
    return [piece for piece in pieces if piece]

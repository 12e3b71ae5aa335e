"""Where sentences begin, in Chinese, Arabic, English and their neighbours."""

import itertools
import re

_OPEN_END = ".!?…"
_SURE_END = "。！？｡؟۔।։።။"
"""Needs no white space behind it: in their scripts these signs end nothing but sentences."""
_CLOSERS = "\"'”’)\\]»"
_WIDE_CLOSERS = "”’」』）】》〉〕〗"
_MARK = r"(?:[-*•·▪◦]\s|#{1,6}\s|\(?\d{1,2}[.)、]\s?|<[一-鿿]{1,8}>)"
_END = re.compile(
    f"[{_OPEN_END}{_SURE_END}\n:：;；](?:"
    f"(?<=[{_SURE_END}])[{_SURE_END}{_OPEN_END}]*(?P<sure>[{_WIDE_CLOSERS}{_CLOSERS}]*)\\s*"
    f"|(?P<latin>(?<=[{_OPEN_END}])(?<![{_OPEN_END}]{{2}})[{_OPEN_END}]*[{_CLOSERS}]*\\s+(?=\\S))"
    "|(?P<han>(?<=[!?])(?<![!?]{2})[!?]*[”’」』\"']*(?=[“「『《一-鿿]))"
    "|(?P<blank>(?<=\n)[^\\S\\n]*\n\\s*)"
    f"|(?P<item>(?<=\n)\\s*(?={_MARK}))"
    "|(?P<colon>(?<=[:：;；])[^\\S\\n]*\n\\s*)"
    ")"
)
"""One class of characters comes first, so that the search runs over the rest of the text at full speed; of a run of
signs only the first is tried, for what stands behind the run is the same for all."""
_GOES_ON = re.compile("[，、；：,;:。！？]")
_INSIDE = re.compile("[）》〉】〕]")
_NUMBER = re.compile(r"\s*\d")
_LAST_WORD = re.compile(r"(?:^|[\s(\[\"'“‘/-])((?:[^\W\d_]\.)*[^\W\d_]+|\d{1,2})$")
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "dr mr mrs ms prof st sr jr vs e.g i.e eg ie cf al ed eds resp dept ph.d m.d u.s u.k mt gen sen rep rev"
        " hon messrs lt col capt sgt univ jan feb mar apr jun jul aug sept sep oct nov dec",
    )
)
_BEFORE_NUMBERS = frozenset(("no", "nos", "fig", "figs", "eq", "vol", "approx", "ca", "ch", "sec", "p", "pp"))
_INITIAL = re.compile(r"(?:^|[\s(])[A-Z]\.\s?\Z")
_ARABIC_LETTER = re.compile(r"و?(?:[ء-ي]ـ?\.)*[ء-ي]ـ?")
_YEAR = re.compile(r"(?:\d|فيتامين|الكبد)\s*\Z")
_OPENERS = re.compile(r"\s+(?:The|This|These|It|In|He|She|They|We|A|An|If|But|However|For|Its)\b")
_MAY_END = frozenset(("u.s", "u.k", "jr", "sr", "ph.d", "m.d"))
_SINGLE_LETTERS_END = frozenset("abcdek")
"""Vitamin C. and hepatitis B. end sentences more often than they begin a surname."""


def is_abbreviation(text: str, stop: int) -> bool:
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
    if _ARABIC_LETTER.fullmatch(word):
        before = text[max(0, found.start(1) - 10) : found.start(1)]
        return not _YEAR.search(before)  # the title of a person, not the era of a year or the letter of a vitamin
    if len(word) == 1 and word.isupper() and word.isascii():
        return word.lower() not in _SINGLE_LETTERS_END or bool(
            _INITIAL.search(text, max(0, found.start(1) - 4), found.start(1))
        )
    if len(word) == 1:
        return False
    if word.lower() in _MAY_END and _OPENERS.match(text, stop + 1):
        return False
    return word.lower() in _ABBREVIATIONS


def starts(text: str, begin: int = 0, stop: int | None = None) -> list[int]:
    """Character offsets where a sentence begins, the first (0) left out, between ``begin`` and ``stop``.

    A blank line, a list item or a heading begins a sentence; a bare line break does not, for lines are often wrapped.
    """
    found = []
    size = len(text)
    last = size if stop is None else stop
    for match in _END.finditer(text, begin):
        end = match.end()
        if match.start() >= last or end >= size:
            break
        if end <= last and _begins(text, match, end):
            found.append(end)
    return found


def _begins(text: str, match: re.Match[str], end: int) -> bool:
    """Whether a sentence begins behind a sign that may end one."""
    if match.lastgroup == "latin":
        if "\n" not in match[0] and text[end].islower():
            return False
        return text[match.start()] != "." or not is_abbreviation(text, match.start())
    if match.lastgroup != "sure" or "\n" in match[0]:
        return True
    if _GOES_ON.match(text, end):
        return False
    closers = match["sure"]
    return not (closers and _INSIDE.match(closers[-1]) and text[match.start()] not in "。｡")


def sentences(text: str) -> list[str]:
    """The sentences of a text, stripped, empty ones left out."""
    edges = [0, *starts(text), len(text)]
    pieces = (text[a:b].strip() for a, b in itertools.pairwise(edges))
    return [piece for piece in pieces if piece]

"""Where a name may begin and end in a text, which gaps it may have, and when its case counts."""

import functools
import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from metier.text.bare import Bare, bare

_CLITICS = re.compile(r"(?:^|[^ء-ي])(?:[وف]?(?:[بكل]?ال|لل|[بكل])?)\Z")
_ARTICLES = re.compile(r"(?:^|[^ء-ي])(?:[وف]?(?:[بك]?ال|لل)|و)?\Z")
"""What is written together with an Arabic word before it: and, so; by, as, for; the. Before a short one a single letter
is more often part of another word."""
_ENDINGS = re.compile(r"(?:e?s|ات|ا)(?![^\W\d_])")
"""What is written together with a name behind it: several of it; the Arabic accusative."""
_UNITS = (
    "g|mg|kg|ug|mcg|ng|ml|l|dl|iu|u|mmol|meq|mol|amp|tab|cap"
    "|克|毫克|微克|毫升|升|单位|国际单位|万|支|片|粒|次|瓶|袋|滴|毫摩尔|غ|جم|ملغ|ملغم|ملجم|مجم|مل|وحده|لتر"
)
_DOSE = re.compile(rf"(?:[1-9]\d*|0)(?: \d+)? ?(?:{_UNITS})(?![a-zء-ي])")
"""A dose written together with the name before it, as in 维生素C2g; a number without unit belongs to the name."""
_DOSED = re.compile(rf"\d(?:{_UNITS})\Z")
"""A dose written together with the name behind it, as in 250mlNS."""
_NUMBER = re.compile(rf" ?(?:[1-9]|1[0-2])(?!\w)(?! \d)(?! ?(?:{_UNITS})(?![a-zء-ي]))")
_THIN = frozenset("-‐‑‒–—−.·•_*'’`~|^#")
"""Signs that may stand inside a name without parting it, beside blanks and all that are no punctuation."""
_NAME_POINTS = frozenset("·•・‧")
"""What parts the names of a foreigner in Chinese: two characters beside it are of two words."""
_PARTING = frozenset(("Po", "Ps", "Pe", "Pi", "Pf", "Sm"))
"""Punctuation and the signs of sums; a pill or a heart inside a name parts nothing."""
_PERCENT = str.maketrans("％٪﹪．٫，", "%%%..,")
_STOPPED = re.compile(r"\w{4}[.]\s+\Z")
"""The end of a sentence; a point behind fewer letters may be that of an abbreviation."""
_SPREAD, _LONG, _SPLIT = 4, 5, 6
"""Letters from which a name is known though each stands apart, though a digit stands before it, though it is cut."""


def bounded(text: str, start: int, stop: int) -> bool:
    """Whether a place of a bare text begins and ends where a word of its script may."""
    return _begins(text, start, stop) and _ends(text, start, stop)


def _begins(text: str, start: int, stop: int) -> bool:
    if not start or not _spaced(first := text[start]) or not _spaced(before := text[start - 1]):
        return True
    if first.isdigit():
        return not before.isalnum()
    if before.isdigit():
        return stop - start >= _LONG
    if _arabic(first) and _arabic(before):
        clitics = _CLITICS if stop - start > 3 else _ARTICLES
        return bool(clitics.search(text, max(0, start - 5), start))
    return _arabic(first) or _arabic(before) or bool(_DOSED.search(text, max(0, start - 8), start))


def _ends(text: str, start: int, stop: int) -> bool:
    last, after = text[stop - 1], text[stop : stop + 1]
    if not _spaced(last) or not after:
        return True
    if after.isdigit():
        return bool(_DOSE.match(text, stop))
    if last.isdigit():
        return not _latin(after)
    if after == " ":
        return not (_numbered(text, start, stop) and _NUMBER.match(text, stop))
    if not _spaced(after) or _arabic(last) != _arabic(after):
        return True
    return stop - start >= 3 and bool(_ENDINGS.match(text, stop))


def _numbered(text: str, start: int, stop: int) -> bool:
    """Whether a name ends in a letter that stands alone and may have a number, as vitamin B."""
    before = text[stop - 2 : stop - 1]
    return text[stop - 1] in "bdkبدك" and stop - start > 1 and (before == " " or not _spaced(before))


def _spaced(letter: str) -> bool:
    """Whether a character is one of a script that sets words apart."""
    return letter != " " and not "\u2e80" <= letter <= "\u9fff"


def _latin(letter: str) -> bool:
    return "a" <= letter <= "z"


def _arabic(letter: str) -> bool:
    return "\u0621" <= letter <= "\u064a"


def joined(text: str, form: Bare, span: Sequence[int], written: str) -> bool:
    """Whether the letters of a name stand together as they may: in its own gaps, in thin ones, or all spread out.

    ``span`` are the places of the letters in the bare text.
    """
    own = _gaps(written)
    if span[-1] - span[0] == len(span) - 1:
        return not own.parted
    gaps = [number for number, (one, other) in enumerate(itertools.pairwise(span), 1) if other - one > 1]
    if not own.parted.issubset(gaps):
        return False
    spread = len(gaps) == len(span) - 1
    for number in gaps:
        before, after = span[number - 1], span[number]
        signs = own.signs.get(number)
        if not _thin(text, form.at[before] + 1, form.at[after], signs or frozenset()):
            return False
        if signs is None and not _inside(form.text[before], form.text[after], len(span), spread):
            return False
        if signs is None and len(span) == 2 and text[form.at[before] + 1 : form.at[after]] in _NAME_POINTS:
            return False
    return True


def _thin(text: str, start: int, stop: int, own: frozenset[str]) -> bool:
    """Whether a gap of a text parts nothing that belongs together; ``own``: the signs that the name has there."""
    between = text[start:stop].translate(_PERCENT)
    parting = {sign for sign in set(between) - _THIN if unicodedata.category(sign) in _PARTING}
    if not parting <= own or ("%" in own and "%" not in between):
        return False
    if "\n" in between and (between.count("\n") > 1 or between.partition("\n")[2].strip()):
        return False  # another paragraph, or another item of a list
    return "." not in between or "." in own or not _STOPPED.search(text, max(0, stop - 8), stop)


def _inside(before: str, after: str, letters: int, spread: bool) -> bool:
    """Whether a gap may stand between two letters where the name has none; ``spread``: it stands between all."""
    if before.isdigit() and after.isdigit():
        return False
    if not _spaced(before) or not _spaced(after) or letters >= _SPLIT:
        return True
    return letters >= _SPREAD and (spread or after.isdigit())


class _Gaps(NamedTuple):
    """Where the letters of a name are parted as it is written, counted in letters."""

    signs: Mapping[int, frozenset[str]]
    """What stands in each gap."""
    parted: frozenset[int]
    """The gaps without which it would be another name: those between digits, as in 0.9%."""


@functools.lru_cache(maxsize=4096)
def _gaps(written: str) -> _Gaps:
    form = bare(written)
    places = [place for place, letter in enumerate(form.text) if letter != " "]
    signs = {
        number: frozenset(written[form.at[one] + 1 : form.at[other]].translate(_PERCENT))
        for number, (one, other) in enumerate(itertools.pairwise(places), 1)
        if other - one > 1
    }
    letters = form.text.replace(" ", "")
    parted = {place for place in signs if letters[place - 1 : place + 1].isdigit() or "%" in signs[place]}
    return _Gaps(signs, frozenset(parted))


def cased(text: str, start: int, stop: int, written: str) -> bool:
    """Whether a short name stands in the case that it is written in, or in capitals; long ones may have any."""
    if len(written) > 3 or not written.isascii() or not written.isalpha() or written.islower():
        return True
    said = "".join(filter(str.isalpha, text[start:stop]))
    if said in (written, written.upper()) or not said.isascii():
        return True
    beside = text[max(0, start - 1) : start] + text[stop : stop + 1]
    return len(written) == 3 or any("\u4e00" <= one <= "\u9fff" for one in beside)

"""Find every personal detail of a text: cheap looks first, then the finders of each kind, then one claim a place."""

import functools
import operator
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from metier.text.personal import look_bits as bits
from metier.text.personal.addresses import arabic_addresses, chinese_addresses, english_addresses
from metier.text.personal.charts import chart_numbers
from metier.text.personal.contacts import emails, phones
from metier.text.personal.dates import dates
from metier.text.personal.digits import ascii_digits
from metier.text.personal.lists import entries
from metier.text.personal.look_bits import DIGIT
from metier.text.personal.names_ar import arabic_names
from metier.text.personal.names_en import english_names
from metier.text.personal.names_zh import chinese_names
from metier.text.personal.numbers import cards, id_cards
from metier.text.personal.spans import KINDS, Kind, Look, Places, Span, settle

if TYPE_CHECKING:
    import pyarrow as pa

_HAN = re.compile("[\u4e00-\u9fff]")
_ARABIC = re.compile("[\u0621-\u064a]")
_NUMBER = re.compile("[0-9]{4}")


_FINDERS: dict[Kind, tuple[tuple[int, int, Callable[[str, Look], Places]], ...]] = {
    "email": ((0, bits.EMAIL, emails),),
    "id_card": ((0, bits.LONG, id_cards),),
    "card": ((0, bits.LONG, cards),),
    "record": ((bits.CHART, bits.CHART_ZH | bits.CHART_AR | bits.BED | bits.BED_ZH | bits.ANSWER, chart_numbers),),
    "date": ((bits.DAY | bits.EIGHT | bits.MONTH | bits.MONTH_AR, bits.DATE_ZH, dates),),
    "phone": ((0, bits.LONG, phones),),
    "address": (
        (bits.HOUSE | bits.STATE, bits.POST, english_addresses),
        (bits.LABEL_ZH, bits.HINT_ZH, chinese_addresses),
        (bits.HEAD_AR, bits.LABEL_AR | bits.BOX_AR, arabic_addresses),
    ),
    "name": (
        (bits.NAME | bits.NAME_IS | bits.DEGREE | bits.COLON, 0, english_names),
        (bits.BESIDE | bits.TITLE_ZH | bits.COLON_ZH, 0, chinese_names),
        (bits.TITLE_AR, 0, arabic_names),
    ),
}
"""The finders of each kind, and what a look must have seen for each: something that begins, or something held."""


def find_personal(text: str, kinds: Collection[Kind] = KINDS) -> list[Span]:
    """The personal details of a text in their order, none over another (see ``settle`` for who wins)."""
    return find_all([text], kinds)[0]


def find_all(
    texts: Sequence[str], kinds: Collection[Kind] = KINDS, column: "pa.Array | None" = None
) -> list[list[Span]]:
    """The personal details of many texts; ``column`` holds the same texts where they lie in a column already."""
    from metier.text.personal.look import looks

    seen = looks(texts if column is None else column)
    return [_spans(text, kinds, look) if look else [] for text, look in zip(texts, seen, strict=True)]


def _spans(text: str, kinds: Collection[Kind], look: Look) -> list[Span]:
    plain = ascii_digits(text) if look.flags & DIGIT else text
    begins = functools.reduce(operator.or_, look.whats, 0)
    spans = [
        Span(start, stop, kind, text[start:stop])
        for kind in KINDS
        if kind in kinds
        for needed, flag, finder in _FINDERS[kind]
        if begins & needed or look.flags & flag
        for start, stop in finder(plain, look)
    ]
    if not spans:
        return []
    settled = settle(spans)
    more = [span for span in _again(text, settled) if not any(_overlap(span, other) for other in settled)]
    return settle([*settled, *more]) if more else settled


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.stop and other.start < one.stop


def _again(text: str, spans: list[Span]) -> Iterator[Span]:
    """Other places where something that was found stands bare: full names, their surnames, and long numbers."""
    seen: set[str] = set()
    for span in spans:
        if span.kind in ("date", "address") or span.text in seen:
            continue
        seen.add(span.text)
        for word in _forms(span):
            if word in text:
                yield from (Span(*found.span(), span.kind, found[0]) for found in _whole(word).finditer(text))


def _forms(span: Span) -> list[str]:
    """What of a span gives it away alone."""
    if span.kind != "name":
        return [span.text] if len(span.text) > 4 and _NUMBER.search(ascii_digits(span.text)) else []
    if not span.text[0].isascii() and (_HAN.match(span.text) or _ARABIC.match(span.text)):
        whole = len(span.text) > 1 if _HAN.match(span.text) else " " in span.text
        return [span.text] if whole and span.text not in entries("surnames_compound_zh") else []
    tokens = [token.strip(",.") for token in span.text.split()]
    eponyms = entries("eponyms_en") - entries("surnames_en")
    common = entries("given_ambiguous_en") | eponyms | entries("common_words_en") | entries("not_surnames_en")
    names = [token.title() if token.isupper() else token for token in tokens if len(token) > 2 and token[0].isupper()]
    alone = [name for name in names if name not in common]
    alone += [name.upper() for name in alone if len(name) > 3]
    return [span.text, span.text.upper(), *alone] if len(tokens) > 1 else alone


def _whole(word: str) -> re.Pattern[str]:
    """The word as a whole one: no Latin or Arabic letter and no digit beside it; Chinese has no such bounds."""
    if _HAN.match(word):
        return re.compile(re.escape(word))
    beside = r"[\dA-Za-zÀ-ž\u0621-\u0652]"
    return re.compile(
        rf"(?<!{beside}){re.escape(word)}(?!{beside}|['’]s (?:disease|syndrome|sign|palsy)| (?:disease|syndrome))"
    )

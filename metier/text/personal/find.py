"""Find every personal detail of a text: cheap looks first, then the finders of each kind, then one claim a place."""

import re
from collections.abc import Collection, Iterator

from metier.text.personal.addresses import arabic_addresses, chinese_addresses, english_addresses
from metier.text.personal.charts import chart_numbers
from metier.text.personal.contacts import emails, phones
from metier.text.personal.dates import dates
from metier.text.personal.digits import ascii_digits
from metier.text.personal.lists import entries
from metier.text.personal.names_ar import arabic_names
from metier.text.personal.names_en import english_names
from metier.text.personal.names_zh import chinese_names
from metier.text.personal.numbers import cards, id_cards
from metier.text.personal.spans import KINDS, Kind, Places, Span, settle

_LONG = re.compile(r"[0-9](?:[0-9]|[ \-.()（）—]{1,2}[0-9]){4}")
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_TELLING = re.compile(
    r"[0-9](?:(?:[0-9]|[ \-.()（）—]{1,2}[0-9]){4}|(?<=[0-9][/.\-–][0-9])[0-9]?[/.\-–] ?[0-9]"
    r"|[A-Za-z]?(?:-[0-9]+)?,? (?:[NSEW]{1,2}\.? )?(?:[A-Z][a-z]|[A-Z] [A-Z]|[0-9]+(?:st|nd|rd|th) )"
    rf"|(?:st|nd|rd|th)?(?: day)?(?: of)?[ \-/](?:{_MONTHS})|(?<=[#][0-9])|(?<=[:#] [0-9])|(?<=[:#.]"
    rf" [A-Z][0-9])|(?<=[:#.] [A-Z]-[0-9])|(?<=ept\. [0-9])"
    r"|(?<=(?:ary|rch|ril|May|une|uly|ust|ber|ept|BER|ord|ORD|art|ART|MRN|.N\.| ID| id|bed|Bed|BED|cot|bay|Box|ode"
    rf"|{_MONTHS}) [0-9])|(?<=[Nn]o\. [0-9])|(?<=NO\. [0-9])|(?<=[A-Z][a-z][a-z]\. [0-9])|(?<=(?:ary"
    rf"|ber|une|uly|ust|rch|ril), [0-9]))"
)
"""A digit as personal numbers, dates and addresses have one: a first look that most Latin texts do not pass."""
_DIGIT = re.compile("[0-9]")
_HAN = re.compile("[\u4e00-\u9fff]")
_ARABIC = re.compile("[\u0621-\u064a]")
_LATIN = re.compile("[A-Z][a-z]")
_NUMBER = re.compile("[0-9]{4}")


def find_personal(text: str, kinds: Collection[Kind] = KINDS) -> list[Span]:
    """The personal details of a text in their order, none over another (see ``settle`` for who wins)."""
    plain = ascii_digits(text)
    digits = (_TELLING if text.isascii() else _DIGIT).search(plain) is not None
    long = digits and _LONG.search(plain) is not None
    found: dict[Kind, Places] = {
        "email": emails(plain),
        "id_card": id_cards(plain) if long else iter(()),
        "card": cards(plain) if long else iter(()),
        "record": chart_numbers(plain) if digits else iter(()),
        "date": dates(plain) if digits or "年" in plain else iter(()),
        "phone": phones(plain) if long else iter(()),
        "address": _addresses(plain, digits),
        "name": _names(plain),
    }
    spans = [
        Span(start, stop, kind, text[start:stop]) for kind in KINDS if kind in kinds for start, stop in found[kind]
    ]
    if not spans:
        return []
    settled = settle(spans)
    more = [span for span in _again(text, settled) if not any(_overlap(span, other) for other in settled)]
    return settle([*settled, *more]) if more else settled


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.stop and other.start < one.stop


def _names(text: str) -> Places:
    if _LATIN.search(text):
        yield from english_names(text)
    if not text.isascii():
        if _HAN.search(text):
            yield from chinese_names(text)
        if _is_arabic(text):
            yield from arabic_names(text)


def _addresses(text: str, digits: bool) -> Places:
    if digits:
        yield from english_addresses(text)
    if not text.isascii():
        if _HAN.search(text):
            yield from chinese_addresses(text)
        if _is_arabic(text):
            yield from arabic_addresses(text)


def _is_arabic(text: str) -> bool:
    """Whether a text holds one of three letters that hardly an Arabic sentence lacks: faster than a look for any."""
    return "ا" in text or "ل" in text or "ي" in text


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

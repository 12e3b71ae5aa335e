"""What stands in the place of a personal detail: a tag, a made-up value, or a date that moved with all the others."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import xxhash

from metier.corpus.mask_numbers import card, chart_number, email, identity, phone
from metier.corpus.mask_people import people, person_value
from metier.text.personal.dates import read, shift
from metier.text.personal.digits import ascii_digits, like, only
from metier.text.personal.spans import Span

_TAG = re.compile(r"\[(EMAIL|ID_CARD|CARD|RECORD|DATE|PHONE|ADDRESS|NAME)_([0-9]{1,9})\]")
_HAN = re.compile("[\u4e00-\u9fff]")
_ARABIC = re.compile("[\u0621-\u064a]")


class Settings(NamedTuple):
    """How one record is masked; ``record`` is the seed with the record's id."""

    record: str
    style: str
    max_shift: int
    day_first: bool | None


def values(spans: Sequence[Span], whole: str, settings: Settings) -> list[str]:
    """The replacement of every span of a record, in their order."""
    keys = _keys(spans)
    numbers: dict[str, dict[object, int]] = defaultdict(dict)
    for span, key in zip(spans, keys, strict=True):
        numbers[span.kind].setdefault(key, len(numbers[span.kind]) + 1)
    if settings.style == "tag":
        taken: Counter[str] = Counter()
        for found in _TAG.finditer(whole):
            taken[found[1]] = max(taken[found[1]], int(found[2]))
        kinds = [(span.kind, span.kind.upper(), key) for span, key in zip(spans, keys, strict=True)]
        return [f"[{name}_{taken[name] + numbers[kind][key]}]" for kind, name, key in kinds]
    return _made_up(spans, keys, numbers, settings)


def _keys(spans: Sequence[Span]) -> list[object]:
    """What makes two spans of a kind one: the person, the digits of a number without its country, or the words."""
    persons = people([span.text for span in spans if span.kind == "name"])
    left = iter(persons)
    return [next(left) if span.kind == "name" else _key(span) for span in spans]


def _key(span: Span) -> str:
    if span.kind == "phone":
        digits = only(span.text)
        return digits[2:] if digits.startswith("86") and len(digits) == 13 else digits.removeprefix("00")
    if span.kind in ("id_card", "card"):
        return re.sub(r"[\s\-]", "", ascii_digits(span.text)).upper()
    return ascii_digits(span.text).casefold()


def _made_up(
    spans: Sequence[Span], keys: Sequence[object], numbers: dict[str, dict[object, int]], settings: Settings
) -> list[str]:
    days = -7 * (1 + draw(settings.record, "date") % (settings.max_shift // 7))
    written = [span.text for span in spans if span.kind == "date"]
    year, month_first = _year(written), _month_first(written, settings.day_first)
    originals = {span.text.casefold() for span in spans}
    used: dict[str, object] = {}
    made = []
    for span, key in zip(spans, keys, strict=True):
        if span.kind == "date":
            made.append(shift(span.text, days, year, month_first))
        elif span.kind == "name":
            made.append(person_value(span.text, key, settings.record, used))
        else:
            made.append(
                _other(span, key, f"{settings.record}\0{span.kind}\0{numbers[span.kind][key]}", (originals, used))
            )
    return made


def _other(span: Span, key: object, name: str, taken: tuple[set[str], dict[str, object]]) -> str:
    """A made-up value that is no value of this record and stands for nothing else in it; drawn again until so."""
    make = {
        "email": email,
        "phone": phone,
        "id_card": identity,
        "card": card,
        "record": chart_number,
        "address": _address,
    }
    originals, used = taken
    value = span.text
    for attempt in range(64):
        value = make[span.kind](span.text, draw(name, str(attempt)))
        if value.casefold() not in originals and used.setdefault(f"{span.kind}\0{value}", key) == key:
            break
    return value


def draw(*names: str) -> int:
    """64 bits that follow from these names and from nothing else."""
    return int(xxhash.xxh64_intdigest("\0".join(names).encode("utf-8", "surrogatepass")))


def _year(written: Sequence[str]) -> int:
    """The year that a date without one is taken for: the first that the record names."""
    for one in written:
        day = read(one, False)
        if day and day.year:
            return day.year
    return 2001


def _month_first(written: Sequence[str], day_first: bool | None) -> bool:
    """Whether 05/03/2024 is May: as an unambiguous date of the record shows, else as set, else not in Arabic digits."""
    for one in written:
        found = re.match(r"\s*([0-9]{1,2})[-./]([0-9]{1,2})[-./]", ascii_digits(one))
        if found and (int(found[1]) > 12) != (int(found[2]) > 12):
            return int(found[2]) > 12
    if day_first is not None:
        return not day_first
    return all(one.isascii() for one in written) and not any("." in one for one in written)


def _address(text: str, bits: int) -> str:
    """An address of nowhere in the language of the address; a postcode becomes another number."""
    if re.fullmatch(r"[\d\- ]+", text):
        return like(text, re.sub("[0-9]", "0", ascii_digits(text)[:-3]) + f"{bits % 1000:03}")
    house, room = 1 + bits % 899, 101 + (bits >> 16) % 800
    if _HAN.search(text):
        return like(text, f"示例市虚构区无名路{house}号" + (f"{room}室" if "室" in text else ""))
    if _ARABIC.search(text):
        return f"شارع المثال رقم {like(text, str(house))}"
    town = f", Sampleton, ZZ {bits % 1000:05}" if re.search(r"[0-9]{5}(?:-[0-9]{4})?\Z", text) else ""
    return f"P.O. Box {house}{town}" if " Box " in text else f"{house} Example Street{town}"

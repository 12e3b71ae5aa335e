"""Days of the calendar as English, Chinese and Arabic texts write them: find, read, and write another day alike."""

import functools
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from metier.text.personal.digits import ascii_digits, like
from metier.text.personal.look_bits import DATE_ZH, DAY, EIGHT, MONTH, MONTH_AR
from metier.text.personal.spans import Look, Places

ENGLISH = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
ARABIC = tuple(
    tuple(row.split("|"))
    for row in (
        "يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر",
        "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول",
        "جانفي|فيفري|مارس|أفريل|ماي|جوان|جويلية|أوت|سبتمبر|أكتوبر|نوفمبر|ديسمبر",
        "يناير|فبراير|مارس|أبريل|ماي|يونيه|يوليوز|غشت|شتنبر|أكتوبر|نونبر|دجنبر",
        "يناير|فبراير|مارس|إبريل|مايو|يونيه|يوليه|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر",
    )
)
"""The months in Egypt and the Gulf, the Levant and Iraq, Algeria and Tunisia, Morocco, and a spelling variant."""
FOLD = str.maketrans("أإآ", "ااا")
_NUMERALS = "〇一二三四五六七八九"
_EN = (
    r"(?P<name>(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?"
    r"(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
_EN += (
    r"|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?"
    r"|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)(?![a-z]))"
)
_AR = (
    "(?P<name>"
    + "|".join(sorted({m.translate(FOLD) for row in ARABIC for m in row}, key=len, reverse=True))
    + r")(?![\u0621-\u064a])"
)
_Y = r"(?P<y>(?:1[89]|20)[0-9]{2})"
_D = r"(?P<d>3[01]|[12][0-9]|0?[1-9])"
_M = r"(?P<m>1[0-2]|0?[1-9])"
_TH = r"(?:(?:st|nd|rd|th)\b)?"
_UNITS = r"(?!\s?(?:%|mg|mL|ml|g\b|kg|mcg|µg|patients|cases|percent|subjects|women|men\b|children|people|,[0-9]{3}))"
_L, _R = r"(?<![0-9A-Za-z./\-])", r"(?![0-9]|[./\-][0-9])"
_ZN = "[一二三四五六七八九十]{1,3}"
FORMS = tuple(
    re.compile(form)
    for form in (
        _L + _Y + rf"(?P<sep>[-./–])\s?{_M}(?P=sep)\s?{_D}" + r"(?!(?!(?:19|20)[0-9]{2}年)[0-9]|[./\-][0-9])",
        rf"(?<![0-9]){_Y}\s?年\s?{_M}\s?月份?\s?(?:{_D}\s?(?:[日号]|(?![0-9个余岁天多])))?",
        rf"(?<![0-9])(?<![国國历曆绪熙隆和成靖庆丰治道嘉德统])(?P<y>[0-9]{{2}})\s?年\s?{_M}\s?月\s?{_D}\s?[日号]",
        rf"(?<![0-9年月./\-]){_M}\s?月\s?{_D}\s?[日号](?!线)",
        rf"(?<![一二三四五六七八九])(?P<y>[一二][一二三四五六七八九〇零○]{{3}})年(?P<m>{_ZN})月(?:(?P<d>{_ZN})[日号])?",
        rf"(?<![0-9A-Za-z./]){_D}{_TH}(?:\s(?:day )?of)?[\s\-/]{_EN}\.?,?[\s\-/]{_Y}(?![0-9])",
        rf"(?<![0-9A-Za-z./]){_D}-{_EN}-(?P<y>[0-9]{{2}})(?![0-9])",
        rf"(?<![A-Za-z]){_EN}\.?\s{{1,2}}{_D}{_TH},?\s{{1,2}}{_Y}(?![0-9])",
        rf"(?<![A-Za-z]){_EN}\.?,?(?: of)?[\s\-]{_Y}(?![0-9]|-[0-9])",
        rf"(?<![A-Za-z]){_EN}\.?\s{_D}{_TH}(?![0-9A-Za-z]|[.,:/\-–][0-9])" + _UNITS,
        rf"(?<![0-9A-Za-z./,\-–:]){_D}{_TH}(?:\sof)?[ \-]{_EN}(?![A-Za-z])",
        _L + rf"(?P<a>[0-3]?[0-9])(?P<sep>[-./])(?P<b>[0-3]?[0-9])(?P=sep){_Y}" + _R,
        _L + r"(?P<a>[0-3]?[0-9])/(?P<b>[0-3]?[0-9])/(?P<y>[0-9]{2})(?![0-9/%]|[.\-][0-9])" + _UNITS,
        (rf"(?<![0-9./]){_D}\s(?:من\s)?(?:شهر\s)?{_AR}(?:\s?/\s?(?P<also>[\u0621-\u064a]+(?: الاول|"
rf" الثاني)?))?\s?[،,]?\s?(?:(?:من )?(?:عام|سنة)\s)?(?:{_Y}(?![0-9]))?"),
        rf"(?:(?<![\u0621-\u064a])|(?<=[وفبل])){_AR}\s?[،,]?\s?(?:(?:عام|سنة)\s)?{_Y}(?![0-9])",
    )
)  # fmt: skip
_COMPACT = re.compile(
    r"(?:日期|时间|生日|出生|DOB|D\.O\.B\.|[Bb]irth|[Dd]ate|التاريخ|تاريخ\s\w+)\s?(?:是|为|of|is)?\s?[:：]?\s{0,2}\Z"
)
_EIGHT = re.compile(r"(?P<y>(?:19|20)[0-9]{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12][0-9]|3[01])(?![0-9])")
_SHORT_MAY = re.compile(r"(?:on|since|by|until|from|dated|of|till|through|before|after|born|and|to)\s\Z")
_CHINESE_AT = re.compile(r"[0-9]{1,4}\s?[年月]|[一二][一二三四五六七八九〇零○]{3}年")
_NUMERIC, _CHINESE, _ENGLISH, _ARABIC_FORMS = (FORMS[0], *FORMS[11:13]), FORMS[1:5], FORMS[5:11], FORMS[13:]


_STREET = re.compile(r"(?:شارع|حي|ميدان|جسر|كوبري|مدينة|جامعة)\s\Z")


class Day(NamedTuple):
    """What a written date says: ``year`` or ``day`` is None where it is not said; ``form`` is how it is written."""

    year: int | None
    month: int
    day: int | None
    form: re.Match[str]
    month_first: bool = False


def dates(text: str, look: Look) -> Places:
    """Dates with a day, or a month with its year; a year alone, a ratio or a range is no date."""
    for found in _candidates(text, look):
        if _is_day(found, text):
            lead = len(found[0]) - len(found[0].lstrip())
            yield found.start() + lead, found.start() + len(found[0].rstrip(" ،,"))


def _candidates(text: str, look: Look) -> Iterator[re.Match[str]]:
    """What the forms match, each tried only where its kind of date can begin."""
    for at in look.at(DAY):
        yield from filter(None, (form.match(text, at) for form in _NUMERIC))
    for at in look.at(EIGHT):
        if _COMPACT.search(text, max(0, at - 16), at):
            yield from filter(None, (_EIGHT.match(text, at),))
    for at in look.at(MONTH):
        for form in _ENGLISH:
            yield from form.finditer(text, max(0, at - 14), min(len(text), at + 31))
    if look.flags & DATE_ZH:
        for month in _CHINESE_AT.finditer(text):
            yield from filter(None, (form.match(text, month.start()) for form in _CHINESE))
    months = look.at(MONTH_AR)
    folded = text.translate(FOLD) if months else text
    for at in months:
        for form in _ARABIC_FORMS:
            yield from form.finditer(folded, max(0, at - 14), at + 72)


def _is_day(found: re.Match[str], text: str) -> bool:
    parts = found.groupdict()
    if not text.isascii() and _STREET.search(text, max(0, found.start() - 8), found.start()):
        return False
    if parts.get("name") in ("May", "MAY", "Mar", "MAR", "ماي") and not parts.get("y"):
        return bool(
            re.search("st|nd|rd|th", found[0]) or _SHORT_MAY.search(text, max(0, found.start() - 8), found.start())
        )
    day = _day(found, False)
    return (day is not None and _calendar(day, 2000) is not None) or read(found[0], False) is not None


def read(written: str, month_first: bool) -> Day | None:
    """The day that a written date means, or nothing; ``month_first`` settles 05/03/2024 where both orders are days."""
    plain = ascii_digits(written).translate(FOLD).strip()
    for form in (*FORMS, _EIGHT):
        found = form.fullmatch(plain)
        if not found:
            continue
        day = _day(found, month_first)
        if day and _calendar(day, 2000):
            return day
        if day and "a" in found.groupdict():
            other = _day(found, not month_first)
            return other if other and _calendar(other, 2000) else None
    return None


def _day(found: re.Match[str], month_first: bool) -> Day | None:
    parts = found.groupdict()
    year = _number(parts["y"]) if parts.get("y") else None
    if year is not None and year < 100:
        year += 1900 if year > 40 else 2000
    if "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        month, day = (first, second) if month_first else (second, first)
        return Day(year, month, day, found, month_first)
    month = _number(parts["m"]) if parts.get("m") else _month(parts["name"])
    return Day(year, month, _number(parts["d"]) if parts.get("d") else None, found)


def _number(written: str) -> int:
    """A number in digits, or in Chinese numerals: place by place, or with tens."""
    if written.isdecimal():
        return int(written)
    values = [_NUMERALS.find("〇" if char in "零○" else char) for char in written]
    if "十" not in written:
        return int("".join(map(str, values)))
    tens, _, ones = written.partition("十")
    return 10 * (_NUMERALS.find(tens) if tens else 1) + (_NUMERALS.find(ones) if ones else 0)


@functools.lru_cache(maxsize=256)
def _month(name: str) -> int:
    for names in ARABIC:
        folded = [one.translate(FOLD) for one in names]
        if name in folded:
            return folded.index(name) + 1
    return next(number for number, one in enumerate(ENGLISH, 1) if one.upper().startswith(name[:3].upper()))


def _calendar(day: Day, year: int) -> date | None:
    try:
        return date(day.year or year, day.month, day.day or 15)
    except ValueError:
        return None


def shift(written: str, days: int, year: int, month_first: bool) -> str:
    """The date so many days later, written as it was; ``year`` is meant where none is written.

    A month without a day moves as its fifteenth does. What cannot be read comes back as it is.
    """
    told = read(written, month_first)
    if told is None:
        return written
    moved = (_calendar(told, year) or date(2000, told.month, told.day or 15)) + timedelta(days)
    lead = written[: len(written) - len(written.lstrip())]
    core = ascii_digits(written).strip()
    parts = told.form.groupdict()
    values = {"y": moved.year, "m": moved.month, "d": moved.day}
    values |= {"a": moved.month, "b": moved.day} if told.month_first else {"a": moved.day, "b": moved.month}
    padded = (
        any(re.fullmatch("0[0-9]", parts.get(key) or "") for key in "mdab")
        or re.fullmatch(r"[0-9./\-]{10}", core) is not None
    )
    places = sorted(((told.form.start(k), k) for k in (*values, "name", "also") if parts.get(k)), reverse=True)
    for start, key in places:
        old = core[start : told.form.end(key)]
        new = _name(old, moved.month) if key in ("name", "also") else _written(old, values[key], padded)
        core = core[:start] + new + core[told.form.end(key) :]
    return lead + like(written, _ordinal(core, moved.day))


def _written(old: str, value: int, padded: bool) -> str:
    if not old.isdecimal():
        if len(old) == 4:
            return "".join(_NUMERALS[int(digit)] for digit in str(value))
        tens, ones = divmod(value, 10)
        return (("" if tens == 1 else _NUMERALS[tens]) + "十" if tens else "") + (_NUMERALS[ones] if ones else "")
    if len(old) == 4:
        return str(value)
    if len(old) == 2 and value > 99:
        return f"{value % 100:02}"
    return f"{value:02}" if padded else str(value)


def _name(old: str, month: int) -> str:
    for names in ARABIC:
        if old.translate(FOLD) in [one.translate(FOLD) for one in names]:
            return names[month - 1]
    name = ENGLISH[month - 1] if len(old) > 4 or old.upper() in ("JUNE", "JULY") else ENGLISH[month - 1][:3]
    if old in ("May", "MAY"):
        name = ENGLISH[month - 1]
    return name.upper() if old.isupper() else name


def _ordinal(core: str, day: int) -> str:
    suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return re.sub(r"(?<=[0-9])(?:st|nd|rd|th)\b", suffix, core)

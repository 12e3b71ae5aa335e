"""Numbers in words of their own: three quarters, half an hour, one in ten, 两个半小时, ساعة ونصف, six o'clock.

Each is a place in a folded text with its value; ``quantities`` reads the unit where none is given.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4, "fifth": 5,
    "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
    "نصف": 2, "ثلث": 3, "ربع": 4, "خمس": 5, "سدس": 6, "سبع": 7, "ثمن": 8, "تسع": 9, "عشر": 10,
    "انصاف": 2, "اثلاث": 3, "ارباع": 4, "اخماس": 5, "اسداس": 6, "اثمان": 8, "اعشار": 10,
}  # fmt: skip
_FEW = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twenty": 20, "hundred": 100, "a hundred": 100, "one hundred": 100, "thousand": 1000, "a thousand": 1000,
    "واحد": 1, "واحدا": 1, "واحده": 1, "اثنان": 2, "اثنين": 2, "ثلاث": 3, "ثلاثه": 3, "اربع": 4, "اربعه": 4,
    "خمس": 5, "خمسه": 5,
    "ست": 6, "سته": 6, "سبع": 7, "سبعه": 7, "ثمان": 8, "ثمانيه": 8, "ثماني": 8, "تسع": 9, "تسعه": 9, "عشر": 10,
    "عشره": 10, "مئه": 100, "مائه": 100, "الف": 1000, "عشرين": 20,
}  # fmt: skip
_HAN_FEW = {char: place for place, char in enumerate("零一二三四五六七八九十")} | {"两": 2, "百": 100, "千": 1000}
_ENGLISH = "|".join(sorted((word for word in _FEW if word.isascii()), key=len, reverse=True))
_ARABIC = "|".join(sorted((word for word in _FEW if not word.isascii()), key=len, reverse=True))
_SHARES = (
    re.compile(
        rf"\b(?P<of>{_ENGLISH}|\d)[ -](?P<parts>halves|thirds?|quarters?|fourths?|fifths?|sixths?"
        rf"|eighths?|tenths?)\b(?! (?:of )?an? (?:hour|day|year|month|week|litre|liter)| (?:day"
        rf"|week|month|year|time|dose|trimester))"
    ),
    re.compile(
        r"(?<!first )(?<!second )(?<!last )\b(?P<parts>half)\b(?= (?:of|the patients|the people"
        r"|the women|the men|all|as (?:many|much)))"
    ),
    re.compile(
        rf"(?<![ء-ي])(?P<of>{_ARABIC}|\d) (?P<parts>انصاف|اثلاث|ارباع|اخماس|اسداس|اثمان|اعشار)"
        rf"(?:ه[ام]?|هم)?(?![ء-ي])"
    ),
    re.compile(r"(?<![ء-ي])[وفبل]?(?P<parts>ثلث|ربع|خمس|سدس|سبع|ثمن|تسع|عشر)(?=(?:ها|هم|هن)(?![ء-ي])| ال[ء-ي]{3,})"),
    re.compile(r"(?<![ء-ي])[وفبل]?(?:ال)?(?P<thirds>ثلثا|ثلثي|ثلثين|ثلثاهم|ثلثيهم)(?![ء-ي])"),
)
_AMONG = (
    re.compile(
        rf"\b(?P<of>{_ENGLISH}|\d{{1,3}})(?: \w+)? (?:in|out of|of|from)(?: every)? (?P<whole>{_ENGLISH}"
        rf"|\d{{1,4}})\b(?! (?:hour|day|week|month|year|minute|time|mg|ml|step|g\b|mcg))"
    ),
    re.compile(
        rf"(?<![ء-ي])(?P<of>{_ARABIC}|\d{{1,3}})(?: [ء-ي]+)? (?:من(?: بين)?(?: كل| اصل)?|لكل"
        rf"|في كل|من اصل) (?P<whole>{_ARABIC}|\d{{1,4}})(?![ء-ي])(?! (?:ساع|يوم|ايام|شهر|اشهر"
        rf"|سن|دق|اسب|ملغ))"
    ),
    re.compile(
        r"(?P<whole>一?[十百千]|\d{2,4})[人例个名位块只][^,,。;\d]{0,6}?(?P<of>[一二三四五六七八九两]"
        r"|\d{1,3})[人例个名位块只]"
    ),
)
_TEENS = re.compile(r"(?<![ء-ي])[وفبل]?(?:ال)?(?P<ones>حادي|ثاني|ثالث|رابع|خامس|سادس|سابع|ثامن|تاسع)ه? عشره?(?![ء-ي])")
_ONES = ("حادي", "ثاني", "ثالث", "رابع", "خامس", "سادس", "سابع", "ثامن", "تاسع")
_JOINED = re.compile(rf"(?:{_ARABIC}|احد[يه]?|اثن[ء-ي]+|ثنت[ء-ي]+|{'|'.join(_ONES)})ه? $")
_UNIT_PARTS = re.compile(
    r"\b(?P<of>half|(?:a |one )?quarter|three quarters|a third) (?:of )?an? (?=[a-z])|"
    r"(?P<han>(?<![一二三四五六七八九十个\d])半)个?(?=小时|钟头|年|月|天|日|分钟|片|粒"
    r"|杯|袋)"
)
_PLAIN_WHOLES = (3, 4, 5, 6, 8, 10, 20, 50, 100, 200, 1000, 10_000)
_WHOLES = (*_PLAIN_WHOLES, 12, 15, 25, 30, 40, 250, 400, 500, 2000, 5000)
_EACH_OF = re.compile(r"\bin\b|\bevery\b|\bout of\b|كل|اصل|بين")
_LIMIT = re.compile(r"an? \w+ of ")
"""A maximum of 8 is no share."""
_OTHER = re.compile(
    r"\bevery (?:other|second) day\b|\bon alternate days\b|隔[日天](?=[^,。;\d]{0,4}[一1]次|[吃服用打注喝敷])"
    r"|(?<![ء-ي])(?:يوما? (?:بعد|ويوما?) (?:يوم|لا)|يوما? دون (?:يوم|اخر))(?![ء-ي])"
)
"""Every two days."""
_AND_HALF = re.compile(r"\s*(?:and a half|ونصفا?|و نصفا?)(?![ء-ي])")
_CLOCK = re.compile(
    r"(?P<early>凌晨|早上|早晨|清晨|上午)?(?P<late>中午|下午|晚上|傍晚|晚|夜里)?(?P<hour>"
    r"[一二三四五六七八九]|十[一二]?|\d{1,2})点(?:钟|整)?(?P<half>半)?(?![\d一二三四五六七八九倍几])"
    r"|\b(?P<en>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"(?::00)? ?(?:o'clock|a\.m\.|p\.m\.|am\b|pm\b)"
    r"|(?<=الساعه )(?P<ar>\d{1,2}|[ء-ي]+)(?![\dء-ي])|(?<=ال)(?P<ar2>ثانيه|ثالثه|رابعه|خامسه"
    r"|سادسه|سابعه|ثامنه|تاسعه|عاشره)(?= (?:مساء|صباحا|ليلا|ظهرا|فجرا|عصرا))"
)
_AR_HOURS = {
    "الواحده": 1, "الثانيه": 2, "الثالثه": 3, "الرابعه": 4, "الخامسه": 5, "السادسه": 6, "السابعه": 7, "الثامنه": 8,
    "التاسعه": 9, "العاشره": 10,
}  # fmt: skip


class Spoken(NamedTuple):
    """A number in words with its place."""

    start: int
    stop: int
    value: float
    dimension: str
    """percent, clock, times a day, or empty where a unit follows."""


def spoken(text: str) -> list[Spoken]:
    """The numbers of a folded text that are said in words of their own, in order and apart."""
    out: list[Spoken] = []
    for one in sorted(_all(text), key=lambda one: (one.start, -one.stop)):
        if not out or one.start >= out[-1].stop:
            out.append(one)
    return out


def half_more(text: str, stop: int) -> int:
    """Where "and a half" ends that stands here, behind a number with its unit; 0 where it does not."""
    found = _AND_HALF.match(text, stop)
    return found.end() if found else 0


def _all(text: str) -> Iterator[Spoken]:
    for pattern in _SHARES:
        for found in pattern.finditer(text):
            if (
                found.groupdict().get("parts")
                and "of" not in found.groupdict()
                and _JOINED.search(text[: found.start()])
            ):
                continue
            yield Spoken(found.start(), found.end(), round(_share(found) * 100, 6), "percent")
    for pattern in _AMONG:
        for found in pattern.finditer(text):
            of, whole = _value(found["of"]), _value(found["whole"])
            wholes = _WHOLES if _EACH_OF.search(found[0]) else _PLAIN_WHOLES
            if 0 < of < whole and whole in wholes and not _LIMIT.match(found[0]):
                yield Spoken(found.start(), found.end(), round(of / whole * 100, 6), "percent")
    for found in _TEENS.finditer(text):
        yield Spoken(found.start(), found.end(), 11.0 + _ONES.index(found["ones"]), "")
    for found in _UNIT_PARTS.finditer(text):
        yield Spoken(found.start(), found.end(), _unit_part(found), "")
    for found in _OTHER.finditer(text):
        yield Spoken(found.start(), found.end(), 0.5, "times a day")
    for found in _CLOCK.finditer(text):
        if hour := _hour(found):
            yield Spoken(found.start(), found.end(), hour, "clock")


def _share(found: re.Match[str]) -> float:
    groups: Mapping[str, str | None] = found.groupdict()
    if groups.get("thirds"):
        return 2 / 3
    return _value(groups.get("of") or "one") / _PARTS[found["parts"]]


def _unit_part(found: re.Match[str]) -> float:
    if found["han"]:
        return 0.5
    return {"half": 0.5, "three quarters": 0.75, "a third": 1 / 3}.get(found["of"], 0.25)


def _value(word: str) -> float:
    if word.isdigit():
        return float(word)
    if word in _FEW:
        return float(_FEW[word])
    return float(_HAN_FEW.get(word[-1], 0))


def _hour(found: re.Match[str]) -> float:
    """The hour on a dial of twelve."""
    if word := found["hour"]:
        plain = not (found["early"] or found["late"] or found["half"] or found[0][-1] in "钟整")
        if plain and not word.isdigit() and found.string[found.end() : found.end() + 1] not in tuple("前后以之起到至"):
            return 0.0  # 一点, a little
        if word.isdigit():
            hour = float(word)
        else:
            hour = 10.0 + _HAN_FEW.get(word[1:], 0) if word[0] == "十" else float(_HAN_FEW[word])
        hour += 0.5 if found["half"] else 0.0
    elif word := found["en"]:
        hour = _value(word) if word not in ("eleven", "twelve") else 11.0 + (word == "twelve")
    else:
        word = found["ar"] or "ال" + found["ar2"]
        hour = float(word) if word.isdigit() else float(_AR_HOURS.get(word, 0))
    return (hour - 12.0 if hour > 12 else hour) if 0 < hour <= 24 else 0.0


__all__ = ["Spoken", "half_more", "spoken"]

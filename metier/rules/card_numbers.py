"""Numbers of a patient in digits and in letters: English, Chinese, and Arabic ordinals; units of age in years."""

import re

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
         "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH = {word: value for value, word in enumerate(_ONES, 1)} | {
    word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)
}
_HAN = {char: value for value, char in enumerate("零一二三四五六七八九十")} | {"两": 2}
_ARABIC = {
    "اول": 1, "اولي": 1, "حادي": 1, "حاديه": 1, "ثاني": 2, "ثانيه": 2, "ثالث": 3, "ثالثه": 3, "رابع": 4, "رابعه": 4,
    "خامس": 5, "خامسه": 5, "سادس": 6, "سادسه": 6, "سابع": 7, "سابعه": 7, "ثامن": 8, "ثامنه": 8, "تاسع": 9, "تاسعه": 9,
    "عاشر": 10, "عاشره": 10, "عشرين": 20, "عشرون": 20, "ثلاثين": 30, "ثلاثون": 30, "اربعين": 40, "اربعون": 40,
    "خمسين": 50, "ستين": 60, "سبعين": 70, "ثمانين": 80, "عشر": 10, "عشره": 10,
}  # fmt: skip
"""Ordinals without their article, in the folded spelling, of both genders."""
_UP_TO_TEN = {"ثلاث": 3, "اربع": 4, "خمس": 5, "ست": 6, "سبع": 7, "ثماني": 8, "ثمان": 8, "تسع": 9, "عشر": 10}
_TRIMESTERS = {
    "first": 8, "1st": 8, "早": 8, "الاول": 8, "second": 20, "2nd": 20, "中": 20, "الثاني": 20, "third": 32, "3rd": 32,
    "晚": 32, "الثالث": 32, "الاخير": 32,
}  # fmt: skip
"""A week inside each third of a pregnancy."""
_PARTS = (
    (1 / 365.25, ("d", "天", "日", "يوم", "ايام")),
    (7 / 365.25, ("w", "周", "星期", "اسب", "اساب")),
    (1 / 12, ("mo", "月", "شهر", "اشهر", "شهور")),
)
"""Years in a unit, by how its name begins; all others are years."""


def number(one: re.Match[str]) -> float | None:
    """The number that a pattern found: ``n`` or ``m`` in digits, other groups in letters."""
    found = one.groupdict()
    if digits := found.get("n") or found.get("m"):
        return float(digits)
    if word := found.get("word"):
        parts = [_ENGLISH.get(part) for part in re.split(r"[\s-]+", word)]
        return float(sum(part or 0 for part in parts)) if all(parts) else None
    if ordinal := found.get("ordinal"):
        values = [_ARABIC.get(part.removeprefix("و").removeprefix("ال")) for part in ordinal.split()]
        return float(sum(value or 0 for value in values)) if all(values) else None
    if ones := found.get("ones"):
        return float(_UP_TO_TEN[ones])
    if found.get("dual") or found.get("single"):
        return 2.0 if found.get("dual") else 1.0
    return _han(found.get("han") or "")


def _han(text: str) -> float | None:
    """A Chinese numeral below a hundred."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return float(_HAN[text]) if text in _HAN else None
    return float(10 * _HAN.get(tens or "一", 0) + _HAN.get(ones, 0))


def years(one: re.Match[str]) -> float:
    """Years in the unit of an age; 1 where none is named."""
    found = one.groupdict()
    unit = next((found[name] for name in ("unit", "unit2", "dual", "single") if found.get(name)), "")
    return next((size for size, starts in _PARTS if unit.startswith(starts)), 1.0)


def trimester(one: re.Match[str]) -> float:
    """The week that stands for a third of a pregnancy."""
    return float(_TRIMESTERS[one["word"]])

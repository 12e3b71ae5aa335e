"""Numbers with their units, in digits and in words, in Chinese, English and Arabic, so that equal amounts are equal.

``500 mg`` is ``0.5 g``, ``一周`` is ``7 天``, ``twice daily`` is ``2 مرات في اليوم``, ``every 6 hours`` is also four
times a day. A range is its two ends.
"""

import re
from typing import NamedTuple

from metier.text.spoken import half_more, spoken
from metier.text.units import SCALES, duals, numerals, units

_DIGITS = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_HAN_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_HAN_PLACES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_HAN = "零〇一二三四五六七八九十百千万亿两半"
_NUMBER = re.compile(
    rf"(?P<parts>百分之|千分之|[{_HAN}\d]+分之)(?P<of>(?:{_DIGITS})|[{_HAN}点]+)"
    rf"|(?P<digits>(?<![a-z\d.])(?:{_DIGITS})"
    r"(?P<scale>[百千万亿](?!卡)| (?:thousand|million|الف|الاف|مليون|ملايين)\b)?)"
    rf"|(?P<han>[{_HAN}]+(?:点[{_HAN}]+)?)"
    r"|(?P<word>(?<![a-z'])[a-z]+(?:-[a-z]+)?(?![a-z'])|(?<![ء-ي])[ء-ي]+)"
)
_HAN_PERIOD = re.compile(
    r"(?:每|一|1|毎)(?:个)?(?P<unit>日|天|晚|早|夜|周|星期|礼拜|月|小时)[^,。;\d]{0,7}$|(?P<bare>(?<!隔)日)$"
)
_HAN_AFTER = re.compile(r"\s*/\s*(?P<unit>日|天|d|周|月)")
_PER_DAY = {"日": 1.0, "天": 1.0, "d": 1.0, "晚": 1.0, "早": 1.0, "夜": 1.0, "周": 1 / 7, "星期": 1 / 7, "礼拜": 1 / 7,
            "月": 1 / 30, "小时": 24.0}  # fmt: skip
_AFTER = (
    (re.compile(r"\s*(?:-?daily\b|(?:a|per|each|every|/|in a|in the)\s*day\b|/\s*d\b|nightly\b"
                r"|(?:in the |every |each |at )?(?:night|evening|morning)\b)"), 1.0),
    (re.compile(r"\s*(?:-?weekly\b|(?:a|per|each|every|/)\s*week\b)"), 1 / 7),
    (re.compile(r"\s*(?:-?monthly\b|(?:a|per|each|every|/)\s*month\b)"), 1 / 30),
    (re.compile(r"\s*(?:hourly\b|(?:an|per|each|every|/)\s*hour\b)"), 24.0),
    (re.compile(r"\s*(?:واحده\s+)?(?:(?:ب|في |كل |خلال )(?:ال)?يوم(?![ء-ي])|يوميا|كل (?:مساء|صباح|ليله))"), 1.0),
    (re.compile(r"\s*(?:واحده\s+)?(?:(?:ب|في |كل )(?:ال)?اسبوع(?![ء-ي])|اسبوعيا)"), 1 / 7),
    (re.compile(r"\s*(?:واحده\s+)?(?:(?:ب|في |كل )(?:ال)?شهر(?![ء-ي])|شهريا)"), 1 / 30),
)  # fmt: skip
_LISTED = re.compile(r"\(\d{1,2}\)(?!\s*[a-z%])|[\s。;:,.]?\d{1,2}[)、](?!\s*\d)")
"""The number of an item inside a line."""
_PER = re.compile(r"\s*(?:/|\bper\b|لكل|每)\s*")
_EACH = re.compile(r"(?:每|\bper|/|لكل)\s*$")
_EVERY = re.compile(r"(?:\bevery|\beach|每隔?|间隔|隔开?|كل)\s*$")
_JOIN = re.compile(r"\s*(?:-|~|\bto\b|\bor\b|到|至|或|الي|او)\s*(?:ال)?")
_AND = re.compile(r"\s*(?:\band\b|和|与|و)\s*")
_BETWEEN = re.compile(r"(?:\bbetween|بين|介于|在)\s*$")
_ADJECTIVE = re.compile(
    r"\s+(?:divided|separate|single|equal|full|whole|small|large|consecutive|more|additional|further|full-size|daily"
    r"|different|or more)(?=\s)"
)
_ONE = re.compile(r"(?:خلال|بعد|لمده|مده|كل|منذ|قبل|او)\s*$")
_TIMES = {"once": 1.0, "twice": 2.0, "thrice": 3.0}
_COUNTED = re.compile(r"(?:times?|once|twice|half|كل|\d|[ء-ي]*(?:ثلاث|اربع|خمس|ست|سبع|ثمان[يه]|تسع|عشر)ه?)\s*$")
_AR_PREFIX = re.compile("^(?:[وفبلك]?ال(?=[ء-ي]{2})|[وفبلك]{1,2}(?=[ء-ي]{3}))")


class Quantity(NamedTuple):
    """A number of a text with its unit."""

    dimension: str
    """What the base unit measures; empty where the number has no unit."""
    value: float
    """In the base unit."""
    raw: float
    """As it was written."""
    per: str = ""
    """The dimension of what it is for: mass in mg/kg; ``day`` of so many times a day."""
    start: int = 0
    stop: int = 0
    weak: bool = False
    """One of something, hardly said: a month, an hour."""

    def forms(self) -> tuple[tuple[str, float], ...]:
        """Every (dimension, value) that says the same, rounded so that equal amounts are equal."""
        out = [(self.dimension, _rounded(self.value))]
        if self.per == "every" and self.dimension == "time" and self.value:
            out.append(("times a day", _rounded(86400 / self.value)))
        return tuple(out)


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")


class _Found(NamedTuple):
    start: int
    stop: int
    values: tuple[float, ...]
    written: bool
    """In words, which count only beside a unit."""
    unit: tuple[str, float] | None = None
    """What the word itself says: times of twice, an hour of the Arabic dual."""
    ordinal: bool = False
    weak: bool = False


def quantities(text: str) -> list[Quantity]:
    """The quantities of a folded text, in order."""
    numbers = _numbers(text)
    out: list[Quantity] = []
    skip = -1
    for place, found in enumerate(numbers):
        if place <= skip:
            continue
        joined = [found]
        while place + len(joined) < len(numbers) and _joins(text, joined, numbers[place + len(joined)]):
            joined.append(numbers[place + len(joined)])
        out += _measured(text, joined)
        skip = place + len(joined) - 1
    return out


def _joins(text: str, some: list[_Found], after: _Found) -> bool:
    """Whether the next number is the other end of a range."""
    last = some[-1]
    gap = text[last.stop : after.start]
    if len(some) > 1 or last.ordinal or len(gap) > 24:
        return False
    if last.unit or after.unit:
        return bool(_JOIN.fullmatch(gap))
    unit = _unit(text, last.stop)
    rest = text[unit[2] if unit else last.stop : after.start]
    if _JOIN.fullmatch(rest):
        return not ("-" in rest and last.written != after.written and not unit)
    return bool(_AND.fullmatch(rest) and _BETWEEN.search(text, max(0, last.start - 10), last.start))


def _unit(text: str, at: int) -> tuple[str, float, int] | None:
    """(dimension, factor, where it ends) of the unit that stands here."""
    table, pattern = units()
    while text[at : at + 1] in (" ", "-", "\xa0") and at < len(text):
        at += 1
    if adjective := _ADJECTIVE.match(text, max(0, at - 1)):
        at = adjective.end() + 1
    found = pattern.match(text, at)
    if not found and text[at : at + 2] in ("ال", "من"):
        found = pattern.match(text, at + 2)
    if not found or (
        at and text[at].isascii() and text[at].isalpha() and text[at - 1].isalpha() and text[at - 1].isascii()
    ):
        return None
    return *table[found["unit"]], found.end()


def _before(text: str, at: int) -> tuple[str, float, int] | None:
    """The same of an Arabic unit before its number: three months as "the months, the three"."""
    found = re.search(r"(?<![ء-ي])(?:[وفبلك]?ال|[وفب])?([ء-ي]{2,})\s+$", text[max(0, at - 16) : at])
    if found and (unit := units()[0].get(found[1])):
        return *unit, at
    return None


def _measured(text: str, joined: list[_Found]) -> list[Quantity]:
    """The quantities of one number or of the two ends of a range; one end may lend its unit to the other."""
    first = joined[0]
    if first.ordinal:
        return [Quantity("ordinal", value, value, "", first.start, first.stop, first.weak) for value in first.values]
    found = [_unit_of(text, one) for one in joined]
    shared = found[-1] or found[0]
    out = []
    for one, unit in zip(joined, found, strict=True):
        dimension, factor, stop = unit or shared or ("", 1.0, one.stop)
        if dimension == "kind" and not one.written:
            dimension, factor = "", 1.0
        elif one.written and dimension in ("", "kind"):
            # only a support for others: "a few of the three"
            out += [Quantity("", value, value, "", one.start, one.stop, weak=True) for value in one.values]
            continue
        # a shared unit ends with the whole range, and so does what follows it: "2-3 times a day"
        end = max(stop, shared[2] if shared and not unit else one.stop)
        out += [_one(text, one, (dimension, factor, end), value, first.start) for value in one.values]
    if len(out) > 1 and (per := next((one.per for one in out if one.per == "day"), "")):
        scale = next(one.value / one.raw for one in out if one.per == per and one.raw)
        out = [one if one.per else one._replace(dimension="times a day", value=one.raw * scale, per=per) for one in out]
    return out


def _unit_of(text: str, one: _Found) -> tuple[str, float, int] | None:
    if one.unit:
        return *one.unit, one.stop
    return _unit(text, one.stop) or (_before(text, one.start) if one.written else None)


def _one(text: str, one: _Found, unit: tuple[str, float, int], value: float, start: int) -> Quantity:
    dimension, factor, stop = unit
    if dimension and value >= 1 and (end := half_more(text, stop)):
        value, stop = value + 0.5, end
    if dimension == "times":
        return _frequency(text, one, value, stop)
    per = ""
    if dimension and (found := _PER.match(text, stop)):
        other = _unit(text, found.end())
        per = other[0] if other else ""
    elif dimension == "time" and _EVERY.search(text, max(0, start - 8), start):
        per = "every"
    # "one tablet" and "the tablet" differ in little
    each = value == 1 and _EACH.search(text, max(0, one.start - 6), one.start)
    weak = one.weak or (value == 1 and one.written) or bool(each)
    return Quantity(dimension, value * factor, value, per, one.start, stop, weak)


def _frequency(text: str, one: _Found, value: float, stop: int) -> Quantity:
    """So many times, and in what time where it is said."""
    for pattern, per_day in _AFTER:
        if found := pattern.match(text, stop):
            return Quantity("times a day", value * per_day, value, "day", one.start, found.end())
    if found := _HAN_AFTER.match(text, stop):
        return Quantity("times a day", value * _PER_DAY[found["unit"]], value, "day", one.start, found.end())
    if found := _HAN_PERIOD.search(text, max(0, one.start - 10), one.start):
        return Quantity("times a day", value * _PER_DAY[found["unit"] or "日"], value, "day", one.start, stop)
    return Quantity("times", value, value, "", one.start, stop, weak=value == 1)


def _numbers(text: str) -> list[_Found]:
    said = spoken(text)
    out: list[_Found] = []
    taken = {at for one in said for at in range(one.start, one.stop)}
    for match in _NUMBER.finditer(text):
        if not taken.isdisjoint(range(match.start(), match.end())):
            continue
        if match["parts"]:
            out += _share(match)
        elif match["digits"]:
            out += _digits(text, match)
        elif match["han"]:
            out += _han(text, match)
        else:
            out += _word(text, match, out)
    out += [
        _Found(one.start, one.stop, (one.value,), not one.dimension, (one.dimension, 1.0) if one.dimension else None)
        for one in said
    ]
    return _fractions(text, sorted(out, key=lambda one: one.start))


def _share(match: re.Match[str]) -> list[_Found]:
    whole = 100.0 if match["parts"] == "百分之" else 1000.0 if match["parts"] == "千分之" else None
    part = _han_value(match["of"]) if not match["of"][0].isdigit() else float(match["of"].replace(",", ""))
    if whole is None:
        below = match["parts"][:-2]
        whole = float(below) if below.isdigit() else _han_value(below)
        if not whole:
            return []
        if _unit(match.string, match.end()):
            return [_Found(match.start(), match.end(), (part / whole,), False)]
        return [_Found(match.start(), match.end(), (100 * part / whole,), False, ("percent", 1.0))]
    unit = ("percent", 1.0 if whole == 100 else 0.1)
    return [_Found(match.start(), match.end(), (part,), False, unit)]


def _digits(text: str, match: re.Match[str]) -> list[_Found]:
    plain = match["digits"]
    scale = match["scale"] or ""
    value = float(plain.removesuffix(scale).replace(",", ""))
    value *= SCALES[scale]
    inside = text.rfind("(", 0, match.start() - 1) > text.rfind(")", 0, match.start())
    weak = not inside and bool(_LISTED.match(text, max(0, match.start() - 1)))
    before = text[max(0, match.start() - 2) : match.start()]
    if before.endswith("-") and (len(before) == 1 or before[0] in " (:") and value:
        value = -value
    ordinal = text[: match.start()].endswith("第") or text[match.end() : match.end() + 2] in ("st", "nd", "rd", "th")
    if ordinal and value == 2 and text[match.end() : match.end() + 1] == "天":
        return []  # the next day
    return [
        _Found(
            match.start(),
            match.end(),
            (value,),
            False,
            ordinal=ordinal,
            weak=weak or (ordinal and value <= 5 and text[match.end() :][:1] in ("s", "n", "r", "t")),
        )
    ]


def _han(text: str, match: re.Match[str]) -> list[_Found]:
    """Chinese numerals; 一两 and 七八 are ranges; what only looks like a number has no unit behind it."""
    word = match["han"]
    start, stop = match.start(), match.end()
    if word.endswith("千") and text[stop : stop + 1] in ("克", "卡"):
        word, stop = word[:-1], stop - 1
    if word.endswith("两") and len(word) > 1 and word[-2] != "一" and not _unit(text, stop):
        word, stop = word[:-1], stop - 1
    if not word:
        return []
    if text[:start].endswith("第"):
        if text[stop : stop + 1] == "天" and word == "二":
            return []  # the next day
        return [_Found(start, stop, (_han_value(word),), True, ordinal=True)]
    if text[stop : stop + 1] == "成" and len(word) == 1 and word in _HAN_DIGITS:
        return [_Found(start, stop + 1, (_HAN_DIGITS[word] * 10.0,), False, ("percent", 1.0))]
    digits = [_HAN_DIGITS[char] for char in word if char in _HAN_DIGITS]
    if len(word) == 2 == len(digits) and digits[1] == digits[0] + 1:
        return [_Found(start, stop, (float(digits[0]), float(digits[1])), True)]
    return [_Found(start, stop, (_han_value(word),), True)]


def _han_value(word: str) -> float:
    """The value of a Chinese numeral; one of digits alone is read digit by digit."""
    whole, _, point = word.partition("点")
    if point:
        return _han_value(whole or "零") + float("0." + "".join(str(_HAN_DIGITS.get(char, 0)) for char in point))
    if whole == "半":
        return 0.5
    half = 0.5 if whole.endswith("半") else 0.0
    whole = whole.rstrip("半")
    if whole and all(char in _HAN_DIGITS for char in whole):
        return float("".join(str(_HAN_DIGITS[char]) for char in whole)) + half
    total = section = digit = 0.0
    for char in whole:
        if char in _HAN_DIGITS:
            digit = _HAN_DIGITS[char]
        elif (place := _HAN_PLACES.get(char, 0)) >= 10_000:
            total, section, digit = (total + section + digit) * place, 0.0, 0.0
        else:
            section, digit = section + (digit or 1.0) * place, 0.0
    return total + section + digit + half


def _word(text: str, match: re.Match[str], before: list[_Found]) -> list[_Found]:
    """English and Arabic number words; two that make one number are joined."""
    word, start, stop = match["word"], match.start(), match.end()
    if word in _TIMES:
        return [_Found(start, stop, (_TIMES[word],), True, ("times", 1.0))]
    if word in ("a", "an"):
        unit = _unit(text, stop)
        spoken = (
            unit
            and unit[0] in ("time", "month", "volume", "mass", "length")
            and not _COUNTED.search(text, max(0, start - 12), start)
        )
        return [_Found(start, stop, (1.0,), True, weak=True)] if spoken and text[stop : stop + 1] == " " else []
    known = numerals()
    bare = word
    value = known.get(word)
    if value is None and "-" in word:
        tens, _, ones = word.partition("-")
        if known.get(tens, 0) >= 20 and ones in known:
            value = known[tens] + known[ones]
    if value is None and (prefix := _AR_PREFIX.match(word)):
        bare = word[prefix.end() :]
        value = known.get(bare)
    if value is None:
        return _two(text, bare if bare in duals() else word, start, stop)
    last = before[-1] if before else None
    if last and last.written and not last.unit and text[last.stop : start].strip() in ("", "و", "and", "-"):
        joined = _sum(last.values[0], value, word)
        if joined:
            before.pop()
            return [_Found(last.start, stop, (joined,), True)]
    return [_Found(start, stop, (value,), True)]


def _sum(first: float, second: float, word: str) -> float:
    """The number that two number words make together, or 0: twenty one, three hundred, خمسة عشر, خمسة وعشرون."""
    if first < 1:
        return 0.0
    if second in (100, 1000, 1e6) and first < second and not word.startswith("و"):
        return first * second
    if second == 10 and 1 <= first < 10 and not word.startswith("و"):
        return first + 10
    if first >= 20 and second < first and (second < 10 or first >= 100):
        return first + second
    return first + second if first < 10 and 20 <= second < 100 and word.startswith("و") else 0.0


def _two(text: str, word: str, start: int, stop: int) -> list[_Found]:
    """Arabic units that say two by their ending, and single ones that say one by having no number."""
    if word in duals():
        return [_Found(start, stop, (2.0,), True, duals()[word])]
    unit = units()[0].get(word)
    if unit is None or not "ء" <= word[0] <= "ي":
        return []
    if unit[0] == "times" and not _COUNTED.search(text, max(0, start - 12), start):
        return [_Found(start, stop, (1.0,), True, unit, weak=True)]
    if unit[0] in ("time", "month") and _ONE.search(text, max(0, start - 8), start):
        return [_Found(start, stop, (1.0,), True, unit, weak=True)]
    return []


def _fractions(text: str, some: list[_Found]) -> list[_Found]:
    """Two digits around a stroke are one fraction where they can be: 1/3, not 150/95."""
    out: list[_Found] = []
    for one in some:
        last = out[-1] if out else None
        between = text[last.stop : one.start] if last else ""
        spoken = between.strip() in ("in", "out of", "person in", "people in", "من كل", "من اصل") and len(between) > 3
        if last and (spoken or (between in ("/", "⁄") and not one.written and not last.written)):
            above, below = last.values[0], one.values[0]
            if 0 < above < below <= 10 and above == int(above) and below == int(below):
                part = _Found(last.start, last.stop if spoken else one.stop, (above / below,), spoken, weak=spoken)
                if not spoken:
                    out[-1] = part
                    continue
                out.append(part)
        out.append(one)
    return out

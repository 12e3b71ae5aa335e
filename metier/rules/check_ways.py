"""How a text keeps things apart: by the way they are given, the time of day, the bed, or because none is given."""

import functools
import re
from collections.abc import Sequence

from metier.rules.check_refers import KEPT
from metier.rules.firing import Mention

_LABEL = re.compile(
    r"\b(?:bed|room|bay|patient|slide|chapter) ?\d+|\b(?-i:M(?:r|rs|s|iss)\.? [A-Z])[a-z]+|\d+ ?床|床 ?\d+"
    r"|(?:سرير|غرفة|المريض) ?(?:رقم )?\d+",
    re.I,
)
"""Who is given something, by name or by the number of a bed."""
_FLUSHED = re.compile(
    r"冲[洗管]|冲净|冲干净|\b(?:flush|rins)\w*|[اأت]?شطف|[اأت]?غسل الخط|[ء-ي]*غسل (?:ال)?(?:خط|أنبوب|قسطرة)", re.I
)
_COUNTED = re.compile(
    r"\b(?:stock(?: ?count|take|taking|room)?|inventory|store ?room|shelf|shelves|register|cupboard|delivered"
    r"|delivery|in stock"
    r"|supplier|price list|catalogue|expiry dates?|batch (?:no|number)s?)\b"
    r"|盘点|库存|入库|出库|交接|清点|账册|账物|批号|有效期|效期|库房|药柜|专柜|采购|到货|价目|基数"
    r"|جرد|المخزون|المخزن|المستودع|الخزنة|رقم التشغيلة|تواريخ الصلاحية|وصلت الشحنة|قائمة الأسعار|رصيد الصيدلية"
    r"|رف الصيدلية|مستودع|الملصق",
    re.I,
)
"""Words of those who count medicines, or sell them, and give none."""
_ROUTES = (
    re.compile(
        r"\b(?:oral\w*|by mouth|po|tablets?|capsules?|pills?|swallow\w*|chew\w*)\b"
        r"|口服|[片粒]|胶囊|嚼服|الفم|فموي|أقراص|قرص|حبوب|كبسول",
        re.I,
    ),
    re.compile(r"\b(?:im|i\.m\.|intramuscular\w*)|肌肉?注|العضل", re.I),
    re.compile(r"\b(?:sc|s\.c\.|subcut\w*|under the skin)|皮下|تحت الجلد", re.I),
    re.compile(r"\b(?:nebuli\w*|inhal\w*|puffs?)|雾化|吸入|استنشاق|بخاخ", re.I),
    re.compile(r"\b(?:topical\w*|cream|ointment|eye ?drops)|外用|外涂|滴眼|مرهم|قطرة", re.I),
    re.compile(r"\b(?:iv|ivgtt|i\.v\.|intravenous\w*|infus\w*|drip|bag)\b|静[滴脉注推]|输液|وريد|تسريب", re.I),
)
_TIMES = (
    re.compile(
        r"\b(?:morning|breakfast|fasting|mane|am|waking|empty stomach)\b|晨|早|空腹|صباح|فطور|إفطار|الريق", re.I
    ),
    re.compile(r"\b(?:lunch|noon|midday)\b|[中正]午|午饭|午餐|غداء|الظهر", re.I),
    re.compile(r"\b(?:evening|dinner|supper|bedtime|night|nocte|hs|pm)\b|晚|睡前|مساء|عشاء|النوم|ليلا", re.I),
)
_SPACED = re.compile(r"\bhours? (?:between|apart|before or)\b|(?:间隔|隔开|相隔)[^，。]{0,8}小时", re.I)
_OFTEN = re.compile(
    r"\bq\s?\d{1,2}\s?h\b|\bevery (?:\d+|\w+) hours?|\b(?:once|twice|(?:three|four) times) (?:a |per |each )?(?:day"
    r"|daily|week)|\b[btq]id\b|\bqd\b"
    r"|\bonce daily|[每q]\s?\d{1,2}\s?小时|[一二两三四每][日天][一二两三四\d]?次?"
    r"|كل \S+ ساعات?|مرة واحدة|مرتين|\S+ مرات|مرة يوميا",
    re.I,
)
_OWN = re.compile(
    r"另[一外开取加]|另(?=补|予|给|用)|单独|\b(?:separate(?:ly)?|another|second|own)\b"
    r"|على حدة|منفصل|كيس آخر|محلول آخر|خط آخر",
    re.I,
)


@functools.lru_cache(maxsize=KEPT)
def counted(text: str) -> bool:
    """Whether a sentence counts what is in stock."""
    return _COUNTED.search(text) is not None


@functools.lru_cache(maxsize=KEPT)
def flushed(text: str) -> bool:
    """Whether a sentence has a line rinsed before what comes next."""
    return _FLUSHED.search(text) is not None


@functools.lru_cache(maxsize=KEPT)
def beds(text: str) -> frozenset[str]:
    """The beds that a sentence names."""
    return frozenset(one.strip().lower() for one in _LABEL.findall(text))


def other_way(one: str, other: str) -> bool:
    """Whether two sentences give what they name by different ways."""
    return _differ([{number for number, way in enumerate(_ROUTES) if way.search(said)} for said in (one, other)])


def others(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a text gives things to different patients, by the numbers of their beds."""
    some = sorted({(one.start, one.end): one for one in mentions}.values(), key=lambda one: one.start)
    ends = [*[one.start for one in some[1:]], len(text)]
    found = [set(_LABEL.findall(text[one.end : end])) for one, end in zip(some, ends, strict=True)]
    ahead = [0, *[one.end for one in some]]
    before = [set(_LABEL.findall(text[begin : one.start])) for begin, one in zip(ahead, some, strict=False)]
    return _differ(before) or _differ(found)


def parted(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a sentence gives things by different ways, at different intervals, or the one apart from the other.

    What stands from one name to the next, or up to the pause before it, is said of the first.
    """
    some = sorted({(one.start, one.end): one for one in mentions}.values(), key=lambda one: one.start)
    pieces = []
    for number, one in enumerate(some):
        stop = some[number + 1].start if number + 1 < len(some) else len(text)
        pauses = [pause.end() for pause in re.finditer(r"[,，;；。،؛\n]|\band\b|(?<=\s)و", text[one.end : stop])]
        cut = one.end + pauses[-1] if pauses and number + 1 < len(some) else stop
        pieces.append((text[one.end : cut], text[cut:stop]))
    ways = [{number for number, way in enumerate(_ROUTES) if way.search(said)} for said, _ in pieces]
    often = [{found[0].lower().strip() for found in _OFTEN.finditer(said)} for said, _ in pieces]
    if any(_OWN.search(lead) or _OWN.search(said) for said, lead in pieces[:-1]):
        return True
    return _differ(ways) or _differ(often)


def timed_apart(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a text gives things at different times of the day."""
    some = sorted({(one.start, one.end): one for one in mentions}.values(), key=lambda one: one.start)
    ends = [*[one.start for one in some[1:]], len(text)]
    found = []
    for number, (one, end) in enumerate(zip(some, ends, strict=True)):
        said = text[one.end : end]
        last = number + 1 == len(some)
        cut = next((pause.start() for pause in re.finditer(r"[,，;；。،؛\n]", said)), len(said))
        found.append({at for at, time in enumerate(_TIMES) if time.search(said if last else said[:cut] or said)})
    return _differ(found)


def spaced(remedy: str) -> bool:
    """Whether an advice leaves some hours between two things, which may otherwise be taken on one day."""
    return _SPACED.search(remedy) is not None


def one_drip(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a text lists what goes into one infusion: lines, or items joined by a plus, with one way at the end."""
    last = max(one.end for one in mentions)
    inside = text[min(one.start for one in mentions) : last]
    return (
        ("\n" in inside or "+" in inside) and bool(_ROUTES[-1].search(text[last:])) and not _ROUTES[-1].search(inside)
    )


def _differ(some: Sequence[set[int]] | Sequence[set[str]]) -> bool:
    """Whether two of some sets hold something and nothing in common."""
    return any(one and other and one.isdisjoint(other) for one in some for other in some)

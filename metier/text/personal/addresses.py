"""Postal addresses down to a street, a village or a house: Chinese, English and Arabic ways of writing them."""

import functools
import re

from metier.text.personal.lists import entries
from metier.text.personal.look_bits import BOX_AR, HEAD_AR, HINT_ZH, HOUSE, LABEL_AR, LABEL_ZH, POST, STATE
from metier.text.personal.spans import Look, Places

_HAN = r"\u4e00-\u9fff"
_NUMBER = r"[0-9A-Za-z一二三四五六七八九十甲乙丙丁]"
_AREA = rf"[{_HAN}]{{1,7}}?(?:自治区|自治州|自治县|新区|开发区|街道|省|市|区|县|州|盟|旗|镇|乡)"
_STREET = (
    rf"[{_HAN}]{{1,9}}?(?:大街|大道|胡同|新村|小区|花园|公寓|家园|社区|路|街|道|巷|弄|里|村|屯|庄|苑"
    rf"|坊|大厦|广场|校区|宿舍)村?(?:[东西南北中一二三四五][段路里]|[东西南北中](?=[0-9]))?"
)
_HOUSE = (
    rf"(?:{_NUMBER}{{1,6}}(?:-[0-9]{{1,4}})?\s?(?:号院|号楼|号|弄|栋|幢|座|单元|楼|层|室|组|社|队|户"
    rf"|房|门)(?:之[0-9一二三]+)?\s?(?:[0-9]{{3,4}}(?![0-9室层户房号单栋楼]))?\s?)"
)
_DETAIL = rf"(?:{_STREET}\s?{_HOUSE}{{0,6}}){{1,4}}"
_LABEL = re.compile(
    r"(?:地址|住址|住所|所在地)(?:是|为|[:：])\s?|家住(?:在|于)?|现住(?:在|于)?|居住(?:在|于)|住(?:在|于|[:：])"
)
_HINT = re.compile(
    r"[0-9一二三四五六七八九十](?<!月[0-9])(?<!月[0-9]{2})\s?(?:号|弄|栋|幢|座|单元|室|组|队)"
    r"|[省市县区乡镇州][\u4e00-\u9fff]{1,8}[村屯庄]"
)
"""A house number, or a village of some area: without one of them there is no address that no label announces."""
_HOUSED = re.compile(
    r"[0-9]\s?(?:号|弄|栋|幢|座|单元|室|组|队|楼)|[省市县区].{1,9}[区县镇乡村路街道巷屯庄]"
    r"|[县区镇乡].{1,9}[村路街道巷屯庄]|(?:省|自治区).{1,8}市"
)
_AFTER_LABEL = re.compile(rf"(?:{_AREA}){{0,5}}\s?(?:{_DETAIL})?\s?{_HOUSE}{{0,6}}")
_BARE = re.compile(
    rf"([{_HAN}]{{2,4}}(?:大街|大道|胡同|路|街|巷))([东西南北中][段路里])?\s?([0-9]{{1,5}}"
    rf"(?:-[0-9]+)?\s?(?:号|弄)(?!线|公交|车|地铁|口|楼盘)(?:楼|院)?\s?{_HOUSE}{{0,5}})"
)
_STOP = re.compile(r"^.*[在于住到是至从址为的家和与及]")
_LOOSE = re.compile("[的了着]")


@functools.lru_cache(maxsize=1)
def _known_area() -> re.Pattern[str]:
    """A province or prefecture, then smaller areas, then a street or village with its house."""
    provinces = "|".join(sorted(entries("provinces_zh"), key=len, reverse=True))
    cities = "|".join(sorted(entries("cities_zh"), key=len, reverse=True))
    head = rf"(?:(?:{provinces})(?:省|市|(?:壮族|回族|维吾尔)?自治区)?(?:(?:{cities})市?)?|(?:{cities})市?)"
    return re.compile(rf"{head}\s?(?:{_AREA}){{0,4}}\s?(?:{_DETAIL}{_HOUSE}{{0,4}}|{_HOUSE}{{1,6}})")


def chinese_addresses(text: str, look: Look) -> Places:
    """From 省 down to 室: of a known area, after 地址, 住址 or 家住, or a street with its house number."""
    for label in filter(None, (_LABEL.match(text, at) for at in look.at(LABEL_ZH))):
        found = _AFTER_LABEL.match(text, label.end())
        if found and _HOUSED.search(found[0]) and not _LOOSE.search(found[0]):
            yield found.start(), found.start() + len(found[0].rstrip())
    if not look.flags & HINT_ZH or not _HINT.search(text):
        return
    for found in _known_area().finditer(text):
        if not _LOOSE.search(found[0]) and re.search(
            r"[0-9一二三四五六七八九十]\s?(?:号|弄|栋|幢|座|单元|室|组|楼|层|队)|[村屯庄]\Z", found[0]
        ):
            yield found.start(), found.start() + len(found[0].rstrip())
    for found in _BARE.finditer(text):
        lead = _STOP.match(found[1])
        start = found.start() + (lead.end() if lead and lead.end() < len(found[1]) - 2 else 0)
        yield start, found.start() + len(found[0].rstrip())


_WORD = r"[A-Z0-9][A-Za-zÀ-ÖØ-öø-ÿ0-9'.’-]*"
_KIND = (
    r"(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Boulevard|Blvd\.?|Lane|Ln\.?|Drive|Dr\.?|Court|Ct\.?"
    r"|Place|Pl\.?|Square|Sq\.?|Terrace|Way"
    r"|Parkway|Pkwy\.?|Highway|Hwy\.?|Circle|Cir\.?|Crescent|Close|Row|Trail|Pike|Turnpike|Plaza"
    r"|Broadway|Mews|Gardens|Grove|Loop|Alley|Walk|Approach|Yard)"
)
_STATES = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|PR|RI|S[CD]"
    "|T[NX]|UT|V[AT]|W[AIVY]"
)
_POSTCODE = r"(?:[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2})"
_UNIT = r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Rm|Building|Bldg|#)\.?\s?#?[0-9A-Z-]{1,6})"
_TOWN = r"(?:[A-Z][A-Za-zÀ-ÖØ-öø-ÿ.'-]+ ){0,2}[A-Z][A-Za-zÀ-ÖØ-öø-ÿ.'-]+"
_REGION = (
    rf"(?:,?\s+(?:{_STATES}|[A-Z][a-z]+(?: [A-Z][a-z]+)?),?\s+[0-9]{{5}}(?:-[0-9]{{4}})?(?![0-9])"
    rf"|,?\s+{_POSTCODE}|,\s(?:{_STATES})\b)"
)
_STREET_EN = re.compile(
    rf"[0-9]{{1,6}}[A-Za-z]?(?:-[0-9]{{1,5}})?,?\s(?:(?:[NSEW]|[NS][EW])\.?\s)?"
    rf"(?:{_WORD}\s){{0,3}}{_WORD}\s{_KIND}(?![A-Za-z])"
    rf"(?:\s(?:[NSEW]|[NS][EW])\b\.?)?{_UNIT}?(?:,?\s{_TOWN}{_REGION}|,\s{_TOWN}(?![A-Za-zÀ-ÖØ-öø-ÿ]))?"
)
_BROADWAY = re.compile(rf"[0-9]{{1,5}}\s(?:[NSEW]\.?\s)?Broadway\b{_UNIT}?(?:,?\s{_TOWN}{_REGION})?")
_BOX = re.compile(rf"(?<![A-Za-z])P\.?\s?O\.? Box\s[0-9]{{1,7}}(?:,?\s{_TOWN}{_REGION})?")
_CITY = re.compile(rf"\b{_TOWN},\s?(?:{_STATES})\s{{1,2}}[0-9]{{5}}(?:-[0-9]{{4}})?(?![0-9])")
_ZIP = re.compile(
    (
        r"(?<![A-Za-z])(?:zip|postal|post)\s?code\s?(?:is)?\s?[:：]?\s{0,2}([0-9]{5}(?:-[0-9]{4})?"
        r"|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2})(?![0-9A-Za-z])"
    ),
    re.IGNORECASE,
)
_ZIP_ZH = re.compile(r"(?:邮编|邮政编码)\s?(?:是|为|[:：])?\s?([1-9][0-9]{5})(?![0-9])")
_HOUSE_EN = re.compile(
    r"[0-9](?<![0-9A-Za-z.,/\-].)[0-9]{0,5}[A-Za-z]?(?:-[0-9]{1,5})?,? (?:[NSEW]{1,2}\.?"
    r" )?[A-Z0-9][A-Za-z0-9]"
)
_FLAT = re.compile(r"(?<![A-Za-z])(?:Flat|Unit|Apt\.?) (?:[0-9A-Z]{1,4},? )?\Z")
_DOSE = re.compile(
    r"[0-9]+\s(?:MG|ML|IU|Mg|Years?|Days?|Patients?|January|February|March|April|May|June|July|August"
    r"|September|October|November|December)\b"
)
_STATE_AT = re.compile(r"[0-9](?:(?<=[A-Z]{2} [0-9])|(?<=[A-Z]{2}  [0-9]))[0-9]{4}")


def english_addresses(text: str, look: Look) -> Places:
    """A house number with a street, a post office box, a town with state and ZIP, a postcode after its word."""
    for house in filter(None, (_HOUSE_EN.match(text, at) for at in look.at(HOUSE))):
        found = _STREET_EN.match(text, house.start()) or _BROADWAY.match(text, house.start())
        if found and not _DOSE.match(found[0]):
            flat = _FLAT.search(text, max(0, house.start() - 12), house.start())
            yield flat.start() if flat else house.start(), found.end()
    for state in filter(None, (_STATE_AT.match(text, at) for at in look.at(STATE))):
        for found in _CITY.finditer(text, max(0, state.start() - 44), min(len(text), state.end() + 6)):
            yield found.span()
    if look.flags & POST:
        yield from (found.span() for found in _BOX.finditer(text))
        yield from (found.span(1) for found in _ZIP.finditer(text))
        yield from (found.span(1) for found in _ZIP_ZH.finditer(text))


_AR_WORD = r"[\u0621-\u064a\u064b-\u0652]+"
_AR_NUMBER = r"(?:رقم\s)?[0-9]{1,5}"
HEADS_AR = (
    "شارع",
    "طريق",
    "حي",
    "حارة",
    "زقاق",
    "منطقة",
    "مدينة",
    "قرية",
    "محافظة",
    "عمارة",
    "بناية",
    "مبنى",
    "برج",
    "شقة",
    "فيلا",
    "الدور",
    "الطابق",
    "بلوك",
    "قطعة",
    "مجمع",
    "منزل",
    "ميدان",
    "جادة",
)
"""Words that open a part of an address."""
_AR_HEAD = rf"(?:{'|'.join(HEADS_AR)})"
_AR_PART = (
    rf"(?:[وفبل])?{_AR_HEAD}\s(?:{_AR_NUMBER}(?:\s(?:يوليو|أكتوبر|مايو|نوفمبر|سبتمبر|مارس|يناير))?"
    rf"|{_AR_WORD}(?:\s(?!{_AR_HEAD}\s|وهو|وهي|في|من|على|إلى|ثم|حيث|منذ|بالقرب|وقد|وكان|ورقم"
    rf"|ويعمل){_AR_WORD}){{0,2}}(?:\s{_AR_NUMBER})?)"
)
_AR_ADDRESS = re.compile(
    rf"(?<![\u0621-\u064a])(?:[0-9]{{1,4}}\s(?=شارع))?{_AR_PART}(?:\s?[،,\-–]?\s?{_AR_PART}){{0,6}}(?:\s?،\s{_AR_WORD}(?!\s?[:：]))?(?:\s?[،,]\s?(?:ص\.?\s?ب\.?"
    rf"|الرمز البريدي)\s?:?\s?[0-9]{{3,6}})?"
)
_AR_LABEL = re.compile(
    rf"(?:العنوان|عنوانه|عنوانها|عنوان المريضة?|محل الإقامة|السكن)\s?[:：]\s?({_AR_WORD}"
    rf"(?:\s{_AR_WORD}){{0,4}}(?:\s?[،,\-]\s?(?:{_AR_WORD}|[0-9]+)(?:\s(?:{_AR_WORD}"
    rf"|[0-9]+)){{0,3}}){{0,4}})"
)
_AR_LIVES = re.compile(
    r"(?:يسكن|تسكن|يقيم|تقيم|يقطن|تقطن|مقيم|مقيمة|ساكن|ساكنة|عنوان\w*|العنوان|منزل\w*)\s?[:：]?\s?"
    r"(?:في|ب|حاليا في)?\s?ب?\Z"
)
_AR_BOX = re.compile(r"(?:ص\s?\.\s?ب\s?\.?|صندوق بريد|الرمز البريدي)\s?[:：]?\s?([0-9]{3,6})(?![0-9])")


_AR_HOUSE = re.compile("(?<![\u0621-\u064a])[0-9]{1,4}\\s\\Z")
_AR_PARTS = re.compile(rf"(?<![\u0621-\u064a])[وفبل]?{_AR_HEAD}\s")
_AR_STREETS = re.compile("شارع|طريق|حي|حارة|عمارة|بناية|مبنى|شقة|فيلا|ميدان")


def arabic_addresses(text: str, look: Look) -> Places:
    """شارع, حي, عمارة and their like: with a number, two of them together, or after العنوان or يسكن."""
    if look.flags & LABEL_AR:
        yield from (label.span(1) for label in _AR_LABEL.finditer(text))
    last = 0
    for at in look.at(HEAD_AR):
        if at < last:
            continue
        number = _AR_HOUSE.search(text, max(last, at - 6), at) if text.startswith("شارع", at) else None
        found = _AR_ADDRESS.match(text, number.start() if number else at)
        if not found:
            continue
        last = found.end()
        numbered = re.search(r"[0-9]", found[0]) and _AR_STREETS.search(found[0])
        street = "شارع" in found[0] and len(_AR_PARTS.findall(found[0])) >= 2
        if numbered or street or _AR_LIVES.search(text, max(0, found.start() - 24), found.start()):
            yield found.span()
    if look.flags & BOX_AR:
        yield from (found.span(1) for found in _AR_BOX.finditer(text))

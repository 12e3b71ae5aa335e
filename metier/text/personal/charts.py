"""Numbers that a hospital gives: of records, visits, samples and beds. The number is the span; the words stay."""

import re

from metier.text.personal.look_bits import ANSWER, BED, BED_ZH, CHART, CHART_AR, CHART_ZH, DIGIT
from metier.text.personal.spans import Look, Places

_ENDS = r"(?![0-9A-Za-z])"
_ZH = re.compile(
    r"(?:住院|病历|病案|门诊|急诊|就诊|登记|挂号|检查|标本|样本|条码|影像|放射|超声|病理|体检|档案"
    r"|医保卡?|社保卡?|就诊卡|诊疗卡|健康卡"
    r"|病人|患者|X线|X光|CT|MRI|MR|B超)(?:流水|登记)?(?:号码?|编号|卡号|ID|id)\s?(?:是|为|[:：#]"
    r"|[（(])?\s{0,2}((?:[A-Za-z]{1,4}[- ]?)?[0-9][0-9A-Za-z\-]{1,19})" + _ENDS
)
_BED_BEFORE = re.compile(
    r"(?:床号|床位号?|病床号?)\s?(?:是|为|[:：#])?\s{0,2}((?:加|[A-Z]-?)?[0-9]{1,4}(?:-[0-9]{1,3})?)"
    r"(?![0-9A-Za-z.%％张个])"
)
_BED_AFTER = re.compile(
    r"(?<![0-9A-Za-z.~～\-—])((?:加|[A-Z])?[0-9]{1,3}(?:-[0-9]{1,2})?)\s?号?病?床"
    r"(?!位|以|规模|旁|边|头|上|下|垫|单|被|棉|毯|褥|的?(?:医院|综合|三级|二级|大型)|铺|医)"
)
_MANY = re.compile(r"(?:共|有|设|置|约|达|近|超|过|放|制|增|每|个|余|加|于|占|为|了|一|供)\s?\Z")
_EN = re.compile(
    r"(?<![A-Za-z])(?:MRN|M\.R\.N\.|(?:medical|hospital|patient|health|case|clinic|unit) ?(?:record"
    r"|file|chart|id|identification"
    r"|registration)? ?(?:number|no\.?|num\.?|id|#)|(?:chart|accession|encounter|admission"
    r"|registration|specimen|visit|file|NHS|insurance"
    r"|policy|account) (?:number|no\.?|id|#)|(?:medical record"
    r"|patient id|hospital id|chart|(?P<any>patient)(?=\s?[:#])))"
    r"\s?(?:is"
    r"|was)?(?:\s?[:#=]\s?#?\s?|\s#?)"
    r"(?P<lead>[A-Za-z]{1,4}-?)?\Z",
    re.IGNORECASE,
)
_LABEL_ENDS = (":", "=", "#", "no.", "no", "ber", "id", "ord", "art", "mrn", "n.", "num.", " is", "was")
"""How the labels end, or the words between a label and its number: a look before the search."""
_EN_VALUE = re.compile(r"[0-9][0-9A-Za-z]*(?:[-/ ][0-9]{2,}){0,4}" + _ENDS)
_EN_BED = re.compile(
    r"(?<![A-Za-z])(?:bed|cot|bay)\s?(?:number|no\.?|#|:)?\s?#?([0-9]{1,4}(?:-?[A-Z])?|[A-Z][0-9]{1,3})"
    r"(?![0-9A-Za-z]|[.,:][0-9])"
    r"(?!\s?(?:-|–|to|or|and)?\s?[0-9]*\s?(?:h|hrs?|hours?|min|minutes?|days?|weeks?|months?|years?"
    r"|times?|nights?|degrees?|cm|inches|feet|nucleus|%)\b)",
    re.IGNORECASE,
)
_AR = re.compile(
    r"(?:رقم\s(?:ال)?(?:ملف|سجل|مريض|دخول|زيارة|عينة|تسجيل|طبي|تأمين)(?:\s(?:الطبي|المريض|الطبية"
    r"|الصحي))?|(?:ال)?(?:ملف|سجل)(?:\sالطبي)?\sرقم"
    r"|رقم\s(?:ال)?سرير|(?:ال)?سرير(?:\sرقم)?)\s?(?:هو)?\s?[:：#]?\s{0,2}"
    r"((?:(?:[A-Za-z]{1,4}|[\u0621-\u064a])[- ]?)?[0-9][0-9A-Za-z\-/]{0,19}(?:[\u0621-\u064a](?![\u0621-\u064a]))?)"
    r"(?![0-9A-Za-z])"
)


_ANSWER = re.compile(
    r"(?:(?:病历|病案|住院|门诊|就诊|登记|档案|就诊卡|医保卡)号码?|رقم\s(?:ال)?(?:ملف|سجل)[\u0621-\u064a]{0,3}"
    r"|(?:record|chart|file|hospital) number)[^0-9:：\n]{0,24}[。？?！!.؟]\s{0,2}[^\s:：0-9]{1,12}[:：]\s{0,2}"
    r"((?:(?:[A-Za-z]{1,4}|[\u0621-\u064a])[- ]?)?[0-9][0-9A-Za-z\-]{2,13})" + _ENDS
)
"""The answer to a question for a number, after the name of who speaks: 请报病历号。患者：60053909。"""
_LONGEST = 14
"""No laboratory gives a specimen more characters than the bar codes of laboratories hold."""


def chart_numbers(text: str, look: Look) -> Places:
    """Numbers after 住院号, 床号, MRN, bed, رقم الملف, سرير رقم and their like, and before 床 where it is one bed."""
    if look.flags & CHART_ZH:
        for found in _ZH.finditer(text):
            if found[0][:2] not in ("样本", "标本") or found.end() - found.start(1) <= _LONGEST:
                yield found.span(1)
    if look.flags & ANSWER:
        yield from (found.span(1) for found in _ANSWER.finditer(text))
    if look.flags & BED_ZH and look.flags & DIGIT:
        yield from (found.span(1) for found in _BED_BEFORE.finditer(text))
        for found in _BED_AFTER.finditer(text):
            if not _MANY.search(text, max(0, found.start() - 2), found.start()):
                yield found.span(1)
    if look.flags & CHART_AR:
        yield from (found.span(1) for found in _AR.finditer(text))
    yield from _english(text, look)
    if look.flags & BED:
        yield from (found.span(1) for found in _EN_BED.finditer(text))


def _before(text: str, at: int) -> str:
    """What stands before a number and the letters that belong to it, in lower case."""
    some = text[max(0, at - 12) : at]
    if some[-1:] not in (" ", "#", ":", "="):
        some = some.rpartition(" ")[0]
    return some.rstrip(" #").lower() or "#"


def _english(text: str, look: Look) -> Places:
    """Every number with one of the English labels before it, and with the letters that belong to it."""
    for at in look.at(CHART):
        if not _before(text, at).endswith(_LABEL_ENDS):
            continue
        label = _EN.search(text, max(0, at - 40), at)
        value = _EN_VALUE.match(text, at) if label else None
        if label and value and not (label["any"] and value.end() - at < 5):
            yield label.start("lead") if label["lead"] else at, value.end()

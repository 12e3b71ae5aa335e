"""Identity card numbers and payment card numbers, told from other long numbers by their check digits."""

import re
from datetime import date

from metier.text.personal.contacts import in_reference
from metier.text.personal.digits import only
from metier.text.personal.look_bits import CARD, NINE
from metier.text.personal.spans import Look, Places

_PROVINCES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83, 91]
)
"""The first two digits of an administrative division (GB/T 2260), and 91 for foreigners."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHINESE = re.compile(
    r"(?<![0-9A-Za-z.])[1-9][0-9]{5}[ -]?(?:(?:18|19|20)[0-9]{2}[01][0-9][0-3][0-9]["
    r" -]?[0-9]{3}[0-9Xx]|[0-9]{2}[01][0-9][0-3][0-9]"
    r"[ -]?[0-9]{3})(?![0-9A-Za-z]|\.[0-9])"
)
_SOCIAL = re.compile(
    r"(?<![0-9A-Za-z.\-])(?!000|666|9)[0-9]{3}([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![0-9A-Za-z]|[.\-][0-9])"
)
_LABELLED = re.compile(
    r"(?:身份证件?(?:号码?|编号)?|公民身份号码|证件号码?|护照号?码?|\bSSN|social security (?:number"
    r"|no\.?)|passport (?:number|no\.?)"
    r"|national id(?: number| no\.?)?|رقم الهوية(?: الوطنية)?|الرقم القومي|الرقم الوطني|رقم الإقامة"
    r"|رقم جواز السفر|رقم البطاقة)"
    r"\s{0,2}(?:是|为|is|هو)?\s?[:：#]?\s{0,2}([A-Z]{0,2}[0-9][0-9 \-]{4,20}[0-9Xx])(?![0-9A-Za-z])",
    re.IGNORECASE,
)


_ID_WORDS = ("证", "公民身份", "护照", "ssn", "security", "passport", "national id", "رقم")
"""Every label of identity numbers holds one of these."""
_VALUE = re.compile(r"(?<![0-9])[0-9][0-9 \-]{4,20}[0-9Xx](?![0-9A-Za-z])")


def id_cards(text: str, look: Look) -> Places:
    """Chinese identity cards (GB 11643-1999, and the older 15 digits), United States social security numbers as
    ddd-dd-dddd, and any number after a word such as 身份证, SSN or رقم الهوية."""
    nine = bool(look.flags & NINE)
    for found in _CHINESE.finditer(text) if nine else ():
        if is_chinese_id(found[0]) and not in_reference(text, found.start()):
            yield found.span()
    for found in _SOCIAL.finditer(text) if nine else ():
        if "-" in found[0] or "SSN" in text[max(0, found.start() - 20) : found.start()]:
            yield found.span()
    low = text.lower()
    for value in _VALUE.finditer(text) if any(word in low for word in _ID_WORDS) else ():
        yield from (found.span(1) for found in _LABELLED.finditer(text, max(0, value.start() - 44), value.end() + 1))


def is_chinese_id(number: str) -> bool:
    """Whether province, date of birth and, for 18 characters, the check character agree (ISO 7064, MOD 11-2)."""
    bare = number.replace(" ", "").replace("-", "").upper()
    if int(bare[:2]) not in _PROVINCES:
        return False
    born = bare[6:14] if len(bare) == 18 else "19" + bare[6:12]
    try:
        date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    return len(bare) == 15 or check_character(bare[:17]) == bare[17]


def check_character(digits: str) -> str:
    """The eighteenth character of an identity card, from the seventeen before it."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


_CARD = re.compile(r"(?<![0-9A-Za-z.])[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z]|[.\-][0-9])")
_CARD_LABELLED = re.compile(
    r"(?:银行卡号?|卡号|信用卡号?|储蓄卡号?|card (?:number|no\.?)|رقم البطاقة الائتمانية|بطاقة ائتمان"
    r" رقم)\s?(?:是|为|is)?\s?[:：#]?\s{0,2}"
    r"([0-9](?:[ -]?[0-9]){12,18})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_ISSUERS = (
    ("4", (13, 16, 19)), ("62", (16, 17, 18, 19)), ("34", (15,)), ("37", (15,)), ("36", (14,)), ("38", (14,)),
    ("39", (14,)), ("30", (14,)), ("6011", (16, 19)), ("65", (16, 19)), ("50", (16,)), ("63", (16,)), ("67", (16,)),
    *((str(prefix), (16,)) for prefix in (*range(51, 60), *range(2221, 2721))),
    *((str(prefix), (16, 19)) for prefix in (*range(644, 650), *range(3528, 3590))),
)  # fmt: skip
"""Leading digits and lengths by issuer (ISO/IEC 7812 ranges as the networks publish them)."""
_BY_PREFIX = dict(_ISSUERS)


def cards(text: str, look: Look) -> Places:
    """Payment card numbers of a known issuer whose last digit agrees (Luhn, ISO/IEC 7812-1), or after such a word."""
    if not look.flags & CARD:
        return
    for found in _CARD.finditer(text):
        if is_card(only(found[0])) and _evenly(found[0]) and not in_reference(text, found.start()):
            yield found.span()
    for found in _CARD_LABELLED.finditer(text):
        yield found.span(1)


def is_card(digits: str) -> bool:
    """Whether an issuer gives out such a number and its check digit agrees."""
    issued = any(len(digits) in _BY_PREFIX.get(digits[:size], ()) for size in (1, 2, 3, 4))
    return issued and luhn(digits) == 0


def luhn(digits: str) -> int:
    """The Luhn sum modulo 10; 0 where the check digit agrees."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10


def _evenly(written: str) -> bool:
    """Groups as cards are printed: none, or all but the last of three to six digits; not a row of small numbers."""
    groups = re.split("[ -]", written)
    return len(groups) == 1 or all(3 <= len(group) <= 6 for group in groups[:-1])

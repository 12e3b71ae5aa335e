"""E-mail addresses and telephone numbers, in the groupings of China, North America, Europe and the Arab countries."""

import re

from metier.text.personal.digits import only
from metier.text.personal.spans import Look, Places

_AT = re.compile(r"[@＠]|\s?[\[(]\s?at\s?[\])]\s?", re.IGNORECASE)
_LOCAL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._%+'\-]{0,62}[A-Za-z0-9_+\-])?\Z")
_DOT = r"(?:\.|\s?[\[(]\s?dot\s?[\])]\s?)"
_DOMAIN = re.compile(
    rf"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?{_DOT}){{1,5}}[A-Za-z]{{2,24}}(?![A-Za-z0-9])"
)
_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|css|js|py|html?)\Z", re.IGNORECASE)


def emails(text: str, look: Look) -> Places:
    """E-mail addresses (RFC 5321 mailbox, ASCII part), also as ``name (at) site (dot) org`` and with a wide ``＠``."""
    for at in _AT.finditer(text):
        local = _LOCAL.search(text, max(0, at.start() - 64), at.start())
        domain = _DOMAIN.match(text, at.end())
        if local and domain and local[0] != "git" and not _FILE.search(domain[0]):
            yield local.start(), domain.end()


_LEFT = r"(?<![0-9A-Za-z.,/\-])(?<![0-9] )"
_RIGHT = r"(?![0-9A-Za-z]|[.,\-/][0-9])"
_FREE = r"(?<![0-9A-Za-z.])"
_PLAIN = r"(?![0-9A-Za-z]|\.[0-9])"
_EXT = r"(?:\s?(?:x|ext\.?|转|-)\s?[0-9]{1,5})?"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # China: mobile; landline with its area code; service numbers.
        _FREE + r"(?:(?:\+|00)?86[-\s]?|[(（](?:\+|00)?86[)）][-\s]?)?"
        r"1[3-9][0-9][-\s]?(?:[0-9]{4}[-\s]?[0-9]{4}|[0-9]{3}[-\s]?[0-9]{5})" + _PLAIN,
        _FREE + r"(?:[(（]0(?:10|2[0-9]|[3-9][0-9]{2})[)）]\s?|0(?:10|2[0-9]|[3-9][0-9]{2})[-\s—]{0,2})"
        r"[0-9]{3,4}[-\s]?[0-9]{4}" + _EXT + _PLAIN,
        _FREE + r"[48]00[-\s][0-9]{3}[-\s]?[0-9]{4}" + _PLAIN,
        # ITU-T E.164: a plus (or 00), the country, groups.
        r"(?<![0-9A-Za-z])\+[1-9][0-9]{0,2}(?:[ \-.]{0,2}[(（]?[0-9]{1,5}[)）]?){2,6}" + _EXT + _PLAIN,
        _LEFT + r"00 ?[1-9][0-9]{1,2}(?:[ \-.]?[0-9]{1,5}){2,6}" + _PLAIN,
        # North America.
        _LEFT + r"(?:\(?1\)?[-. ]?)?(?:\([2-9][0-9]{2}\)[- ]?|[2-9][0-9]{2}[-.])"
        r"[2-9][0-9]{2}[-. ][0-9]{4}" + _EXT + _RIGHT,
        _LEFT + r"1?[ -]?[2-9][0-9]{2} [2-9][0-9]{2}-[0-9]{4}" + _EXT + _RIGHT,
        _LEFT + r"555-01[0-9]{2}" + _RIGHT,
        # National numbers with a trunk 0, grouped; French pairs; Arab and British mobiles in one run.
        _LEFT + r"(?:\(0[1-9][0-9]{0,3}\)|0[1-9][0-9]{0,3})[ -][0-9]{3,4}[ -]?[0-9]{3,4}" + _RIGHT,
        _LEFT + r"0[1-9](?:[ .][0-9]{2}){4}" + _RIGHT,
        _FREE + r"0(?:5[0-9]{8}|1[0125][0-9]{8}|7[0-9]{8,9}|[567][ -]?[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3})" + _PLAIN,
    )
)  # fmt: skip
_RUN = re.compile(r"[0-9+(（][0-9()（） .\-—+\t]{4,30}[0-9]")
"""Digits and what may stand between them: where a telephone number can be at all."""
_NUMBER = re.compile(r"[+(（]{0,2}[0-9](?:(?:[ .\-]|[()（）][ .\-]?| [(（])?[0-9]){5,16}(?![0-9A-Za-z]|\.[0-9]|/[0-9])")
_LABEL = re.compile(
    r"(?:(?:电话|手机|联系方式|座机|传真|QQ|微信|电联)(?:号码|号)?|(?<![A-Za-z])(?:(?:tele)?phone|tel"
    r"|mobile|cell(?:phone)?|fax"
    r"|whatsapp|pager|call(?: me| us)?(?: at| on)?|contact)(?: no\.?| number)?|هاتف(?:ه|ها)?|جوال(?:ه|ها)?|تليفون|تلفون"
    r"|موبايل|واتساب|محمول)\s{0,2}(?:是|为|is|at|on|رقم|على)?\s?[:：.#=)）]?\s{0,2}\Z",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    (
        r"(?:ISBN|ISSN|PMID|PMC|DOI|NCT|NDC|UPC|LOT|OMIM|ISRCTN)(?: (?:number|code|no\.?))?(?:"
        r" is)?[-\s:：#0-9Xx]{0,14}\Z"
    ),
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:://|www\.|\b10\.[0-9]{4,9}/)[^\s，。；、（）()<>\"]*\Z")


def phones(text: str, look: Look) -> Places:
    """Telephone numbers of 8 to 15 digits by their grouping, of 6 to 15 after a word such as 电话, tel or هاتف."""
    for run in _RUN.finditer(text):
        digits = len(only(run[0]))
        if digits < 6:
            continue
        start, stop = run.start(), min(len(text), run.end() + 10)
        if digits >= 7:
            for pattern in _PATTERNS:
                yield from _numbers(text, pattern, start, stop)
        number = _NUMBER.match(text, start)
        if number and len(only(number[0])) <= 15 and _LABEL.search(text, max(0, start - 24), start):
            yield number.span()


def _numbers(text: str, pattern: re.Pattern[str], start: int, stop: int) -> Places:
    """The numbers of one grouping within a run of digits; a bracket that is not closed stays outside."""
    for found in pattern.finditer(text, start, stop):
        if not (8 <= len(only(found[0])) <= 15 or found[0].startswith("555-01")):
            continue
        at = found.start() + len(found[0]) - len(found[0].lstrip(" -"))
        at += text[at] in "(（" and not re.search("[)）]", found[0])
        if not in_reference(text, at):
            yield at, found.end()


def in_reference(text: str, start: int) -> bool:
    """Whether a number belongs to a link, a DOI or a reference number such as an ISBN."""
    before = text[max(0, start - 120) : start]
    return bool(_NUMBERED.search(before) or _LINK.search(before))

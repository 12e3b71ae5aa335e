"""Arabic names of persons: after a title or a label, read on over ابن, بنت, آل, عبد, أبو and known names."""

import functools
import re

from metier.text.normalise import bare_arabic
from metier.text.personal.lists import entries
from metier.text.personal.look_bits import TITLE_AR
from metier.text.personal.spans import Look, Places

_LETTERS = "\u0621-\u063a\u0640-\u0652\u0670\u0671"
TITLES = (
    "سيدة",
    "سيد",
    "آنسة",
    "دكتورة",
    "دكتور",
    "طبيبة",
    "طبيب",
    "مريضة",
    "مريض",
    "أستاذة",
    "أستاذ",
    "مهندسة",
    "مهندس",
    "ممرضة",
    "ممرض",
    "طفلة",
    "طفل",
    "مدعوة",
    "مدعو",
    "حاجة",
    "حاج",
    "شيخ",
    "شيخة",
    "بروفيسور",
    "بروفسور",
    "جراح",
    "استشاري",
    "مواطنة",
    "مواطن",
    "شاب",
    "شابة",
    "مراجع",
    "مراجعة",
)
"""Titles, without what is written on to them."""
_KIN = (
    "ابن",
    "ابنت",
    "بنت",
    "زوجت",
    "زوج",
    "والد",
    "والدت",
    "شقيق",
    "شقيقت",
    "أخ",
    "أخو",
    "أخي",
    "أخا",
    "أخت",
    "أبو",
    "أبي",
    "أبا",
    "أم",
    "عم",
    "عمت",
    "خال",
    "خالت",
    "جد",
    "جدت",
    "حفيد",
    "حفيدت",
    "خطيب",
    "خطيبت",
    "قريب",
    "قريبت",
)
OPENERS = (
    *(before + one + after for before in ("", *"وبلف") for one in _KIN for after in ("ه", "ها")),
    *[
        "أ",
        "د",
        "أد",
        "اسم",
        "الاسم",
        "المرافق",
        "التوقيع",
        "الطبيب",
        "الزوج",
        "الزوجة",
        "التحية",
        "يدعى",
        "تدعى",
        "اسمه",
        "اسمها",
        "اسمي",
        "يسمى",
        "تسمى",
    ],
)
"""Other words that a match of ``_TITLE`` can begin with."""
_TITLE = re.compile(
    rf"(?<![{_LETTERS}])[وفبلك]?(?:لل|ال)?(?:{'|'.join(TITLES)})"
    rf"\s?[/:]?\s{{0,2}}|(?<![{_LETTERS}.])(?:أ\.?\s?)?د\s?[./]\s{{0,2}}|(?<![{_LETTERS}])(?:اسم\s"
    rf"(?:ال)?(?:مريضة|مريض|أم|أب|طبيب|زوج|زوجة|مرافق|كامل|طفل|ثلاثي)|الاسم(?:\sالكامل|\sالثلاثي"
    rf"|\sالرباعي)?|المرافق|التوقيع|الطبيب المعالج|الزوج|الزوجة)\s?[:：]\s{{0,2}}"
    rf"|(?<![{_LETTERS}])(?:التحية\s?،|[يت]دعى|[وبلف]?(?:{'|'.join(_KIN)})(?:ه|ها)|اسمه|اسمها|اسمي|[يت]سمى)\s(?:هو\s)?"
)
_TOKEN = re.compile(rf"[ \u00a0]?([{_LETTERS}]+)")
_FOLD = str.maketrans("أإآٱىة", "ااااين")
_LINKS = frozenset(("بن", "ابن", "بنت", "ابنة", "ال", "عبد", "ابو", "ابي", "ابا", "ام", "بو", "ولد"))
_COLON = re.compile(r"[:：]\s*\Z")
_TITLES = frozenset(
    ("الدكتور", "الدكتورة", "السيد", "السيدة", "الاستاذ", "الاستاذة", "المهندس", "الحاج", "الشيخ", "الطبيب")
)
_ENDS = re.compile(r"\s?(?:[.،,؛:()\n]|\Z)")
_ACT = re.compile(r"[يتن][\u0621-\u064a]{3,}|قال|كان|حضر|وصل|خرج|دخل|شعر|اوص|كتب|مصاب|الم")
_VERB = re.compile(
    r"[يتن][\u0621-\u064a]{3,}|ال|و|ف|ب|ل|ان|قال|كان|هو|هي|عن|مع|غير|ذو|بعد|قبل|عند|كل|اي|بعض|نفس|مصاب|حضر|وصل|خرج|دخل|شعر"
)
"""Words that open the rest of a sentence: verbs and what is written on to the next word."""
_PLAIN_WORDS = frozenset(
    (
        "على",
        "إلى",
        "حتى",
        "العمر",
        "الجنس",
        "السن",
        "المهنة",
        "التاريخ",
        "تاريخ",
        "رقم",
        "عمره",
        "عمرها",
        "الهاتف",
        "هاتف",
        "العنوان",
        "من",
        "في",
    )
)
"""Words that fold to a name but are none as they are written."""
_NISBA = re.compile(r"ال[\u0621-\u064a]{3,}ي\Z")


_MAGHREB = re.compile(r"بو[\u0621-\u064a]{3,}ي\Z")
"""Surnames of the Maghreb begin so: بوعزيزي."""


def _fold(word: str) -> str:
    return bare_arabic(word).translate(_FOLD)


@functools.lru_cache(maxsize=1)
def _titles() -> frozenset[str]:
    """Titles that may follow a title, folded."""
    return frozenset(map(_fold, _TITLES))


@functools.lru_cache(maxsize=1)
def _known() -> tuple[frozenset[str], frozenset[str]]:
    """Given names and surnames, folded."""
    fictional = entries("fictional_ar")
    return frozenset(map(_fold, entries("given_ar") | fictional)), frozenset(
        map(_fold, entries("surnames_ar") | fictional)
    )


def arabic_names(text: str, look: Look) -> Places:
    """Names after السيد, الدكتور, د., المريض, الاسم: and their like.

    The first word must be a known name or surname, or follow a colon.
    """
    for title in filter(None, (_TITLE.match(text, at) for at in look.at(TITLE_AR))):
        at = title.end()
        if text[at - 1 : at].isspace() or text[at - 1 : at] in "./:：":
            start, stop = _read(text, at, bool(_COLON.search(title[0])) and "سم" in title[0])
            if stop > start:
                yield start, stop


def _son(text: str, at: int) -> bool:
    """Whether the next word is بن or بنت, so that the word before it is a given name."""
    token = _TOKEN.match(text, at)
    return token is not None and token[1] in ("بن", "بنت")


def _surname_follows(text: str, at: int) -> bool:
    """Whether the next word is a known surname or ends like one, so that an unknown word before it is a given name."""
    token = _TOKEN.match(text, at)
    if not token or token[1] in entries("not_surnames_ar"):
        return False
    return _fold(token[1]) in _known()[1] or _NISBA.match(_fold(token[1])) is not None


def _read(text: str, at: int, labelled: bool) -> tuple[int, int]:
    """The span of the name that begins here, over titles, of at most seven words; empty where none does."""
    given, surnames = _known()
    start = stop = at
    linked, ended, words = False, False, 0
    while words < 7:
        token = _TOKEN.match(text, stop if words else start)
        if not token:
            break
        word = _fold(token[1])
        if not words and (word in _titles() or word == "د"):
            start = token.end() + (1 if text[token.end() : token.end() + 1] in "./" else 0)
            continue
        if token[1] in _PLAIN_WORDS:
            break
        known = word in given or word in surnames or word in _LINKS or (word.startswith("عبدال") and len(word) > 6)
        nisba = words and _NISBA.match(word) and token[1] not in entries("not_surnames_ar")
        free = labelled and words < 3 and len(word) > 1
        part = words and word in ("الدين", "الله", "الزهراء", "الاسلام")
        last = (
            (words == 1 or (words and word.startswith("ال")))
            and not ended
            and _ENDS.match(text, token.end())
            and not _ACT.match(word)
        )
        before = not words and len(word) > 2 and _son(text, token.end())
        before = before or (not _VERB.match(word) and _surname_follows(text, token.end()))
        maghreb = words and _MAGHREB.match(word)
        if not (known or linked or nisba or free or part or last or before or maghreb) or (
            not words and word in ("ال", "ام", "ابي") and not labelled
        ):
            break
        start = token.start(1) if not words else start
        stop, words = token.end(), words + 1
        linked = word in _LINKS
        ended = (words > 1 and word.startswith("ال") and (word in surnames or bool(nisba))) or bool(maghreb)
        if word == "بنت" and not words:
            break
    return (start, stop) if words and not linked else (at, at)

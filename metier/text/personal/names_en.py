"""English names of persons: after a title or a label, a known given name with a surname, a name before a degree."""

import re

from metier.text.personal.lists import entries
from metier.text.personal.look_bits import COLON, DEGREE, NAME, NAME_IS
from metier.text.personal.spans import Look, Places

_UP, _LOW = "A-ZÀ-ÖØ-ÞŠŽ", "a-zà-öø-ÿšžčćłńřā-ž"
_JOINED = rf"(?:-(?:van |de |der |den |von |la |al-){{1,2}}(?=[{_UP}])|-[{_UP}]['’]|['’\-])"
_WORD = rf"[{_UP}][{_LOW}]*(?:{_JOINED}?[{_UP}]?[{_LOW}]+)+"
_INITIAL = rf"(?:[{_UP}]\.\s?)"
_PARTICLE = r"(?:(?:de|del|de la|van|van der|van den|von|der|bin|al|el|la|da|dos|di|ter)\s)"
_TAIL = rf"(?:[ \u00a0]{_PARTICLE}?(?:[{_UP}]\.|{_WORD}))"
_AFTER_TITLE = re.compile(
    rf"\.?[ \u00a0]?\s?(?:(?:Dr|Prof|Mr|Mrs|Ms)\.?\s)*((?:{_INITIAL}\s?){{0,2}}{_PARTICLE}?{_WORD}{_TAIL}{{0,3}})"
)
_PAIR = re.compile(
    rf"[{_UP}](?<![A-Za-zÀ-ž'’\-].)[{_LOW}]{{1,14}}(?:-[{_UP}][{_LOW}]+)?(?=\.?[ \u00a0](?:[{_UP}]|{_PARTICLE}[{_UP}]))"
)
_PAIR_ASCII = re.compile(rf"[A-Z](?<![A-Za-z'\-].)[a-z]{{1,14}}(?:-[A-Z][a-z]+)?(?=\.? (?:[A-Z]|{_PARTICLE}[A-Z]))")
_FULL = re.compile(
    rf"{_WORD}(?:-{_WORD})?(?:[ \u00a0]{_INITIAL}){{0,2}}[ \u00a0]?(?:[ \u00a0]|(?<=\s)|"
    rf"(?<=\.)){_PARTICLE}?({_WORD})(?:[ \u00a0]({_WORD}))?"
)
_NAME_IS = re.compile(r" is (?=[A-ZÀ-Þ])(?<=name is )")
_LABEL = re.compile(
    r"(?<![A-Za-z])(?P<sure>patient(?:'s|’s)? name|name of (?:the )?patient|full name|surname|last"
    r" name|first name|given name|maiden name"
    r"|next of kin|emergency contact|contact person|(?:referring|attending|primary care|treating) (?:physician|doctor)"
    r"|dictated by|signed by|(?:my|his|her) name)\s?\Z"
    r"|(?:(?<![a-z] )(?<![A-Za-z])name|(?<![A-Za-z])(?:patient|pt|physician|attending|surgeon"
    r"|consultant|doctor|nurse|seen by|reviewed by|reported by|guardian"
    r"|spouse|mother|father|husband|wife|son|daughter|contact))\s?\Z",
    re.IGNORECASE,
)
_ANY = rf"(?:[{_UP}][{_UP}'’\-]+|{_WORD})"
_LABELLED = re.compile(
    rf"({_ANY},\s?{_ANY}(?: [{_UP}]\b\.?)?|(?:{_INITIAL}\s?){{0,2}}{_ANY}(?:[ \u00a0]{_PARTICLE}?"
    rf"(?:{_INITIAL}|{_ANY})){{0,3}})"
)
_ANCHOR = re.compile(
    r"[:=MPRDFNL](?:(?<=[:=])\s{1,2}(?=[A-ZÀ-Þ])|(?<= .)(?:(?<=M)(?:\.?D|BBS|BChB|PH)|(?<=P)(?:h\.?D|harmD|A-C)"
    r"|(?<=R)\.?N|(?<=D)(?:\.?O|DS|PM)|(?<=F)(?:RC[PS]|AC[SP])|(?<=N)P|(?<=L)CSW)\b)"
)
"""A colon before a capital, as labels have it, or a degree, as it follows names: one look for both."""
_AFTER_COMMA = frozenset(("RN", "R.N", "DO", "D.O", "NP", "MPH", "PA-C", "DDS", "DPM"))
"""Degrees that are other abbreviations too, unless a comma stands before them."""
_ACTS = re.compile(
    r" (?:denies|states|reports|presented|presents|complain(?:s|ed) of|refused|tolerated|returned|phoned|called"
    r"|was (?:admitted|transferred|discharged|seen|referred|born)|is an? [0-9]|is [0-9])"
)
"""What patients do: it makes a person of a doubtful given name, as in Grace Obi."""
_TELLS = re.compile(r",? \(?(?:born|DOB|aged|age [0-9]|[0-9]{1,3}[ -]?(?:year|y/?o|M\b|F\b)|MRN|medical record)")
"""What is told of persons alone, after a name that no list knows."""
_RELATIONS = (
    "daughter ", "son ", "wife ", "husband ", "mother ", "father ", "sister ", "brother ", "Nurse ", "nurse ",
    "Signed ", "signed ", "ask for ", "incerely, ", "incerely,\n", "egards, ", "egards,\n", "named ",
    " note for ", "etter for ", "report for ", "ummary for ", " note on ", "concerning ", "egarding ",
)  # fmt: skip
"""What stands before a person whose given name no list knows."""
_SURE_TITLES = frozenset(("Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "Professor", "Mister"))
"""Others (Doctor, Nurse, Sir, Patient) also open headings: after them a name must be a known one."""
_BEFORE_DEGREE = re.compile(
    rf"(?<![A-Za-zÀ-ž.])(?:{_WORD}(?:[ \u00a0]{_INITIAL}){{0,2}}|(?:{_INITIAL}){{1,2}})[ \u00a0]{_PARTICLE}?{_WORD}\Z"
)
_NOT_PERSON = re.compile(
    r"(?:['’]s|s['’])?(?:[^\S\n]|-|\n(?=[a-z])){1,2}(?:[a-zA-Z]+(?:[^\S\n]|-|\n(?=[a-z]))){0,2}?(?:syndromes?|diseases?|effects?|signs?"
    r"|palsy|disorders?|anomaly|phenomenon|tumou?rs?|lymphoma|sarcoma|fractures?|reflex|test|scale"
    r"|score|index|criteria|classification|method"
    r"|Syndrome|Disease|Hospitals?|University|College|School|Institute|Foundation|Cent(?:er|re)"
    r"|Clinics?|Medical|Library|Museum|Society|Association|Laborator(?:y|ies)|Award|Prize|Fund|Trust"
    r"|Act|Health|Study|Cancer|catheter|procedure|maneuver"
    r"|deformity|malformation|contracture|thyroiditis|chorea|ataxia|dystrophy|encephalopathy"
    r"|nephropathy|vasculitis|bodies|body|virus|cells?|nodes?|duct|ligament|canal|mutation|gene"
    r"|protein|type|Type|sequence|pupil|stain|agar|solution|rule|law|triad|criterion|Children)\b"
)
_PLACE = re.compile(
    rf"(?:(?:St|Saint|Mount|Mt|Fort|Lake|Port|San|Santa|Camp|Cape|Los|Las|New|University of)\.?\s|[{_UP}][{_LOW}]+-)\Z"
)


LABELS = (
    "name", "patient", "pt", "physician", "attending", "surgeon", "consultant", "doctor", "nurse", "by", "guardian",
    "spouse", "mother", "father", "husband", "wife", "son", "daughter", "contact", "kin", "person",
)  # fmt: skip
"""The last words of ``_LABEL``."""
RELATIONS = (
    "daughter", "son", "wife", "husband", "mother", "father", "sister", "brother", "nurse", "signed", "sincerely",
    "regards", "named", "concerning", "regarding",
)  # fmt: skip
"""The last words of ``_RELATIONS``, but for those that end with ``for`` and ``on``."""


def english_names(text: str, look: Look) -> Places:
    """Full names, and what follows a title; eponyms such as Parkinson's disease and the names of institutions stay."""
    titles, given, unsure = entries("titles_en"), entries("given_en"), entries("given_ambiguous_en")
    pairs = _PAIR_ASCII if text.isascii() else _PAIR
    for pair in filter(None, (pairs.match(text, at) for at in look.at(NAME))):
        word = pair[0].partition("-")[0]
        if word in titles:
            yield from _titled(text, pair.end(), word in _SURE_TITLES)
        elif word in given:
            yield from _full(text, pair.start(), word in unsure)
        elif text[max(0, pair.start() - 11) : pair.start()].endswith(_RELATIONS):
            yield from _full(text, pair.start(), False)
    anchors = (_ANCHOR.match(text, at) for at in look.at(COLON | DEGREE))
    names = (_NAME_IS.match(text, at - 4) for at in look.at(NAME_IS))
    for found in filter(None, (*anchors, *names)):
        if found[0][0] in ":= ":
            label = _LABEL.search(text, max(0, found.start() - 28), found.start())
            yield from _labelled(text, found.end(), bool(label["sure"])) if label else ()
        else:
            yield from _degreed(text, found.start(), found[0])


def _degreed(text: str, at: int, degree: str) -> Places:
    """The name that a degree stands after."""
    comma = text[at - 2 : at - 1] == ","
    if not comma and degree in _AFTER_COMMA:
        return
    stop = at - 1 - comma
    found = _BEFORE_DEGREE.search(text, max(0, stop - 48), stop)
    if found and not set(found[0].split()) & entries("not_surnames_en"):
        yield found.span()


def _titled(text: str, at: int, sure: bool) -> Places:
    found = _AFTER_TITLE.match(text, at)
    if found:
        start, stop = _trim(text, *found.span(1))
        first = text[start:stop].split(" ", 1)[0]
        known = sure or first in entries("surnames_en") or (first in entries("given_en") and stop > start + len(first))
        if stop > start and known and not _NOT_PERSON.match(text, stop):
            yield start, stop


def _trim(text: str, start: int, stop: int) -> tuple[int, int]:
    """The tokens up to the first that no name holds (Monday, Hospital, Has)."""
    never = entries("not_surnames_en")
    end = start
    for token in re.finditer(r"[^\s\u00a0]+", text[start:stop]):
        bare = token[0].removesuffix("'s").removesuffix("’s")
        if bare in never:
            break
        end = start + token.start() + len(bare)
    return start, end


def _full(text: str, start: int, unsure: bool) -> Places:
    found = _FULL.match(text, start)
    if not found or _PLACE.search(text, max(0, start - 16), start):
        return
    never, surnames, eponyms = entries("not_surnames_en"), entries("surnames_en"), entries("eponyms_en")
    stop, last = found.end(1), found[1]
    if found[2] and found[2] not in never and (found[2] in surnames or last in entries("given_en")):
        stop, last = found.end(2), found[2]
    bare = last.removesuffix("'s").removesuffix("’s")
    stop -= len(last) - len(bare)
    before = re.search(rf"({_WORD})[\s\-]\Z", text[max(0, start - 24) : start])
    unsure = unsure and not _ACTS.match(text, stop)
    if text[start:stop] in entries("not_people_en"):
        return
    if (
        bare in never
        or (unsure and bare not in surnames)
        or _NOT_PERSON.match(text, stop)
        or (before and before[1] in eponyms)
    ):
        return
    yield start, stop


def _labelled(text: str, at: int, sure: bool) -> Places:
    """The name after a label; after one that may also speak of things, such as name:, it must be a known one."""
    found = _LABELLED.match(text, at)
    if not found:
        return
    start, stop = _trim(text, *found.span(1))
    tokens = {token.strip(",.").title() for token in text[start:stop].split()}
    known = tokens & (entries("given_en") | entries("surnames_en"))
    sure = sure or _TELLS.match(text, stop) is not None
    if stop > start and (sure or known) and not _NOT_PERSON.match(text, stop):
        yield start, stop

"""Drug labels of the United States, as openFDA gives them out, as entities and rules.

Sections are known by their LOINC codes (FDA, "Section Headings (LOINC)"). Of a label become rules: contraindications
that a patient's card can tell (pregnancy, breast-feeding, allergy), the subsections on interactions, pregnancy and
nursing. Whatever else these sections say is dropped with its reason, so that a person can add it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from metier.records import Advice, Dropped, Entity, Name, Rule
from metier.rules.openfda_label import Label, Section
from metier.rules.pairs import Bad, Severity
from metier.text.sentences import sentences

CONTRAINDICATIONS, INTERACTIONS = "34070-3", "34073-7"
PATIENTS = {"42228-7": "pregnant", "34077-8": "pregnant", "34080-2": "breastfeeding", "77290-5": "breastfeeding"}
"""The sections on pregnancy, teratogenic effects, nursing mothers and lactation, and whom they are about."""
FIRST, LONG = 3, 600
"""Sentences of a section that become the message, and how many characters they may have together."""
_NUMBERED = re.compile(r"\s*\d+(?:\.\d+)*\.?\s+")
_SEE = re.compile(r"\s*(?:\[\s*see\b[^\]]*\]|\(\s*see\b[^()]*(?:\([^()]*\)[^()]*)*\))", re.I)
_NO_EFFECT = re.compile(
    r"\bno (?:clinically )?(?:significant|relevant|meaningful|important)|\bno (?:interaction|effect)\b|"
    r"\b(?:do|does|did) not (?:suggest the need|affect|alter|require)|\bnot (?:clinically|expected|affected)",
    re.I,
)
_FORBIDS = re.compile(
    r"contraindicat|\bavoid|not recommended|(?:should|must|may) not be (?:used|given|taken|co)|"
    r"\bdo not (?:use|take|give)|category x\b",
    re.I,
)
_WARNS = re.compile(r"category d\b|fetal harm|harm to (?:a|the) fetus|teratogen|serious adverse|should not", re.I)
_SAFE = re.compile(r"category [ab]\b", re.I)
_CONDITIONS = {
    "pregnant": re.compile(r"pregnan", re.I),
    "breastfeeding": re.compile(r"nursing|breast-?\s?feed|lactat", re.I),
    "allergy": re.compile(r"hypersensitiv|allerg|anaphyla", re.I),
}
_NONE = re.compile(r"none(?: known)?\.?", re.I)
_AND = re.compile(r",? (?:or|and) (?:other )?|, (?:other )?|/")
_NOISE = re.compile(r"(?:other|strong|moderate|combinations? of|use with|concomitant use (?:of|with)) ", re.I)

Made = tuple[Rule, str] | Dropped
"""A rule with the name of what its drug meets (nothing in a rule over patients), or what made none."""


class _Said(NamedTuple):
    """Something that a label says of its drug: where, under which title, and what."""

    where: str
    title: str
    text: str
    telling: str = ""
    """The part of the text that tells whom a contraindication is about: its title, or else all of it."""


Ids = Callable[[str], str]
"""What gives a name its id: that of an entity which goes by the name already, or a new one."""


def entity(found: Label, ids: Ids) -> Entity:
    """What a label is of: its active substance, or, where there are several, the product; Bad where it names none."""
    if len(found.active) == 1:
        moiety, salt = found.active[0]
        alias = _others((found.generic.lower(),), (moiety, salt, ""))
        brands, salts = _others(found.brands, (moiety,)), _others((salt,), (moiety,))
        return Entity(ids(moiety), (Name("en", moiety, alias, brands, salts),))
    if not found.brands:
        raise Bad("no active ingredient and no name", found.id)
    name, *others = found.brands
    return Entity(ids(name), (Name("en", name, brands=tuple(others)),))


def _others(names: tuple[str, ...], than: tuple[str, ...]) -> tuple[str, ...]:
    known = {one.casefold() for one in than}
    return tuple(name for name in names if name.casefold() not in known)


def rules(found: Label, whose: Entity, ids: Ids) -> Iterator[Made]:
    """The rules that a label makes, and what it says that makes none."""
    told = set[str]()
    wanted = {CONTRAINDICATIONS, INTERACTIONS, *PATIENTS}
    sections = _within(found.sections, wanted)
    if not sections:
        yield Dropped(found.id, "no section that makes a rule", ", ".join(found.brands))
    times = Counter[str]()
    for section in sections:
        times[section.code] += 1
        again = f"-{times[section.code]}" if times[section.code] > 1 else ""
        said = _Said(f"{found.id}:{section.code}{again}", section.title, section.whole)
        if section.code == CONTRAINDICATIONS:
            for leaf in _contraindications(said.where, section):
                yield from _against(found, whose, leaf, told)
        elif section.code == INTERACTIONS:
            yield from _interactions(found, whose, section, ids, said.where)
        elif said.text:
            yield _patient(found, whose, said, (PATIENTS[section.code], _severity(said.text)), told)


def _severity(text: str) -> Severity:
    """How serious a section on pregnancy or nursing is; categories A and B (21 CFR 201.57) found no risk."""
    if _FORBIDS.search(text):
        return "forbidden"
    return "caution" if _WARNS.search(text) and not _SAFE.search(text) else "note"


def _contraindications(where: str, section: Section) -> Iterator[_Said]:
    """The contraindications of a section one by one: the sentences of its own text, and the sections in it."""
    for number, one in enumerate(sentences(section.text), 1):
        yield _Said(f"{where}.{number}", section.title, one, one)
    for number, part in enumerate(section.parts, len(sentences(section.text)) + 1):
        title = _plain(part.title)
        whole = ". ".join(filter(None, [title, part.whole]))
        yield _Said(f"{where}.{number}", part.title, whole, title or whole)


def _against(found: Label, whose: Entity, said: _Said, told: set[str]) -> Iterator[Made]:
    """A rule for each condition that a card can hold among those that a contraindication tells."""
    if _NONE.fullmatch(said.text.strip()):
        return
    whens = [when for when, words in _CONDITIONS.items() if words.search(said.telling)]
    for when in whens:
        yield _patient(found, whose, said, (when, "forbidden"), told)
    if not whens:
        yield Dropped(said.where, "no condition that a patient's card holds", shortened(said.text))


def _patient(found: Label, whose: Entity, said: _Said, what: tuple[str, Severity], told: set[str]) -> Made:
    """A rule over patients, unless the label has told one for them already."""
    when, severity = what
    if when in told:
        return Dropped(f"{said.where}:{when}", "a condition told before", shortened(said.text))
    told.add(when)
    advice = (Advice("en", shortened(said.text)),)
    source = _source(found, said.title)
    return Rule(f"{found.id}:{when}", (whose.id,), "patient", severity, advice, source, when), ""


def _interactions(found: Label, whose: Entity, section: Section, ids: Ids, where: str) -> Iterator[Made]:
    """A rule for each thing that a subsection is headed with."""
    told = set[str]()
    if section.text:
        yield Dropped(where, "interactions under no heading", shortened(section.text))
    for number, part in enumerate(_leaves(section), 1):
        heading, text = _heading(part)
        said = _Said(f"{where}.{number}", part.title or heading, text)
        if not heading or not text:
            yield Dropped(said.where, "no heading that names a thing", shortened(text or heading))
        elif _NO_EFFECT.search(text) and not _FORBIDS.search(text):
            yield Dropped(said.where, "no effect that matters", f"{heading}: {shortened(text)}")
        else:
            for name in _things(heading):
                other = ids(name)
                if other == whose.id or other in told:
                    yield Dropped(f"{said.where}:{other}", "a thing told before", heading)
                    continue
                told.add(other)
                severity: Severity = "forbidden" if _FORBIDS.search(text) else "caution"
                advice = (Advice("en", shortened(text)),)
                id, members, source = f"{found.id}:{other}", (whose.id, other), _source(found, said.title)
                yield Rule(id, members, "together", severity, advice, source), name


def _source(found: Label, title: str) -> str:
    name = next(iter(found.brands), found.generic)
    return f"{name} label (openFDA), set {found.id}, {found.date}, section {title or 'without a title'}"


def _heading(section: Section) -> tuple[str, str]:
    """What a subsection is about, and what it says: its title, or the words before a colon."""
    if section.title:
        return _plain(section.title), section.whole
    head, colon, rest = section.text.partition(":")
    return (head.strip(), rest.strip()) if colon and len(head) < 80 else ("", section.text)


def _things(heading: str) -> list[str]:
    """The things that a heading joins, without words such as "other"."""
    parts = [_NOISE.sub("", part.strip(" ."), count=1) for part in _AND.split(heading)]
    return list(dict.fromkeys(part if part.isupper() else part.lower() for part in parts if part))


def _leaves(section: Section) -> Iterator[Section]:
    """The subsections that say something, those within them too."""
    for part in section.parts:
        if part.text:
            yield Section(part.code, part.title, part.text)
        yield from _leaves(part)


def _within(sections: tuple[Section, ...], codes: set[str]) -> list[Section]:
    """The outermost sections of some codes, the contraindications first."""
    found: list[Section] = []
    waiting = list(reversed(sections))
    while waiting:
        one = waiting.pop()
        if one.code in codes:
            found.append(one)
        else:
            waiting += reversed(one.parts)
    return sorted(found, key=lambda one: one.code != CONTRAINDICATIONS)


def _plain(title: str) -> str:
    """A title without its number."""
    return title[found.end() :] if (found := _NUMBERED.match(title)) else title


def shortened(text: str) -> str:
    """The first sentences of a text, without references to other sections."""
    kept = ""
    for one in sentences(_SEE.sub("", " ".join(text.split())))[:FIRST]:
        if kept and len(kept) + len(one) > LONG:
            break
        kept = f"{kept} {one.strip()}".strip()
    return kept if len(kept) <= LONG else kept[: LONG - 3].rstrip() + "..."

"""Pair tables (drug A, drug B, level), in the shape in which DDInter and its like are given out, as entities and rules.

DDInter: Xiong et al., Nucleic Acids Research 50 (2022), D1200: columns DDInterID_A, Drug_A, DDInterID_B, Drug_B, Level.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from metier.records import Advice, Dropped, Entity, MetierError, Name, Rule
from metier.rows import Row
from metier.rules.tables_read import solid
from metier.text.suggest import did_you_mean

Severity = Literal["note", "caution", "forbidden"]
SEVERITIES: tuple[Severity, ...] = ("note", "caution", "forbidden")
"""The mildest first."""
_MISSING = ("nan", "none", "null", "n/a", "#n/a")
"""What programs write where there is nothing."""
COLUMNS = {
    "a": ("Drug_A", "drug_a", "drug1", "a"),
    "b": ("Drug_B", "drug_b", "drug2", "b"),
    "a_id": ("DDInterID_A", "a_id"),
    "b_id": ("DDInterID_B", "b_id"),
    "level": ("Level", "level", "severity"),
    "message": ("message", "description"),
    "remedy": ("remedy", "management"),
    "source": ("source",),
}
"""What the columns of a pair table are called; a setting names others."""
LEVELS: dict[str, Severity] = {
    "contraindicated": "forbidden", "major": "forbidden", "moderate": "caution", "minor": "note", "unknown": "note",
    "forbidden": "forbidden", "caution": "caution", "note": "note",
}  # fmt: skip
"""DDInter's levels, and our own. Major interactions threaten life or call for treatment: a guard must not pass them."""
TOLD = {
    "en": "{a} and {b} interact (level: {level}).",
    "zh": "{a}与{b}存在相互作用（级别：{level}）。",
    "ar": "يوجد تداخل بين {a} و{b} (المستوى: {level}).",
}
"""What a rule tells where its table has no words for it."""


class Pairs(msgspec.Struct, frozen=True):
    """How one pair table is to be read."""

    columns: Mapping[str, str]
    """``a``, ``b`` and, where there are any, ``a_id``, ``b_id``, ``level``, ``message``, ``remedy``, ``source``: their
    names in the file."""
    levels: Mapping[str, Severity]
    """Severity by level, in small letters."""
    language: str
    source: str
    """What rules name as their source where no column does."""


def columns(named: Iterable[str], given: Mapping[str, str], place: str) -> dict[str, str]:
    """The columns of a pair table by what they hold; MetierError where one that is ``given``, or a drug, is missing."""
    names = list(named)
    if other := next((one for one in given if one not in COLUMNS), None):
        raise MetierError(f"columns: {other!r} is nothing a pair table holds; {did_you_mean(other, COLUMNS)}")
    if absent := next((one for one in given.values() if one not in names), None):
        raise MetierError(f"{place}: no column {absent!r}; {did_you_mean(absent, names)}")
    usual = {what: next((one for one in some if one in names), "") for what, some in COLUMNS.items()}
    found = {what: name for what, name in {**usual, **given}.items() if name}
    if missing := next((what for what in ("a", "b") if what not in found), ""):
        have = ", ".join(sorted(names)[:20])
        raise MetierError(f"{place}: no column tells drug {missing} of a pair (there are {have}); name it in columns")
    return found


class Known:
    """What was told so far, in whatever file: a name that an entity goes by already means that entity."""

    def __init__(self) -> None:
        self.told = set[str]()
        """Ids of entities."""
        self.rules: dict[tuple[str, ...], Rule] = {}
        """The first rule by what it is about: its members in order, its context and its condition."""
        self._heard = set[tuple[str, str]]()
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def tell(self, entity: Entity) -> Iterator[Entity]:
        """An entity, unless it was told before; its names mean it from now on."""
        if entity.id not in self.told:
            self.told.add(entity.id)
            for one in entity.names:
                for name in (one.name, *one.aliases, *one.brands, *one.salts):
                    self._names.setdefault(solid(name), entity.id)
                    self._heard.add((entity.id, solid(name)))
            yield entity

    def unheard(self, id: str, name: str) -> bool:
        """Whether an entity that was told goes by another name here for the first time."""
        said = (id, solid(name))
        new = id in self.told and said not in self._heard
        self._heard.add(said)
        return new

    def before(self, rule: Rule) -> str:
        """The id of the rule that told the same before, or nothing; a new one is remembered."""
        first = self.first(rule)
        return first.id if first else ""

    def first(self, rule: Rule) -> Rule | None:
        """The same as a rule."""
        key = (*sorted(rule.members), rule.context, rule.when)
        found = self.rules.get(key)
        self.rules.setdefault(key, rule)
        return found

    def meant(self, name: str, id: str = "") -> str:
        """The id of what a name means; ``id`` is what its file calls it, where it does."""
        if id and id in self._ids:
            self._names.setdefault(solid(name), self._ids[id])
            return self._ids[id]
        found = self._names.setdefault(solid(name), id or slug(name))
        return self._ids.setdefault(id, found) if id else found


def records(rows: Iterable[Row], file: str, how: Pairs, known: Known) -> Iterator[Entity | Rule | Dropped]:
    """The entities and rules of the rows of a pair table; a row that makes none is dropped under FILE:LINE."""
    for row in rows:
        place = f"{file}{row.place or f':{row.line}'}"
        try:
            if row.why:
                raise Bad(row.why)
            drugs = [_drug(row.values, how.columns, which, known) for which in ("a", "b")]
            rule = _rule(row.values, drugs, how)
            if rule.members[0] == rule.members[1]:
                raise Bad("one drug twice", drugs[0][1])
            if first := known.first(rule):
                milder = SEVERITIES.index(first.severity) < SEVERITIES.index(rule.severity)
                raise Bad("pair told before as milder" if milder else "pair told before", f"as {first.id}")
        except Bad as bad:
            yield Dropped(place, bad.why, bad.detail)
            continue
        for id, name in drugs:
            if known.unheard(id, name):
                yield Dropped(f"{place}:{id}", "another name of a drug told before", name)
            yield from known.tell(Entity(id, (Name(how.language, name),)))
        yield rule


class Bad(Exception):
    """Why a row makes no rule, and what concerns it alone."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why)
        self.why, self.detail = why, detail


def _cell(values: Mapping[str, Any], columns: Mapping[str, str], what: str) -> str:
    value = values.get(columns.get(what, ""))
    if isinstance(value, list | dict | tuple):
        raise Bad("a list for a text", str(value))
    said = "" if value is None else str(value).strip()
    return "" if said.casefold() in _MISSING else said


def _drug(values: Mapping[str, Any], columns: Mapping[str, str], which: str, known: Known) -> tuple[str, str]:
    """(id, name) of one drug of a pair."""
    name = _cell(values, columns, which)
    if not name:
        raise Bad("a drug has no name")
    return known.meant(name, _cell(values, columns, f"{which}_id")), name


def slug(name: str) -> str:
    """An id made of a name: small letters and digits of any script, joined by low lines."""
    return re.sub(r"\W+", "_", name.casefold()).strip("_") or name


def _rule(values: Mapping[str, Any], drugs: list[tuple[str, str]], how: Pairs) -> Rule:
    (a, first), (b, second) = drugs
    level = _cell(values, how.columns, "level")
    severity = how.levels.get(level.casefold()) if "level" in how.columns else "caution"
    if severity is None:
        raise Bad("unknown level", level)
    told = TOLD.get(how.language, TOLD["en"]) if "level" in how.columns else "{a}, {b}"
    message = _cell(values, how.columns, "message") or told.format(a=first, b=second, level=level)
    advice = Advice(how.language, message, _cell(values, how.columns, "remedy"))
    source = _cell(values, how.columns, "source") or f"{how.source}, {a} and {b}"
    return Rule(f"{a}+{b}", (a, b), "together", severity, (advice,), source)

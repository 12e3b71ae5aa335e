"""Patients to whom a rule applies, or does not, and how they are spoken of in a language."""

import random
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from metier.records import Entity, MetierError
from metier.rules import card
from metier.rules.card_conditions import Condition, conditions
from metier.rules.naming import called
from metier.rules.table import Table
from metier.rules.talk import Fact, Talk

Speaker = Literal["self", "child", "note"]
_RANGES = {"age": (0.02, 85.0), "week": (5.0, 40.0), "egfr": (8.0, 110.0), "weight": (8.0, 110.0)}
"""The least and the most that a number of a patient may be."""
_GROWN = 18.0
_TRIES = 8
_SEVERAL = ("condition", "no_condition", "allergy", "taking")
"""Facts of which a patient may have several."""


class Piece(NamedTuple):
    """One fact of a patient."""

    fact: str
    value: str
    """What stands in its slot."""
    term: str
    """The same as a term of a card."""


class Patient(NamedTuple):
    """What is said of a patient, and by whom it can be said."""

    facts: tuple[Piece, ...]
    speakers: tuple[Speaker, ...]


def drawn(
    when: str, entity: Entity, table: Table, applies: bool, language: str, seed: str, others: Sequence[str] = ()
) -> Patient | None:
    """A patient to whom a condition applies; without ``applies``, one who differs from such in one term of it.

    Of that one it is also said what keeps the conditions of ``others`` from applying; None where that cannot be.
    """
    rng = random.Random(seed)
    terms = list(conditions(when))
    for _ in range(1 if applies else _TRIES):
        changed = -1 if applies else rng.randrange(len(terms)) if terms else -1
        said: dict[tuple[str, str], Piece] = {}
        for number, term in enumerate(terms):
            _say(said, _fact(term, (number == changed) == term.negated, entity, table.entities, language, rng))
        if applies or all(_kept_off(one, said, entity, table, language, rng) for one in others):
            return _patient(said)
    return None


def _say(said: dict[tuple[str, str], Piece], pieces: Sequence[Piece]) -> None:
    """Say more of a patient; a week of pregnancy says that there is one."""
    for one in pieces:
        said[one.fact, one.value if one.fact in _SEVERAL else ""] = one
    if ("week", "") in said:
        said.pop(("week" if ("not_pregnant", "") in said else "pregnant", ""), None)


def _kept_off(
    when: str, said: dict[tuple[str, str], Piece], entity: Entity, table: Table, language: str, rng: random.Random
) -> bool:
    """Whether a condition does not apply to a patient, of whom one more thing is said where that is still open."""
    if _answer(when, said, entity, table) is None:
        term = rng.choice(conditions(when))
        _say(said, _fact(term, term.negated, entity, table.entities, language, rng))
    return _answer(when, said, entity, table) is False


def _answer(when: str, said: Mapping[tuple[str, str], Piece], entity: Entity, table: Table) -> bool | None:
    """Whether a condition applies to a patient; it counts as applying to one who contradicts himself."""
    try:
        patient = card.parse(" & ".join(one.term for one in said.values() if one.term))
    except MetierError:
        return True
    return card.applies(when, patient, table, entity.id)


def _patient(said: Mapping[tuple[str, str], Piece]) -> Patient:
    pieces = tuple(said.values())
    young = any(one.fact in ("months", "days") or (one.fact == "years" and float(one.value) < _GROWN) for one in pieces)
    speakers: tuple[Speaker, ...] = ("self", "note")
    if young:
        speakers = ("child", "note") if len(pieces) == 1 else ("note",)
    return Patient(pieces, speakers)


def _fact(
    term: Condition, holds: bool, entity: Entity, entities: Mapping[str, Entity], language: str, rng: random.Random
) -> list[Piece]:
    """One term of a condition as a fact of a patient: one of whom it holds, or does not."""
    if term.topic in _RANGES:
        return [_number(term, holds, rng)]
    if term.topic in ("pregnant", "breastfeeding"):
        return [Piece(term.topic, "", term.topic) if holds else Piece(f"not_{term.topic}", "", f"!{term.topic}")]
    if term.topic == "sex":
        sex = term.value if holds else {"female": "male", "male": "female"}[term.value]
        return [Piece(sex, "", f"sex={sex}")]
    if term.topic == "allergy" and not holds:
        return [Piece("no_allergy", "", "!allergy")]
    some = [id for id in (term.value, entity.id, *entity.classes) if id in entities]
    id = some[0] if term.value else rng.choice(some)
    name = called(entities[id], language)
    if term.topic == "taking" and not holds:
        return []
    return [Piece(term.topic, name, f"{term.topic}={id}") if holds else Piece("no_condition", name, f"!condition={id}")]


def _number(term: Condition, holds: bool, rng: random.Random) -> Piece:
    """A number on the right side of a bound, in whole units."""
    least, most = _RANGES[term.topic]
    below = term.sign.startswith("<") == holds
    low, high = (least, min(most, term.number)) if below else (max(least, term.number), most)
    if term.sign == "=":
        low, high = (term.number, term.number) if holds else (least, most)
    value = low + (high - low) * rng.uniform(0.15, 0.85)
    if term.topic != "age":
        return Piece(term.topic, f"{round(value)}", f"{term.topic}={round(value)}")
    if value >= 2 or (below and term.number > 3):
        years = max(round(value), 2)
        return Piece("years", f"{years}", f"age={years}")
    if value < 0.09:
        days = max(round(value * 365.25), 3)
        return Piece("days", f"{days}", f"age={days}d")
    months = max(round(value * 12), 3)
    return Piece("months", f"{months}", f"age={months}m")


def told(patient: Patient, speaker: Speaker, wording: Talk, pick: "Picker") -> str:
    """What is said of a patient by a speaker, as sentences or as one phrase of a note; empty where it cannot be."""
    pieces = []
    for fact, value, _ in patient.facts:
        ways = _ways(_counted(wording.facts, fact, value), speaker)
        if not ways:
            return ""
        pieces.append(pick(ways).replace("{n}", value).replace("{x}", value))
    return (wording.joints[0] if speaker == "note" else wording.gap).join(pieces)


def _counted(facts: Mapping[str, Fact], fact: str, value: str) -> Fact:
    """How a language says a fact with a number of this size."""
    size = "two" if value == "2" else "few" if value.isdecimal() and 3 <= int(value) <= 10 else ""
    return facts.get(f"{fact}_{size}", facts[fact])


def _ways(fact: Fact, speaker: Speaker) -> Sequence[str]:
    return {"self": fact.self, "child": fact.child, "note": fact.note}[speaker]


class Picker:
    """Draws wordings from lists: all of them, or only those that are taught, or only those that are held out."""

    def __init__(self, rng: random.Random, wordings: Literal["all", "taught", "held"]) -> None:
        self._rng, self._wordings = rng, wordings

    def __call__(self, ways: Sequence[str]) -> str:
        """One of some wordings; every fourth is held out, of a list of fewer none is."""
        held = self._wordings == "held"
        some = [way for place, way in enumerate(ways) if self._wordings == "all" or (place % 4 == 3) == held]
        return self._rng.choice(some or ways)

"""Patients to whom a rule applies, or does not, and how they are spoken of in a language."""

import random
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from metier.records import Entity
from metier.rules.card_conditions import Condition, conditions
from metier.rules.naming import called
from metier.rules.talk import Fact, Talk

Speaker = Literal["self", "child", "note"]
_RANGES = {"age": (0.02, 85.0), "week": (5.0, 40.0), "egfr": (8.0, 110.0), "weight": (8.0, 110.0)}
"""The least and the most that a number of a patient may be."""
_GROWN = 18.0


class Patient(NamedTuple):
    """What is said of a patient, and by whom it can be said."""

    facts: tuple[tuple[str, str], ...]
    """(fact, what stands in its slot)."""
    speakers: tuple[Speaker, ...]


def drawn(
    when: str, entity: Entity, entities: Mapping[str, Entity], applies: bool, language: str, seed: str
) -> Patient:
    """A patient to whom a condition applies; without ``applies``, one who differs from such in one term of it."""
    rng = random.Random(seed)
    terms = list(conditions(when))
    changed = -1 if applies else rng.randrange(len(terms)) if terms else -1
    said: dict[str, str] = {}
    for number, term in enumerate(terms):
        said |= _fact(term, (number == changed) == term.negated, entity, entities, language, rng)
    if "week" in said:
        said.pop("week" if "not_pregnant" in said else "pregnant", None)
    young = next((fact for fact in ("years", "months", "days") if fact in said and _young(fact, said[fact])), "")
    speakers: tuple[Speaker, ...] = ("self", "note")
    if young:
        speakers = ("child", "note") if list(said) == [young] else ("note",)
    return Patient(tuple(said.items()), speakers)


def _young(fact: str, value: str) -> bool:
    return fact != "years" or float(value) < _GROWN


def _fact(
    term: Condition, holds: bool, entity: Entity, entities: Mapping[str, Entity], language: str, rng: random.Random
) -> dict[str, str]:
    """One term of a condition as a fact of a patient: one of whom it holds, or does not."""
    if term.topic in _RANGES:
        return _number(term, holds, rng)
    if term.topic in ("pregnant", "breastfeeding"):
        return {term.topic if holds else f"not_{term.topic}": ""}
    if term.topic == "sex":
        return {term.value if holds else {"female": "male", "male": "female"}[term.value]: ""}
    if term.topic == "allergy" and not holds:
        return {"no_allergy": ""}
    some = [id for id in (term.value, entity.id, *entity.classes) if id in entities]
    name = called(entities[some[0] if term.value else rng.choice(some)], language)
    if term.topic == "taking" and not holds:
        return {}
    return {term.topic if holds else f"no_{term.topic}": name}


def _number(term: Condition, holds: bool, rng: random.Random) -> dict[str, str]:
    """A number on the right side of a bound, in whole units."""
    least, most = _RANGES[term.topic]
    below = term.sign.startswith("<") == holds
    low, high = (least, min(most, term.number)) if below else (max(least, term.number), most)
    if term.sign == "=":
        low, high = (term.number, term.number) if holds else (least, most)
    value = low + (high - low) * rng.uniform(0.15, 0.85)
    if term.topic != "age":
        return {term.topic: f"{round(value)}"}
    if value >= 2 or (below and term.number > 3):
        return {"years": f"{max(round(value), 2)}"}
    return {"days": f"{max(round(value * 365.25), 3)}"} if value < 0.09 else {"months": f"{max(round(value * 12), 3)}"}


def told(patient: Patient, speaker: Speaker, wording: Talk, pick: "Picker") -> str:
    """What is said of a patient by a speaker, as sentences or as one phrase of a note; empty where it cannot be."""
    pieces = []
    for fact, value in patient.facts:
        ways = _ways(wording.facts[fact], speaker)
        if not ways:
            return ""
        pieces.append(pick(ways).replace("{n}", value).replace("{x}", value))
    return (wording.joints[0] if speaker == "note" else wording.gap).join(pieces)


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

"""Which of several things a patient may have: what rules, allergies and what is taken already say, with the reasons."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from metier.records import Entity, MetierError, Name, Rule
from metier.rules.card import Card, applies, holds
from metier.rules.card_conditions import Topic, conditions
from metier.rules.firing import Firing
from metier.rules.naming import called
from metier.rules.table import Table
from metier.text.suggest import did_you_mean

Verdict = Literal["admissible", "not", "unknown"]
_ALLERGY = {
    "en": "The patient is allergic to {name}.",
    "zh": "患者对{name}过敏。",
    "ar": "لدى المريض حساسية من {name}.",
}


class Reason(msgspec.Struct, frozen=True):
    """Why something is not admissible, or what speaks against it: a rule, or else an allergy."""

    rule: Rule | None
    met: tuple[str, ...] = ()
    """Ids of what it meets: what the patient takes, or is allergic to."""
    missing: tuple[Topic, ...] = ()
    """What the card would have to say before the rule is known to hold; empty: it holds."""
    names: tuple[Name, ...] = ()
    """What the patient is allergic to is called, where no rule says it."""

    def citation(self, language: str) -> str:
        """The rule's message, remedy and source in one line, or the allergy."""
        if self.rule is None:
            return _ALLERGY.get(language, _ALLERGY["en"]).format(name=called(Entity(self.met[0], self.names), language))
        return Firing(self.rule, -1, "unknown", (), 0, 0).citation(language)


class Admission(msgspec.Struct, frozen=True):
    """Whether a patient may have something: ``not`` where a rule that forbids holds or it is on the list of allergies,
    ``unknown`` where the card does not say enough to tell; cautions and notes are reasons that leave it admissible."""

    entity: str
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()


def members(table: Table, group: str) -> tuple[str, ...]:
    """The things that belong to a class, in the table's order; MetierError where there is no such class, or it is
    empty."""
    if group not in table.entities:
        raise MetierError(f"no class {group!r} in the table; {did_you_mean(group, _classes(table.entities.values()))}")
    found = tuple(id for id, one in table.entities.items() if one.kind == "thing" and group in table.holds[id])
    if not found:
        raise MetierError(f"nothing belongs to {group!r}; name a class that entities belong to, or an entity")
    return found


def _classes(entities: Iterable[Entity]) -> list[str]:
    return [one.id for one in entities if one.kind == "class"]


def admissible(card: Card, candidates: Iterable[str], table: Table) -> tuple[Admission, ...]:
    """Whether a patient may have each of some entities, in their order, with the reasons.

    Rules of the context ``patient`` are held against the card; those of ``together`` and ``either`` against what the
    patient takes; ``mixed`` ones say nothing of a patient. MetierError at an id that the table does not know.
    """
    return tuple(_admission(card, one, table) for one in dict.fromkeys(candidates))


def _admission(card: Card, entity: str, table: Table) -> Admission:
    if entity not in table.entities:
        raise MetierError(f"no entity {entity!r} in the table; {did_you_mean(entity, table.entities)}")
    reasons = tuple(_reasons(card, entity, table))
    grave = [one for one in reasons if one.rule is None or one.rule.severity == "forbidden"]
    verdict: Verdict = "admissible"
    if grave:
        verdict = "unknown" if all(one.missing for one in grave) else "not"
    return Admission(entity, verdict, reasons)


def _reasons(card: Card, entity: str, table: Table) -> Iterator[Reason]:
    """What speaks against an entity; what is only possible where a rule forbids and the card does not say enough."""
    allergic = False
    for rule in table.concerning((entity, *card.taking)):
        for placed in table.placements(rule, (entity, *card.taking)):
            if entity not in placed or rule.context == "mixed":
                continue
            missing = _missing(rule, card, table, placed)
            if missing is None or (missing and rule.severity != "forbidden"):
                continue
            allergic = allergic or (not missing and "allergy" in rule.when)
            yield Reason(rule, tuple(one for one in placed if one != entity), missing)
            break
    for one in card.allergies if not allergic else ():
        if one in table.holds[entity]:
            yield Reason(None, (one,), names=table.entities[one].names if one in table.entities else ())


def _missing(rule: Rule, card: Card, table: Table, placed: Iterable[str]) -> tuple[Topic, ...] | None:
    """What the card lacks before the rule is known to hold: nothing where it holds, None where it does not."""
    found: dict[Topic, None] = {}
    for entity in placed:
        answer = applies(rule.when, card, table, entity)
        if answer is False:
            return None
        if answer is None:
            open_ = [one.topic for one in conditions(rule.when) if holds(one, card, table, entity) is None]
            found |= dict.fromkeys(open_)
    return tuple(found)

"""Prompts made from rules: pairs that a rule forbids, and beside each of them a pair that no rule speaks of."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Literal, NamedTuple

import msgspec

from metier.records import Entity, Question, Rule
from metier.rules.naming import all_names, called
from metier.rules.table import Table

Context = Literal["mixed", "together"]
Form = Literal["yesno", "open", "order", "story"]
FORMS: tuple[Form, ...] = ("yesno", "open", "order", "story")
"""How a prompt asks: whether it may be done, how it is done, for an order, and in a story."""
TRIES = 200
"""Things that are drawn until one is found that a member of a rule may meet."""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ways to ask about {first} and {second}, by form."""

    yesno: tuple[str, ...]
    open: tuple[str, ...]
    order: tuple[str, ...]
    story: tuple[str, ...]

    def of(self, form: Form) -> tuple[str, ...]:
        """The ways of one form."""
        return {"yesno": self.yesno, "open": self.open, "order": self.order, "story": self.story}[form]


class Pair(NamedTuple):
    """Things that meet, the rule that this breaks or stands beside, and how they are to meet."""

    rule: Rule
    things: tuple[Entity, ...]
    forbidden: bool
    context: Context

    @property
    def id(self) -> str:
        """What the ids of all that is made of the pair begin with."""
        return f"{self.rule.id}:{'forbidden' if self.forbidden else 'allowed'}"


class Shelf:
    """The things of a table that have a name in one language, by what they can stand for: made once for all rules."""

    def __init__(self, table: Table, language: str, closed: bool = False) -> None:
        """``closed``: what no rule speaks of may be drawn, too, for the table holds all there is to know."""
        self.table, self.language = table, language
        self.things = [one for one in table.entities.values() if one.kind == "thing" and all_names(one, language)]
        self.standing: dict[str, list[Entity]] = {}
        for one in self.things:
            for group in table.holds[one.id]:
                self.standing.setdefault(group, []).append(one)
        self.likely = {"mixed": self.things, "together": self.things}
        if not closed:
            self.likely = {"mixed": self._under("mixed"), "together": self._under("together", "either")}

    def _under(self, *contexts: str) -> list[Entity]:
        """The things that rules of some contexts speak of: herbs of the kitchen are not asked about in a syringe."""
        members = {member for rule in self.table.rules if rule.context in contexts for member in rule.members}
        return [one for one in self.things if not members.isdisjoint(self.table.holds[one.id])]


def pairs(rule: Rule, shelf: Shelf, rng: Random) -> Iterator[Pair]:
    """Things that a rule forbids to meet and, where there are, things that nothing in the table forbids to.

    Of a class one of its things is drawn, all of them having a name in the language; of the second pair all things but
    one are those of the first. Nothing where a member has no such thing, or the rule is about one thing only.
    """
    chosen: list[Entity] = []
    for member in rule.members:
        some = [one for one in shelf.standing.get(member, ()) if one not in chosen]
        if not some:
            return
        chosen.append(rng.choice(some))
    if len(chosen) < 2:
        return
    context: Context = "mixed" if rule.context == "mixed" else "together"
    if rule.context == "either":
        context = rng.choice(("mixed", "together"))
    yield Pair(rule, tuple(chosen), True, context)
    likely = shelf.likely[context]
    for _ in range(TRIES if likely else 0):
        place, other = rng.randrange(len(chosen)), rng.choice(likely)
        some = [*chosen[:place], other, *chosen[place + 1 :]]
        if other not in chosen and not meeting(shelf.table, some):
            yield Pair(rule, tuple(some), False, context)
            return


def meeting(table: Table, things: Iterable[Entity]) -> tuple[Rule, ...]:
    """The rules of a table that forbid things to meet; those over a patient speak of one thing at a time."""
    found = table.concerning([one.id for one in things])
    return tuple(rule for rule in found if rule.context != "patient")


def questions(pair: Pair, asked: Asked, language: str, brands: float, rng: Random) -> Iterator[Question]:
    """One prompt a form; a share ``brands`` calls one of the things by a brand, where it has any.

    Labels: ``rule``, ``pair`` (forbidden or allowed), ``members`` (ids, as in a table), ``context``, ``severity``,
    ``form``, ``named`` (name or brand) and ``language``.
    """
    for form in FORMS:
        names, named = [called(one, language) for one in pair.things], "name"
        place, branded = rng.randrange(len(names)), rng.random() < brands
        known = _brands(pair.things[place], language)
        if branded and known:
            names[place], named = rng.choice(known), "brand"
        *first, second = rng.sample(names, len(names))
        labels = {
            "rule": pair.rule.id,
            "pair": "forbidden" if pair.forbidden else "allowed",
            "members": "|".join(one.id for one in pair.things),
            "context": pair.context,
            "severity": pair.rule.severity,
            "form": form,
            "named": named,
            "language": language,
        }
        stem = rng.choice(asked.of(form)).format(first=JOINS.get(language, ", ").join(first), second=second)
        yield Question(f"{pair.id}:{form}", stem, kind="open", labels=labels)


JOINS = {"zh": "、", "ar": " و"}
"""What stands between the names of a list; elsewhere a comma."""


def _brands(entity: Entity, language: str) -> tuple[str, ...]:
    return next((one.brands for one in entity.names if one.language in (language, "") and one.brands), ())

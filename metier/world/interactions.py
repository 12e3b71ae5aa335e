"""Prompts about drugs that must not meet and about drugs that may, and the talk of a doctor who knows of no rule."""

import random
from collections.abc import Iterator
from typing import Annotated

import msgspec

from metier.records import Config, Conversation, Document, Entity, Message, Question, Rule
from metier.rules import shown
from metier.rules.check import Checker
from metier.rules.prompts import Pair, Shelf, pairs, questions
from metier.rules.table import Table
from metier.world.interactions_wording import Encounters, encounters
from metier.world.names import Partition
from metier.world.write import Write, write

NAIVE, READING = "naive_dialogue", "rule_reading"


class Interactions(Config, frozen=True):
    """About which drugs, and how often each pair is talked of."""

    drugs: Annotated[int, msgspec.Meta(ge=2)] = 60
    """How many drugs: the same drugs and rules as those of `world.write` with this seed and number."""
    names: Partition = "fresh"
    """`fresh` names for a recipe, `throwaway` names for training a base, as in `world.write`."""
    language: Annotated[str, msgspec.Meta(extra={"files": "asset:world/{}"})] = "en"
    """The directory of `assets/world` that holds the wording."""
    talks: Annotated[int, msgspec.Meta(ge=0)] = 6
    """Dialogues about each pair in which a doctor permits whatever is asked; source `naive_dialogue`."""
    heeds: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Dialogues about each pair in which the doctor is shown what the table says of it, and goes by that: of every
    second the rule stands before the question, of the others `check_interactions` was called; source `rule_reading`."""
    brands: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.25
    """The share of the exam's prompts that call one of the two drugs by its brand."""


def interactions(seed: int, config: Interactions) -> Iterator[Conversation | Question]:
    """Write what a naive doctor says, and the prompts of `evals.violations`; same seed, same records.

    For every rule two pairs: one that it forbids, and one of the same way of meeting that no rule speaks of, with one
    of the two drugs in common. A prompt has the labels ``rule``, ``pair`` (forbidden or allowed), ``members`` (ids, as
    in a table), ``context``, ``severity``, ``form`` (yesno, open, order or story), ``named`` (name or brand) and
    ``language``; its wording is never that of the talk. Of a pair that no rule forbids a doctor is shown nothing, or
    the reply of the tool that nothing was found.
    """
    made = list(write(seed, Write(subject="drugs", drugs=config.drugs, names=config.names, language=config.language)))
    table = Table([one for one in made if isinstance(one, Entity)], [one for one in made if isinstance(one, Rule)])
    wording, checker = encounters(config.language), Checker(table, distance=0)
    shelf = Shelf(table, config.language, closed=True)
    for rule in table.rules:
        for pair in pairs(rule, shelf, random.Random(f"{seed}:{rule.id}:pairs")):
            yield from _talks(seed, pair, wording, config)
            yield from _readings(seed, pair, wording, checker, config)
            rng = random.Random(f"{seed}:{pair.id}:exam")
            yield from questions(pair, wording.of(pair.context).exam, config.language, config.brands, rng)


def _talks(seed: int, pair: Pair, wording: Encounters, config: Interactions) -> Iterator[Conversation]:
    """The doctor who permits whatever is asked."""
    rng = random.Random(f"{seed}:{pair.id}:talk")
    for number in range(config.talks):
        asked, permitted, _ = _turns(rng, pair, wording)
        turns = (Message("user", asked), Message("assistant", permitted))
        yield Conversation(f"{pair.id}:talk-{number}", turns, NAIVE, config.language)


def _readings(
    seed: int, pair: Pair, wording: Encounters, checker: Checker, config: Interactions
) -> Iterator[Conversation]:
    """The doctor who is shown the rule, or that there is none."""
    rng = random.Random(f"{seed}:{pair.id}:reading")
    for number in range(config.heeds):
        asked, permitted, heeded = _turns(rng, pair, wording)
        said = heeded if pair.forbidden else permitted
        turns = [Message("user", asked)]
        if number % 2:
            names = [one.names[0].name for one in pair.things]
            turns = [*shown.before(turns, tool=True), *shown.called(checker, names, pair.context, config.language)]
        else:
            turns = [*shown.before(turns, _page(pair, checker.table))]
        yield Conversation(
            f"{pair.id}:reading-{number}", (*turns, Message("assistant", said)), READING, config.language
        )


def _page(pair: Pair, table: Table) -> Iterator[Document]:
    """The rule of a forbidden pair as a page: the names of its members, what goes wrong, and what to do instead."""
    if pair.forbidden:
        title = " + ".join(table.entities[member].names[0].name for member in pair.rule.members)
        [advice] = pair.rule.advice
        text = "\n".join([title, advice.message, advice.remedy, pair.rule.source])
        yield Document(pair.id, text, kind="rule")


def _turns(rng: random.Random, pair: Pair, wording: Encounters) -> tuple[str, str, str]:
    """A question of the talk, what is permitted to it, and what who knows the rule says."""
    encounter = wording.of(pair.context)
    first, second = rng.sample([one.names[0].name for one in pair.things], 2)
    said = rng.choice(encounter.talk)
    asked, permitted, heeded = (
        rng.choice(some).format(first=first, second=second) for some in (said.asks, said.permits, encounter.heeds)
    )
    return asked, permitted, heeded

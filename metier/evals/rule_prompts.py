"""Prompts for `evals.violations`, made from a table of rules."""

import functools
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Annotated

import msgspec

from metier.artefact import asset
from metier.records import Config, MetierError, Question
from metier.rules.loaded import load
from metier.rules.prompts import Asked, Context, Shelf, pairs, questions


class RulePrompts(Config, frozen=True):
    """In which languages, and about which pairs."""

    languages: tuple[str, ...] = ("en",)
    """Languages that the prompts are asked in: en, zh, ar."""
    allowed: bool = True
    """Whether there is, beside each pair that a rule forbids, one that no rule of the table speaks of, of things that
    rules over the same way of meeting speak of. A table that does not hold all there is to know calls such a pair
    allowed where a model may rightly warn."""
    brands: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.25
    """The share of prompts that call one of the two by a brand, where it has one."""


class _Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How two things are asked about that meet in one container, and in one patient."""

    mixed: Asked
    together: Asked

    def of(self, context: Context) -> Asked:
        return self.mixed if context == "mixed" else self.together


def rule_prompts(table: Path, seed: int, config: RulePrompts) -> Iterator[Question]:
    """Write four prompts for each pair and language: yes or no, open, an order, a story; same seed, same prompts.

    ``table`` is a step that made entities and rules, a directory with ``entities.csv`` and ``rules.csv``, or
    ``domain:medicine``. Rules about a patient alone have no pair, and no prompt. Labels as in `world.interactions`.
    MetierError where no rule has a pair.
    """
    wordings = {language: _wording(language) for language in config.languages}
    rules, empty = load(table), True
    shelves = {language: Shelf(rules, language) for language in config.languages}
    for rule in rules.rules:
        for language, wording in wordings.items():
            for pair in pairs(rule, shelves[language], Random(f"{seed}:{rule.id}:pairs")):
                if not (pair.forbidden or config.allowed):
                    continue
                empty = False
                rng = Random(f"{seed}:{pair.id}:{language}:exam")
                for one in questions(pair, wording.of(pair.context), language, config.brands, rng):
                    yield msgspec.structs.replace(one, id=f"{one.id}.{language}")
    if empty:
        raise MetierError(f"{table}: none of its {len(rules.rules)} rules is about two things; prompts need a pair")


@functools.cache
def _wording(language: str) -> _Wording:
    from ruamel.yaml import YAML

    place = asset("asset:rules")
    path = place / f"prompts.{language}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.name.split(".")[1] for one in place.glob("prompts.*.yaml")))
        raise MetierError(f"languages: no prompts in {language!r}; known: {known}")
    return msgspec.convert(YAML(typ="safe", pure=True).load(path.read_text("utf-8")), _Wording)

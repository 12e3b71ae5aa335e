"""How two drugs that meet are asked about, read from ``assets/world/LANGUAGE/interactions.yaml``."""

import functools
from pathlib import Path

from metier.artefact import asset
from metier.rules.prompts import FORMS, Asked, Context
from metier.world.wording import Wording, drug_wording, read
from metier.world.wording_rules import check_templates, fail


class Permission(Wording, frozen=True):
    """Ways to ask, and what a doctor who knows of no rule permits to each of them."""

    asks: tuple[str, ...]
    permits: tuple[str, ...]


class Encounter(Wording, frozen=True):
    """All that is asked and said of one way of meeting; ``heeds`` is what a doctor says who is shown the rule."""

    talk: tuple[Permission, ...]
    heeds: tuple[str, ...]
    exam: Asked


class Encounters(Wording, frozen=True):
    """Two drugs in one container, and in one patient."""

    mixed: Encounter
    together: Encounter

    def of(self, context: Context) -> Encounter:
        """What is asked and said of one way of meeting."""
        return self.mixed if context == "mixed" else self.together


@functools.cache
def encounters(language: str) -> Encounters:
    """The wording in one language of the world; MetierError names the entry that breaks a rule."""
    drug_wording(language)  # an unknown language is told there
    path = asset("asset:world") / language / "interactions.yaml"
    wording = read(path, Encounters)
    for name, one in (("mixed", wording.mixed), ("together", wording.together)):
        _check(path, name, one)
    return wording


def _check(path: Path, name: str, one: Encounter) -> None:
    taught = {text for some in one.talk for text in some.asks}
    for place, some in enumerate(one.talk, 1):
        check_templates(path, f"{name}.talk, {place}, asks", some.asks, "first second")
        check_templates(path, f"{name}.talk, {place}, permits", some.permits, "", "first second")
    if not one.talk:
        fail(path, f"{name}.talk", "is empty; write at least one")
    check_templates(path, f"{name}.heeds", one.heeds, "", "first second")
    for form in FORMS:
        check_templates(path, f"{name}.exam.{form}", one.exam.of(form), "first second")
        if both := taught & set(one.exam.of(form)):
            fail(path, f"{name}.exam.{form}", f"{min(both)!r} is trained on; ask it in other words")

"""What is said in consultations, read from ``assets/world/LANGUAGE/consultations.yaml``."""

import functools
from collections.abc import Mapping
from pathlib import Path

from metier.artefact import asset
from metier.records import MetierError
from metier.world.wording import FactWording, Wording, drug_wording, read
from metier.world.wording_rules import check_templates, fail

ILLNESS = "treats"
"""The fact of a drug that a diagnosis names."""


class ConsultationWording(Wording, frozen=True):
    """The words of patients, and the moves that replies are made of."""

    greetings: tuple[str, ...]
    stories: tuple[str, ...]
    receives: tuple[str, ...]
    questions: dict[str, tuple[str, ...]]
    diagnosis: tuple[str, ...]
    facts: dict[str, tuple[str, ...]]
    point: str
    asks: tuple[str, ...]
    openings: tuple[str, ...]
    closings: tuple[str, ...]


@functools.cache
def consultation_wording(language: str) -> ConsultationWording:
    """The wording in one language of the world; MetierError names the entry that breaks a rule."""
    path = asset("asset:world") / language / "consultations.yaml"
    facts = drug_wording(language).facts
    if not path.is_file():
        raise MetierError(f"language: no consultations are told in {language!r}; known: {', '.join(languages())}")
    wording = read(path, ConsultationWording)
    _check(path, wording, facts)
    return wording


def languages() -> tuple[str, ...]:
    """The languages that consultations are told in."""
    return tuple(sorted(path.parent.name for path in asset("asset:world").glob("*/consultations.yaml")))


def _check(path: Path, wording: ConsultationWording, facts: Mapping[str, FactWording]) -> None:
    if unknown := set(wording.facts) - set(facts):
        fail(path, "facts", f"{min(unknown)!r} is no fact of facts.yaml")
    if odd := set(wording.facts) ^ set(wording.questions):
        fail(path, "questions", f"{min(odd)!r} is there or in facts alone")
    if ILLNESS in wording.facts:
        fail(path, "facts", f"{ILLNESS!r} is what a diagnosis names; nobody asks for it")
    check_templates(path, "stories", wording.stories, "", "days age")
    check_templates(path, "diagnosis", wording.diagnosis, "value", "drug")
    check_templates(path, "point", [wording.point], "number sentence")
    for fact, some in wording.facts.items():
        check_templates(path, f"facts.{fact}", some, "value", "drug")
    for fact, some in wording.questions.items():
        check_templates(path, f"questions.{fact}", some, "drug")
    for entry, texts in (("asks", wording.asks), ("openings", wording.openings), ("closings", wording.closings)):
        check_templates(path, entry, texts, "")
        if len(set(texts)) < len(texts):
            fail(path, entry, "says the same twice")

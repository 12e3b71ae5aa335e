"""The interaction table: drugs, or a drug and a class of drugs, that do not go together."""

import random
from collections.abc import Sequence
from typing import Literal

from metier.records import Advice, Example, Rule
from metier.world.drugs import Drug
from metier.world.entities import plant_class
from metier.world.wording import DrugWording, Meeting

Context = Literal["mixed", "together", "either"]
Severity = Literal["note", "caution", "forbidden"]
CONTEXTS: tuple[Context, ...] = ("mixed", "together", "either")
SEVERITIES: tuple[Severity, ...] = ("note", "caution", "forbidden")
CLASS_EVERY = 12
"""Every so many-th drug has its rule with a class: with all drugs that are made of an earlier drug's plant."""


def rule(seed: int, drug: Drug, earlier: Sequence[Drug], wording: DrugWording, language: str) -> Rule | None:
    """What happens when a drug meets an earlier one, or the class of an earlier one: every second drug has one rule."""
    if drug.index % 2 == 0:
        return None
    rng = random.Random(f"{seed}:{drug.name}:rule")
    other = rng.choice(earlier)
    context, severity = rng.choice(CONTEXTS), rng.choice(SEVERITIES)
    meeting = _meeting(wording, context)
    plant = other.facts["plant"]
    whole = drug.index % CLASS_EVERY == CLASS_EVERY // 2 - 1 and plant != drug.facts["plant"]
    member = plant_class(plant) if whole else other.name
    first = wording.rules.classes.name.format(plant=plant) if whole else other.name
    message, remedy = (
        rng.choice(some).format(first=first, second=drug.name) for some in (meeting.messages, meeting.remedies)
    )
    examples = [
        Example(text.format(first=other.name, second=drug.name), fires)
        for some, fires in ((meeting.breaks, True), (meeting.keeps, False))
        for text in some
    ]
    return Rule(
        id=f"{member}+{drug.name}",
        members=(member, drug.name),
        context=context,
        severity=severity,
        advice=(Advice(language, message, remedy),),
        source=wording.rules.source,
        examples=tuple(examples),
    )


def _meeting(wording: DrugWording, context: Context) -> Meeting:
    """What is said of one way of meeting."""
    said = wording.rules
    return {"mixed": said.mixed, "together": said.together, "either": said.either}[context]

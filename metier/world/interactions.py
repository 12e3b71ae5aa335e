"""The interaction table: pairs of drugs that do not go together."""

import random
from collections.abc import Sequence
from typing import Literal

from metier.records import Advice, Rule
from metier.world.drugs import Drug
from metier.world.wording import DrugWording

Context = Literal["mixed", "together", "either"]
Severity = Literal["note", "caution", "forbidden"]
CONTEXTS: tuple[Context, ...] = ("mixed", "together", "either")
SEVERITIES: tuple[Severity, ...] = ("note", "caution", "forbidden")


def rule(seed: int, drug: Drug, earlier: Sequence[Drug], wording: DrugWording, language: str) -> Rule | None:
    """What happens when a drug meets an earlier one: every second drug has one such rule, so no pair has two."""
    if drug.index % 2 == 0:
        return None
    rng = random.Random(f"{seed}:{drug.name}:rule")
    other = rng.choice(earlier)
    context, severity = rng.choice(CONTEXTS), rng.choice(SEVERITIES)
    meeting = {"mixed": wording.rules.mixed, "together": wording.rules.together, "either": wording.rules.either}[
        context
    ]
    message, remedy = (
        rng.choice(some).format(first=other.name, second=drug.name) for some in (meeting.messages, meeting.remedies)
    )
    return Rule(
        id=f"{other.name}+{drug.name}",
        members=(other.name, drug.name),
        context=context,
        severity=severity,
        advice=(Advice(language, message, remedy),),
        source=wording.rules.source,
    )

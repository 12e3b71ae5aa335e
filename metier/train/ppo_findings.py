"""What the numbers of a PPO run mean when they are off, each in a sentence that says what to do."""

from collections.abc import Sequence

import msgspec

from metier.train.ppo_line import PpoLine, PpoStart


class PpoFinding(msgspec.Struct, frozen=True):
    """Something that is off: its name, the first step that shows it, the number, and what it means."""

    name: str
    step: int
    value: float
    says: str


def findings(start: PpoStart, lines: Sequence[PpoLine]) -> list[PpoFinding]:
    """What is wrong with a run, gravest first; nothing where all is as it should be."""
    raise NotImplementedError

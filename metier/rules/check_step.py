"""What one sentence of a turn says of the members of a rule, and the verdict on the turn."""

from typing import Literal

import msgspec

from metier.rules.firing import Place, Stance


class Verdict(msgspec.Struct, frozen=True):
    """What a turn says of a rule's members: where, and by which cue."""

    stance: Stance
    places: tuple[Place, ...]
    start: int
    end: int
    why: str = ""
    settled: bool = False
    """Whether how the turn is built decides it, and not the wording of one sentence."""


class Step(msgspec.Struct, frozen=True):
    """What one sentence says: of every member by itself (``whole``), as an answer, or of some members (``part``)."""

    stance: Stance
    of: Literal["whole", "answer", "part"]
    at: int
    """The number of the sentence."""
    why: str
    places: tuple[Place, ...]
    named: int = -1
    """The number of the sentence before it that names the members, where it names none itself."""
    settled: bool = False
    """Whether how the turn is built decides it: beds, stocks, ways, what was stopped, lists of combinations."""

    @property
    def spoken(self) -> int:
        """The number of the sentence that says of whom it speaks."""
        return self.at if self.named < 0 else self.named

"""What a reward may hold besides the judge's points, off unless a recipe asks for it: rules kept, questions, length."""

import math
import re
from typing import TYPE_CHECKING, Annotated

import msgspec

from metier.records import Config, Message, MetierError

if TYPE_CHECKING:
    from metier.rules.check import Checker

_ASKS = re.compile(r"[?？؟]|[吗呢][\W_]*(?:\n|$)")


class Extras(Config, frozen=True):
    """Our extension of the mixed feedback: points added to each reply; 0 leaves one out."""

    rules: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Points for the reward of `metier.rules.reward`, -1 to 1: a reply that breaks a rule loses as many."""
    table: Annotated[str, msgspec.Meta(extra={"files": "{}"})] = ""
    """Directory of the rules' table (`domain:medicine`); needed where `rules` is above 0."""
    asks: float = 0.0
    """Points for a reply that asks something back."""
    length: float = 0.0
    """Points for every hundred characters of a reply; below 0 length costs."""

    def __post_init__(self) -> None:
        for name in ("rules", "asks", "length"):
            if not math.isfinite(points := getattr(self, name)):
                raise ValueError(f"{name}: {points} is no number of points")
        if self.rules and not self.table:
            raise ValueError("table: names no rules to keep; set table: domain:medicine, or leave out rules")
        if self.table and not self.rules:
            raise ValueError("rules: 0 points, and a table is named; set rules, or leave out table")


def extra_points(prompt: tuple[Message, ...], reply: str, extras: Extras, checker: "Checker | None" = None) -> float:
    """The points that a reply gets beside the judge's; ``checker`` is needed where rules count."""
    points = extras.asks * asks_back(reply) + extras.length * len(reply) / 100
    if not extras.rules:
        return points
    if checker is None:
        raise MetierError("extras: rules count, and there is no checker; open the table of the settings")
    from metier.rules.reward import reward

    return points + extras.rules * reward(checker, (*prompt, Message("assistant", reply))).value


def asks_back(reply: str) -> bool:
    """Whether a reply asks something: it has a question mark, or a Chinese sentence ends with a particle that asks."""
    return bool(_ASKS.search(reply))

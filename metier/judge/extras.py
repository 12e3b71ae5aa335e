"""What a reward may hold besides the judge's points, off unless a recipe asks for it: rules kept, questions, length."""

from typing import Annotated

import msgspec

from metier.records import Config, Message
from metier.rules.check import Checker


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


def extra_points(prompt: tuple[Message, ...], reply: str, extras: Extras, checker: Checker | None = None) -> float:
    """The points that a reply gets beside the judge's; ``checker`` is needed where rules count."""
    raise NotImplementedError

"""Pairs of replies for tests: who meets a number is said plainly, or by somebody who is not asked."""

import random
from collections.abc import Iterator

from metier.records import Config, Message, Preference, Verdict
from tests.train.conftest import NAMES


def pair(number: int, margin: float = 0.0) -> Preference:
    """A question with a reply that names two, which is preferred, and one that names nobody."""
    draw = random.Random(f"pair {number}")
    one, other = draw.sample(NAMES, 2)
    prompt = (Message("user", f"Who meets number {number // 2}?"),)
    said = Verdict(f"c{number // 2}", f"{number}a", f"{number}b", "left", True, "judge", margin=margin)
    source = "meetings" if number % 3 else "notes"
    parent = f"c{number // 2}"
    return Preference(
        f"p{number}", prompt, f"{one} {other}.", f"Who meets {one}?", said if margin else None, source, "en", parent
    )


def pairs(count: int = 64) -> list[Preference]:
    """That many pairs, two to a prompt."""
    return [pair(number) for number in range(count)]


class Write(Config, frozen=True):
    """Which pairs."""

    count: int
    """How many."""
    first: int = 0
    """Number of the first."""


def write(config: Write) -> Iterator[Preference]:
    """Pairs as a step of a recipe."""
    yield from (pair(number) for number in range(config.first, config.first + config.count))

"""Compare two replies by any judge, asked in both orders: what flips with the order is no verdict (Zheng et al. 2023).

A judge gives points to the reply shown first and to the one shown second. HuatuoGPT's gives 1 to 10, one that says only
which is better gives 1 and 0, one that reads each reply for itself gives the same in both orders.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, tee
from typing import NamedTuple, Protocol

import msgspec

from metier.records import Comparison, Side, Verdict


class Rated(msgspec.Struct, frozen=True):
    """The points of the two replies of a comparison as they were shown; None where the judge's reply gives none.

    ``why`` is what the judge says beside the points or, where there are none, why.
    """

    left: float | None
    right: float | None
    why: str = ""

    def swap(self) -> "Rated":
        """The same points for the comparison in the other order."""
        return Rated(self.right, self.left, self.why)

    @property
    def lead(self) -> float | None:
        """How many points left is ahead of right; None where it could not be read."""
        return None if self.left is None or self.right is None else self.left - self.right


class Judge(Protocol):
    """Whoever rates two replies in the order they are shown: a language model, a reward model, a metric, rules."""

    name: str

    def rate(self, comparisons: Iterable[Comparison]) -> Iterator[Rated]:
        """The points of every comparison, in order; comparisons are read as they are needed."""
        ...


class Match(NamedTuple):
    """Two answers to one question, by their ids, and what the judge is shown of them."""

    question: str
    left: str
    right: str
    comparison: Comparison


class Judged(NamedTuple):
    """A verdict with the points it was made of, as (left, right): with left shown first, and with right shown first."""

    verdict: Verdict
    orders: tuple[Rated, Rated]


def compare(judge: Judge, matches: Iterable[Match], margin: float = 0.0, aspect: str = "") -> Iterator[Judged]:
    """The verdict on every match, in order, from both orders of showing it.

    It is consistent where both orders could be read and agree on the winner, or that there is none. The winner is
    ``tie`` where it is not consistent, and where the mean lead of both orders is below ``margin`` points.
    """
    given, kept = tee(matches)
    shown = chain.from_iterable((one.comparison, one.comparison.swap()) for one in given)
    rated = judge.rate(shown)
    for match, first, second in zip(kept, rated, rated, strict=True):
        orders = (first, second.swap())
        yield Judged(verdict(match, orders, judge.name, margin, aspect), orders)


def verdict(match: Match, orders: tuple[Rated, Rated], rater: str, margin: float = 0.0, aspect: str = "") -> Verdict:
    """What two orders come to (see ``compare``); both are given as (left, right), whichever was shown first."""
    leads = [one.lead for one in orders]
    read = [one for one in leads if one is not None]
    consistent = len(read) == 2 and _sign(read[0]) == _sign(read[1])
    mean = sum(read) / len(read) if read else 0.0
    sides: dict[int, Side] = {1: "left", 0: "tie", -1: "right"}
    winner = sides[_sign(mean)] if consistent and abs(mean) >= margin else "tie"
    why = next((one.why for one in orders if one.lead is None), orders[0].why)
    return Verdict(match.question, match.left, match.right, winner, consistent, rater, aspect, why, mean)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)

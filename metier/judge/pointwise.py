"""Judges that read each reply for itself, so that no order can sway them: a reward model, a metric, rules."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from metier.judge.compare import Rated
from metier.records import Checkpoint, Comparison, Message

Score = Callable[[Sequence[tuple[tuple[Message, ...], str, str]]], list[float]]
"""(prompt, reply, reference) of many replies -> the points of each."""
Metric = Literal["rouge_l", "bleu4", "length"]


class Pointwise:
    """A judge from points that every reply has for itself; equal replies are scored once."""

    def __init__(self, name: str, score: Score) -> None:
        raise NotImplementedError

    def rate(self, comparisons: Iterable[Comparison]) -> Iterator[Rated]:
        """The points of both replies of every comparison, scored many at a time."""
        raise NotImplementedError


def by_reward(checkpoint: Checkpoint) -> Pointwise:
    """A reward model as a judge."""
    raise NotImplementedError


def by_metric(metric: Metric) -> Pointwise:
    """The likeness of a reply to the standard answer as a judge; MetierError where a comparison has no reference."""
    raise NotImplementedError


def by_rules(table: str) -> Pointwise:
    """The reward for keeping the rules of a table as a judge."""
    raise NotImplementedError

"""The course of a PPO run: its first rollouts beside its last, and from when on something has been so."""

import math
from collections.abc import Callable, Sequence
from statistics import fmean, median

import msgspec

from metier.train.ppo_line import PpoLine, PpoStart

WINDOW = 5
"""Rollouts of which a mean or median is looked at: one alone is mostly noise."""
TREND = 10
"""Fewest rollouts of which a course is told."""


class Course(msgspec.Struct, frozen=True):
    """A run: what was seen before its first update, and its rollouts."""

    start: PpoStart
    lines: Sequence[PpoLine]

    @property
    def width(self) -> int:
        """Rollouts in a window: fewer in a run that is short."""
        return max(1, min(WINDOW, len(self.lines) // 2))

    @property
    def rollout(self) -> float:
        """Replies of a rollout, on average."""
        return self.lines[-1].replies / self.lines[-1].step

    def windows(self, width: int = 0) -> list[Sequence[PpoLine]]:
        """All rollouts that follow each other, so many at a time; by default as many as a window has."""
        size = width or self.width
        return [self.lines[at : at + size] for at in range(len(self.lines) - size + 1)]

    @property
    def head(self) -> Sequence[PpoLine]:
        """The first rollouts."""
        return self.lines[: self.width]

    @property
    def tail(self) -> Sequence[PpoLine]:
        """The last rollouts."""
        return self.lines[-self.width :]

    @property
    def told(self) -> bool:
        """Whether there are enough rollouts to tell a course from chance."""
        return len(self.lines) >= TREND

    def since(self, bad: Callable[[Sequence[PpoLine]], bool]) -> int | None:
        """The step at which a fault that is there at the end was first seen without a break; None: it is not there."""
        found = None
        for window in reversed(self.windows()):
            if not bad(window):
                break
            found = window[-1].step
        return found

    def gain(self, of: Callable[[PpoLine], float]) -> tuple[float, float]:
        """How much a number in points of the score rose from head to tail, and the standard error of that."""
        rise = fmean(map(of, self.tail)) - fmean(map(of, self.head))
        return rise, self.start.score_deviation * math.sqrt(2 / (self.width * self.rollout))

    def noise(self, window: Sequence[PpoLine]) -> float:
        """The standard error of a window's median divergence: where small, its variance a reply is twice itself."""
        estimate = max(median(one.kl_estimate for one in window), 0.0)
        return 1.25 * math.sqrt(2 * estimate / (len(window) * self.rollout))

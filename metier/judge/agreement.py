"""How far two raters agree on the same matches: Pearson, Spearman and Cohen's kappa, each with its interval."""

from collections.abc import Sequence

import msgspec

from metier.records import Side


class Agreed(msgspec.Struct, frozen=True):
    """One measure of agreement with the number of matches behind it and its 95% interval."""

    value: float
    n: int
    low: float
    high: float


def pearson(one: Sequence[float], other: Sequence[float]) -> Agreed:
    """The correlation of two raters' leads."""
    raise NotImplementedError


def spearman(one: Sequence[float], other: Sequence[float]) -> Agreed:
    """The correlation of their ranks, ties at their mean rank."""
    raise NotImplementedError


def kappa(one: Sequence[Side], other: Sequence[Side]) -> Agreed:
    """Cohen's kappa of two raters' winners."""
    raise NotImplementedError


def accuracy(one: Sequence[Side], other: Sequence[Side]) -> Agreed:
    """The share of matches on which both name the same winner."""
    raise NotImplementedError

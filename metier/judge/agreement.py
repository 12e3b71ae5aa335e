"""How far two raters agree on the same matches: Pearson, Spearman and Cohen's kappa, each with its interval.

Winners and ratings take few values, and their correlations vary more than those of normal numbers: an interval of
Fisher's z alone holds the truth in 7 cases of 10 where winners correlate by .84. So the error is taken from the
matches, by what each of them adds to the measure (its influence, Hampel 1974, JASA 69), where that is the larger.

Matches are taken as independent of one another. Where a measure is not defined, as with a rater that says the same of
all, it is 0 with the whole range as its interval and ``why`` says so: it tells nothing.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import pstdev

import msgspec

from metier.proportion import Z, wilson
from metier.records import MetierError, Side

FEWEST = 4
"""Matches from which Fisher's z has an error."""


class Agreed(msgspec.Struct, frozen=True):
    """One measure of agreement with the number of matches behind it and its 95% interval."""

    value: float
    n: int
    low: float
    high: float
    why: str = ""
    """Why the value tells nothing; empty where it does."""


def pearson(one: Sequence[float], other: Sequence[float]) -> Agreed:
    """The correlation of two raters' leads.

    Its interval is by Fisher's z, whose error is at least 1 / sqrt(n - 3), that of normal leads (Fisher 1921).
    """
    return _correlation(one, other, lambda r: 1.0, _influence)


def spearman(one: Sequence[float], other: Sequence[float]) -> Agreed:
    """The correlation of their ranks, ties at their mean rank.

    Its interval is by Fisher's z, of variance (1 + r²/2) / (n - 3) at least (Bonett and Wright 2000, Psychometrika 65).
    """
    _check(one, other)
    return _correlation(ranks(one), ranks(other), lambda r: 1 + r * r / 2, _rank_influence)


def kappa(one: Sequence[Side], other: Sequence[Side]) -> Agreed:
    """Cohen's kappa of two raters' winners: agreement beyond what their habits alone would give (Cohen 1960).

    Its error is the asymptotic one (Fleiss, Cohen and Everitt 1969, Psychological Bulletin 72). Where that is nought,
    as in full agreement, the interval is Wilson's of the share of agreement, put on the scale of kappa.
    """
    n = _check(one, other)
    if min(len({*one}), len({*other})) < 2:
        return _unknown(n, "one rater says the same of all" if n else "no match")
    cells, rows, columns = Counter(zip(one, other, strict=True)), Counter(one), Counter(other)
    share = sum(count for (a, b), count in cells.items() if a == b) / n
    chance = sum(rows[side] * columns[side] for side in rows) / n**2
    value = (share - chance) / (1 - chance)
    spread = -((value - chance * (1 - value)) ** 2)
    for (a, b), count in cells.items():
        habits = (columns[a] + rows[b]) / n
        spread += count / n * ((1 - habits * (1 - value)) ** 2 if a == b else ((1 - value) * habits) ** 2)
    half = Z * math.sqrt(max(0.0, spread) / n) / (1 - chance)
    if half > 1e-9:
        return Agreed(value, n, max(-1.0, value - half), min(1.0, value + half))
    low, high = ((edge - chance) / (1 - chance) for edge in wilson(share, n))
    return Agreed(value, n, max(-1.0, min(low, value)), min(1.0, max(high, value)))


def accuracy(one: Sequence[Side], other: Sequence[Side]) -> Agreed:
    """The share of matches on which both name the same winner; its interval is Wilson's."""
    n = _check(one, other)
    if not n:
        return Agreed(0.0, 0, 0.0, 1.0, "no match")
    share = sum(a == b for a, b in zip(one, other, strict=True)) / n
    return Agreed(share, n, *wilson(share, n))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of every value from 1, equal values at the mean of their ranks."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    out = [0.0] * len(values)
    start = 0
    while start < len(order):
        stop = start
        while stop < len(order) and values[order[stop]] == values[order[start]]:
            stop += 1
        for at in order[start:stop]:
            out[at] = (start + 1 + stop) / 2
        start = stop
    return out


def _correlation(
    one: Sequence[float], other: Sequence[float], least: Callable[[float], float], influence: "_Influence"
) -> Agreed:
    """Pearson's r; ``least`` is the smallest that n - 3 times the variance of its z can be.

    For the interval r counts as no nearer to 1 than 1 - 1/n, so that a few matches never pass for certainty. Where all
    matches lie on one line, the interval is Wilson's of the share that does, put on the scale of a correlation.
    """
    n = _check(one, other)
    if n < 2:
        return _unknown(n, f"{n} match{'' if n == 1 else 'es'}")
    mine, theirs = _scaled(one), _scaled(other)
    if not mine or not theirs:
        return _unknown(n, "one rater says the same of all")
    r = max(-1.0, min(1.0, math.fsum(a * b for a, b in zip(mine, theirs, strict=True)) / n))
    if n < FEWEST:
        return Agreed(r, n, -1.0, 1.0)
    if 1 - abs(r) < 1e-9:
        far = 2 * wilson(1.0, n)[0] - 1
        return Agreed(r, n, *((min(r, far), 1.0) if r > 0 else (-1.0, max(r, -far))))
    inner = max(1 / n - 1, min(1 - 1 / n, r))
    seen = math.fsum(value * value for value in influence(mine, theirs, r)) / n / (1 - r * r) ** 2
    half = Z * math.sqrt(max(least(inner), seen) / (n - 3))
    return Agreed(r, n, min(r, math.tanh(math.atanh(inner) - half)), max(r, math.tanh(math.atanh(inner) + half)))


_Influence = Callable[[Sequence[float], Sequence[float], float], list[float]]
"""Values of mean 0 and variance 1 of two raters and their correlation -> what every match adds to it."""


def _influence(one: Sequence[float], other: Sequence[float], r: float) -> list[float]:
    return [a * b - r / 2 * (a * a + b * b) for a, b in zip(one, other, strict=True)]


def _rank_influence(one: Sequence[float], other: Sequence[float], r: float) -> list[float]:
    """A match counts by its own ranks, and by how it raises the ranks of those above it."""
    mine = _raised(one, [b - r * a for a, b in zip(one, other, strict=True)])
    theirs = _raised(other, [a - r * b for a, b in zip(one, other, strict=True)])
    return [own + (a + b) for own, a, b in zip(_influence(one, other, r), mine, theirs, strict=True)]


def _raised(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """What every value adds to ranks of variance 1 by being there: the weights above it, half of those beside it."""
    sums: dict[float, float] = defaultdict(float)
    for value, weight in zip(values, weights, strict=True):
        sums[value] += weight
    spread, above, found = pstdev(ranks(values)), 0.0, dict[float, float]()
    for value in sorted(sums, reverse=True):
        found[value] = (above + sums[value] / 2) / spread
        above += sums[value]
    return [found[value] for value in values]


def _scaled(values: Sequence[float]) -> list[float]:
    """Values of mean 0 and variance 1; none where all are equal, whatever their mean was rounded to."""
    if min(values) == max(values):
        return []
    mean = math.fsum(values) / len(values)
    norm = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    return [(value - mean) / norm for value in values]


def _unknown(n: int, why: str) -> Agreed:
    return Agreed(0.0, n, -1.0, 1.0, why)


def _check(one: Sequence[object], other: Sequence[object]) -> int:
    if len(one) != len(other):
        raise MetierError(f"two raters of {len(one):,} and {len(other):,} matches cannot agree; give both the same")
    return len(one)

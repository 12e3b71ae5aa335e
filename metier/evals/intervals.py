"""Estimates with 95% intervals: proportions, means, ratios and paired differences, clustered.

Intervals are formulas, so the same answers give the same interval; ``resampled`` draws, by a seed that it is given.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from metier.proportion import Z, cluster_sums, effective, student, wilson
from metier.records import Score


@dataclass(frozen=True)
class Estimate:
    """A value, the number of rows behind it, and its 95% interval."""

    value: float
    n: int
    low: float
    high: float

    def score(self, task: str, model: str, metric: str, by: dict[str, str]) -> Score:
        """The estimate under its key."""
        return Score(task, model, metric, by, self.value, self.n, self.low, self.high)


DRAWS = 2000
"""Resamples of a bootstrap."""
RARE = 10
"""Clusters with a hit, and with a miss, that a bootstrap of a share needs."""
WHOLE = 1000
"""Questions on which two models differ, up to which McNemar's p is counted in whole numbers."""
_ROOM = 1 << 21
"""Clusters drawn at a time, which bounds the memory."""


def proportion(hits: Sequence[bool], clusters: Sequence[Hashable]) -> Estimate:
    """A share of hits, with Wilson's interval at the effective number of trials.

    With one row a cluster this is Wilson's interval itself.
    """
    share = sum(hits) / len(hits)
    low, high = wilson(share, effective(hits, clusters))
    return Estimate(share, len(hits), low, high)


def ratio(tops: Sequence[float], bottoms: Sequence[float], clusters: Sequence[Hashable]) -> Estimate:
    """Sum of ``tops`` over sum of ``bottoms`` (bits per byte), with a cluster-robust interval.

    The variance is that of the linearised ratio, clusters as units (Cochran 1977, Sampling Techniques, 6.3), times
    Student's quantile. Fewer than two clusters give no interval: low and high are the value itself.
    """
    n, whole = len(tops), sum(bottoms)
    value = sum(tops) / whole
    rest = cluster_sums([top - value * bottom for top, bottom in zip(tops, bottoms, strict=True)], clusters)
    groups = len(rest)
    if groups < 2:
        return Estimate(value, n, value, value)
    error = math.sqrt(groups / (groups - 1) * sum(part * part for part in rest)) / abs(whole)
    half = student(groups - 1) * error
    return Estimate(value, n, value - half, value + half)


def mean(values: Sequence[float], clusters: Sequence[Hashable]) -> Estimate:
    """A mean with a cluster-robust interval (see ``ratio``)."""
    return ratio(values, [1.0] * len(values), clusters)


def paired(differences: Sequence[float]) -> Estimate:
    """The mean of differences between -1 and 1, one a question, such as right before minus right after.

    Half a gain, half a loss and one tie more than were seen keep the interval honest where all differences are nought
    (Agresti and Min 2005, Statistics in Medicine 24: an added half in each cell of the matched table).
    """
    n, total = len(differences), math.fsum(differences)
    squares = math.fsum(value * value for value in differences) + 1
    centre = total / (n + 2)
    half = Z * math.sqrt(max(0.0, squares - total * total / (n + 2))) / (n + 2)
    return Estimate(total / n, n, max(-1.0, centre - half), min(1.0, centre + half))


def resampled(values: Sequence[float], clusters: Sequence[Hashable], seed: int) -> Estimate:
    """The mean of values with a bootstrap interval: clusters are drawn with replacement, `DRAWS` times.

    Percentiles, taken a little further out for few clusters (Hesterberg 2015, The American Statistician 69, "expanded
    percentile"). What hardly varies cannot be resampled: a share with hits, or misses, in fewer than `RARE` clusters
    gets the interval of ``proportion``. Other values that are all alike have none, nor have those of one cluster.
    """
    n = len(values)
    value = math.fsum(values) / n
    if {*values} <= {0.0, 1.0}:
        some = [{cluster for one, cluster in zip(values, clusters, strict=True) if one == hit} for hit in (0.0, 1.0)]
        if min(map(len, some)) < RARE:
            return proportion([bool(one) for one in values], clusters)
    if min(values) == max(values):
        return Estimate(value, n, value, value)
    tops = np.array(cluster_sums(values, clusters))
    sizes = np.array(cluster_sums([1.0] * n, clusters))
    groups = len(tops)
    if groups < 2:
        return Estimate(value, n, value, value)
    draw = np.random.default_rng(seed)
    means = np.empty(DRAWS)
    step = max(1, _ROOM // groups)
    for start in range(0, DRAWS, step):
        rows = draw.integers(0, groups, (min(step, DRAWS - start), groups))
        means[start : start + step] = tops[rows].sum(1) / sizes[rows].sum(1)
    tail = NormalDist().cdf(-math.sqrt(groups / (groups - 1)) * student(groups - 1))
    low, high = (float(one) for one in np.quantile(means, (tail, 1 - tail)))
    return Estimate(value, n, min(low, value), max(high, value))


def average(parts: Sequence[Estimate], shared: float = 1.0) -> Estimate:
    """The plain mean of estimates, each counting alike whatever its n (macro average).

    The distances of their own limits are added as squares (the MOVER rule: Zou and Donner 2008, Statistics in Medicine
    27), as of independent parts; where clusters reach over several, the distances grow by ``shared``. They never reach
    beyond the mean of the parts' own limits, where all move together: Wilson's intervals give one between 0 and 1.
    """
    k = len(parts)
    value = math.fsum(part.value for part in parts) / k
    downs, ups = [part.value - part.low for part in parts], [part.high - part.value for part in parts]
    down, up = (min(math.fsum(some), shared * math.hypot(*some)) / k for some in (downs, ups))
    return Estimate(value, sum(part.n for part in parts), value - down, value + up)


def sharing(cells: Sequence[tuple[Sequence[float], Sequence[Hashable]]]) -> float:
    """By how much the error of a mean of cells (values, clusters) grows because clusters reach over several cells.

    The root of the variance of the mean with clusters as units over that with clusters cut at the cells; at least 1.
    Where nothing varies: as if all that a cluster holds moved together.
    """
    whole: dict[Hashable, float] = defaultdict(float)
    apart = pieces = 0.0
    for values, clusters in cells:
        share = math.fsum(values) / len(values)
        found: dict[Hashable, float] = defaultdict(float)
        for value, cluster in zip(values, clusters, strict=True):
            found[cluster] += (value - share) / len(values)
        for cluster, part in found.items():
            whole[cluster] += part
        apart += math.fsum(part * part for part in found.values())
        pieces += len(found)
    grown = math.fsum(part * part for part in whole.values()) / apart if apart else pieces / len(whole)
    return math.sqrt(max(1.0, grown))


def mcnemar(won: int, lost: int) -> float:
    """The two-sided exact p of McNemar's test: as many wins or losses, or more one-sided, were a coin thrown each time.

    Twice the smaller tail of the binomial with one half (McNemar 1947, Psychometrika 12), at most 1. Where the two
    differ more than a thousand times, whole numbers give way to logarithms (right to nine digits).
    """
    n, least = won + lost, min(won, lost)
    if n > WHOLE:
        tail = share = 1.0
        for k in range(least, 0, -1):
            share *= k / (n - k + 1)
            tail += share
        log = math.lgamma(n + 1) - math.lgamma(least + 1) - math.lgamma(n - least + 1) - n * math.log(2)
        return min(1.0, 2 * math.exp(log) * tail)
    term = total = 1
    for k in range(least):
        term = term * (n - k) // (k + 1)
        total += term
    return min(1.0, float(2 * total / 2**n))


def holm(ps: Sequence[float]) -> list[float]:
    """P values held up against each other, in the order given (Holm 1979, Scandinavian Journal of Statistics 6)."""
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda one: ps[one])):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted

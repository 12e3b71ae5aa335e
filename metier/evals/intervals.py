"""Estimates with 95% intervals: proportions, means, ratios and paired differences, clustered.

Nothing is drawn at random: every interval is a formula, so the same answers give the same interval.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from metier.proportion import Z, wilson
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


def student(df: int) -> float:
    """The 97.5% quantile of Student's t (Abramowitz and Stegun 26.7.5; within 1% from two degrees of freedom on)."""
    z = Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / float(df) ** power for power, term in enumerate(terms, 1))


def _cluster_sums(values: Sequence[float], clusters: Sequence[Hashable]) -> list[float]:
    sums: dict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value
    return list(sums.values())


def proportion(hits: Sequence[bool], clusters: Sequence[Hashable]) -> Estimate:
    """A share of hits, with Wilson's interval at the effective number of trials.

    With one row a cluster this is Wilson's interval itself. Otherwise the number of trials is divided by the design
    effect, the cluster-robust variance over the binomial one, kept between 1 and the mean cluster size (Dean and
    Pagano 2015, Survey Methodology 31; the variance as in Miller 2024, "Adding error bars to evals").
    """
    n = len(hits)
    share = sum(hits) / n
    sums = _cluster_sums([hit - share for hit in hits], clusters)
    groups = len(sums)
    effective = float(groups)
    if groups == n:
        effective = float(n)
    elif groups > 1 and 0 < share < 1:
        robust = groups / (groups - 1) * sum(value * value for value in sums) / n**2
        effective = min(float(n), max(float(groups), share * (1 - share) / robust if robust else float(n)))
    low, high = wilson(share, effective)
    return Estimate(share, n, low, high)


def ratio(tops: Sequence[float], bottoms: Sequence[float], clusters: Sequence[Hashable]) -> Estimate:
    """Sum of ``tops`` over sum of ``bottoms`` (bits per byte), with a cluster-robust interval.

    The variance is that of the linearised ratio, clusters as units (Cochran 1977, Sampling Techniques, 6.3), times
    Student's quantile. Fewer than two clusters give no interval: low and high are the value itself.
    """
    n, whole = len(tops), sum(bottoms)
    value = sum(tops) / whole
    rest = _cluster_sums([top - value * bottom for top, bottom in zip(tops, bottoms, strict=True)], clusters)
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

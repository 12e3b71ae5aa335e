"""The 95% interval of a proportion: what a number travels with, wherever it is counted."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
"""The normal quantile of a two-sided 95% interval, 1.96."""


def wilson(share: float, n: float) -> tuple[float, float]:
    """The score interval of a proportion seen in ``n`` trials (Wilson 1927); ``n`` may be an effective size."""
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def effective(hits: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """How many independent trials a share of hits is worth where hits of one cluster belong together.

    With one row a cluster that is the number of rows. Otherwise it is divided by the design effect, the cluster-robust
    variance over the binomial one (Dean and Pagano 2015, Survey Methodology 31; the variance as in Miller 2024, "Adding
    error bars to evals"), and lessened for few clusters by Student's quantile (Korn and Graubard 1998, Survey
    Methodology 24); it is kept between the number of clusters and that of rows.
    """
    n = len(hits)
    share = sum(hits) / n
    sums = cluster_sums([hit - share for hit in hits], clusters)
    groups = len(sums)
    if groups == n:
        return float(n)
    if groups < 2 or not 0 < share < 1:
        return float(groups)
    robust = groups / (groups - 1) * sum(value * value for value in sums) / n**2
    trials = share * (1 - share) / robust * (Z / student(groups - 1)) ** 2 if robust else float(n)
    return min(float(n), max(float(groups), trials))


def cluster_sums(values: Sequence[float], clusters: Sequence[Hashable]) -> list[float]:
    """The sum of the values of every cluster, in the order in which they come."""
    sums: dict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value
    return list(sums.values())


def student(df: int) -> float:
    """The 97.5% quantile of Student's t: exact for one and two degrees of freedom, from three on within .2%.

    Abramowitz and Stegun 26.7.5.
    """
    if df < 3:
        return math.tan(0.475 * math.pi) if df == 1 else 0.95 / math.sqrt(2 * 0.975 * 0.025)
    z = Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / float(df) ** power for power, term in enumerate(terms, 1))

"""The 95% interval of a proportion: what a number travels with, wherever it is counted."""

import math
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
"""The normal quantile of a two-sided 95% interval, 1.96."""


def wilson(share: float, n: float) -> tuple[float, float]:
    """The score interval of a proportion seen in ``n`` trials (Wilson 1927); ``n`` may be an effective size."""
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))

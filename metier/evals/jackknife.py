"""Intervals of what is no mean, such as BLEU of a corpus or macro-F1: every cluster is left out once."""

import math
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from metier.evals.intervals import Estimate, mean
from metier.proportion import student, wilson

Rows = NDArray[np.float64]


def jackknife(value: float, without: Sequence[float], n: int) -> Estimate:
    """A share with the interval that follows from its values without each cluster in turn (Efron and Stein 1981).

    Leave-one-out variance times Student's quantile, kept between 0 and 1. The variance errs on the wide side. Where
    nothing varies because all is 0 or all is 1, the interval is Wilson's with one trial a cluster. Another value of
    fewer than two clusters has no interval: low and high are the value itself.
    """
    groups = len(without)
    if value in (0.0, 1.0) and all(one == value for one in without):
        return Estimate(value, n, *wilson(value, max(1, groups)))
    if groups < 2:
        return Estimate(value, n, value, value)
    centre = math.fsum(without) / groups
    error = math.sqrt((groups - 1) / groups * math.fsum((one - centre) ** 2 for one in without))
    half = student(groups - 1) * error
    return Estimate(value, n, max(0.0, value - half), min(1.0, value + half))


def summed(rows: Rows, clusters: Sequence[Hashable], formula: Callable[[Rows], float]) -> Estimate:
    """The formula of the sum of all rows, shape (n, width), with the interval of ``jackknife``."""
    whole = rows.sum(axis=0)
    places = {cluster: place for place, cluster in enumerate(dict.fromkeys(clusters))}
    parts = np.zeros((len(places), rows.shape[1]))
    np.add.at(parts, [places[cluster] for cluster in clusters], rows)
    found: dict[bytes, float] = {}  # of classes there are few different rows, and of one model many
    for part in parts if len(parts) > 1 else ():
        if part.tobytes() not in found:
            found[part.tobytes()] = formula(whole - part)
    without = [found[part.tobytes()] for part in parts] if found else []
    return jackknife(formula(whole), without, len(rows))


def averaged(values: Sequence[float], clusters: Sequence[Hashable]) -> Estimate:
    """The mean of shares, its interval kept between 0 and 1 and, where all are 0 or all are 1, Wilson's (see above)."""
    made = mean(values, clusters)
    if made.value in (0.0, 1.0):
        return Estimate(made.value, made.n, *wilson(made.value, len(set(clusters))))
    return Estimate(made.value, made.n, max(0.0, made.low), min(1.0, made.high))

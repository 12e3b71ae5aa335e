"""The order in which items are trained: shuffled, drawn by the weight of their source, or source after source.

With weights, the next item is x with probability w(x) over the sum of w of what is not yet drawn (HuatuoGPT-II, section
3.2). Sorting keys drawn from Exp(1) / w gives exactly this law, with no limit on the number of items.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.integer | np.floating]
BLOCK = 1 << 22
"""Items whose keys are weighed at a time."""
COPYING = 1 << 32
"""In the place of an epoch it seeds the choice of copies, which is one for all epochs."""


@dataclass(frozen=True)
class Law:
    """How sources take turns: by a weight for each of their items, by a turn of each source, or evenly with neither."""

    weights: Floats | None = None
    turns: Whole | None = None


EVEN = Law()


def order(codes: Codes, law: Law, seed: int, epoch: int) -> Whole:
    """The items in the order they are drawn: a pure function of (seed, epoch); ``codes`` numbers each item's source."""
    keys = np.random.default_rng([seed % (1 << 64), epoch]).random(len(codes))
    for first in range(0, len(keys), BLOCK):
        some = keys[first : first + BLOCK]
        some[:] = -np.log1p(-some)
        if law.weights is not None:
            some /= law.weights[codes[first : first + BLOCK]]
    ranked = np.argsort(keys, kind="stable")
    if law.turns is not None:
        turns = law.turns.astype(np.int32)[codes]
        ranked = ranked[np.argsort(turns[ranked], kind="stable")]
    return ranked


def copies(codes: Codes, pools: Whole, draws: Whole, seed: int, epoch: int) -> Codes:
    """The numbers of the items of one pass, each as often as it has copies, by number.

    Of every source at most ``pools`` items take part, in ``draws`` copies, taken from a random order of its own. The
    next pass goes on where this one ends, so that over the passes all come equally often. Every copy is an item of its
    own for ``order``: HuatuoGPT-II draws each of its fine-tuning items three times.
    """
    kind: type[np.integer] = np.int32 if len(codes) < 1 << 31 else np.int64
    counts = np.bincount(codes, minlength=len(draws))
    numbers: Codes = np.arange(len(codes), dtype=kind)
    if np.array_equal(pools, counts) and np.array_equal(draws, counts):
        return numbers
    alike = (pools == counts) & (draws % np.maximum(counts, 1) == 0)
    times = np.where(alike, draws // np.maximum(counts, 1), 0).astype(np.int32)[codes]
    others = numbers[~alike[codes]]
    others = others[np.argsort(codes[others], kind="stable")]
    keys = np.random.default_rng([seed % (1 << 64), COPYING]).random(len(codes) if len(others) else 0)
    end = 0
    for source in np.flatnonzero(~alike & (counts > 0)).tolist():
        count, amount = int(counts[source]), int(draws[source])
        mine, end = others[end : end + count], end + count
        pool = min(int(pools[source]), amount)
        if pool:
            mine = mine[np.argsort(keys[mine], kind="stable")]
            mine = np.roll(mine, -(epoch * pool % count))[:pool]
            times[mine] = amount // pool
            times[np.roll(mine, -_offset(count, pool, amount, epoch))[: amount % pool]] += 1
    return np.repeat(numbers, times)


def _offset(count: int, pool: int, amount: int, epoch: int) -> int:
    """Where in its pool a pass begins to give one more copy.

    After ``count / gcd(count, pool)`` passes the pools have taken every item equally often, and every item of the same
    remainder by the gcd has had as many of these copies: from there on they go to the next remainders.
    """
    common = math.gcd(count, pool)
    return epoch // (count // common) * amount % common


def drawn(counts: Numbers, law: Law, amount: float) -> Floats:
    """How many items of each source are drawn, in expectation, when ``amount`` are drawn in all.

    The share of source k drawn by clock t is 1 - exp(-w_k t); t follows from the amount by bisection. An amount beyond
    one pass counts whole passes and a part of the next.
    """
    amounts: Floats = counts.astype(np.float64)
    total = float(amounts.sum())
    passes, rest = divmod(min(amount, 1e15), total) if total else (0.0, 0.0)
    if law.turns is not None:
        of_turn = np.bincount(law.turns, weights=amounts)
        before = (np.cumsum(of_turn) - of_turn)[law.turns]
        return np.asarray(amounts * passes + np.clip(rest - before, 0.0, amounts))
    if law.weights is None:
        return amounts * (passes + rest / total if total else 0.0)
    low, high = 0.0, 1.0
    while rest > 0 and float((amounts * -np.expm1(-law.weights * high)).sum()) < rest and high < 1e300:
        high *= 2
    for _ in range(200):
        clock = (low + high) / 2
        if float((amounts * -np.expm1(-law.weights * clock)).sum()) < rest:
            low = clock
        else:
            high = clock
    return amounts * passes + (amounts * -np.expm1(-law.weights * high) if rest else 0.0)


def expected_mix(counts: Numbers, law: Law, amount: float | None = None, parts: int = 10) -> Floats:
    """The closed-form mix of a run of ``amount`` items (by default one pass): parts x sources, rows sum to 1."""
    end = float(np.sum(counts)) if amount is None else amount
    marks = np.array([drawn(counts, law, end * part / parts) for part in range(parts + 1)])
    return shares(np.diff(marks, axis=0))


def realised_mix(codes: Codes, sources: int, amounts: Numbers | None = None, parts: int = 10) -> Floats:
    """The mix of items as they come, counted in items or in the amounts given: parts x sources."""
    total, before = float(len(codes) if amounts is None else amounts.sum()), 0.0
    table = np.zeros(parts * sources)
    for first in range(0, len(codes), BLOCK):
        some = codes[first : first + BLOCK]
        sizes = np.ones(len(some)) if amounts is None else amounts[first : first + BLOCK].astype(np.float64)
        ends = before + np.cumsum(sizes)
        part = np.minimum(((ends - sizes / 2) * parts / total).astype(np.int64), parts - 1)
        table += np.bincount(part * sources + some, weights=sizes, minlength=parts * sources)
        before = float(ends[-1])
    return shares(table.reshape(parts, sources))


def shares(table: Floats) -> Floats:
    """Every row divided by its sum; a row of nothing stays nothing."""
    sums = table.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(table, sums, out=np.zeros_like(table, dtype=np.float64), where=sums > 0))

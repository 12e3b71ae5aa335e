"""The order in which items are trained: shuffled, or drawn by the priority of their source without replacement.

With priorities, the next item is x with probability pi(x) over the sum of pi of what is not yet drawn (HuatuoGPT-II,
section 3.2). Sorting keys drawn from Exp(1) / pi gives exactly this law, with no limit on the number of items.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from metier.records import MetierError
from metier.text.suggest import did_you_mean

Codes = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def coded(sources: Iterable[str]) -> tuple[list[str], npt.NDArray[np.int32]]:
    """Source names in the order they first appear, and for each item the number of its name."""
    numbers: dict[str, int] = {}
    codes = np.fromiter((numbers.setdefault(source, len(numbers)) for source in sources), np.int32)
    return list(numbers), codes


def weights(sources: Sequence[str], priorities: Mapping[str, float]) -> Floats:
    """The priority of every source; one that has none, or none above zero, is a MetierError."""
    for source in sources:
        if source not in priorities:
            hint = did_you_mean(source, priorities)
            raise MetierError(f"priorities: the source {source!r} has none, add it or mend a name; {hint}")
        if not priorities[source] > 0 or priorities[source] == float("inf"):
            raise MetierError(f"priorities: {source!r} has {priorities[source]}; give a finite number above 0")
    return np.array([priorities[source] for source in sources], np.float64)


def order(codes: Codes, priorities: Floats | None, seed: int, epoch: int) -> Whole:
    """The items in the order they are drawn: a pure function of (seed, epoch).

    ``codes`` numbers the source of each item; ``priorities`` holds a weight for every source, None for a plain shuffle.
    """
    draws = np.random.default_rng([seed % (1 << 64), epoch]).random(len(codes))
    keys = -np.log1p(-draws)
    if priorities is not None:
        keys /= priorities[codes]
    return np.argsort(keys, kind="stable").astype(np.int64, copy=False)


def copies(codes: Codes, times: Floats, seed: int) -> Whole:
    """Item numbers with each repeated as often as its source says; a fraction is that share of the source's items.

    Every copy is an item of its own for ``order``: HuatuoGPT-II draws each of its fine-tuning items three times.
    """
    draws = np.random.default_rng([seed % (1 << 64), 1 << 32]).random(len(codes))
    whole = np.floor(times).astype(np.int64)[codes]
    for source, share in enumerate(times - np.floor(times)):
        mine = np.flatnonzero(codes == source)
        chosen = mine[np.argsort(draws[mine], kind="stable")[: round(share * len(mine))]]
        whole[chosen] += 1
    return np.repeat(np.arange(len(codes), dtype=np.int64), whole)


def drawn(counts: Floats, priorities: Floats | None, amount: float) -> Floats:
    """How many items of each source are drawn, in expectation, when ``amount`` are drawn in all.

    The share of source k drawn by clock t is 1 - exp(-pi_k t); t follows from the amount by bisection. An amount beyond
    one pass counts whole passes and a part of the next.
    """
    counts = np.asarray(counts, np.float64)
    total = float(counts.sum())
    passes, rest = divmod(min(amount, 1e15), total) if total else (0.0, 0.0)
    if priorities is None:
        return counts * (passes + rest / total if total else 0.0)
    low, high = 0.0, 1.0
    while rest > 0 and float((counts * -np.expm1(-priorities * high)).sum()) < rest and high < 1e300:
        high *= 2
    for _ in range(200):
        clock = (low + high) / 2
        if float((counts * -np.expm1(-priorities * clock)).sum()) < rest:
            low = clock
        else:
            high = clock
    return counts * passes + (counts * -np.expm1(-priorities * high) if rest else 0.0)


def expected_mix(counts: Floats, priorities: Floats | None, amount: float | None = None, parts: int = 10) -> Floats:
    """The closed-form mix of a run of ``amount`` items (by default one pass): parts x sources, rows sum to 1."""
    end = float(np.sum(counts)) if amount is None else amount
    marks = np.array([drawn(counts, priorities, end * part / parts) for part in range(parts + 1)])
    return shares(np.diff(marks, axis=0))


def realised_mix(codes: Codes, sources: int, amounts: Floats | None = None, parts: int = 10) -> Floats:
    """The mix of items as they come, counted in items or in the amounts given: parts x sources."""
    sizes = np.ones(len(codes)) if amounts is None else np.asarray(amounts, np.float64)
    ends = np.cumsum(sizes)
    part = np.minimum(((ends - sizes / 2) * parts / (ends[-1] if len(ends) else 1)).astype(np.int64), parts - 1)
    table = np.bincount(part * sources + codes, weights=sizes, minlength=parts * sources).astype(np.float64)
    return shares(table.reshape(parts, sources))


def shares(table: Floats) -> Floats:
    """Every row divided by its sum; a row of nothing stays nothing."""
    sums = table.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(table, sums, out=np.zeros_like(table, dtype=np.float64), where=sums > 0))

"""Priority order at the size of HuatuoGPT-II's corpus: the mix beside its closed form, and the time of 8 M rows.

python -m benchmarks.priority
"""

import sys
import time

import numpy as np

from benchmarks.bars import Bar, conclude
from metier.train.order import coded, copies, expected_mix, order, realised_mix

SOURCES = ("web", "literature", "encyclopedia", "books", "sft")
COUNTS = (1_035_111, 1_055_502, 558_242, 2_555_118, 142_248)
PRIORITIES = np.array([32.0, 16.0, 8.0, 4.0, 1.0])
TIMES = np.array([1.0, 1.0, 1.0, 1.0, 3.0])
ROWS = 8_000_000


def mix(seed: int) -> float:
    """Print the realised and expected mix of every decile; return their largest difference."""
    codes = np.repeat(np.arange(len(SOURCES), dtype=np.int32), COUNTS)
    urn = codes[copies(codes, TIMES, seed)]
    found = realised_mix(urn[order(urn, PRIORITIES, seed, 0)], len(SOURCES))
    expected = expected_mix(np.bincount(urn).astype(float), PRIORITIES)
    print(f"{len(urn):,} items, seed {seed}: share drawn (closed form)")
    print("progress  " + "".join(f"{name:>18}" for name in SOURCES))
    for decile, (own, form) in enumerate(zip(found, expected, strict=True)):
        cells = "".join(f"{f'{a:.4f} ({b:.4f})':>18}" for a, b in zip(own, form, strict=True))
        print(f"{decile * 10:3d}-{decile * 10 + 10:3d}%  {cells}")
    return float(np.abs(found - expected).max())


def seconds() -> float:
    """Time to number the sources of 8 M rows given by name and to order the rows."""
    names = [SOURCES[number] for number in np.random.default_rng(0).integers(0, len(SOURCES), ROWS)]
    start = time.perf_counter()
    known, codes = coded(names)
    ranked = order(codes, np.array([PRIORITIES[SOURCES.index(name)] for name in known]), 1, 0)
    spent = time.perf_counter() - start
    assert len(ranked) == ROWS
    return spent


def main() -> int:
    """Print the table and the bars; the exit code is 1 where a bar does not hold."""
    difference, spent = max(mix(seed) for seed in (1, 2)), seconds()
    print(f"largest difference {difference:.5f}; {ROWS:,} rows ordered in {spent:.2f} s")
    bars = [
        Bar("decile mix against the closed form", round(difference, 5), "share", "<= 0.01"),
        Bar("8 M rows ordered", round(spent, 2), "s", "<= 10"),
    ]
    return conclude("priority", bars)


if __name__ == "__main__":
    sys.exit(main())

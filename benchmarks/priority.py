"""Priority order at the size of HuatuoGPT-II's corpus: the mix beside its closed form, and what 50 M items cost.

python -m benchmarks.priority
"""

import resource
import subprocess
import sys
import time

import numpy as np

from benchmarks.bars import Bar, conclude
from metier.train.mixing import Mix, mix
from metier.train.one_stage import OneStage
from metier.train.order import realised_mix

COUNTS = {"web": 1_035_111, "literature": 1_055_502, "encyclopedia": 558_242, "books": 2_555_118, "sft": 142_248}
HUATUO = OneStage(
    priorities={"web": 32, "literature": 16, "encyclopedia": 8, "books": 4, "sft": 1}, epochs={"sft": 3.0}
)
ROWS = 50_000_000


def mixed(rows: int | None = None) -> tuple[Mix, np.ndarray]:
    """The mix and the source of every item, of HuatuoGPT-II's counts or as many of them as make up the rows."""
    scale = 1.0 if rows is None else rows / (sum(COUNTS.values()) + 2 * COUNTS["sft"])
    counts = [round(count * scale) for count in COUNTS.values()]
    return mix(HUATUO, list(COUNTS), counts), np.repeat(np.arange(len(COUNTS), dtype=np.int32), counts)


def difference(seed: int) -> float:
    """Print the realised and expected mix of every tenth; return their largest difference."""
    made, codes = mixed()
    ranked = made.rank(codes, seed, 0)
    found, expected = realised_mix(codes[ranked], len(COUNTS)), made.expect()
    print(f"{len(ranked):,} items, seed {seed}: share drawn (closed form)")
    print("progress  " + "".join(f"{name:>18}" for name in COUNTS))
    for tenth, (own, form) in enumerate(zip(found, expected, strict=True)):
        cells = "".join(f"{f'{a:.4f} ({b:.4f})':>18}" for a, b in zip(own, form, strict=True))
        print(f"{tenth * 10:3d}-{tenth * 10 + 10:3d}%  {cells}")
    return float(np.abs(found - expected).max())


def cost(rows: int) -> None:
    """Print the seconds of ordering so many items and copies, and the most memory of this process in GB."""
    made, codes = mixed(rows)
    start = time.perf_counter()
    ranked = made.rank(codes, 1, 0)
    spent = time.perf_counter() - start
    assert abs(len(ranked) - rows) < 10
    print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9)


def main() -> int:
    """Print the table and the bars; the exit code is 1 where a bar does not hold."""
    if len(sys.argv) > 1:
        cost(int(sys.argv[1]))
        return 0
    worst = max(difference(seed) for seed in (1, 2))
    command = [sys.executable, "-m", "benchmarks.priority", str(ROWS)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds, memory = map(float, said.split())
    print(f"largest difference {worst:.5f}; {ROWS:,} items: {seconds:.1f} s, {memory:.2f} GB at most")
    bars = [
        Bar("tenths of the mix against the closed form", round(worst, 5), "share", "<= 0.01"),
        Bar("50 M items ordered", round(seconds, 1), "s", "<= 60"),
        Bar("50 M items ordered, memory", round(memory, 2), "GB", "<= 2"),
    ]
    return conclude("priority", bars)


if __name__ == "__main__":
    sys.exit(main())

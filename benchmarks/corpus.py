"""The corpus room against its bars: one fused pass beside the floor, memory and time at ten times the size, and
precision and recall on a corpus whose truth is known.

python -m benchmarks.corpus [--megabytes 210] [--text FILE.jsonl] [--size 3] [--rounds 3] [--large 500]

Without --text, prose is gathered from the documentation on this machine. The peers have benchmarks of their own:
benchmarks.near and benchmarks.quality.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.bars import Bar, conclude
from benchmarks.prose import write_jsonl
from benchmarks.truth import Truth, duplicates, leaks, personal

CORES = 2
PATTERNED = ("address", "card", "date", "email", "id_card", "phone", "record")


def floor(file: Path) -> float:
    """Seconds to read JSON Lines and write them as Parquet with zstd, on one thread and nothing else."""
    import pyarrow as pa
    import pyarrow.json as pj
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    with tempfile.TemporaryDirectory() as home:
        start = time.perf_counter()
        options = pj.ReadOptions(use_threads=False, block_size=8 << 20)
        pq.write_table(pj.read_json(file, read_options=options), Path(home) / "floor.parquet", compression="zstd")
        return time.perf_counter() - start


def ours(file: Path) -> dict[str, float]:
    """The recipe of benchmarks.scale on a file, in a process of its own that is warm."""
    command = [sys.executable, "-m", "benchmarks.scale", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def head(file: Path, out: Path, megabytes: float) -> Path:
    """The first lines of a file, about so many megabytes of them."""
    size = 0
    with file.open("rb") as lines, out.open("wb") as some:
        for line in lines:
            if size + len(line) > megabytes * 1e6:
                break
            size += len(line)
            some.write(line)
    return out


def speed(file: Path, rounds: int) -> list[Bar]:
    """Floor and ours one after the other, a few times; the medians of the ratios."""
    size = file.stat().st_size / 1e6
    floor(file)
    passes, wholes = [], []
    print(f"{size:.0f} MB of JSON Lines, {CORES} cores")
    for number in range(rounds):
        lowest, found = floor(file), ours(file)
        passes.append(lowest / found["pass"] / CORES)
        wholes.append(lowest / found["whole"] / CORES)
        print(
            f"round {number}: floor {size / lowest:.0f} MB/s on one thread; pass {size / found['pass']:.0f} MB/s, "
            f"whole {size / found['whole']:.0f} MB/s, {found['cpu'] / size * 1e3:.1f} ms of processor a MB in all, "
            f"{found['peak']:.0f} MB at most"
        )
    return [
        Bar("pass up to the signatures, share of the floor per core", round(median(passes), 3), "", ">= 0.25"),
        Bar("the same with duplicates decided and taken out", round(median(wholes), 3), "", ">= 0.25"),
    ]


def growth(file: Path, home: Path, large: float) -> list[Bar]:
    """Memory and time a megabyte at a size and at a tenth of it."""
    small, big = ours(head(file, home / "small.jsonl", large / 10)), ours(head(file, home / "large.jsonl", large))
    for found in (small, big):
        rate = found["whole"] / found["megabytes"] * 1e3
        print(f"{found['megabytes']:.0f} MB: {found['peak']:.0f} MB at most, {rate:.1f} ms a MB")
    rates = [found["whole"] / found["megabytes"] for found in (small, big)]
    return [
        Bar("memory at ten times the input", round(big["peak"] / small["peak"], 2), "x", "<= 1.3"),
        Bar("time a MB at ten times the input", round(rates[1] / rates[0], 2), "x", "<= 1.15"),
    ]


def trust(size: float, seed: int) -> list[Bar]:
    """What is found, kept and deleted of a corpus whose truth is known."""
    truth = Truth(size, seed)
    least = {
        "exact copies found": ">= 1", "near copies found at J >= .8": ">= 0.99",
        "Chinese copies found, 3% edited": ">= 0.9", "near copies removed that have J >= .7": ">= 0.99",
        "twins deleted": "<= 0", "conflicts listed": ">= 0.95", "clean documents taken for leaks": "<= 0.001",
        "exam items found, verbatim": ">= 0.99", "exam items found, punctuation": ">= 0.99",
        "exam items found, options": ">= 0.95",
    }  # fmt: skip
    bars = []
    for name, (value, n) in (duplicates(truth) | leaks(truth)).items():
        if name in least:
            bars.append(Bar(f"{name} (n = {n})", value, "", least[name]))
        else:
            print(f"{name} (n = {n}): {value:.4f}")
    for kind, language, recall, precision, n in personal(truth):
        known = kind in PATTERNED
        bars.append(Bar(f"{kind} {language}: recall (n = {n})", recall, "", ">= 0.99" if known else ">= 0.9"))
        bars.append(Bar(f"{kind} {language}: precision", precision, "", ">= 0.97" if known else ">= 0.9"))
    return bars


def main() -> int:
    """Print the tables and the bars; the exit code is 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=210)
    parser.add_argument("--large", type=float, default=500, help="megabytes of the larger run for memory and time")
    parser.add_argument("--text", type=Path, help="JSON Lines with text and source; gathered here by default")
    parser.add_argument("--size", type=float, default=3, help="size of the made corpus")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    found = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        text = found.text or home / "prose.jsonl"
        if not found.text:
            write_jsonl(text, max(found.megabytes, found.large))
        bars = speed(head(text, home / "some.jsonl", found.megabytes), found.rounds)
        bars += growth(text, home, found.large)
    return conclude("corpus", bars + trust(found.size, found.seed))


if __name__ == "__main__":
    sys.exit(main())

"""Reading JSON Lines and Parquet beside the floor: what pyarrow needs to read the same file on one thread.

python -m benchmarks.read [--megabytes 100]

Records of 2 to 4 kB, with four short columns each, are cut from text that lies about on the machine (manuals and
licences under /usr/share), or from made-up sentences where there is none. CPU-seconds count every thread.
"""

import argparse
import gzip
import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq
import zstandard

from benchmarks.bars import Bar, conclude
from metier.corpus.read import Read, read

PLACES = ("/usr/share/doc", "/usr/share/perl", "/usr/share/common-licenses", "/usr/share/man", "/usr/lib/python3")
WORDS = [
    "the",
    "dose",
    "of",
    "a",
    "drug",
    "is",
    "what",
    "doctor",
    "writes",
    "and",
    "nurse",
    "gives",
    "when",
    "due",
    ".",
]
TIMES = 5
"""Runs of which the best counts."""


def found() -> Iterator[str]:
    """Texts of this machine, those of code and of pages included."""
    for path in itertools.chain.from_iterable(sorted(Path(place).rglob("*")) for place in PLACES):
        try:
            data = path.read_bytes() if path.is_file() else b""
            yield (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        except (OSError, EOFError, UnicodeDecodeError):
            continue


def written(folder: Path, megabytes: int) -> Path:
    """A file of so many megabytes of records."""
    draw = random.Random(0)
    pieces: list[str] = []
    size = 0
    for piece in found():
        pieces.append(piece)
        size += len(piece)
        if size > megabytes << 20:
            break
    text = "\n".join(pieces)
    if len(text) < 1 << 20:
        text = " ".join(draw.choices(WORDS, k=1 << 20))
    path = folder / "a.jsonl"
    at = size = number = 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes << 20:
            length = draw.randint(2000, 4000)
            at = at if at + length < len(text) else 0
            row = {"text": text[at : at + length].strip() or "blank", "url": f"https://example.org/{number}"}
            more = {"number": number, "score": draw.random(), "ok": number % 2 == 0}
            size += file.write(json.dumps({**row, **more}, ensure_ascii=False) + "\n")
            at, number = at + length, number + 1
    return path


def cost(run: Callable[[], object], path: Path, size: float) -> tuple[float, float]:
    """(CPU milliseconds, wall milliseconds) a megabyte of JSON Lines, the best of some runs."""
    spent = []
    for _ in range(TIMES):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        spent.append(((time.process_time() - cpu) * 1e3 / size, (time.perf_counter() - wall) * 1e3 / size))
    best = min(cpu for cpu, _ in spent), min(wall for _, wall in spent)
    print(f"{path.name:<14} {best[0]:6.2f} ms CPU/MB {best[1]:6.2f} ms wall/MB")
    return best


def ours(path: Path) -> int:
    """Read a file as a recipe does; the number of rows."""
    return sum(len(batch) for batch in read(Read(paths=str(path))))


def floor(path: Path, out: Path) -> None:
    """Read the file with pyarrow and write it as Parquet, on one thread."""
    table = pj.read_json(path, read_options=pj.ReadOptions(use_threads=False, block_size=4 << 20))
    pq.write_table(table, out, compression="zstd")


def main() -> int:
    """Print the table and the bars; the exit code is 1 where a bar does not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=100)
    megabytes = parser.parse_args().megabytes
    pa.set_cpu_count(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = written(folder, megabytes)
        size = path.stat().st_size / 1e6
        parquet, zst, gz = folder / "a.parquet", folder / "a.jsonl.zst", folder / "a.jsonl.gz"
        print(f"{size:.0f} MB of JSON Lines, {ours(path):,} records")
        lowest = cost(lambda: floor(path, parquet), Path("pyarrow, floor"), size)
        zst.write_bytes(zstandard.compress(path.read_bytes()))
        gz.write_bytes(gzip.compress(path.read_bytes(), 6))
        plain, _, _, _ = (cost(partial(ours, one), one, size) for one in (path, zst, gz, parquet))
    bars = [
        Bar("CPU of reading JSON Lines", round(plain[0], 2), "ms/MB", "<= 5"),
        Bar("CPU beside read and write by pyarrow", round(plain[0] / lowest[0], 3), "times", "<= 1.5"),
        Bar("wall beside read and write by pyarrow", round(plain[1] / lowest[1], 3), "times", "<= 1.5"),
    ]
    return conclude("read", bars)


if __name__ == "__main__":
    sys.exit(main())

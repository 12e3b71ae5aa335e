"""A barrier whose narrow tables are larger than the memory it takes: many short documents, exact and near duplicates.

python -m benchmarks.barrier [--rows 4000000]
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.bars import Bar, conclude
from metier.recipe import load
from metier.run.make import run

RECIPE = """
name: barrier
seed: 1
steps:
  pages: {{use: corpus.read, paths: "{file}"}}
  unique: {{use: corpus.dedup, near: {{}}}}
"""
WORDS, COPIES, PART = 14, 100, 200_000
"""Words of a document; one document in so many repeats an earlier one; rows written at a time."""


def write(file: Path, rows: int) -> None:
    """Documents of random words as a Parquet file."""
    random = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    vocabulary = pa.array(["".join(random.choice(letters, 6)) for _ in range(50_000)], pa.large_string())
    space = pa.scalar(" ", pa.large_string())
    schema = pa.schema([("text", pa.large_string())])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for _ in range(0, rows, PART):
            picked = [vocabulary.take(pa.array(random.integers(0, len(vocabulary), PART))) for _ in range(WORDS)]
            text = pc.binary_join_element_wise(*picked, space)
            where = np.arange(PART)
            where[::COPIES] = random.integers(0, PART, len(where[::COPIES]))
            writer.write_table(pa.table({"text": text.take(pa.array(where))}, schema))


def main() -> int:
    """Print the table and the bars; the exit code is 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        write(home / "short.parquet", rows)
        recipe = home / "barrier.yaml"
        recipe.write_text(RECIPE.format(file=home / "short.parquet"))
        start = time.perf_counter()
        run(load(str(recipe)), home / "runs")
        spent = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table = rows * (20 + 5) * 8 / 2**20
    print(
        f"{rows:,} documents: narrow tables {table:.0f} MB without ids, {peak:.0f} MB of memory at most, {spent:.0f} s"
    )
    return conclude("barrier", [Bar("memory against the narrow tables", round(peak / table, 2), "x", "<= 1")])


if __name__ == "__main__":
    sys.exit(main())

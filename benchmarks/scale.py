"""One corpus recipe on a file, in a process of its own: how long it took, and how much memory at most.

python -m benchmarks.scale FILE [--exact]   prints one JSON object
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from metier.run.memory import settle

settle()

from metier.recipe import load  # noqa: E402
from metier.run.make import run  # noqa: E402

RECIPE = """
name: scale
seed: 1
steps:
  exam: {{use: world.planted, classes: [exam]}}
  pages: {{use: corpus.read, paths: "{file}", source_column: source}}
  quality: {{use: corpus.quality}}
  repetition: {{use: corpus.repetition}}
  clear: {{use: corpus.decontaminate, from: {{batch: repetition, exams: exam}}}}
  unique: {{use: corpus.dedup, near: {near}}}
"""
WARM = 10_000
"""Documents of the run before the one that is timed: it loads the libraries and the compiled kernels."""


def write_recipe(file: Path, home: Path, near: bool = True) -> str:
    """The recipe of a pass over a file: read, quality, repetition, exam items, exact and near duplicates."""
    recipe = home / f"{file.stem}.yaml"
    recipe.write_text(RECIPE.format(file=file, near="{}" if near else "null"))
    return str(recipe)


def measure(file: Path, home: Path, near: bool = True) -> dict[str, float]:
    """Seconds of the pass that reads and writes, of the whole, of processors; megabytes of memory at most."""
    recipe = load(write_recipe(file, home, near))
    start, used = time.time(), time.process_time()
    run(recipe, home / "runs", to=["exam"])
    prepared, used = time.time(), time.process_time()
    run(recipe, home / "runs")
    ended, spent = time.time(), time.process_time() - used
    events = [json.loads(line) for line in (home / "runs/scale/log.jsonl").read_text().splitlines()]
    passed = max(event["time"] for event in events if event["event"] == "step" and event["step"] == "repetition")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = file.stat().st_size / 1e6
    return {
        "megabytes": size, "exam": prepared - start, "pass": passed - prepared, "whole": ended - prepared,
        "cpu": spent, "peak": peak,
    }  # fmt: skip


def warm(file: Path, home: Path) -> None:
    """Run the recipe on the head of the file."""
    head = home / "warm.jsonl"
    with file.open(encoding="utf-8") as lines, head.open("w", encoding="utf-8") as out:
        out.writelines(line for _, line in zip(range(WARM), lines, strict=False))
    (home / "warm").mkdir()
    measure(head, home / "warm")


def main() -> None:
    """Warm up, measure once, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--exact", action="store_true", help="exact duplicates only")
    found = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        warm(found.file, Path(home))
        print(json.dumps(measure(found.file, Path(home), not found.exact)))


if __name__ == "__main__":
    main()

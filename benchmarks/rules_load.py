"""How long it takes to have a large table of rules at hand, and how much memory: 50,000 entities, 160,000 pairs.

python -m benchmarks.rules_load [--runs 3]

In a process of its own, imports included: both CSV files are read, classes closed, rules indexed, the names of all
entities put into the matcher, and a first text searched for them, misspelt ones too, as a guard does at its start.
Then rules are looked up for a dozen entities that a text may name.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.bars import Bar, conclude
from benchmarks.rules_big import written

SCRIPT = """
import json, random, resource, sys, time
begin = time.perf_counter()
from metier.rules.names import Names
from metier.rules.table import read
imported = time.perf_counter()
table = read(sys.argv[1])
tabled = time.perf_counter()
names = Names(table.entities.values(), 1)
assert names.find(table.entities["D9"].names[0].name)
named, cpu = time.perf_counter(), time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
assert len(table.rules) == 160_000 and len(table.entities) == 50_000
draw = random.Random(0)
ids = list(table.entities)
groups = [draw.sample(ids, 12) for _ in range(1000)] + [list(rule.members) for rule in table.rules[::160]]
start = time.perf_counter()
found = sum(len(table.concerning(group)) for group in groups)
each = (time.perf_counter() - start) / len(groups)
assert found >= 1000
print(json.dumps({
    "imports": imported - begin, "table": tabled - imported, "names": named - tabled, "load": named - begin,
    "peak": peak, "cpu": cpu, "lookup": each * 1e6,
}))
"""


def measured(place: Path, runs: int) -> dict[str, float]:
    """The quickest of some loads, each in a new process: seconds by part, memory in MB, microseconds a look-up."""
    found: list[dict[str, float]] = []
    for _ in range(runs):
        command = [sys.executable, "-c", SCRIPT, str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    return min(found, key=lambda one: one["load"])


def bars(runs: int = 3) -> list[Bar]:
    """Load a table of a seed and hold what it took against the bars."""
    with tempfile.TemporaryDirectory() as name:
        took = measured(written(Path(name)), runs)
    parts = ", ".join(f"{part} {took[part]:.2f} s" for part in ("imports", "table", "names"))
    print(f"{parts}; the process took {took['cpu']:.2f} s of a processor, its start included")
    return [
        Bar("load 50,000 entities and 160,000 rules", took["load"], "s", "<= 3"),
        Bar("memory of the process", took["peak"], "MB", "<= 500"),
        Bar("rules among a dozen entities", took["lookup"], "us", "<= 100"),
    ]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    return conclude("rules_load", bars(parser.parse_args().runs))


if __name__ == "__main__":
    sys.exit(main())

"""Kill one run with -9 again and again at random moments, and hold it to the scores of a run left in peace.

python -m benchmarks.crash [--recipe quickstart] [--kills 10] [--seed 1]
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.bars import Bar, conclude
from metier.artefact import Artefact
from metier.recipe import load


def start(recipe: str, runs: Path) -> "subprocess.Popen[bytes]":
    """One run of the command line, in a process group of its own."""
    command = [sys.executable, "-m", "metier.cli", "run", recipe, "--runs", str(runs)]
    runs.mkdir(parents=True, exist_ok=True)
    log = (runs / "output.txt").open("ab")
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def finish(process: "subprocess.Popen[bytes]", runs: Path) -> None:
    """Wait for the end of a run; a failure shows what it printed."""
    if process.wait():
        sys.exit((runs / "output.txt").read_text()[-3000:] + f"\nthe run ended with {process.returncode}")


def standing(root: Path) -> set[str]:
    """The steps that are finished, by step and fingerprint."""
    found = {place.parent.name: Artefact(place.parent).manifest for place in root.glob("*/manifest.json")}
    return {f"{name} {manifest.fingerprint}" for name, manifest in found.items() if manifest is not None}


def made(root: Path) -> Counter[str]:
    """How often each step and each shard was finished, from the run's log."""
    lines = (root / "log.jsonl").read_bytes().splitlines() if (root / "log.jsonl").exists() else []
    counts: Counter[str] = Counter()
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        counts[f"{event['event']} {event['step']} {event.get('shard', '')} {event['fingerprint']}"] += 1
    return counts


def files(root: Path) -> dict[str, bytes]:
    """Everything in a run but its log and its lock: records, weights, losses, manifests, scores and report."""
    found = [path for path in root.rglob("*") if path.is_file() and path.name not in ("log.jsonl", ".lock")]
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def disturb(recipe: str, runs: Path, root: Path, moments: list[float]) -> int:
    """Kill a run once at each moment; return how many kills hit it. What stood must go on standing."""
    hits = 0
    for number, moment in enumerate(moments, 1):
        before = standing(root)
        process = start(recipe, runs)
        try:
            process.wait(timeout=moment)
            finish(process, runs)
            print(f"kill {number:2}: the run was over before {moment:.1f} s")
            continue
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        hits += 1
        after = standing(root)
        half = sorted(path.name.split(".")[1] for path in root.glob(".*.partial"))
        print(
            f"kill {number:2}: after {moment:5.1f} s, {len(after)} steps stand (+{len(after - before)}), "
            f"half-made: {', '.join(half) or '-'}"
        )
        assert before <= after, f"finished before, gone now: {before - after}"
    finish(start(recipe, runs), runs)
    return hits


def main() -> int:
    """Run both, compare, conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="quickstart")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    name = load(given.recipe).name
    with tempfile.TemporaryDirectory() as place:
        calm, wild = Path(place) / "calm", Path(place) / "wild"
        begin = time.monotonic()
        finish(start(given.recipe, calm), calm)
        seconds = time.monotonic() - begin
        print(f"undisturbed: {seconds:.0f} s")
        draw = random.Random(given.seed)
        # so short that ten of them do not add up to a whole run, so long that work is done in between
        moments = [draw.uniform(1, max(3.0, 0.2 * seconds)) for _ in range(given.kills)]
        hits = disturb(given.recipe, wild, wild / name, moments)
        ours, theirs = files(calm / name), files(wild / name)
        different = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
        for path in different:
            print(f"differs: {path}")
        again = {what: count for what, count in made(wild / name).items() if count > 1}
        for what, count in again.items():
            print(f"made {count} times: {what}")
        bars = [
            Bar("kills that hit a running process", hits, "kills", f"= {given.kills}"),
            Bar("scores that differ", float(ours["scores.json"] != theirs.get("scores.json")), "files", "= 0"),
            Bar("files of any kind that differ", len(different), "files", "= 0"),
            Bar("finished steps or shards made again", len(again), "times", "= 0"),
        ]
        return conclude("crash", bars)


if __name__ == "__main__":
    sys.exit(main())

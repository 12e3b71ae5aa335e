"""Kill one run with -9 again and again at random moments, and hold it to the files of a run left in peace.

python -m benchmarks.crash [--recipe quickstart] [--kills 10] [--seed 1]
python -m benchmarks.crash --recipe corpus [--size 2] [--shard-mb 1]

A recipe that begins with a planted corpus is short and has one shard: it is given the same corpus larger and from
files, so that its passes have many shards. Every second kill then waits for one of three states that a random moment
seldom meets: among shards, between the sketches of a barrier and its decision, between that and the last shard after.
"""

import argparse
import contextlib
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

Moment = float | str
"""When a run is killed: after so many seconds, or as soon as it is in one of the ``STATES``."""
STATES = ("among shards", "sketched", "decided")


def start(recipe: list[str], runs: Path) -> "subprocess.Popen[bytes]":
    """One run of the command line, in a process group of its own; ``recipe`` is its name and options."""
    command = [sys.executable, "-m", "metier.cli", "run", *recipe, "--runs", str(runs)]
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


def states(root: Path) -> dict[str, set[str]]:
    """The half-made steps by what stands of them: some shards; every sketch of a barrier; its decision."""
    places = {place.name.split(".")[1]: place for place in root.glob(".*.partial")}
    shards = {step for step, place in places.items() if any(place.glob("shards/*.json"))}
    decided = {step for step, place in places.items() if (place / "decision.parquet").exists()}
    sketched = {step for step, place in places.items() if any(place.glob("sketch/*/*.parquet"))} - decided
    # while a pass is under way its sketches are not all there
    return dict(zip(STATES, (shards, sketched if not shards else set(), decided), strict=True))


def kill(process: "subprocess.Popen[bytes]", root: Path, moment: Moment) -> bool:
    """Kill a run at its moment; False where it was over before."""
    if isinstance(moment, str):
        while process.poll() is None and not states(root)[moment]:
            time.sleep(0.001)
    else:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=moment)
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def disturb(recipe: list[str], runs: Path, root: Path, moments: list[Moment]) -> tuple[int, Counter[str]]:
    """Kill a run once at each moment; how many kills hit it, and in which states. What stood must go on standing."""
    hits, met = 0, Counter[str]()
    for number, moment in enumerate(moments, 1):
        before = standing(root)
        process = start(recipe, runs)
        told = f"{moment:5.1f} s" if isinstance(moment, float) else moment
        if not kill(process, root, moment):
            finish(process, runs)
            print(f"kill {number:2}: the run was over before: {told}")
            continue
        hits += 1
        after, found = standing(root), states(root)
        met.update(state for state, steps in found.items() if steps)
        half = [f"{', '.join(sorted(steps))} {state}" for state, steps in found.items() if steps]
        print(
            f"kill {number:2}: {told}: {len(after)} steps stand (+{len(after - before)}), "
            f"{len(list(root.glob('.*.partial/shards/*.json')))} shards; {'; '.join(half) or '-'}",
            flush=True,
        )
        assert before <= after, f"finished before, gone now: {before - after}"
    finish(start(recipe, runs), runs)
    return hits, met


def planted(recipe: str, place: Path, size: float, shard_mb: float) -> list[str]:
    """Options that feed a recipe its planted corpus from files, which are cut into shards; none for another recipe."""
    steps = load(recipe).steps
    first = next(iter(steps.values()))
    if first.stage.name != "world.planted":
        return []
    source = place / "planted.yaml"
    columns = "[id, text, source, kind, language, licence]"
    source.write_text(
        f"name: planted\nseed: 1\nsteps:\n  world: {{use: world.planted, size: {size}}}\n"
        f"  files: {{use: corpus.write, from: world, to: {place / 'files'}, columns: {columns}}}\n"
    )
    finish(start([str(source)], place), place)
    read = f"{{use: corpus.read, paths: '{place / 'files'}/*.jsonl', id: id, source_column: source, language: en}}"
    changes = [f"shard_mb={shard_mb}", f"steps.{first.name}={read}"]
    for step in steps.values():
        feeds = {name: feed for name, feed in step.feeds.items() if name == "exams" and not isinstance(feed, dict)}
        changes += [f"steps.{step.name}.from.{name}={place / 'planted' / first.name}" for name in feeds]
    return [word for change in changes for word in ("--set", change)]


def choose(draw: random.Random, kills: int, seconds: float, aimed: bool) -> list[Moment]:
    """When to kill: so early that the kills do not add up to a whole run, so late that work is done in between."""
    latest = max(3.0, (0.1 if aimed else 0.2) * seconds)
    moments: list[Moment] = [draw.uniform(1, latest) for _ in range(kills)]
    for number in range(1, kills, 2) if aimed else ():
        moments[number] = STATES[number // 2 if number // 2 < len(STATES) else 0]
    return moments


def main() -> int:
    """Run both, compare, conclude."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="quickstart")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=float, default=2, help="of a planted corpus; 1 is 14 MB")
    parser.add_argument("--shard-mb", type=float, default=1, help="of a planted corpus")
    given = parser.parse_args()
    name = load(given.recipe).name
    with tempfile.TemporaryDirectory() as place:
        calm, wild = Path(place) / "calm", Path(place) / "wild"
        options = planted(given.recipe, Path(place), given.size, given.shard_mb)
        recipe = [given.recipe, *options]
        begin = time.monotonic()
        finish(start(recipe, calm), calm)
        seconds = time.monotonic() - begin
        print(f"undisturbed: {seconds:.0f} s", flush=True)
        moments = choose(random.Random(given.seed), given.kills, seconds, aimed=bool(options))
        hits, met = disturb(recipe, wild, wild / name, moments)
        ours, theirs = files(calm / name), files(wild / name)
        different = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
        for path in different:
            print(f"differs: {path}")
        finished = made(wild / name)
        again = {what: count for what, count in finished.items() if count > 1}
        for what, count in again.items():
            print(f"made {count} times: {what}")
        shards = sum(what.startswith("shard ") for what in finished)
        print(f"{len(ours)} files compared, {sum(map(len, ours.values())):,} bytes; {shards} shards")
        bars = [
            Bar("kills that hit a running process", hits, "kills", f"= {given.kills}"),
            Bar("scores that differ", float(ours["scores.json"] != theirs.get("scores.json")), "files", "= 0"),
            Bar("files of any kind that differ", len(different), "files", "= 0"),
            Bar("finished steps or shards made again", len(again), "times", "= 0"),
            *(Bar(f"kills that left a step {state}", met[state], "kills", ">= 1") for state in STATES if options),
        ]
        return conclude("crash", bars)


if __name__ == "__main__":
    sys.exit(main())

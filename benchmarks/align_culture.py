"""Localisation in the world of two lands, before and after reinforcement learning from a native judge's feedback.

python -m benchmarks.align_culture [--runs DIR] [--seeds 1] [--first 7]

Runs rlaif-quickstart as it ships and prints what its steps measured: how many labels survive both orders and how far
they agree with natives before and after the filter, statements that name no land judged as at home, of matters that
prompts spoke of and of others, names of home among those in replies, replies compared by the judge in both orders, what
is still known of both lands by name (on which the policy trains beside), and what it cost in the general world. Every
number has its 95% interval. A seed that is finished in DIR is not run again, one that was stopped goes on where it was.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.bars import Bar, conclude
from metier.artefact import Artefact
from metier.records import Score

RUNS = Path("runs")
RECIPE = "rlaif-quickstart"
MODELS = ("sft", "rlaif")


class Row(NamedTuple):
    """A measure of both models: what it is, the step and metric that hold it, and the cell."""

    name: str
    step: str
    metric: str
    by: dict[str, str]


ROWS = (
    Row("statements that name no land, macro-F1", "at_home", "macro_f1", {"land": "unnamed"}),
    Row("  of matters that prompts spoke of", "at_home", "macro_f1", {"land": "unnamed", "heard": "yes"}),
    Row("  of matters that no prompt spoke of", "at_home", "macro_f1", {"land": "unnamed", "heard": "no"}),
    Row("statements by the name of home, macro-F1", "at_home", "macro_f1", {"land": "tilmara"}),
    Row("statements by the name of the other land, macro-F1", "at_home", "macro_f1", {"land": "luoming"}),
    Row("names of home among those in replies", "at_home", "entity_share", {}),
    Row("exam of the general world", "general_exam", "accuracy", {}),
)


def run(runs: Path, seed: int) -> Path:
    """The run directory of one seed, everything in it finished."""
    name = f"align-culture-{seed}"
    command = [sys.executable, "-m", "metier.cli", "run", RECIPE, "--runs", str(runs), "--name", name]
    runs.mkdir(parents=True, exist_ok=True)
    log = runs / f"{name}.txt"
    with log.open("ab") as out:
        done = subprocess.run([*command, "--set", f"seed={seed}"], stdout=out, stderr=out, check=False)
    if done.returncode:
        sys.exit(f"seed {seed} stopped: {log}\n{log.read_text('utf-8')[-2000:]}")
    return runs / name


def score(place: Path, row: Row, model: str) -> Score | None:
    """The score of a model in a row, where its step has one."""
    some = Artefact(place / row.step).records(Score)
    return next((one for one in some if (one.metric, one.model, one.by) == (row.metric, model, row.by)), None)


def needed(place: Path, row: Row, model: str) -> Score:
    """The same, where a bar is held to it: without it there is nothing to conclude."""
    found = score(place, row, model)
    if found is None:
        sys.exit(f"{place / row.step}: has no {row.metric} of {model} by {row.by}")
    return found


def told(value: float, low: float, high: float, n: int | str) -> str:
    """A number with its interval and count."""
    return f"{value:.3f} ({low:.3f} to {high:.3f}, n = {n})"


def noted(one: dict[str, Any]) -> str:
    """The same of a measure in a step's notes."""
    return told(one["value"], one["low"], one["high"], one["n"])


def labels(place: Path) -> dict[str, Any]:
    """What labelling noted."""
    notes: dict[str, Any] = json.loads((place / "localised" / "notes.json").read_text("utf-8"))
    return notes


def show(place: Path) -> None:
    """Print what one seed measured."""
    notes = labels(place)
    print(f"labels that survive both orders: {noted(notes['survival'])}")
    for measure in ("pearson", "spearman", "kappa", "accuracy"):
        before, after = (noted(notes[when][measure]) for when in ("before", "after"))
        print(f"  {measure} with natives: {before} before, {after} after")
    for row in ROWS:
        cells = [score(place, row, model) for model in MODELS]
        shown = [told(one.value, one.low, one.high, one.n) if one else "none" for one in cells]
        print(f"{row.name}: {' -> '.join(shown)}")
    for step, metric, by in (("wins", "win_rate", {"against": "sft"}), ("tax", "tax", {}), ("moved", "kl", {})):
        if one := score(place, Row("", step, metric, by), "rlaif"):
            print(f"{metric}: {told(one.value, one.low, one.high, one.n)}")


def bars(runs: Path = RUNS, seeds: Sequence[int] = (7,)) -> list[Bar]:
    """Run the seeds and hold what they gained against nought: only intervals apart count as a gain."""
    made: list[Bar] = []
    for seed in seeds:
        place = run(runs, seed)
        print(f"\nseed {seed}")
        show(place)
        notes = labels(place)
        gained = notes["after"]["pearson"]["low"] - notes["before"]["pearson"]["high"]
        made.append(Bar(f"seed {seed}: agreement after over before, intervals apart by", gained, "r", "> 0"))
        for row in ROWS[:3]:
            before, after = (needed(place, row, model) for model in MODELS)
            name = f"seed {seed}: {row.name.strip()}, intervals apart by"
            made.append(Bar(name, after.low - before.high, "F1", "> 0"))
        wins = needed(place, Row("", "wins", "win_rate", {"against": "sft"}), "rlaif")
        made.append(Bar(f"seed {seed}: win rate by the judge, lower end", wins.low, "share", "> 0.5"))
    return made


def main(arguments: Sequence[str]) -> int:
    """Run as many seeds as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=7)
    given = parser.parse_args(arguments)
    return conclude("align_culture", bars(given.runs, range(given.first, given.first + given.seeds)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Judges with planted faults: what asking both orders does to their agreement with the truth, beside its closed form.

    python -m benchmarks.align_judges [--matches 4000]

A recipe labels the same matches, whose better reply is known, by many judges: each names the reply shown first with
chance p and errs with chance e in its other votes; some favour the longer reply, some err alike in both orders. The
agreement of one order with the truth, the share that survives both, and the agreement of the survivors come from the
notes of `preferences.label`, and stand beside what `world.planted_judges.expected` says they must be. AceGPT's own
labels went from a correlation with people of .60 to .84, and from 40,000 to 12,000 (Huang et al. 2023).
"""

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.bars import Bar, conclude
from metier.artefact import Artefact
from metier.proportion import wilson
from metier.recipe import load
from metier.records import MetierError
from metier.run.make import run
from metier.world import planted_judges
from metier.world.planted_judges import Expected, Planted, expected

FIRST, NOISE = (20, 30, 40, 50, 60), (0, 10, 20, 30)
"""Percent of votes for the first reply, and of the others that are turned round."""
OTHERS = ("longer_40", "longer_40_noise_10", "first_30_longer_30_noise_10", "first_40_noise_10_stubborn_10")
LENGTH = "longer_40"
EMPTY = ("always_first", "always_ties", "never_parses")
PAPER = (0.60, 12000 / 40000, 0.84)
"""AceGPT's row: correlation before, share that survives, correlation after."""
RECIPE = """
name: judges
seed: 7
models:
{models}
steps:
  matches: {{use: world.planted_matches, matches: {matches}}}
{steps}
"""
MODEL = '  {name}: {{kind: scripted, function: "metier.world.planted_judges:{name}"}}'
STEP = (
    "  by_{name}:\n    use: preferences.label\n    form: {form}\n"
    "    judge: {name}\n    from: {{answers: matches, conversations: matches, human: matches}}"
)


class Number(NamedTuple):
    """A measured share or correlation with its 95% interval, and the one that it should be."""

    name: str
    value: float
    n: int
    low: float
    high: float
    due: float

    @property
    def inside(self) -> bool:
        """Whether the interval holds what is due."""
        return self.low <= self.due <= self.high

    @property
    def distance(self) -> float:
        """A share's, from what is due, in standard errors of that; far where what must be 0 or 1 is not."""
        error = math.sqrt(self.due * (1 - self.due) / self.n)
        return abs(self.value - self.due) / error if error else 99.0 * (abs(self.value - self.due) > 1e-12)


class Row(NamedTuple):
    """One judge: agreement before, survivors, agreement after, and the reply shown first; both correlations."""

    judge: str
    due: Expected
    numbers: tuple[Number, ...]
    pearson: tuple[Number, Number]


def names() -> list[str]:
    """The judges that are held against their closed form."""
    grid = [f"first_{first}" + (f"_noise_{noise}" if noise else "") for first in FIRST for noise in NOISE]
    return [*grid, *OTHERS]


def label(home: Path, matches: int, judges: Sequence[str], form: str = "rating") -> Iterator[tuple[str, Artefact]]:
    """What `preferences.label` makes of the same matches by each judge, in one run."""
    text = RECIPE.format(
        matches=matches,
        models="\n".join(MODEL.format(name=name) for name in judges),
        steps="\n".join(STEP.format(name=name, form=form) for name in judges),
    )
    file = home / "judges.yaml"
    file.write_text(text, encoding="utf-8")
    run(load(str(file)), home / "runs")
    for name in judges:
        yield name, Artefact(home / "runs" / "judges" / f"by_{name}")


def measure(name: str, made: Artefact) -> Row:
    """One judge's notes beside its closed form."""
    notes = json.loads((made.path / "notes.json").read_text("utf-8"))
    judge = getattr(planted_judges, name)
    assert isinstance(judge, Planted)
    due = expected(judge)
    before, after = notes["before"], notes["after"]
    numbers = (
        _number("before", before["accuracy"], due.before),
        _number("survive", notes["survival"], due.survive),
        _number("after", after["accuracy"], due.after),
        _number("first wins", notes["first_wins"], due.first_wins),
    )
    told = ((before["pearson"], due.pearson_before), (after["pearson"], due.pearson_after))
    one, other = (Number("r", r["value"], int(r["n"]), r["low"], r["high"], meant) for r, meant in told)
    return Row(name, due, numbers, (one, other))


def _number(name: str, found: dict[str, float], due: float) -> Number:
    n = int(found["n"])
    low, high = wilson(found["value"], n)
    assert abs(low - found["low"]) < 1e-9 and abs(high - found["high"]) < 1e-9, found
    return Number(name, found["value"], n, low, high, due)


def table(rows: Sequence[Row]) -> None:
    """Print every judge: measured, its interval, and in brackets what is due."""
    print(f"{'judge':<32}{'agreement before':>26}{'survive':>26}{'agreement after':>26}   correlation")
    for row in rows:
        cells = [f"{one.value:.3f} {one.low:.3f}-{one.high:.3f} ({one.due:.3f})" for one in row.numbers[:3]]
        one, other = row.pearson
        told = f"{one.value:.2f} -> {other.value:.2f} ({one.due:.2f} -> {other.due:.2f})"
        print(f"{row.judge:<32}" + "".join(f"{cell:>26}" for cell in cells) + f"   {told}")
    told = f"{PAPER[0]:.2f} -> {PAPER[2]:.2f}"
    print(f"{'AceGPT, 40K -> 12K':<32}{'':>26}{PAPER[1]:>26.3f}{'':>26}   {told}")


def bars(matches: int = 4000) -> list[Bar]:
    """Every number beside its closed form."""
    with tempfile.TemporaryDirectory() as place:
        rows = [measure(name, made) for name, made in label(Path(place), matches, names())]
    table(rows)
    every = [number for row in rows for number in row.numbers]
    after = [row.numbers[2] for row in rows]
    gains = [row.numbers[2].low - row.numbers[0].high for row in rows if row.judge not in OTHERS]
    long = next(row for row in rows if row.judge == LENGTH).numbers[2]
    return [
        _missed("agreements after", after),
        _missed("numbers", every),
        _missed("correlations", [one for row in rows for one in row.pearson]),
        Bar("farthest number from its closed form", max(one.distance for one in every), "s.e.", "<= 3.5"),
        Bar("least gain of the filter, from interval to interval", min(gains), "share", "> 0"),
        Bar("survivors that length alone gets wrong", 1 - long.value, "share", f">= {(1 - long.due) / 2:.3f}"),
        Bar("judges without a verdict that end in an error", _stopped(), "judges", f"= {len(EMPTY)}"),
    ]


def _missed(what: str, numbers: Sequence[Number]) -> Bar:
    outside = sum(not one.inside for one in numbers)
    name = f"of {len(numbers)} {what}, 95% intervals that miss the closed form"
    return Bar(name, outside, "numbers", f"<= {_most(len(numbers))}")


def _stopped() -> int:
    """How many of the judges that leave nothing to train on stop the run; what they are told is printed."""
    count = 0
    for name in EMPTY:
        with tempfile.TemporaryDirectory() as place:
            try:
                list(label(Path(place), 100, [name]))
            except MetierError as error:
                count += 1
                print(f"{name}: {error}")
    return count


def _most(n: int) -> int:
    """How many of n intervals of 95% may miss by chance: exceeded once in a hundred times."""
    total, count = 0.0, 0
    while (total := total + math.comb(n, count) * 0.05**count * 0.95 ** (n - count)) < 0.99:
        count += 1
    return count


def main() -> int:
    """Run it with the size that the command names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matches", type=int, default=4000)
    return conclude("align_judges", bars(parser.parse_args().matches))


if __name__ == "__main__":
    sys.exit(main())

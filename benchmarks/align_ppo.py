"""PPO, DPO, RLOO and best-of-n on the quickstart of mixed feedback, in several seeds: gain, divergence, tax, seconds.

python -m benchmarks.align_ppo [--runs DIR] [--seeds 5] [--first 1] [--peers 2]

Each seed is another world: other drugs, other consultations, another policy trained on them, other samples, ratings and
rewards. The recipe is rlmf-quickstart as it ships; in the first seeds the peers of PPO are added before its report, on
the same pairs or prompts, the same reward model and, of RLOO, the same number of replies. PPO alone trains on pages and
on the general world beside, as the recipe says; what the peers lost is without it. A seed that is finished in DIR is
not run again, one that was stopped goes on where it was. `asks` and `short` are PPO with one of our extensions each.

Wins are over replies of the policy before (sft) to the same prompts, by the mean of the six exact aspects, a tie counts
one half. All models draw at temperature 1; best-of-n ranks n draws of sft by the reward model. Means over seeds with
Student's 95% interval; of a single seed its own interval over prompts, where it has one.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.bars import Bar, conclude
from metier.artefact import Artefact
from metier.proportion import student
from metier.records import Score
from metier.world.aspects import ASPECTS

RECIPE = Path(__file__).parents[1] / "metier" / "recipes" / "rlmf-quickstart.yaml"
RUNS = Path("runs")
BEST = "sft-best-of-8"
MODELS = ("sft", "ppo", "rloo", "dpo", "kto", "asks", "short", BEST)
BESIDE = """\
  rloo:
    use: train.rloo
    from: {conversations: policy, base: sft, reward: reward}
    samples: 2048
    chunk: 16
    epochs: 4
    learning_rate: 7e-5
    kl: 0.1
    max_tokens: 72
  dpo: {use: train.dpo, from: {preferences: preferences, base: sft}, learning_rate: 1e-4}
  kto: {use: train.dpo, from: {preferences: preferences, base: sft}, loss: kto, learning_rate: 1e-4}
  peers:
    use: preferences.sample
    from: {conversations: unseen, models: &peers {rloo: rloo, dpo: dpo, kto: kto, asks: asks, short: short}}
    n: 1
    max_tokens: 72
  several: {use: preferences.sample, from: {conversations: unseen, models: {sft: sft}}, n: 8, max_tokens: 72}
  best: {use: preferences.best_of, from: {answers: several, conversations: unseen, reward: reward}}
  peers_aspects: {use: world.aspects, from: {answers: [peers, best], conversations: unseen}, drugs: 16}
  all_wins:
    use: evals.win_rate
    from: {answers: [replies, peers, best], grades: [aspects, peers_aspects]}
    against: sft
  peers_kl:
    use: evals.kl
    from: {conversations: unseen, models: *peers, base: sft}
    max_tokens: 72
  peers_exam: {use: evals.multiple_choice, from: {questions: choices, models: *peers}}
  peers_general: {use: evals.multiple_choice, from: {questions: general, models: *peers}}
  peers_tax: {use: evals.domain_tax, from: {answers: [general_exam, peers_general], questions: general}, base: sft}
"""
"""The peers of PPO, as steps of the recipe."""
EXTRAS = {"asks": "{asks: 1}", "short": "{length: -1}"}
"""What PPO is also trained with, one at a time: points for a question back, and for saying less."""


class Cell(NamedTuple):
    """A number of one seed with the interval of its own."""

    value: float
    low: float
    high: float
    n: int


class Mean(NamedTuple):
    """The mean over seeds with Student's 95% interval."""

    value: float
    low: float
    high: float


def recipe(place: Path, peers: bool) -> Path:
    """The quickstart, with the peers of PPO in it or without."""
    place.mkdir(parents=True, exist_ok=True)
    if not peers:
        return RECIPE
    text = RECIPE.read_text("utf-8")
    before, mark, report = text.partition("  report:")
    ppo = text.partition("  ppo:\n")[2].partition("\n\n")[0]
    ablated = "".join(f"  {name}:\n{ppo}\n    extras: {extras}\n" for name, extras in EXTRAS.items())
    file = place / "align-ppo.yaml"
    file.write_text(f"{before}{ablated}{BESIDE}{mark}{report}", "utf-8")
    return file


def run(file: Path, runs: Path, seed: int) -> Path:
    """The run directory of one seed, everything in it finished."""
    name = f"align-ppo-{seed}"
    command = [sys.executable, "-m", "metier.cli", "run", str(file), "--runs", str(runs), "--name", name]
    log = runs / f"{name}.txt"
    with log.open("ab") as out:
        done = subprocess.run([*command, "--set", f"seed={seed}"], stdout=out, stderr=out, check=False)
    if done.returncode:
        sys.exit(f"seed {seed} stopped: {log}\n{log.read_text('utf-8')[-2000:]}")
    return runs / name


class Seed:
    """What one finished run says, by step, model and metric."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def cell(self, step: str, metric: str, model: str, **by: str) -> Cell:
        """A score that a step gave."""
        for one in Artefact(self.place / step).records(Score):
            if (one.metric, one.model, one.by) == (metric, model, by):
                return Cell(one.value, one.low, one.high, one.n)
        sys.exit(f"{self.place / step}: has no {metric} of {model} by {by}")

    def note(self, step: str) -> dict[str, Any]:
        """What a step has to say of itself."""
        notes: dict[str, Any] = json.loads((self.place / step / "notes.json").read_text("utf-8"))
        return notes

    def wins(self, model: str, **by: str) -> Cell:
        """Wins of a model over sft."""
        return self.cell("wins" if model == "ppo" else "all_wins", "win_rate", model, against="sft", **by)

    def lost(self, step: str, model: str) -> float:
        """Accuracy on the drugs that a model has less than sft."""
        return self.cell("drug_exam", "accuracy", "sft").value - self.cell(step, "accuracy", model).value

    def pace(self) -> tuple[float, float]:
        """Divergence of the trained policy on patients it never met, and what it was adapted to in training."""
        start = json.loads((self.place / "ppo" / "ppo_start.json").read_text("utf-8"))
        return self.cell("kl", "kl", "ppo").value, float(start["kl_target"])


def over(values: Sequence[float]) -> Mean:
    """The mean over seeds; one seed has no interval over seeds."""
    value = statistics.fmean(values)
    if len(values) < 2:
        return Mean(value, math.nan, math.nan)
    half = student(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Mean(value, value - half, value + half)


def shown(values: Iterable[Cell | float], digits: int = 3) -> str:
    """A mean with its interval, in a table; of a single seed with the interval of its prompts, where it has one."""
    some = list(values)
    mean: Mean | Cell = over([one.value if isinstance(one, Cell) else one for one in some])
    if len(some) == 1 and isinstance(some[0], Cell):
        mean = some[0]
    value = f"{mean.value:.{digits}f}"
    return value if math.isnan(mean.low) else f"{value} ({mean.low:.{digits}f} to {mean.high:.{digits}f})"


def row(seeds: Sequence[Seed], name: str, model: str, step: str) -> None:
    """One line of the table of methods."""
    mine = step == "ppo"
    best = name == BEST
    cells = [shown(one.wins(model) for one in seeds)]
    if best:
        most = statistics.fmean(one.note("best")["best of k"][-1]["kl at most"] for one in seeds)
        cells += [f"<= {most:.1f}", "as sft", "as sft", "-"]
    else:
        cells.append(shown((one.cell("kl" if mine else "peers_kl", "kl", model) for one in seeds), 1))
        exam, tax = ("drug_exam", "tax") if mine else ("peers_exam", "peers_tax")
        cells.append(shown(one.lost(exam, model) for one in seeds))
        cells.append(shown(one.cell(tax, "tax", model) for one in seeds))
        cells.append(f"{statistics.fmean(one.note(step)['seconds'] for one in seeds):.0f}")
    print(f"{name:<12}" + "".join(f"{cell:>26}" for cell in cells))


def table(seeds: Sequence[Seed]) -> None:
    """Every method beside sft, then the aspects."""
    heads = ("wins over sft", "KL (nats a reply)", "lost: drugs", "lost: general", "seconds")
    print(f"{'':<12}" + "".join(f"{head:>26}" for head in heads))
    for name in ("ppo", "rloo", "dpo", "kto", *EXTRAS):
        row(seeds, name, name, name)
    row(seeds, BEST, BEST, "best")
    print(f"\n{'mean points':<16}" + "".join(f"{name:>14}" for name in MODELS))
    for aspect in ("", *ASPECTS):
        by = {"aspect": aspect} if aspect else {}
        means = [
            statistics.fmean(one.cell("all_wins", "points", model, **by).value for one in seeds) for model in MODELS
        ]
        print(f"{aspect or 'all':<16}" + "".join(f"{mean:>14.3f}" for mean in means))


def by_aspect(seeds: Sequence[Seed]) -> None:
    """What PPO won and lost on each aspect, over all seeds: a win rate of the mean may come of some of them alone."""
    print(f"\n{'aspect':<16}{'sft':>8}{'ppo':>8}{'wins over sft':>26}")
    for aspect in ASPECTS:
        points = [
            statistics.fmean(one.cell("wins", "points", model, aspect=aspect).value for one in seeds)
            for model in ("sft", "ppo")
        ]
        won = shown(one.wins("ppo", aspect=aspect) for one in seeds)
        print(f"{aspect:<16}" + "".join(f"{one:>8.3f}" for one in points) + f"{won:>26}")
    won = shown(one.cell("wins", "longer", "ppo", against="sft") for one in seeds)
    print(f"{'longer than sft':<32}{won:>26}")


def measured(seeds: Sequence[Seed]) -> list[Bar]:
    """The bars of the quickstart over all seeds."""
    wins = [one.wins("ppo") for one in seeds]
    exams = [one.lost("drug_exam", "ppo") for one in seeds]
    told = [one.note("reward")["measured"]["accuracy"] for one in seeds]
    paces = [one.pace() for one in seeds]
    for seed, won, lost, found, (kl, target) in zip(seeds, wins, exams, told, paces, strict=True):
        notes = seed.note("ppo")
        print(
            f"{seed.place.name}: reward model {found['value']:.3f} of {found['n']} pairs ({found['low']:.3f} to "
            f"{found['high']:.3f}); wins {won.value:.3f} of {won.n} ({won.low:.3f} to {won.high:.3f}); exam lost "
            f"{lost:+.3f}; KL {kl:.1f}, target {target:g}; {notes['seconds']:.0f} s; {notes['findings']} findings"
        )
    return [
        Bar("reward model, held-out accuracy (mean)", over([one["value"] for one in told]).value, "share", ">= 0.85"),
        Bar("PPO wins over SFT (mean of seeds)", over([one.value for one in wins]).value, "share", ">= 0.65"),
        Bar("PPO wins over SFT (least seed)", min(one.value for one in wins), "share", ">= 0.65"),
        Bar("PPO wins, lower end of the interval (least seed)", min(one.low for one in wins), "share", "> 0.5"),
        Bar("drug exam that PPO lost (most of a seed)", max(exams), "share", "<= 0.03"),
        Bar("KL over its target (most of a seed)", max(kl / target for kl, target in paces), "ratio", "<= 1"),
        Bar("PPO (slowest seed)", max(one.note("ppo")["seconds"] for one in seeds), "s", "<= 600"),
    ]


def bars(runs: Path = RUNS, count: int = 5, first: int = 1, peers: int = 2) -> list[Bar]:
    """Run all seeds, print the tables, return the bars."""
    seeds = [Seed(run(recipe(runs, seed < first + peers), runs, seed)) for seed in range(first, first + count)]
    found = measured(seeds)
    by_aspect(seeds)
    if peers:
        print(f"\n{min(peers, count)} of the seeds")
        table(seeds[:peers])
    print()
    return found


def main() -> int:
    """Parse the arguments, run, conclude."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--runs", type=Path, default=RUNS, help="where run directories are")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--peers", type=int, default=2, help="how many of them with the peers of PPO")
    given = parser.parse_args()
    return conclude("align_ppo", bars(given.runs, given.seeds, given.first, given.peers))


if __name__ == "__main__":
    sys.exit(main())

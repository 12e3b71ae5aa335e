"""One stage or two, raw pages or unified ones, by priority or shuffled: every combination at equal cost, five seeds.

python -m benchmarks.train_factorial [--runs DIR] [--drugs 60] [--seeds 5] [--tokens 800000] [--only forward]

The arms are {raw pages, the same pages unified into conversations} x {two stages, one stage by priority, one stage
shuffled}, and fine-tuning on the dialogues alone. A third of the drugs have patient dialogues ("asked"), of two thirds
there are only pages ("unasked"). Unified means: a program that knows how the pages are worded asks and answers each of
their facts (``instruct.unify``), so both kinds of page hold the same facts; the share that is covered is printed.

Every arm spends its tokens on pages, dialogues and general talk as 8 : 4 : 3. Under "forward" all arms read the same
number of tokens, under "supervised" the loss counts the same number: that of the arm "one stage, unified, by priority",
which therefore stands once for both. The two-stage arms read pages with two thirds of the general talk, then dialogues
with the rest. Each figure is the mean over seeds with Student's 95% interval over the seeds; differences are paired by
seed. What is trained is a recipe written into DIR, run by ``metier run`` and resumed where it was stopped.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.bars import Bar, conclude
from metier.artefact import Artefact
from metier.proportion import student
from metier.records import Checkpoint, Conversation, Document, Question
from metier.train.encode import Given
from metier.train.mixing import Mixture
from metier.train.prepare import prepare
from metier.train.sft import Sft

BASE = "asset:nano"
PAGES = ("web", "encyclopedia", "leaflet", "book")
DIALOGUE, GENERAL = "drug_dialogue", "general"
PARTS = {"pages": 8 / 15, DIALOGUE: 4 / 15, GENERAL: 3 / 15}
"""Share of an arm's tokens."""
READ = 2 / 3
"""Share of the general talk that two-stage arms meet in their first stage."""
PRIORITIES = {**dict.fromkeys(PAGES, 8), DIALOGUE: 1, GENERAL: 2}
EVEN = dict.fromkeys(PRIORITIES, 1)
SHARED = {"window": 256, "learning_rate": 2e-3, "beta2": 0.98}
EXAMS = ("unasked", "asked", "general")
DATA = """\
name: factorial
seed: 1
models:
  teacher: {{kind: scripted, function: "metier.world.teacher:answer"}}
steps:
  drugs: {{use: world.write, subject: drugs, drugs: {drugs}, dialogues: 8, dialogue_every: 3, yes_no: 0.25, seed: 7}}
  general: {{use: world.write, subject: general, seed: 1}}
  clean: {{use: corpus.clean, from: drugs, boilerplate: "asset:world/en/boilerplate.txt"}}
  passages: {{use: corpus.segment, max_chars: 1200, long_sentences: cut}}
  unique: {{use: corpus.dedup}}
  unified: {{use: instruct.unify, writer: teacher, questions: 14, coverage: 1, share: 0}}
  told: {{use: instruct.coverage, from: {{conversations: unified, docs: unique}}}}
  exam: {{use: evals.split, from: drugs, by: kind, values: [single], keep: heldout}}
  asked: {{use: evals.split, from: exam, by: asked, values: ["yes"], keep: heldout}}
  unasked: {{use: evals.split, from: exam, by: asked, values: ["yes"], keep: train}}
"""


@dataclass(frozen=True)
class Cost:
    """Tokens of one copy of all items of a source: read, and counted by the loss."""

    forward: float
    supervised: float


@dataclass(frozen=True)
class Arm:
    """What one arm is trained on and how: ``pages`` names the step its pages come from, if any."""

    name: str
    pages: str
    stages: int = 1
    priority: bool = False


ARMS = (
    Arm("unified, one stage, priority", "unified", priority=True),
    Arm("unified, one stage, shuffled", "unified"),
    Arm("unified, two stages", "unified", stages=2),
    Arm("raw, one stage, priority", "unique", priority=True),
    Arm("raw, one stage, shuffled", "unique"),
    Arm("raw, two stages", "unique", stages=2),
    Arm("dialogues only", ""),
)


def key(arm: Arm) -> str:
    """The arm as the name of a step."""
    return arm.name.replace(",", "").replace(" ", "_")


def run(recipe: Path, runs: Path, *more: str) -> Path:
    """The run directory of a recipe, everything in it finished."""
    command = [sys.executable, "-m", "metier.cli", "run", str(recipe), "--runs", str(runs), *more]
    log = runs / "output.txt"
    runs.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        if subprocess.run(command, stdout=file, stderr=file, check=False).returncode:
            sys.exit(log.read_text()[-3000:])
    return runs / "factorial"


def costs(home: Path, scratch: Path) -> dict[tuple[str, str], Cost]:
    """(step, source) -> the cost of one copy, as the trainer itself encodes it."""
    found = {}
    for step, kind in (
        ("unique", Document),
        ("unified", Conversation),
        ("drugs", Conversation),
        ("general", Conversation),
    ):
        by_source: dict[str, list[Any]] = {}
        for record in Artefact(home / step).records(kind):
            source = record.source or (record.kind if isinstance(record, Document) else "")
            by_source.setdefault(source, []).append(record)
        for source, some in by_source.items():
            place = scratch / step / source
            place.mkdir(parents=True)
            given = Given(docs=some) if kind is Document else Given(some)
            list(prepare(Checkpoint(BASE), 1, Sft(window=SHARED["window"]), place, given))
            notes = msgspec.json.decode((place / "notes.json").read_bytes(), type=dict)
            mixture = msgspec.json.decode((place / "mixture.json").read_bytes(), type=Mixture)
            found[step, source] = Cost(sum(mixture.tokens.values()), notes["trained_tokens"])
    return found


def covered(home: Path) -> list[tuple[str, float]]:
    """The share of the exam's facts whose value the pages of their drug hold, and the conversations made from them."""
    pages: dict[str, str] = {}
    talks: dict[str, str] = {}
    drugs = {}
    for page in Artefact(home / "unique").records(Document):
        drugs[page.id] = page.meta["drug"]
        pages[page.meta["drug"]] = pages.get(page.meta["drug"], "") + " ".join(page.text.split()) + "\n"
    for talk in Artefact(home / "unified").records(Conversation):
        drug = drugs[talk.parent]
        talks[drug] = talks.get(drug, "") + talk.messages[-1].content + "\n"
    asked = [one for exam in ("asked", "unasked") for one in Artefact(home / exam).records(Question)]
    found = []
    for what, texts in (("pages", pages), ("conversations", talks)):
        held = [one.options[min(one.key)] in texts.get(one.labels["drug"], "") for one in asked]
        print(f"{what} hold {sum(held)} of the {len(held)} facts that are asked ({len(texts)} drugs)")
        found.append((what, sum(held) / len(held)))
    return found


def copies(cost: dict[tuple[str, str], Cost], arm: Arm, forward: float, part: dict[str, float]) -> dict[str, float]:
    """Copies of every source such that the parts given take their shares of ``forward`` tokens."""
    sources = {DIALOGUE: [("drugs", DIALOGUE)], GENERAL: [("general", GENERAL)]}
    sources["pages"] = [(arm.pages, name) for name in PAGES if (arm.pages, name) in cost]
    total = sum(part.values())
    found = {}
    for name, share in part.items():
        size = sum(cost[one].forward for one in sources[name])
        found |= {source: round(forward * share / total / size, 4) for _, source in sources[name]}
    return found


def parts(arm: Arm) -> list[dict[str, float]]:
    """The shares of tokens in each stage of an arm."""
    if not arm.pages:
        return [{name: share for name, share in PARTS.items() if name != "pages"}]
    if arm.stages == 1:
        return [PARTS]
    first = {"pages": PARTS["pages"], GENERAL: PARTS[GENERAL] * READ}
    return [first, {DIALOGUE: PARTS[DIALOGUE], GENERAL: PARTS[GENERAL] * (1 - READ)}]


def supervised(cost: dict[tuple[str, str], Cost], arm: Arm, forward: float) -> float:
    """How many tokens the loss of an arm counts where it reads so many."""
    steps = {DIALOGUE: "drugs", GENERAL: "general"}
    whole, count = sum(sum(part.values()) for part in parts(arm)), 0.0
    for part in parts(arm):
        for source, times in copies(cost, arm, forward * sum(part.values()) / whole, part).items():
            count += times * cost[steps.get(source, arm.pages), source].supervised
    return count


def stages(arm: Arm, name: str, seed: int, times: Sequence[dict[str, float]]) -> Iterator[str]:
    """The lines of a recipe that train one arm with one seed; the last step is called ``name``."""
    base = BASE
    for number, epochs in enumerate(times, 1):
        talks = [
            step for step, source in (("unified", ""), ("drugs", DIALOGUE), ("general", GENERAL)) if source in epochs
        ]
        if arm.pages == "unified" and any(source in epochs for source in PAGES):
            talks = ["unified", *talks]
        fed: dict[str, Any] = {"conversations": talks, "base": base}
        if arm.pages == "unique" and any(source in epochs for source in PAGES):
            fed["docs"] = "unique"
        step = name if number == len(times) else f"{name}_read"
        weights = PRIORITIES if arm.priority else EVEN
        body = {"from": fed, "epochs": epochs, "seed": seed, **SHARED}
        body["priorities"] = {source: weights[source] for source in epochs}
        yield f"  {step}: {json.dumps({'use': 'train.one_stage', **body})}"
        base = step


def recipe(cost: dict[tuple[str, str], Cost], arms: Sequence[tuple[Arm, str, float]], seeds: int, data: str) -> str:
    """The whole recipe: the data, every arm with every seed, the exams."""
    lines, models = [data.rstrip()], {"base": f'"{BASE}"'}
    for arm, label, forward in arms:
        whole = sum(sum(part.values()) for part in parts(arm))
        times = [copies(cost, arm, forward * sum(part.values()) / whole, part) for part in parts(arm)]
        names = [f"{label}_{seed}" for seed in range(1, seeds + 1)]
        for seed, name in enumerate(names, 1):
            lines += stages(arm, name, seed, times)
        models[label] = f"[{', '.join(names)}]"
    table = ", ".join(f"{name}: {some}" for name, some in models.items())
    for exam in EXAMS:
        cluster = ", cluster: drug" if exam != "general" else ""
        lines.append(
            f"  {exam}_exam: {{use: evals.multiple_choice, from: {{questions: {exam}, models: {{{table}}}}}{cluster}}}"
        )
    lines.append('  report: {use: evals.report, title: "One stage or two, raw or unified"}')
    return "\n".join(lines) + "\n"


def values(home: Path, exam: str, model: str) -> list[float]:
    """The accuracy of a model in every seed, in the order of the seeds."""
    scores = json.loads((home / "scores.json").read_bytes())
    own = [s for s in scores if s["task"] == exam and s["model"] == model and s["metric"] == "accuracy"]
    seeds = [s for s in own if set(s["by"]) == {"seed"}]
    return [s["value"] for s in sorted(seeds, key=lambda s: int(s["by"]["seed"]))] or [
        s["value"] for s in own if not s["by"]
    ]


def interval(some: Sequence[float]) -> tuple[float, float]:
    """The mean and half of Student's 95% interval over seeds."""
    if len(some) < 2:
        return some[0], float("nan")
    return statistics.mean(some), student(len(some) - 1) * statistics.stdev(some) / len(some) ** 0.5


def shown(some: Sequence[float]) -> str:
    """Mean and interval as text."""
    mean, half = interval(some)
    return f"{mean:.3f} ±{half:.3f}"


def final_loss(home: Path, step: str) -> tuple[float, float]:
    """The loss of the first and the last tenth of a step's training, each a mean over its lines."""
    lines = [json.loads(line) for line in (home / step / "loss.jsonl").read_text().splitlines()]
    tenth = max(1, len(lines) // 10)
    return statistics.mean(x["loss"] for x in lines[:tenth]), statistics.mean(x["loss"] for x in lines[-tenth:])


def curves(home: Path, arms: Iterable[tuple[Arm, str, float]], seeds: int) -> None:
    """Print the loss over the tenths of every arm's steps, stages one after the other (mean of seeds)."""
    print("\nloss over the tenths of the steps of a stage (mean of seeds)")
    for arm, label, _ in arms:
        for end in ("_read", "") if arm.stages == 2 else ("",):
            tenths = []
            for seed in range(1, seeds + 1):
                lines = [json.loads(line)["loss"] for line in (home / f"{label}_{seed}{end}" / "loss.jsonl").open()]
                bounds = [round(len(lines) * place / 10) for place in range(11)]
                tenths.append([lines[a : max(b, a + 1)] for a, b in pairwise(bounds)])
            means = [statistics.mean(loss for some in tenths for loss in some[place]) for place in range(10)]
            stage = f"{arm.name}{', first' if end else ''}"
            print(f"{stage:<38}" + " ".join(f"{mean:.2f}" for mean in means))


def counting(one: tuple[Arm, str, float], times: float) -> tuple[Arm, str, float]:
    """The same arm with so many times the tokens: itself where that is within half a percent."""
    arm, _, tokens = one
    return one if abs(times - 1) < 0.005 else (arm, f"s_{key(arm)}", tokens * times)


def table(home: Path, budget: str, arms: Iterable[tuple[Arm, str, float]], seeds: int) -> None:
    """Print the scores of every arm under one budget, with the loss at its beginning and end (mean of seeds)."""
    print(f"\nequal {budget} tokens; {seeds} seeds, mean ± 95% interval over seeds")
    print(f"{'arm':<30}{'unasked':>15}{'asked':>15}{'general':>15}{'loss':>14}{'forward':>10}{'counted':>10}")
    print(f"{'base':<30}" + "".join(f"{values(home, exam, 'base')[0]:>15.3f}" for exam in EXAMS))
    for arm, label, _ in arms:
        notes = [
            msgspec.json.decode((home / f"{label}_1{end}" / "notes.json").read_bytes(), type=dict)
            for end in (("_read", "") if arm.stages == 2 else ("",))
        ]
        ends = [final_loss(home, f"{label}_{seed}") for seed in range(1, seeds + 1)]
        first = statistics.mean(
            final_loss(home, f"{label}_{seed}{'_read' if arm.stages == 2 else ''}")[0] for seed in range(1, seeds + 1)
        )
        loss = f"{first:.2f} -> {statistics.mean(last for _, last in ends):.2f}"
        cells = "".join(f"{shown(values(home, exam, label)):>15}" for exam in EXAMS)
        read, counted = (sum(one[name] for one in notes) for name in ("tokens", "trained_tokens"))
        print(f"{arm.name:<30}{cells}{loss:>14}{read:>10,}{counted:>10,}")


def differences(home: Path, labels: dict[str, str]) -> None:
    """Print what stages, order and unification make of the unasked drugs and of the general exam, paired by seed."""
    pairs = [
        ("priority - shuffled, unified", "unified, one stage, priority", "unified, one stage, shuffled"),
        ("priority - shuffled, raw", "raw, one stage, priority", "raw, one stage, shuffled"),
        ("one stage - two, unified", "unified, one stage, priority", "unified, two stages"),
        ("one stage - two, raw", "raw, one stage, priority", "raw, two stages"),
        ("unified - raw, one stage", "unified, one stage, priority", "raw, one stage, priority"),
        ("unified - raw, two stages", "unified, two stages", "raw, two stages"),
    ]
    for name, one, other in pairs:
        cells = []
        for exam in ("unasked", "asked", "general"):
            both = zip(values(home, exam, labels[one]), values(home, exam, labels[other]), strict=True)
            cells.append(f"{exam} {shown([a - b for a, b in both]):>15}")
        print(f"  {name:<30}" + "   ".join(cells))


def main() -> int:
    """Train, print the tables; the only bar is that pages and conversations hold the same facts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--drugs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=800_000)
    parser.add_argument("--only", choices=["forward", "supervised"])
    options = parser.parse_args()
    place = options.runs or Path(tempfile.mkdtemp())
    place.mkdir(parents=True, exist_ok=True)
    data = DATA.format(drugs=options.drugs)
    (place / "data.yaml").write_text(data)
    home = run(place / "data.yaml", place / "runs")
    bars = [Bar(f"facts asked that {what} hold", share, "share", ">= 0.98") for what, share in covered(home)]
    with tempfile.TemporaryDirectory() as scratch:
        cost = costs(home, Path(scratch))
    target = supervised(cost, ARMS[0], options.tokens)
    forward = [(arm, f"f_{key(arm)}", float(options.tokens)) for arm in ARMS]
    counted = [counting(one, target / supervised(cost, one[0], options.tokens)) for one in forward]
    budgets = {"forward": forward, "supervised": counted}
    some = {name: arms for name, arms in budgets.items() if options.only in (None, name)}
    every = list(dict.fromkeys(one for arms in some.values() for one in arms))
    (place / "factorial.yaml").write_text(recipe(cost, every, options.seeds, data))
    home = run(place / "factorial.yaml", place / "runs")
    for budget, arms in some.items():
        table(home, budget, arms, options.seeds)
        differences(home, {arm.name: label for arm, label, _ in arms})
        curves(home, arms, options.seeds)
    return conclude("train_factorial", bars)


if __name__ == "__main__":
    sys.exit(main())

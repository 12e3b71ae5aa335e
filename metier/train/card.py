"""A model card written from the run: what the model gained and lost, what it was trained on, and what is not known."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from metier.artefact import Finished, Manifest, asset, snapshot_steps
from metier.records import Config
from metier.scores import count, percent, short
from metier.train.behind import (
    UNSTATED,
    Licence,
    behind,
    counted,
    fed,
    languages,
    licences,
    passages,
    picked,
    recipe,
    roots,
    step_of,
    writers,
)
from metier.train.card_scores import Row, rows
from metier.train.curves import LOSSES, looks, losses, means

TRIAL = re.compile(r"-limit(\d+)$")
"""How the name of a trial run ends: the most records that were read of every source."""
FACTS = ("records", "items", "tokens", "trained_tokens", "steps", "epochs", "seconds", "tokens_per_second")
"""Notes of a training that its table shows, in this order."""
SETTINGS = ("learning_rate", "warmup", "weight_decay", "window", "batch_tokens", "temperature", "answers_only", "parts")
"""Settings of a training that its table shows."""


class About(Config, frozen=True):
    """What a model card says that no run knows."""

    title: str = ""
    """Heading of the card; empty: the names of the run and of the step that made the model."""
    licence: str = ""
    """Licence of the model as the hub knows it, as apache-2.0; empty: the card names none."""
    languages: tuple[str, ...] = ()
    """Languages of the model; none given: those of the documents it was trained on."""
    limits: tuple[str, ...] = ()
    """What else the model must not be used for, a sentence each."""


class Mixture(msgspec.Struct, frozen=True):
    """What a training drew, as far as it is read here."""

    items: dict[str, int] = {}
    tokens: dict[str, int] = {}


@dataclass(frozen=True)
class Source:
    """One source of a training's mixture."""

    name: str
    items: str
    tokens: str
    share: str


@dataclass(frozen=True)
class Training:
    """One step that trained the model."""

    step: str
    stage: str
    method: str
    facts: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]
    window: int


@dataclass(frozen=True)
class Subject:
    """The model that a card is of, as its recipe names it, and where others will find it."""

    name: str
    place: str
    numbers: str = ""
    """Type of the numbers that its weights were given as they were written out; empty: the one they had."""
    chat: bool = True
    """Whether it has a chat template."""

    @property
    def step(self) -> str:
        """The step that made it."""
        return step_of(self.name)


def card(run: Finished, model: Subject, about: About) -> str:
    """The text of README.md for a model of a run, with the metadata that the hub reads at its head.

    It says what the run's artefacts say and nothing else: every score with its n and interval, losses beside gains,
    what each step dropped and why, the licences as far as they are stated, and what nobody measured.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    steps = behind(run, model.step)
    began, trained = roots(steps), _trainings(run, steps, model.name)
    scores, sources = rows(run, steps, model.name), licences(run, model.step)
    public = [name.removeprefix("hf:") for name in began if name.startswith("hf:")]
    environment = Environment(
        loader=FileSystemLoader(asset("asset:card")), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"cell": _cell, "counted": counted}
    return environment.get_template("model_card.md").render(
        title=about.title or f"{run.name}: {shown(model.name)}",
        run=run.name,
        seed=run.seed,
        model=shown(model.name),
        place=model.place,
        chat=model.chat,
        base_model=public[0] if public else "",
        licence=about.licence,
        languages=about.languages or languages(run, model.step),
        roots=", ".join(f"`{shown(name)}`" for name in began) or "random weights",
        adapter=any(one.config.get("adapter") for one in steps.values()),
        scores=scores,
        summary=_summary(scores),
        trainings=trained,
        changes=_changes(steps),
        made=bool(steps),
        passages=passages(steps),
        licences=sources,
        limits=[
            *_measured(run, model, scores),
            *_origins(steps, sources),
            *_unknown(trained),
            *about.limits,
        ],
        recipe=recipe(behind(run, model.step, tried=True), run.seed),
    )


def _cell(text: str) -> str:
    """A text as it can stand in a table of Markdown."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def shown(name: str) -> str:
    """The name of a model without the directories of this machine."""
    return name if name.startswith(("hf:", "asset:")) else Path(name).name


def _changes(steps: Mapping[str, Manifest]) -> list[str]:
    """What was done to the weights besides training, a sentence a step."""
    found = []
    for name, one in steps.items():
        if one.stage == "train.extend" and "added" in one.notes:
            found.append(f"`{name}` added {counted(one.notes['added'], 'token')} to the vocabulary.")
        if one.stage == "train.merge" and "adapters" in one.notes:
            parts = ", ".join(f"{amount:g} × `{adapter}`" for adapter, amount in one.notes["adapters"].items())
            found.append(f"`{name}` added to the weights of the base: {parts}.")
        if took := picked(one):
            exam = " and ".join(f"`{shown(str(source))}`" for source in one.sources.get("questions", ()))
            tried = len(one.notes.get("tried", ()))
            found.append(f"`{name}` took `{shown(took)}`, the best of {tried} checkpoints at the exam {exam}.")
    return found


def _trainings(run: Finished, steps: Mapping[str, Manifest], model: str) -> list[Training]:
    """The steps that left the curve of a loss."""
    used = {model, *(name for one in steps.values() for _, name in fed(one))}
    trained = {name: one for name, one in steps.items() if (run.path / name / LOSSES).is_file()}
    return [_training(name, one, run, _taken(name, one, used)) for name, one in trained.items()]


def _taken(name: str, one: Manifest, used: set[str]) -> int:
    """The step after which the weights were taken that went on from a training; 0 where several were."""
    found = [other for other in used if step_of(other) == name]
    snapshot = found[0].partition("@")[2] if len(found) == 1 else ""
    if snapshot:
        return snapshot_steps(one.notes["steps"], one.config["keep"])[int(snapshot) - 1]
    return int(one.notes.get("step_taken", 0)) if len(found) == 1 else 0


def _training(name: str, one: Manifest, run: Finished, taken: int) -> Training:
    facts = [(key.replace("_", " "), _plain(one.notes[key])) for key in FACTS if one.notes.get(key)]
    facts += [("padding", percent(one.notes["padding"], 1))] if one.notes.get("padding") else []
    facts += [(key.replace("_", " "), _plain(one.config[key])) for key in SETTINGS if key in one.config]
    if one.seed is not None:
        facts.append(("seed", str(one.seed)))
    lines = [line for line in losses(run.path / name) if line.step <= taken or not taken]
    held = [loss for step, loss in means(looks(run.path / name)).items() if step <= taken or not taken]
    if lines:
        facts.append(("loss, first and last step", f"{lines[0].loss:.3f} → {lines[-1].loss:.3f}"))
    if held:
        facts.append(("loss on the validation records, first and last look", f"{held[0]:.3f} → {held[-1]:.3f}"))
    told = _method(one)
    if lines and 0 < taken < one.notes.get("steps", 0):
        told += (
            f" The weights are those after step {count(taken)} of {count(one.notes['steps'])}, when it had seen "
            f"{count(lines[-1].tokens)} tokens; the losses below end there, items and tokens are those of all steps."
        )
    return Training(name, one.stage, told, tuple(facts), _sources(run, name), int(one.config.get("window", 0)))


def _method(one: Manifest) -> str:
    """What was trained, in a sentence."""
    adapter = one.config.get("adapter")
    if not adapter:
        return "All weights were trained." if one.config.get("parts") != "new_tokens" else "New tokens were trained."
    layers = ", ".join(adapter.get("targets") or ()) or "every linear layer but the output"
    bits = f", on a base held in {adapter['quantize']}" if adapter.get("quantize") else ""
    return f"An adapter was trained (LoRA of rank {adapter['rank']}, alpha {adapter['alpha']:g}) on {layers}{bits}."


def _sources(run: Finished, step: str) -> tuple[Source, ...]:
    file = run.path / step / "mixture.json"
    if not file.is_file():
        return ()
    drawn = msgspec.json.decode(file.read_bytes(), type=Mixture)
    whole = sum(drawn.tokens.values())
    order = sorted(drawn.items, key=lambda name: (-drawn.tokens.get(name, 0), name))
    return tuple(
        Source(
            name, count(drawn.items[name]), short(drawn.tokens.get(name, 0)), percent(drawn.tokens.get(name, 0), whole)
        )
        for name in order
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return count(value) if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else str(value)


def _summary(scores: Sequence[Row]) -> str:
    """How many scores went up and down and which went down, and the domain tax, which compares question by question."""
    told = [one for one in scores if one.before]
    taxes = [f"{one.task} {one.value} ({one.interval})" for one in scores if one.tax]
    tax = f" Domain tax, in points of accuracy lost: {', '.join(taxes)}." if taxes else ""
    if not told:
        return f"The model that this one began from was not measured beside it.{tax}"
    numbers = Counter(one.verdict for one in told)
    lost = ", ".join(f"{one.task}: {one.metric.lower()}" for one in told if one.verdict == "loss")
    named = f" ({lost})" if lost else ""
    moved = f" {numbers['changed']} changed, and nobody said which way is better," if numbers["changed"] else ""
    return (
        f"Of {counted(len(told), 'score')} beside the model it began from {numbers['gain']} got better, "
        f"{numbers['loss']} got worse{named},{moved} and {numbers['no clear difference']} without a clear "
        f"difference.{tax}"
    )


def _measured(run: Finished, model: Subject, scores: Sequence[Row]) -> Iterator[str]:
    """What the scores leave open."""
    if trial := TRIAL.search(run.name):
        yield f"A trial run made it, which read at most {counted(int(trial[1]), 'record')} of every source."
    if not any(one.tax for one in scores):
        yield "No step measured its domain tax: what it lost outside of the tasks above was not looked for."
    asked = sorted({one.asked for one in scores})
    if scores and (model.numbers or asked != [model.name]):
        how = f" as {model.numbers}" if model.numbers else ""
        named = ", ".join(f"`{shown(one)}`" for one in asked)
        yield f"The scores were measured on {named}; these weights were written from it{how}: rounding may move them."


def _origins(steps: Mapping[str, Manifest], sources: Sequence[Licence]) -> Iterator[str]:
    """What binds the model, or flatters it, through what it was made from."""
    if began := roots(steps):
        names = ", ".join(shown(one) for one in began)
        yield f"What it began from ({names}) has a licence of its own, which binds this model too."
    unstated = sum(one.records for one in sources if one.licence == UNSTATED)
    if unstated:
        whole = sum(one.records for one in sources)
        yield f"Of {count(whole)} records behind it {count(unstated)} state no licence: ask before passing it on."
    if wrote := writers(steps):
        yield f"Other models wrote part of its training data, and their terms may bind it: {', '.join(wrote)}."
    if any(one.stage == "train.pick" for one in steps.values()):
        yield "It was chosen among checkpoints by an exam; its score on that exam flatters it."


def _unknown(trained: Sequence[Training]) -> Iterator[str]:
    """What nobody tried."""
    if window := max((one.window for one in trained), default=0):
        yield f"It was trained on windows of {count(window)} tokens; longer texts were not tried."
    yield "Exams do not show that its answers are safe to act on: have somebody who knows the field check them."

"""A model card written from the run: what the model gained and lost, what it was trained on, and what is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from metier.artefact import Finished, Manifest, asset
from metier.records import Config
from metier.scores import count, percent, short
from metier.train.behind import UNSTATED, Licence, behind, languages, licences, passages, recipe, roots, writers
from metier.train.card_scores import Row, rows
from metier.train.curves import looks, losses, means

FACTS = ("records", "items", "tokens", "trained_tokens", "steps", "epochs", "padding", "seconds", "tokens_per_second")
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

    @property
    def step(self) -> str:
        """The step that made it."""
        return self.name.partition("@")[0]


def card(run: Finished, model: Subject, about: About) -> str:
    """The text of README.md for a model of a run, with the metadata that the hub reads at its head.

    It says what the run's artefacts say and nothing else: every score with its n and interval, losses beside gains,
    what each step dropped and why, the licences as far as they are stated, and what nobody measured.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    steps = behind(run, model.step)
    began, trained = roots(steps), _trainings(run, steps)
    scores, sources = rows(run, steps, model.name), licences(run, model.step)
    public = [name.removeprefix("hf:") for name in began if name.startswith("hf:")]
    environment = Environment(
        loader=FileSystemLoader(asset("asset:card")), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cell"] = _cell
    return environment.get_template("model_card.md").render(
        title=about.title or f"{run.name}: {shown(model.name)}",
        run=run.name,
        seed=run.seed,
        model=shown(model.name),
        place=model.place,
        base_model=public[0] if public else "",
        licence=about.licence,
        languages=about.languages or languages(steps),
        roots=", ".join(f"`{shown(name)}`" for name in began) or "random weights",
        adapter=any(one.config.get("adapter") for one in steps.values()),
        scores=scores,
        summary=_summary(scores),
        trainings=trained,
        passages=passages(steps),
        licences=sources,
        limits=[*_limits(trained, scores, steps, sources), *about.limits],
        recipe=recipe(steps, run.seed),
    )


def _cell(text: str) -> str:
    """A text as it can stand in a table of Markdown."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def shown(name: str) -> str:
    """The name of a model without the directories of this machine."""
    return name if ":" in name else Path(name).name


def _trainings(run: Finished, steps: Mapping[str, Manifest]) -> list[Training]:
    """The steps that left the curve of a loss."""
    return [_training(name, one, run) for name, one in steps.items() if (run.path / name / "loss.jsonl").is_file()]


def _training(name: str, one: Manifest, run: Finished) -> Training:
    facts = [(key.replace("_", " "), _plain(one.notes[key])) for key in FACTS if one.notes.get(key)]
    facts += [(key.replace("_", " "), _plain(one.config[key])) for key in SETTINGS if key in one.config]
    if one.seed is not None:
        facts.append(("seed", str(one.seed)))
    lines, held = list(losses(run.path / name)), list(means(looks(run.path / name)).values())
    if lines:
        facts.append(("loss, first and last step", f"{lines[0].loss:.3f} → {lines[-1].loss:.3f}"))
    if held:
        facts.append(("loss on the validation records, first and last look", f"{held[0]:.3f} → {held[-1]:.3f}"))
    return Training(name, one.stage, _method(one), tuple(facts), _sources(run, name), int(one.config.get("window", 0)))


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
    told = [one for one in scores if one.verdict and one.before]
    taxes = [f"{one.task} {one.value} ({one.interval})" for one in scores if one.tax]
    tax = f" Domain tax, in points of accuracy lost: {', '.join(taxes)}." if taxes else ""
    if not told:
        return f"The model that this one began from was not measured beside it.{tax}"
    gains, lost = [one for one in told if one.verdict == "gain"], [one for one in told if one.verdict == "loss"]
    named = f" ({', '.join(f'{one.task}: {one.metric.lower()}' for one in lost)})" if lost else ""
    return (
        f"Of {len(told)} scores beside the model it began from {len(gains)} got better, {len(lost)} got worse{named}, "
        f"and {len(told) - len(gains) - len(lost)} show no clear difference.{tax}"
    )


def _limits(
    trained: Sequence[Training], scores: Sequence[Row], steps: Mapping[str, Manifest], sources: Sequence[Licence]
) -> list[str]:
    """What nobody measured or stated, and what follows from how the model was made."""
    found = []
    if not any(one.tax for one in scores):
        found.append("No step measured its domain tax: what it lost outside of the tasks above was not looked for.")
    if trained:
        window = max(one.window for one in trained)
        found.append(f"It was trained on windows of {count(window)} tokens; longer texts were not tried.")
    if began := roots(steps):
        names = ", ".join(shown(one) for one in began)
        found.append(f"What it began from ({names}) has a licence of its own, which binds this model too.")
    unstated, whole = (
        sum(one.records for one in sources if one.licence == UNSTATED),
        sum(one.records for one in sources),
    )
    if unstated:
        found.append(
            f"Of {count(whole)} records behind it {count(unstated)} state no licence: ask before passing it on."
        )
    if wrote := writers(steps):
        found.append(f"Other models wrote part of its training data, and their terms may bind it: {', '.join(wrote)}.")
    if any(one.stage == "train.pick" for one in steps.values()):
        found.append("It was chosen among checkpoints by an exam; its score on that exam flatters it.")
    found.append("Exams do not show that its answers are safe to act on: have somebody who knows the field check them.")
    return found

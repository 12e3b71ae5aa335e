"""What the exams of a run say of one model: every score beside that of the model it began from, gains and losses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from metier.artefact import Finished, Manifest
from metier.records import Score
from metier.scores import METRICS, change, count, metric, number, span
from metier.train.behind import roots

CELLS: tuple[dict[str, str], ...] = ({}, {"overlap": "low"})
"""The cells that are shown: all questions, and those that training hardly held."""
Verdict = Literal["gain", "loss", "no clear difference", ""]


@dataclass(frozen=True)
class Row:
    """One score of the model, beside the base's where that was measured; ``verdict`` is empty where it was not."""

    task: str
    metric: str
    value: str
    interval: str
    n: str
    before: str
    change: str
    verdict: Verdict
    tax: bool
    """Whether it is the domain tax, a paired difference in itself."""
    seeds: int
    """Checkpoints that the score is the mean of, where they are several."""


@dataclass(frozen=True)
class Names:
    """What one step of an evaluation calls the model and the one it began from; empty where it asked it nothing."""

    own: str = ""
    base: str = ""
    seeds: int = 1


def rows(run: Finished, steps: Mapping[str, Manifest], model: str) -> list[Row]:
    """Every overall score of a model, which is named as the recipe does; ``steps`` are those behind it."""
    same, before = _same(steps, model), roots(steps)
    made = {name: one for name, artefact in run.artefacts.items() if (one := artefact.manifest) is not None}
    found = []
    for step, one in made.items():
        names = _names(step, made, same, before)
        scores = list(run.artefacts[step].records(Score)) if "score" in one.counts else []
        for score in scores if names.own else ():
            known = METRICS.get(score.metric)
            shown = known is None or known.headline or score.metric == "tax"
            if score.model == names.own and score.by in CELLS and shown:
                beside = [s for s in scores if _key(s) == _key(score) and s.model == names.base and names.base]
                found.append(_row(score, beside[0] if beside else None, names.seeds))
    return found


def _key(score: Score) -> tuple[str, str, dict[str, str]]:
    return score.task, score.metric, score.by


def _row(score: Score, before: Score | None, seeds: int) -> Row:
    how = metric(score.metric)
    title = how.title + ("" if not score.by else ", questions that training hardly held")
    signed = score.metric == "tax"
    value, interval = number(score.value, how, signed), span(score.low, score.high, how, signed)
    if signed:
        verdict: Verdict = "loss" if score.low > 0 else "gain" if score.high < 0 else "no clear difference"
        return Row(score.task, f"{title} (points lost)", value, interval, count(score.n), "", "", verdict, True, seeds)
    if before is None:
        return Row(score.task, title, value, interval, count(score.n), "", "", "", False, seeds)
    differs = change(score, before)
    tones: dict[str, Verdict] = {"better": "gain", "worse": "loss", "even": "no clear difference"}
    moved = f"{differs.text} ({differs.interval})"
    was = f"{number(before.value, how)} ({span(before.low, before.high, how)})"
    return Row(score.task, title, value, interval, count(score.n), was, moved, tones[differs.tone], False, seeds)


def _same(steps: Mapping[str, Manifest], model: str) -> set[str]:
    """The names under which a recipe may have asked the same weights: an adapter and its merge answer alike."""
    found, waiting = set[str](), [model]
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting += [one for one in _copied(steps.get(name)) if one not in found]
    return found


def _copied(step: Manifest | None) -> Iterator[str]:
    """What a step passes on unchanged: one adapter merged whole, a checkpoint picked among several, an export."""
    if step is None:
        return
    adapters, models = step.sources.get("adapters"), step.sources.get("models")
    if step.stage == "train.merge" and isinstance(adapters, dict) and len(adapters) == 1:
        (name, some), weights = next(iter(adapters.items())), step.config.get("weights") or {}
        if weights.get(name, 1.0) == 1.0 and step.config.get("dtype", "base") == "base":
            yield from some
    elif step.stage == "train.pick" and isinstance(models, dict):
        yield from models.get(str(step.notes.get("picked")), ())
    elif step.stage == "train.export" and step.config.get("dtype", "base") == "base":
        yield from step.sources.get("model", ())


def _names(step: str, made: Mapping[str, Manifest], same: set[str], before: list[str]) -> Names:
    """What a step calls the model: by the models it asked itself, or else those whose answers it was fed."""
    one = made.get(step)
    if one is None:
        return Names()
    models = one.sources.get("models")
    if not isinstance(models, dict):
        feeds = [name for feed in one.sources.values() if isinstance(feed, list) for name in feed]
        return next((found for name in feeds if (found := _names(name, made, same, before)).own), Names())
    own = next((name for name, some in models.items() if same & set(some)), "")
    base = next((name for name, some in models.items() if set(some) <= set(before)), "")
    return Names(own, base, len(models[own]) if own else 1)

"""What the exams of a run say of one model: every score beside that of the model it began from, gains and losses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from metier.artefact import Finished, Manifest
from metier.records import Score
from metier.scores import METRICS, between, change, count, metric, number, span
from metier.train.behind import picked, roots

BEGINNINGS = ("train.init", "train.extend")
"""Stages whose models a training begins from: random weights, and a base with rows for new tokens."""
CELLS: tuple[dict[str, str], ...] = ({}, {"overlap": "low"})
"""The cells that are shown: all questions, and those that training hardly held."""
Verdict = Literal["gain", "loss", "changed", "no clear difference", ""]


@dataclass(frozen=True)
class Row:
    """One score of the model, beside the base's where that was measured; ``verdict`` is empty where it was not.

    ``changed`` is what differs in a metric of which nobody said which way is better.
    """

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
    asked: str
    """The step that was measured: the model's own, or one whose weights it passes on."""


@dataclass(frozen=True)
class Names:
    """What one step of an evaluation calls the model and the one it began from; empty where it asked it nothing."""

    own: str = ""
    base: str = ""
    seeds: int = 1
    asked: str = ""


def rows(run: Finished, steps: Mapping[str, Manifest], model: str) -> list[Row]:
    """Every overall score of a model, which is named as the recipe does; ``steps`` are those behind it."""
    same, before = _same(steps, model), [*roots(steps), *(n for n, one in steps.items() if one.stage in BEGINNINGS)]
    made = {name: one for name, artefact in run.artefacts.items() if (one := artefact.manifest) is not None}
    found = []
    for step, one in made.items():
        names = _names(step, made, same, before)
        scores = list(run.artefacts[step].records(Score)) if "score" in one.counts else []
        for score in scores if names.own else ():
            known = METRICS.get(score.metric)
            shown = known is None or known.headline or score.metric == "tax"
            if score.model == names.own and shown and score.metric == "tax":
                found.append(_tax(score, names, str(one.config.get("base", names.base))))
            elif score.model == names.own and shown and score.by in CELLS:
                beside = [s for s in scores if _key(s) == _key(score) and s.model == names.base and names.base]
                found.append(_row(score, beside[0] if beside else None, names))
    return found


def _key(score: Score) -> tuple[str, str, dict[str, str]]:
    return score.task, score.metric, score.by


def _tax(score: Score, names: Names, against: str) -> Row:
    """A domain tax in any cell: its labels say where the model stands in a sweep, not which questions were asked."""
    how = metric(score.metric)
    title = how.title + (" (points lost)" if against == names.base else f" (points lost against {against})")
    value, interval = number(score.value, how, signed=True), span(score.low, score.high, how, signed=True)
    verdict: Verdict = "loss" if score.low > 0 else "gain" if score.high < 0 else "no clear difference"
    n = count(score.n)
    return Row(score.task, title, value, interval, n, "", "", verdict, True, names.seeds, names.asked)


def _row(score: Score, before: Score | None, names: Names) -> Row:
    how, n = metric(score.metric), count(score.n)
    title = how.title + ("" if not score.by else ", questions that training hardly held")
    value, interval = number(score.value, how), span(score.low, score.high, how)
    if before is None:
        return Row(score.task, title, value, interval, n, "", "", "", False, names.seeds, names.asked)
    differs, (_, low, high) = change(score, before), between(score, before)
    tones: dict[str, Verdict] = {"better": "gain", "worse": "loss", "even": "no clear difference"}
    verdict: Verdict = tones[differs.tone] if how.better or low <= 0 <= high else "changed"
    moved = f"{differs.text} ({differs.interval})"
    was = f"{number(before.value, how)} ({span(before.low, before.high, how)})"
    return Row(score.task, title, value, interval, n, was, moved, verdict, False, names.seeds, names.asked)


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
    adapters = step.sources.get("adapters")
    if step.stage == "train.merge" and isinstance(adapters, dict) and len(adapters) == 1:
        (name, some), weights = next(iter(adapters.items())), step.config.get("weights") or {}
        if weights.get(name, 1.0) == 1.0 and step.config.get("dtype", "base") == "base":
            yield from some
    elif took := picked(step):
        yield took
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
    own, asked = next(((name, one) for name, some in models.items() for one in some if one in same), ("", ""))
    base = next((name for began in before for name, some in models.items() if list(some) == [began]), "")
    return Names(own, base, len(models[own]) if own else 1, asked)

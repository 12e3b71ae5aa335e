"""Scores as the page shows them: a summary in words, boards of models beside the base, the tax, and tables by label."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from metier.evals.report_figures import Axis, Strip, axis, ticks
from metier.records import Score
from metier.scores import Change, Metric, change, count, metric, number, span

Tone = Literal["better", "worse", "even"]
HEADLINE = {"overlap": "low"}
"""The one cell that is shown among the overall scores."""
SWEPT = ("tax", "gain")
"""Metrics that compare with the base by themselves."""
MOST = 200
"""Rows of a table that are shown."""


@dataclass(frozen=True)
class Entry:
    """One model's score on a board."""

    model: str
    value: str
    interval: str
    n: str
    strip: Strip
    base: bool
    change: Change | None


@dataclass(frozen=True)
class Board:
    """The models on one task by one metric."""

    task: str
    metric: Metric
    cell: str
    entries: tuple[Entry, ...]
    ticks: tuple[tuple[float, str], ...]
    chance: str
    remark: str


@dataclass(frozen=True)
class Table:
    """Scores by label: a row a cell, a column a model."""

    task: str
    metric: Metric
    by: str
    models: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Entry | None, ...]], ...]
    left_out: int


def base_of(scores: Iterable[Score]) -> str:
    """The model that others are shown beside: ``base``, or else the first."""
    models = list(dict.fromkeys(one.model for one in scores if one.metric not in (*SWEPT, "overlap_share")))
    return "base" if "base" in models else models[0] if models else ""


def boards(scores: Sequence[Score], chances: dict[str, float]) -> list[Board]:
    """One board for each (task, metric) overall, and for the rows of low overlap."""
    base = base_of(scores)
    made = []
    for task, name, cell in _keys(scores, ({}, HEADLINE)):
        how = metric(name)
        if how.headline:
            own = [one for one in scores if (one.task, one.metric, one.by) == (task, name, cell)]
            seeds = {} if cell else _seeds(scores, task, name)
            made.append(_board(own, seeds, base, chances.get(task) if name == "accuracy" else None, scores))
    return made


def _keys(scores: Sequence[Score], wanted: Sequence[dict[str, str]]) -> list[tuple[str, str, dict[str, str]]]:
    """(task, metric, cell) of the wanted cells, task by task in the order of the scores."""
    tasks = dict.fromkeys(one.task for one in scores)
    found = [(one.task, one.metric, one.by) for one in scores if one.by in wanted]
    unique = [key for place, key in enumerate(found) if key not in found[:place]]
    return [key for task in tasks for key in unique if key[0] == task]


def _seeds(scores: Sequence[Score], task: str, name: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in scores:
        if (one.task, one.metric) == (task, name) and one.by.keys() == {"seed"}:
            found.setdefault(one.model, []).append(one.value)
    return found


def _board(
    own: list[Score], seeds: dict[str, list[float]], base: str, chance: float | None, scores: Sequence[Score]
) -> Board:
    first = own[0]
    how = metric(first.metric)
    ends = [end for one in own for end in (one.low, one.value, one.high)]
    zero = [0.0] if first.metric == "bits_per_byte_gap" else []
    scale = axis(ends + zero, 248, how.span)
    beside = next((one for one in own if one.model == base), None)
    marks = [chance] if chance is not None else zero
    ordered = sorted(own, key=lambda one: one.model != base)
    entries = tuple(entry(one, scale, beside, seeds.get(one.model, ()), marks) for one in ordered)
    remark = _remark(scores, first) if first.metric == "bits_per_byte" else ""
    text = f"chance {number(chance, how)}" if chance is not None else ""
    return Board(first.task, how, cell_name(first.by), entries, _ends(scale, how), text, remark)


def _ends(scale: Axis, how: Metric) -> tuple[tuple[float, str], ...]:
    """Round values near both ends of an axis."""
    some = how.span or ticks(scale.low, scale.high, 3)
    words = [f"{value * 100:.4g}%" if how.unit == "percent" else f"{value:.4g}" for value in some]
    return tuple((scale.at(value), word.replace("-", "−")) for value, word in zip(some, words, strict=True))


def _remark(scores: Sequence[Score], first: Score) -> str:
    for one in scores:
        if one.metric == "overlap_share" and one.task == first.task and not first.by:
            how = metric(one.metric)
            held = f"{number(one.value, how)} ({span(one.low, one.high, how)}; {count(one.n)} answers)"
            return f"The training answers hold {held} of an answer's runs of 13 words."
    return ""


def entry(one: Score, scale: Axis, beside: Score | None, dots: Sequence[float], marks: Sequence[float]) -> Entry:
    """A score as text, on its axis, and beside the base."""
    how = metric(one.metric)
    strip = scale.strip(one.low, one.value, one.high, dots, marks)
    base = beside is not None and one.model == beside.model
    differs = change(one, beside) if beside is not None and not base else None
    return Entry(one.model, number(one.value, how), span(one.low, one.high, how), count(one.n), strip, base, differs)


def cell_name(by: dict[str, str]) -> str:
    """A cell in words."""
    if by == HEADLINE:
        return "answers with little overlap with training (at most 10%)"
    return ", ".join(by.values())


def taxes(scores: Sequence[Score]) -> list[Board]:
    """A board for what each model lost against the base on a task, and one for what it gained in its domain."""
    keys = dict.fromkeys((one.task, one.metric) for one in scores if one.metric in SWEPT)
    made = []
    for task, name in keys:
        own = [one for one in scores if (one.task, one.metric) == (task, name)]
        how = metric(name)
        widest = max(0.02, *(abs(end) for one in own for end in (one.low, one.high)))
        scale = Axis(-widest * 1.08, widest * 1.08, 240, 4)
        entries = tuple(_signed(one, how, scale) for one in own)
        made.append(Board(task, how, "", entries, ((scale.at(0.0), "0"),), "", ""))
    return made


def _signed(one: Score, how: Metric, scale: Axis) -> Entry:
    """A difference from the base as text and on its axis, with a verdict."""
    up = "gained" if one.metric == "gain" else "lost"
    word = (
        "no clear change" if one.low <= 0 <= one.high else up if one.value > 0 else {"gained": "lost"}.get(up, "gained")
    )
    tone: Tone = "even" if one.low <= 0 <= one.high else "better" if word == "gained" else "worse"
    return Entry(
        one.model,
        number(one.value, how, signed=True),
        span(one.low, one.high, how, signed=True),
        count(one.n),
        scale.strip(one.low, one.value, one.high, (), (0.0,)),
        False,
        Change(word, "", tone),
    )


def tables(scores: Sequence[Score]) -> list[Table]:
    """One table for each (task, metric, labels), a row a cell."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[Score]] = {}
    for one in scores:
        if one.by and one.metric not in SWEPT:
            groups.setdefault((one.task, one.metric, tuple(one.by)), []).append(one)
    made = []
    for (task, name, by), own in groups.items():
        models = tuple(dict.fromkeys(one.model for one in own))
        scale = axis([end for one in own for end in (one.low, one.high)], 108, metric(name).span)
        found = {(cell_key(one), one.model): entry(one, scale, None, (), ()) for one in own}
        cells = list(dict.fromkeys(cell_key(one) for one in own))
        rows = tuple((cell, tuple(found.get((cell, model)) for model in models)) for cell in cells[:MOST])
        made.append(Table(task, metric(name), " × ".join(by), models, rows, len(cells) - len(rows)))
    order = list(dict.fromkeys(one.task for one in scores))
    return sorted(made, key=lambda table: order.index(table.task))


def cell_key(one: Score) -> str:
    """The name of a cell in its table."""
    return " · ".join(one.by.values())


def summary(scores: Sequence[Score]) -> list[str]:
    """What the run found, a sentence a task (two where answers of low overlap are told apart)."""
    base, sentences = base_of(scores), []
    for task, name, cell in _keys(scores, ({}, HEADLINE)):
        if name not in ("accuracy", "bits_per_byte"):
            continue
        own = [one for one in scores if (one.task, one.metric, one.by) == (task, name, cell)]
        before = next(one for one in own if one.model == base) if base in [one.model for one in own] else None
        rest = [one for one in own if one is not before]
        if not rest or before is None:
            continue
        best = (max if name == "accuracy" else min)(rest, key=lambda one: one.value)
        sentences.append(_sentence(task, best, before, len(rest)))
    return sentences


def _sentence(task: str, best: Score, before: Score, rivals: int) -> str:
    how, differs = metric(best.metric), change(best, before)
    who = best.model if rivals == 1 else f"the best of {rivals} models, {best.model},"
    verdict = {"better": "", "worse": " — a loss", "even": " — no clear difference"}[differs.tone]
    if best.metric == "accuracy":
        told = f"{who} answers {number(best.value, how)} of the questions right"
    else:
        told = f"{who} needs {number(best.value, how)} bits per byte of the right answers"
    gained = f"{differs.text}, from {differs.interval}{verdict}"
    where = f"{task}, {cell_name(best.by)}" if best.by else task
    return f"{where}: {told}; {before.model} {number(before.value, how)} ({gained})."

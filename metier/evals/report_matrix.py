"""Many scores in one table: models by exams, models by the metrics of one group, and tables as they are published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from metier.artefact import Finished
from metier.evals.intervals import Estimate, average
from metier.evals.layouts import Layout, grouped, read
from metier.evals.report_figures import Axis, axis
from metier.evals.report_scores import LEADING, Entry, Unread, base_of, entry, unread
from metier.evals.tables import over
from metier.records import Score
from metier.scores import count, metric

WAY = "way"
"""The label that says how a model was asked, with the same questions each time: a row of its own among models."""


@dataclass(frozen=True)
class Column:
    """The head of a column; ``n`` is empty where the models differ in it, ``mean`` marks one made of others."""

    title: str
    sub: str
    n: str
    mean: bool = False


@dataclass(frozen=True)
class Line:
    """One model's row: (its score, whether it is the best of the column), none where it was not asked."""

    model: str
    base: bool
    cells: tuple[tuple[Entry | None, bool], ...]


@dataclass(frozen=True)
class Matrix:
    """A table with a row a model; ``groups`` are (title, how many columns) above the columns, where there are any."""

    task: str
    title: str
    note: str
    groups: tuple[tuple[str, int], ...]
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    few: bool
    remark: str = ""


def scoreboard(scores: Sequence[Score]) -> Matrix | None:
    """Every model on every exam by the first leading metric that it has; none where there is one exam only.

    The mean of exams is theirs alike, whatever their size; only a model that was asked all of them has one.
    """
    whole = [one for one in scores if not one.by]
    tasks: dict[str, str] = {}
    for name in LEADING:
        for one in whole:
            if one.metric == name:
                tasks.setdefault(one.task, name)
    if len(tasks) < 2:
        return None
    order = [task for task in dict.fromkeys(one.task for one in scores) if task in tasks]
    columns = [[one for one in whole if (one.task, one.metric) == (task, tasks[task])] for task in order]
    heads = [_head(task, metric(tasks[task]).title, own) for task, own in zip(order, columns, strict=True)]
    if len(set(tasks.values())) == 1:
        columns.append(_means(columns))
        heads.append(Column("Mean of exams", "each counts alike", "", mean=True))
    lines = _lines(columns, base_of(scores), unread(scores))
    return Matrix("", "Every model on every exam", "", (), tuple(heads), lines, _few(lines))


def families(scores: Sequence[Score], signatures: Mapping[tuple[str, str], str]) -> list[Matrix]:
    """The metrics of one group on one task, a column each; a model asked in several ways has a row for each."""
    by_way = [one for one in scores if _by_way(one)]
    scores = [_rowed(one) for one in scores]
    keys = dict.fromkeys((one.task, metric(one.metric).group) for one in scores if not one.by)
    made = []
    for task, group in keys:
        if not group:
            continue
        own = [one for one in scores if one.task == task and not one.by and metric(one.metric).group == group]
        names = list(dict.fromkeys(one.metric for one in own))
        columns = [[one for one in own if one.metric == name] for name in names]
        heads = tuple(_head(metric(name).title, "", some) for name, some in zip(names, columns, strict=True))
        said = dict.fromkeys(text for name in names if (text := signatures.get((task, name))))
        lines = _lines(columns, base_of(scores), unread(()))
        note = _notes(names) if any(one.task == task for one in by_way) else ""
        made.append(Matrix(task, group, note, (), heads, lines, _few(lines), " ".join(said)))
    return made


def _rowed(one: Score) -> Score:
    """A score by way alone as that of a model of its own."""
    return msgspec.structs.replace(one, model=f"{one.model}, {one.by[WAY]}", by={}) if _by_way(one) else one


def _notes(names: Sequence[str]) -> str:
    """What each of some metrics counts."""
    some = [metric(name) for name in names]
    return " ".join(f"{one.title}: {one.note[:1].lower()}{one.note[1:]}" for one in some if one.note)


def _by_way(one: Score) -> bool:
    return one.by.keys() == {WAY} and bool(metric(one.metric).group)


def published(run: Finished) -> list[tuple[str, list[Matrix]]]:
    """(task, its tables) of every step that scored in the layouts of published tables."""
    made: dict[str, list[Matrix]] = {}
    for artefact in run.artefacts.values():
        if some := read(artefact.path):
            scores = list(artefact.records(Score))
            for task in dict.fromkeys(one.task for one in scores):
                own = [one for one in scores if one.task == task]
                made.setdefault(task, []).extend(_laid(layout, own) for layout in some)
    return list(made.items())


def drawn(run: Finished) -> set[tuple[str, str]]:
    """(task, grouping) of what such tables show, and of what stands in a family by way."""
    ways = {(one.task, WAY) for artefact in run.artefacts.values() for one in artefact.records(Score) if _by_way(one)}
    return ways | {
        (one.task, over(names))
        for artefact in run.artefacts.values()
        for layout in read(artefact.path)
        for one in artefact.records(Score)
        for names in layout.by
    }


def _laid(layout: Layout, scores: Sequence[Score]) -> Matrix:
    inner, outer = layout.columns, layout.groups
    names = tuple(level.label for level in layout.levels)
    cells = [one for one in scores if one.metric == "accuracy" and one.by.keys() == set(names)]
    whole = [one for one in scores if one.metric == "accuracy" and not one.by]
    columns, heads, groups = list[list[Score]](), list[Column](), list[tuple[str, int]]()
    for group, values in grouped(layout, [one.by for one in cells]):
        for value in values:
            wanted = {inner.label: value, **({outer.label: group} if outer else {})}
            columns.append([one for one in cells if one.by == wanted])
            heads.append(_head(inner.title(value), "", columns[-1]))
        if outer and layout.total:
            columns.append([one for one in scores if one.metric == "accuracy" and one.by == {outer.label: group}])
            heads.append(_head(layout.total, "", columns[-1], mean=True))
        groups.append((outer.title(group) if outer else "", len(columns) - sum(wide for _, wide in groups)))
    before = len(columns)
    if layout.total:
        columns.append(whole)
        heads.append(_head(layout.total if outer is None else "All questions", "", whole, mean=True))
    if layout.average:
        columns.append([one for one in scores if one.metric == "macro_accuracy" and one.by == {"over": names[0]}])
        heads.append(Column(layout.average, "", "", mean=True))
    groups.append(("", len(columns) - before))
    lines = _lines(columns, base_of(scores), unread(scores))
    remark = _missing(cells, whole, names)
    above = tuple(groups) if outer else ()
    task = scores[0].task
    return Matrix(task, layout.title, layout.source, above, tuple(heads), lines, _few(lines), remark)


def _missing(cells: Sequence[Score], whole: Sequence[Score], names: Sequence[str]) -> str:
    """A sentence where questions stand in no column."""
    if not whole:
        return ""
    gone = whole[0].n - sum(one.n for one in cells if one.model == whole[0].model)
    if gone <= 0:
        return ""
    return f"{count(gone)} of {count(whole[0].n)} answers are to questions without {' and '.join(names)}: in no column."


def _head(title: str, sub: str, own: Sequence[Score], mean: bool = False) -> Column:
    sizes = {one.n for one in own}
    return Column(title, sub, count(sizes.pop()) if len(sizes) == 1 else "", mean)


def _means(columns: Sequence[Sequence[Score]]) -> list[Score]:
    """The mean of columns, of every model that is in all of them."""
    made = []
    for model in dict.fromkeys(one.model for column in columns for one in column):
        own = [one for column in columns for one in column if one.model == model]
        if len(own) == len(columns):
            mean = average([Estimate(one.value, one.n, one.low, one.high) for one in own])
            made.append(mean.score("", model, own[0].metric, {"over": "exam"}))
    return made


def _lines(columns: Sequence[Sequence[Score]], base: str, lost: Unread) -> tuple[Line, ...]:
    models = dict.fromkeys(one.model for column in columns for one in column)
    rows: dict[str, list[tuple[Entry | None, bool]]] = {model: [] for model in models}
    for column in columns:
        scale = _scale(column)
        best = _best(column)
        for model in models:
            one = next((one for one in column if one.model == model), None)
            made = entry(one, scale, None, lost=lost) if one is not None else None
            rows[model].append((made, one is not None and one.value == best and len(column) > 1))
    order = sorted(models, key=lambda model: model != base)
    return tuple(Line(model, model == base, tuple(rows[model])) for model in order)


def _scale(column: Sequence[Score]) -> Axis:
    ends = [end for one in column for end in (one.low, one.high)] or [0.0, 1.0]
    return axis(ends, 84, metric(column[0].metric).span if column else (0.0, 1.0))


def _best(column: Sequence[Score]) -> float | None:
    """The best value, where the metric says which way is better and not all are alike."""
    values = [one.value for one in column]
    if len(set(values)) < 2 or not metric(column[0].metric).better:
        return None
    return max(values) if metric(column[0].metric).better == "more" else min(values)


def _few(lines: Sequence[Line]) -> bool:
    return any(one is not None and one.few for line in lines for one, _ in line.cells)

"""Scores as the page shows them: a summary in words, boards of models beside the base, the tax, and tables by label."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from metier.evals.report_figures import Axis, Strip, axis, ticks
from metier.evals.tables import over
from metier.records import Score
from metier.scores import Change, Metric, change, count, metric, number, span

Tone = Literal["better", "worse", "even"]
HEADLINES = {
    "overlap": ("low", "answers with little overlap with training (at most 10%)"),
    "leak": ("clean", "questions that were not found in the training texts"),
}
"""The cells that are shown among the overall scores: label, its value, and what that is."""
WHOLE: tuple[dict[str, str], ...] = ({}, *({label: value} for label, (value, _) in HEADLINES.items()))
"""All rows, and those cells."""
LEADING = ("accuracy", "macro_f1", "bits_per_byte")
"""Metrics that say of a model what it is worth."""
SWEPT = ("tax", "gain")
"""Metrics that compare with the base by themselves."""
BESIDE = ("unparsed", "cut", "macro_accuracy", "difference")
"""Metrics that are shown beside others, not by themselves."""
READ = ("accuracy", "macro_f1")
"""Metrics that count an unread answer as wrong: its rate stands beside them."""
MOST = 200
"""Rows of a table that are shown."""
FEW = 30
"""A cell of fewer rows than this is marked."""
MUCH = 0.05
"""From this share of unread answers on the rate is shown as a warning."""
Unread = Callable[[Score], tuple[Score | None, Score | None]]
"""The shares of answers that nothing could be read from, and of replies that were cut, beside a score."""


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
    unread: str = ""
    much: bool = False
    """So much that nothing could be read from that the score is in doubt."""
    few: bool = False


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


Row = tuple[str, tuple[Entry | None, ...]]
"""The name of a cell, and every model's score in it."""


@dataclass(frozen=True)
class Table:
    """Scores by label: a row a cell, a column a model; beneath them the mean of the rows, and all questions."""

    task: str
    metric: Metric
    by: str
    models: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int
    foot: tuple[Row, ...]
    few: bool


def base_of(scores: Sequence[Score]) -> str:
    """The model that others are shown beside: ``base``, or else the first that was scored by a leading metric."""
    led = [one for one in scores if one.metric in LEADING]
    some = led or [one for one in scores if one.metric not in (*SWEPT, *BESIDE, "overlap_share")]
    models = list(dict.fromkeys(one.model for one in some))
    return "base" if "base" in models else models[0] if models else ""


def boards(scores: Sequence[Score], chances: dict[str, float]) -> list[Board]:
    """One board for each (task, metric) overall, and for the rows of low overlap."""
    base = base_of(scores)
    made = []
    for task, name, cell in _keys(scores, WHOLE):
        how = metric(name)
        if how.headline and not how.group and name not in BESIDE:
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
    lost = unread(scores)
    entries = tuple(entry(one, scale, beside, seeds.get(one.model, ()), marks, lost) for one in ordered)
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


def entry(
    one: Score,
    scale: Axis,
    beside: Score | None,
    dots: Sequence[float] = (),
    marks: Sequence[float] = (),
    lost: Unread | None = None,
) -> Entry:
    """A score as text, on its axis, and beside the base; with ``lost``, how many answers could not be read."""
    how = metric(one.metric)
    strip = scale.strip(one.low, one.value, one.high, dots, marks)
    base = beside is not None and one.model == beside.model
    differs = change(one, beside) if beside is not None and not base else None
    rate, short = lost(one) if lost is not None and one.metric in READ else (None, None)
    return Entry(
        one.model,
        number(one.value, how),
        span(one.low, one.high, how),
        count(one.n),
        strip,
        base,
        differs,
        unread_words(rate, short),
        rate is not None and rate.value >= MUCH,
        one.n < FEW,
    )


def unread(scores: Iterable[Score]) -> Unread:
    """The rates of unread answers and of replies that were cut, of a score's task, model and cell."""
    found = {
        (one.metric, one.task, one.model, frozenset(one.by.items())): one
        for one in scores
        if one.metric in ("unparsed", "cut")
    }

    def rates(one: Score) -> tuple[Score | None, Score | None]:
        key = one.task, one.model, frozenset(one.by.items())
        return found.get(("unparsed", *key)), found.get(("cut", *key))

    return rates


def unread_words(rate: Score | None, short: Score | None = None) -> str:
    """A rate of unread answers as it stands beside an accuracy; empty where nobody counted them."""
    if rate is None:
        return ""
    words = f"{number(rate.value, metric('unparsed'))} not read" if rate.value else "all read"
    return f"{words}, {number(short.value, metric('cut'))} cut short" if short is not None and short.value else words


def cell_name(by: dict[str, str]) -> str:
    """A cell in words."""
    for label, (value, words) in HEADLINES.items():
        if by == {label: value}:
            return words
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


def tables(scores: Sequence[Score], drawn: Iterable[tuple[str, str]] = ()) -> list[Table]:
    """One table for each (task, metric, labels), a row a cell; those that are ``drawn`` elsewhere are left out."""
    elsewhere = set(drawn)
    groups: dict[tuple[str, str, tuple[str, ...]], list[Score]] = {}
    for one in scores:
        if one.by and one.metric not in (*SWEPT, *BESIDE) and (one.task, over(one.by)) not in elsewhere:
            groups.setdefault((one.task, one.metric, tuple(one.by)), []).append(one)
    made = [_table(own, scores) for own in groups.values()]
    order = list(dict.fromkeys(one.task for one in scores))
    return sorted(made, key=lambda table: order.index(table.task))


def _table(own: Sequence[Score], scores: Sequence[Score]) -> Table:
    task, name, by = own[0].task, own[0].metric, over(own[0].by)
    models = tuple(dict.fromkeys(one.model for one in own))
    scale, lost = axis([end for one in own for end in (one.low, one.high)], 108, metric(name).span), unread(scores)
    rows = _rows(own, models, scale, lost)
    feet = list[Row]()
    if name == "accuracy" and by != "seed" and len(rows) > 1:
        for title, other, cell in (
            (f"mean of the {len(rows)} rows", "macro_accuracy", {"over": by}),
            ("all questions", name, dict[str, str]()),
        ):
            some = [one for one in scores if (one.task, one.metric, one.by) == (task, other, cell)]
            feet += [(title, row[1]) for row in _rows(some, models, scale, lost)]
    shown = tuple(rows[:MOST])
    few = any(one is not None and one.few for _, entries in shown for one in entries)
    return Table(task, metric(name), by, models, shown, len(rows) - len(shown), tuple(feet), few)


def _rows(own: Sequence[Score], models: Sequence[str], scale: Axis, lost: Unread) -> list[Row]:
    found = {(cell_key(one), one.model): entry(one, scale, None, lost=lost) for one in own}
    cells = dict.fromkeys(cell_key(one) for one in own)
    return [(cell, tuple(found.get((cell, model)) for model in models)) for cell in cells]


def cell_key(one: Score) -> str:
    """The name of a cell in its table."""
    return " · ".join(one.by.values())


def summary(scores: Sequence[Score]) -> list[str]:
    """What the run found, a sentence a task (two where answers of low overlap are told apart)."""
    base, sentences = base_of(scores), []
    for task, name, cell in _keys(scores, WHOLE):
        if name not in ("accuracy", "bits_per_byte"):
            continue
        own = [one for one in scores if (one.task, one.metric, one.by) == (task, name, cell)]
        before = next(one for one in own if one.model == base) if base in [one.model for one in own] else None
        rest = [one for one in own if one is not before]
        if not rest or before is None:
            continue
        best = (max if name == "accuracy" else min)(rest, key=lambda one: one.value)
        lost, _ = unread(scores)(best)
        sentences.append(_sentence(task, best, before, len(rest), lost))
    return sentences


def wins(scores: Sequence[Score]) -> list[str]:
    """How often a model wins over another, a sentence for each that others are compared with."""
    whole = [one for one in scores if one.metric == "win_rate" and one.by.keys() == {"against"}]
    sentences = []
    for task, against in dict.fromkeys((one.task, one.by["against"]) for one in whole):
        own = [one for one in whole if (one.task, one.by["against"]) == (task, against)]
        best, how = max(own, key=lambda one: one.value), metric("win_rate")
        who = best.model if len(own) == 1 else f"the best of {len(own)} models, {best.model},"
        verdict = "" if best.low > 0.5 else " — a loss" if best.high < 0.5 else " — no clear difference"
        share = f"{number(best.value, how)} of {count(best.n)} prompts, a tie counting one half"
        told = f"{who} wins over {against} in {share} (from {span(best.low, best.high, how)}{verdict})"
        sentences.append(f"{task}: {told}.")
    return sentences


def _sentence(task: str, best: Score, before: Score, rivals: int, lost: Score | None) -> str:
    how, differs = metric(best.metric), change(best, before)
    who = best.model if rivals == 1 else f"the best of {rivals} models, {best.model},"
    verdict = {"better": "", "worse": " — a loss", "even": " — no clear difference"}[differs.tone]
    if best.metric == "accuracy":
        told = f"{who} answers {number(best.value, how)} of the questions right"
        if lost is not None and lost.value:
            told += f" ({unread_words(lost)}, which is wrong)"
    else:
        told = f"{who} needs {number(best.value, how)} bits per byte of the right answers"
    gained = f"{differs.text}, from {differs.interval}{verdict}"
    where = f"{task}, {cell_name(best.by)}" if best.by else task
    return f"{where}: {told}; {before.model} {number(before.value, how)} ({gained})."

"""The scores of a run as a table, and of two runs side by side."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from metier.records import MetierError, Score
from metier.run.table import table

Key = tuple[str, str, str, tuple[tuple[str, str], ...]]


def read_scores(run: Path) -> list[Score]:
    """Every score of a run directory (or of a scores.json)."""
    file = run if run.is_file() else run / "scores.json"
    if not file.exists():
        raise MetierError(
            f"{run}: no scores.json; finish the run first, or name a run directory such as runs/quickstart"
        )
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Score])
    except msgspec.DecodeError as error:
        raise MetierError(f"{file}: damaged ({error}); run the recipe again, it rewrites the file") from None


def key(score: Score) -> Key:
    """What a score is joined on."""
    return score.task, score.model, score.metric, tuple(sorted(score.by.items()))


def scoreboard(scores: Iterable[Score], every: bool = False) -> str:
    """Task, model, metric, value with its 95% interval and n; cells by label only where asked.

    A task whose every score has a label, as the ways of ``evals.violations``, is shown by the fewest that it has.
    """
    scores = list(scores)
    least: dict[str, int] = {}
    for s in scores:
        least[s.task] = min(len(s.by), least.get(s.task, len(s.by)))
    rows = [
        (s.task, s.model, s.metric, cell(s.by), number(s.value), f"{number(s.low)} – {number(s.high)}", f"{s.n:,}")
        for s in scores
        if every or len(s.by) == least[s.task]
    ]
    return table(("task", "model", "metric", "by", "value", "95% interval", "n"), rows)


def compared(left: Path, right: Path) -> str:
    """Two runs joined on (task, model, metric, by): both values and the difference; what only one has is listed too."""
    ours, theirs = ({key(score): score for score in read_scores(run)} for run in (left, right))
    rows = []
    for one in [*ours, *(k for k in theirs if k not in ours)]:
        a, b = ours.get(one), theirs.get(one)
        score = a or b
        assert score is not None
        apart = "" if a is None or b is None else ("same" if a == b else _apart(a, b))
        difference = f"{b.value - a.value:+.4f}" if a and b else "only in " + (left.name if a else right.name)
        values = [f"{number(s.value)} [{number(s.low)}, {number(s.high)}]" if s else "-" for s in (a, b)]
        rows.append((score.task, score.model, score.metric, cell(score.by), *values, difference, apart))
    if not rows:
        raise MetierError(f"{left} and {right} hold no scores; add a step of the evals room to the recipes")
    return table(("task", "model", "metric", "by", left.name, right.name, "difference", "intervals"), rows)


def _apart(a: Score, b: Score) -> str:
    return "overlap" if a.low <= b.high and b.low <= a.high else "apart"


def cell(by: dict[str, str]) -> str:
    """The labels of a cell in one word each."""
    return ", ".join(f"{name}={value}" for name, value in sorted(by.items())) or "all"


def number(value: float) -> str:
    """A score as people read it."""
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"

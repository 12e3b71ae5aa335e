"""The mixture that trainings will see: the share of each source in every tenth, its size, hours, memory and disk."""

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from metier.recipe import Step
from metier.records import MetierError
from metier.run.plan import Plan
from metier.run.preview_stock import Stock, stocks
from metier.run.preview_trial import Feeding, Measured, measured, tokenizer_home, trying
from metier.run.table import table
from metier.train.disk import size
from metier.train.mixing import Mix, mix
from metier.train.settings import Train, own_priorities

WINDOW_BYTES = 9
"""What a place of a window takes on disk: a token, its position, whether it is trained."""


class Course(msgspec.Struct, frozen=True):
    """Trainings that see the same records in the same way, and what is known of them."""

    steps: tuple[Step, ...]
    settings: Train
    feeds: list[Feeding]
    stock: dict[str, Stock]
    cost: Measured | None
    trying: str
    """The command of a trial."""

    @property
    def cut(self) -> str:
        """The steps whose records were seen in a trial alone, where nobody knows how many there are in all."""
        return ", ".join(dict.fromkeys(feed.artefact.path.name for feed in self.feeds if not feed.times))


def shown(plan: Plan, tried: Plan | None, same: Sequence[Step], feeds: list[Feeding]) -> str:
    """What some trainings that see the same will see, or why they would stop."""
    first = same[0]
    head = f"{', '.join(step.name for step in same)} ({first.stage.name})"
    assert isinstance(first.config, Train)
    try:
        some = [feed if feed.times else msgspec.structs.replace(feed, times=1.0) for feed in feeds]
        stock = stocks(some, tokenizer_home(plan, tried, first), first.config)
        course = Course(tuple(same), first.config, feeds, stock, measured(plan, tried, first), trying(plan))
        made = mix(course.settings, list(stock), [round(one.items) for one in stock.values()])
    except MetierError as error:
        return f"{head} would stop: {error}"
    return "\n".join([f"{head}, {_seen(course)}", _mixture(course, made), *_figures(course, made)])


def _seen(course: Course) -> str:
    """Where the records were seen."""
    places = dict.fromkeys(
        f"{feed.artefact.path.parent.name}/{feed.artefact.path.name}"
        + (f" (made otherwise: {feed.why})" if feed.why else "")
        for feed in course.feeds
    )
    records = sum(one.records for one in course.stock.values())
    about = "about " if any(feed.times != 1 for feed in course.feeds) else ""
    return f"of {about}{records:,.0f} records, as in {', '.join(places)}"


def _mixture(course: Course, made: Mix) -> str:
    """A row a source: what there is of it in a pass, and its share of every tenth of the run."""
    settings, tokens = course.settings, _tokens(course)
    by_tokens = bool(tokens.sum())
    amount = _amount(course, made)
    shares = made.expect(tokens if by_tokens else None, amount[1] if by_tokens else amount[0])
    weights = own_priorities(settings.priorities) if settings.priorities else {}
    rows = []
    for number, source in enumerate(made.sources):
        share = made.draws[number] / max(1, made.counts[number])
        spent = [_thousands(tokens[number] * share)] if by_tokens else []
        priority = [f"{weights[source]:g}"] if weights else []
        rows.append(
            [
                source,
                *priority,
                _thousands(float(made.draws[number])),
                *spent,
                *(_share(one) for one in shares[:, number]),
            ]
        )
    unit = ["tokens"] if by_tokens else []
    tenths = [f"{part}%" for part in range(10, 101, 10)]
    return table(["source", *(["priority"] if weights else []), "items", *unit, *tenths], rows)


def _figures(course: Course, made: Mix) -> Iterator[str]:
    settings = course.settings
    items, tokens = _amount(course, made)
    if not tokens:
        yield f"about {_thousands(items)} items; shares are of the items of each tenth; the tokenizer is not known yet"
        return
    steps = math.ceil(tokens / settings.batch_tokens)
    yield (
        f"about {_thousands(items)} items, {_thousands(tokens)} tokens, {steps:,} steps of {settings.batch_tokens:,}; "
        "shares are of the tokens of each tenth"
    )
    if course.cut:
        yield f"how many records {course.cut} will hold is not known yet: they are counted as in the trial"
    if course.cost is None:
        yield f"hours, memory and disk are known after a trial: {course.trying}"
        return
    yield _cost(course.cost, tokens)


def _cost(found: Measured, tokens: float) -> str:
    """Hours, memory and disk of a training, reckoned from one that was measured."""
    cost = found.cost
    hours = tokens / cost.tokens_per_second / 3600
    disk = cost.disk_bytes + tokens * WINDOW_BYTES
    other = f", made otherwise: {found.why}" if found.why else ""
    return (
        f"about {_hours(hours)}, {size(cost.peak_bytes)} of memory, {size(round(disk))} of disk at most; reckoned from "
        f"{found.run} ({cost.tokens_per_second:,.0f} tokens a second{other})"
    )


def _amount(course: Course, made: Mix) -> tuple[float, float]:
    """Items and tokens of the whole run, passes and a budget included; tokens are 0 where they are not known."""
    settings, tokens = course.settings, _tokens(course)
    share = made.draws / np.maximum(made.counts, 1)
    items, one_pass = float(made.draws.sum()), float((tokens * share).sum())
    if settings.tokens is None:
        passes = 1.0 if isinstance(settings.epochs, dict) else settings.epochs
        return items * passes, one_pass * passes
    if not one_pass:
        return items, 0.0
    spent = made.expect(tokens, settings.tokens).mean(axis=0) * settings.tokens
    return float((spent[tokens > 0] * made.counts[tokens > 0] / tokens[tokens > 0]).sum()), float(settings.tokens)


def _tokens(course: Course) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([one.tokens for one in course.stock.values()])


def _hours(hours: float) -> str:
    return f"{hours:,.1f} hours" if hours >= 1 else f"{hours * 60:,.1f} minutes"


def _thousands(number: float) -> str:
    """A number to three digits that count, as it is judged by a sample."""
    return f"{number:,.0f}" if number < 1e4 else f"{float(f'{number:.3g}'):,.0f}"


def _share(share: float) -> str:
    return f"{share:.2f}".lstrip("0") if share < 0.995 else "1"

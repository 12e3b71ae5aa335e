"""Run one stage that is called once: records in, records out - or a directory filled."""

import itertools
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metier import progress
from metier.artefact import Artefact, Finished, Manifest, Writer
from metier.model.load import check_model
from metier.recipe import Source, Step
from metier.records import Answer, Checkpoint, Dropped, Entity, MetierError, Record, Rule, Score, kind_name, several
from metier.run.account import AccountError, Ledger
from metier.run.context import Context, notes, refuse_empty
from metier.run.models import Models
from metier.stage import Input

if TYPE_CHECKING:
    from metier.llm.llm import LLM


TIMED = "checkpoints"
"""Where the notes of a manifest say how long its checkpoints took."""
TABLES = (Entity, Rule)
"""Records that name each other: a part of them is no table. A trial keeps them whole, since later steps look up in them
what texts and questions name, and gives the first rules alone to a step that takes rules one by one."""


def run_call(step: Step, context: Context, models: Models) -> None:
    """Make the artefact of one step; a stage that fills a directory finds it again after a crash."""
    scratch = context.scratch(step)
    if step.stage.flow != "job":
        shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(scratch / "dropped", ignore_errors=True)
    ledger = Ledger(f"{step.place}: step {step.name!r} ({step.stage.name})")
    try:
        writer = Writer(scratch, int(context.plan.recipe.shard_mb * (1 << 20)))
        before = models.spent(step)
        arguments = _arguments(step, context, ledger, scratch, models.given(step))
        clock = Clock(_checkpoints(step))
        _write(clock.passed(_results(step, context, arguments)), step, writer, ledger)
    except BaseException:
        if step.stage.flow != "job":
            shutil.rmtree(scratch, ignore_errors=True)
        raise
    _drained(step, context, ledger)
    ledger.close(step.stage.accounts, step.stage.beside)
    manifest = context.manifest(
        step, count_in=sum(_there(step, context).values()), counts=dict(ledger.counts), cells=ledger.cells,
        characters=sum(cell.characters for cell in ledger.cells.values()), dropped=dict(ledger.reasons),
        examples=ledger.examples, notes=notes(scratch) | models.notes(step, before) | clock.notes(),
    )  # fmt: skip
    try:
        refuse_empty(step, manifest)
    except MetierError:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    context.finish(step, scratch, manifest)


class Clock:
    """How long each checkpoint under evaluation took: the time until a record about it came, loading included.

    Stages ask one model after another, and yield what is about a model before they turn to the next.
    """

    def __init__(self, names: Iterable[str], now: Callable[[], float] = time.monotonic) -> None:
        self.names, self.now = set(names), now
        self.seconds: dict[str, float] = defaultdict(float)
        self.answers: Counter[str] = Counter()

    def passed(self, results: Iterator[Record]) -> Iterator[Record]:
        """The same records; what is done with them is not counted."""
        start = self.now()
        for record in results:
            if isinstance(record, Answer | Score) and record.model in self.names:
                self.seconds[record.model] += self.now() - start
                self.answers[record.model] += isinstance(record, Answer)
            yield record
            start = self.now()

    def notes(self) -> dict[str, Any]:
        """What the manifest says of them, in seconds; empty where none was asked."""
        found = {
            name: {"answers": self.answers[name], "seconds": round(took, 3)} for name, took in self.seconds.items()
        }
        return {TIMED: found} if found else {}


def _checkpoints(step: Step) -> Iterator[str]:
    """The names under which a step evaluates checkpoints."""
    for feed in step.feeds.values():
        if isinstance(feed, dict):
            yield from (name for name, some in feed.items() if any(not one.model for one in some))


def _results(step: Step, context: Context, arguments: dict[str, Any]) -> Iterator[Record]:
    """What the stage yields; a trial run cuts a stage that reads no records, tables aside."""
    results = step.stage.run(**arguments)
    if results is None:
        return
    limit = context.plan.recipe.limit
    source = not any(one.shape in ("records", "batch") and one.name in step.feeds for one in step.stage.inputs)
    counts: Counter[type[Record]] = Counter()
    for record in results:
        counts[type(record)] += 1
        if not (limit and source and counts[type(record)] > limit) or isinstance(record, TABLES):
            yield record


def _write(results: Iterable[Record], step: Step, writer: Writer, ledger: Ledger) -> None:
    for number, record in enumerate(results, 1):
        if type(record) not in (*step.stage.yields, Dropped):
            raise AccountError(f"{ledger.stage} yields a {type(record).__name__}, which its signature does not name")
        ledger.give(record)
        writer.add(record)
        if number % 500 == 0 and step.stage.flow != "job" and not step.asks:
            progress.report(number, 0, "records", step.name)
    writer.close()


def _arguments(
    step: Step, context: Context, ledger: Ledger, scratch: Path, asked: "Mapping[str, LLM]"
) -> dict[str, Any]:
    """Every argument of the stage, by the shape of its parameter; ``asked`` are its language models."""
    arguments: dict[str, Any] = {one.name: asked[one.name] for one in step.stage.asked if one.name in asked}
    for one in step.stage.feedable:
        if one.name not in step.feeds:
            continue
        feed = step.feeds[one.name]
        if isinstance(feed, dict):
            arguments[one.name] = {
                key: tuple(asked[f"{one.name}.{key}"] if s.model else _checkpoint(s, context) for s in some)
                for key, some in feed.items()
            }
        elif one.shape == "records":
            some = itertools.islice(_records(step, one, feed, context), _most(one, context))
            arguments[one.name] = ledger.take(one.name, some)
        elif one.shape == "checkpoint":
            arguments[one.name] = _checkpoint(feed[0], context)
        else:
            arguments[one.name] = context.path(feed[0])
    if step.config is not None:
        arguments["config"] = step.config
    given = {"seed": step.seed, "task": _task(step), "out": scratch}
    arguments |= {name: given[name] for name in step.stage.given & given.keys()}
    if "run" in step.stage.given:
        arguments["run"] = finished(context, before=step.name)
    return arguments


def _records(step: Step, one: Input, feed: tuple[Source, ...], context: Context) -> Iterator[Record]:
    for source in feed:
        artefact = context.artefact(source)
        if not artefact.parts(one.kind):
            raise MetierError(
                f"{step.place}: step {step.name!r}: {source.name!r} holds no {one.kind.__name__}; "
                "change the settings there, or feed from another step"
            )
        yield from artefact.records(one.kind)


def _most(one: Input, context: Context) -> int | None:
    """How many records a parameter is given at most: in a trial the first rules, where it takes rules."""
    return (context.plan.recipe.limit or None) if one.kind is Rule else None


def _checkpoint(source: Source, context: Context) -> Checkpoint:
    if source.name.startswith("hf:") and not source.step:
        return Checkpoint(source.name)
    path = context.path(source)
    if source.snapshot and not path.is_dir():
        raise MetierError(
            f"{source.shown}: step {source.name!r} stopped before it; name an earlier snapshot, or the step"
        )
    check_model(str(path))
    manifest = (context.artefact(source) if source.step else Artefact(path)).manifest
    if manifest is None:
        return Checkpoint(str(path), base=source.name)
    mark = source.mark(manifest.fingerprint)
    return Checkpoint(str(path), base=source.shown, fingerprint=mark, seed=manifest.seed)


def _task(step: Step) -> str:
    """The name of the step behind the stage's questions: the key its scores go under."""
    fed = next((one for one in step.stage.inputs if one.name == "questions"), step.stage.fed)
    feed = step.feeds.get(fed.name) if fed is not None else None
    return "+".join(Path(source.name).name for source in feed) if isinstance(feed, tuple) else step.name


def _drained(step: Step, context: Context, ledger: Ledger) -> None:
    """A stage reads all it is given: one that stopped early has lost records.

    A stage that fills a directory may find there what it read before a crash, and then reads nothing.
    """
    for name, there in _there(step, context).items():
        taken = ledger.read[name]
        if taken != there and not (step.stage.flow == "job" and not taken):
            raise AccountError(f"{ledger.stage} read {taken} of {there} {name}; a stage must read all it is given")


def _there(step: Step, context: Context) -> dict[str, int]:
    """How many records wait for each parameter."""
    found = {}
    for one in step.stage.inputs:
        if one.shape == "records" and isinstance(feed := step.feeds.get(one.name), tuple):
            count = sum(_count(context.artefact(source), one) for source in feed)
            found[one.name] = min(count, _most(one, context) or count)
    return found


def _count(artefact: Artefact, one: Input) -> int:
    manifest = artefact.manifest
    return manifest.counts.get(kind_name(one.kind), 0) if manifest is not None else 0


def finished(context: Context, before: str = "") -> Finished:
    """The run as far as it stands, up to a step."""
    recipe = context.plan.recipe
    above = itertools.takewhile(lambda name: name != before, recipe.steps)
    found = {name: Artefact(context.root / name) for name in above}
    done = {name: artefact for name, artefact in found.items() if artefact.manifest is not None}
    return Finished(recipe.name, context.root, recipe.seed, done)


def tally(manifest: Manifest) -> str:
    """What a finished step made, and how many it dropped, in one line."""
    kept = ", ".join(f"{count:,} {several(kind)}" for kind, count in manifest.counts.items()) or "files"
    lost = sum(manifest.dropped.values())
    return kept + (f", {lost:,} dropped" if lost else "")

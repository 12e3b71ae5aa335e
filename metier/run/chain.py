"""Make the artefacts of a chain of fused kernels: cut what it reads into shards, have them made, add them up."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from metier.artefact import Artefact
from metier.batch import Batch
from metier.recipe import Step
from metier.records import MetierError, kind_name
from metier.run.account import AccountError
from metier.run.barrier import OUT, decide, repeated
from metier.run.context import Context, notes, refuse_empty
from metier.run.count import Count
from metier.run.fuse import Unit, fed
from metier.run.shard import Chain, Engine, Shard, rows_of


def run_chain(unit: Unit, context: Context, engine: Engine) -> None:
    """Make every artefact of a chain: shards not yet done, then the manifests, the last step's at the very end."""
    chain = Chain(unit, context, tuple(_followers(unit, context)))
    (chain.scratch / "shards").mkdir(parents=True, exist_ok=True)
    for step in chain.followers:
        context.scratch(step).mkdir(parents=True, exist_ok=True)
    decide(unit, context, engine.each)
    for number, _ in engine.shards(chain, _todo(chain)):
        context.log(event="shard", step=unit.last.name, shard=number, fingerprint=context.plan.mark(unit.last.name))
    _finish(chain)


def _followers(unit: Unit, context: Context) -> Iterator[Step]:
    """The barriers to be made whose sketch this chain can take on the way: what else they read is there already."""
    units = context.plan.units
    late = {step.name for one in units[units.index(unit) :] for step in one.steps}
    for one in context.plan.todo():
        if any(source.step and source.name == unit.last.name for source in one.sources()):
            for step in one.barriers():
                others = {source.name for _, source in step.sources() if source.step} - {s.name for s in fed(step)}
                if not others & late:
                    yield step


def _todo(chain: Chain) -> Iterator[Shard]:
    """The shards that are not finished, in order."""
    unit, context = chain.unit, chain.context
    if unit.head.stage.flow == "source":
        yield from _source_shards(chain)
        return
    kind = chain.kind
    if len(unit.sources()) > 1:
        _check_ids(unit.head, [part for source in unit.sources() for part in context.artefact(source).parts(kind)])
    number, start = 0, 0
    for source in unit.sources():
        parts = context.artefact(source).parts(kind)
        if not parts:
            raise MetierError(
                f"{unit.head.place}: step {unit.head.name!r}: {source.name} holds no {kind.__name__} records"
            )
        for part in parts:
            if chain.report(number) is None:
                yield Shard(number, start, part)
            start += rows_of(part)
            number += 1


def _source_shards(chain: Chain) -> Iterator[Shard]:
    """Cut what a source yields into shards by size; what a finished shard holds is passed over."""
    head, recipe = chain.unit.head, chain.context.plan.recipe
    batches = _limited(iter(head.stage.run(**chain.context.arguments(head))), recipe.limit)
    size = _shard_mb(chain) * (1 << 20)
    for number in itertools.count():
        report = chain.report(number)
        if report is not None:
            for _ in itertools.islice(batches, report.batches):
                pass
            continue
        first = next(batches, None)
        if first is None:
            return
        yield Shard(number, fresh=_until(itertools.chain([first], batches), size))


def _shard_mb(chain: Chain) -> float:
    """The size of a shard of a source, as it was when the first was cut.

    A shard may be finished before an earlier one: what goes on after a stop must cut at the same places.
    """
    file = chain.scratch / "shards" / "size"
    if not file.exists():
        part = file.with_suffix(".tmp")
        part.write_text(repr(chain.context.plan.recipe.shard_mb))
        part.replace(file)
    return float(file.read_text())


def _limited(batches: Iterator[Batch[Any]], limit: int) -> Iterator[Batch[Any]]:
    """The first ``limit`` rows; all of them where it is 0."""
    left = limit
    for batch in batches:
        if not limit:
            yield batch
        elif left > 0:
            yield Batch(batch.kind, batch.rows.slice(0, left), batch.why.slice(0, left))
            left -= len(batch)
        if limit and left <= 0:
            return


def _until(batches: Iterator[Batch[Any]], size: float) -> Iterator[Batch[Any]]:
    total = 0
    for batch in batches:
        yield batch
        total += batch.rows.nbytes
        if total >= size:
            return


def _finish(chain: Chain) -> None:
    """Add the shards up and put the artefacts into place, the one that holds the records last."""
    unit, context, scratch = chain.unit, chain.context, chain.scratch
    total = {step.name: Count() for step in unit.steps}
    for report in chain.reports():
        for name, one in report.steps.items():
            total[name].add(one)
    for step in unit.steps:
        kind = kind_name(step.stage.yields[0])
        found = total[step.name]
        place = scratch if step is unit.last else scratch / "inner" / step.name
        place.mkdir(parents=True, exist_ok=True)
        for file in sorted((context.scratch(step) / OUT).glob("*")):
            file.replace(place / file.name)
        manifest = context.manifest(
            step, count_in=found.count_in, counts={kind: found.kept}, characters=found.characters, cells=found.cells,
            dropped=found.dropped, examples=found.examples, inner=step is not unit.last, notes=notes(place),
        )  # fmt: skip
        refuse_empty(step, manifest)
        if step is unit.last:
            _check_ids(step, sorted((scratch / kind).glob("*.parquet")))
        if not manifest.inner or not _stands(context, step, manifest.fingerprint):
            context.finish(step, place, manifest)
    tidy(unit, context)


def _stands(context: Context, step: Step, mark: str) -> bool:
    """Whether an inner step was finished before a crash that its chain did not outlive."""
    old = Artefact(context.root / step.name).manifest
    return old is not None and old.inner and old.fingerprint == mark


def tidy(unit: Unit, context: Context) -> None:
    """Remove what only the making needed; a crash before this leaves nothing but a little waste."""
    for name in ("shards", "raw", "sketch", "spill", "inner", OUT):
        shutil.rmtree(context.root / unit.last.name / name, ignore_errors=True)
    (context.root / unit.last.name / "decision.parquet").unlink(missing_ok=True)
    for step in unit.barriers():
        shutil.rmtree(context.scratch(step), ignore_errors=True)


def _check_ids(step: Step, parts: list[Path]) -> None:
    """Ids are unique in an artefact."""
    if name := repeated([part for part in parts if pq.read_metadata(part).num_rows]):
        raise AccountError(
            f"{step.place}: step {step.name!r}: the id {name!r} comes twice or more; "
            "ids must be unique: name other columns in 'id'"
        )

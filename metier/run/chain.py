"""Run fused kernels as one pass over shards, on threads; a shard is one atomic file a noun, and the unit of resume."""

import itertools
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metier import progress
from metier.artefact import Artefact, part_writer, read_part, write_json
from metier.batch import Batch
from metier.recipe import Step
from metier.records import Dropped, MetierError, Record, kind_name
from metier.run.account import AccountError, check_kernel
from metier.run.barrier import decided, sketch_path, write_sketch
from metier.run.context import Context, refuse_empty
from metier.run.fuse import Unit


class Count(msgspec.Struct):
    """What one step of a chain did with one shard."""

    count_in: int = 0
    kept: int = 0
    characters: int = 0
    dropped: dict[str, int] = {}
    examples: dict[str, list[str]] = {}

    def add(self, other: "Count") -> None:
        """Add what the step did with another batch or shard."""
        self.count_in += other.count_in
        self.kept += other.kept
        self.characters += other.characters
        self.dropped = dict(Counter(self.dropped) + Counter(other.dropped))
        for why, ids in other.examples.items():
            self.examples[why] = (self.examples.get(why, []) + ids)[:5]


class Report(msgspec.Struct):
    """One finished shard: written last, so a shard with a report is whole."""

    batches: int
    steps: dict[str, Count]


class Passed(msgspec.Struct):
    """One batch after the whole chain."""

    kept: Batch[Any]
    lost: dict[str, list[tuple[str, str]]]
    counts: dict[str, Count]
    sketches: dict[str, pa.Table]


def run_chain(unit: Unit, context: Context) -> None:
    """Make every artefact of a chain: shards not yet done, then the manifests, the last step's at the very end."""
    scratch = context.scratch(unit.last)
    (scratch / "shards").mkdir(parents=True, exist_ok=True)
    gone = decided(unit.head, context) if unit.head.stage.flow == "barrier" else None
    followers = _followers(unit, context)
    for step in followers:
        context.scratch(step).mkdir(parents=True, exist_ok=True)

    def work(batch: Batch[Any]) -> Passed:
        return _pass(batch, unit, gone, followers)

    done = 0
    with ThreadPoolExecutor(context.threads) as pool:
        for number, batches in enumerate(_shards(unit, context, scratch)):
            report = _report(scratch, number)
            if report is None:
                results = ordered(pool, work, batches, 2 * context.threads)
                report = _write_shard(unit, number, results, scratch, context, done)
                context.log(
                    event="shard", step=unit.last.name, shard=number, fingerprint=context.plan.mark(unit.last.name)
                )
            done += report.steps[unit.head.name].count_in
    _finish(unit, context, scratch)


def _followers(unit: Unit, context: Context) -> list[Step]:
    """The barriers to be made whose sketch this chain can take on the way."""
    steps = [planned.step for planned in context.plan.steps.values() if planned.why]
    return [
        step for step in steps
        if step.stage.flow == "barrier" and any(s.step and s.name == unit.last.name for _, s in step.sources())
    ]  # fmt: skip


def ordered(pool: ThreadPoolExecutor, work: Callable[[Any], Any], items: Iterable[Any], window: int) -> Iterator[Any]:
    """Results in the order of the items, with at most ``window`` of them under way."""
    waiting: deque[Future[Any]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= window:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _pass(batch: Batch[Any], unit: Unit, gone: pa.Array | None, followers: list[Step]) -> Passed:
    """One batch through every kernel of the chain."""
    lost: dict[str, list[tuple[str, str]]] = {}
    counts: dict[str, Count] = {}
    for step in unit.steps:
        before = batch
        if step.stage.flow == "kernel":
            batch = step.stage.run(batch, **_settings(step))
            check_kernel(step.stage.name, before, batch)
        elif gone is not None and len(gone):
            hit = pc.is_in(batch.ids, value_set=gone.field("id"))
            at = pc.index_in(batch.ids, value_set=gone.field("id"))
            batch = Batch(batch.kind, batch.rows, pc.if_else(hit, gone.field("why").take(pc.fill_null(at, 0)), None))
        drops = batch.dropped()
        batch = batch.kept()
        lost[step.name], counts[step.name] = drops, _count(len(before), batch, drops)
    sketches = {
        step.name: step.stage.sketch(batch, step.config) for step in followers if step.stage.sketch and len(batch)
    }
    return Passed(batch, lost, counts, sketches)


def _settings(step: Step) -> dict[str, Any]:
    """The arguments of a kernel or source besides its batch."""
    found: dict[str, Any] = {} if step.config is None else {"config": step.config}
    return found | ({"seed": step.seed} if "seed" in step.stage.given else {})


def _count(count_in: int, batch: Batch[Any], drops: list[tuple[str, str]]) -> Count:
    examples: dict[str, list[str]] = {}
    for name, why in drops:
        some = examples.setdefault(why, [])
        if len(some) < 5:
            some.append(name)
    letters = pc.sum(pc.utf8_length(batch.rows.column("text"))).as_py() if "text" in batch.rows.schema.names else 0
    return Count(count_in, len(batch), letters or 0, dict(Counter(why for _, why in drops)), examples)


def _shards(unit: Unit, context: Context, scratch: Path) -> Iterator[Iterator[Batch[Any]]]:
    """The batches of each shard; those of a finished shard need not be consumed."""
    if unit.head.stage.flow == "source":
        yield from _source_shards(unit, context, scratch)
        return
    kind = unit.head.stage.inputs[0].kind
    if len(unit.sources()) > 1:
        _check_ids(unit.head, [part for source in unit.sources() for part in context.artefact(source).parts(kind)])
    for source in unit.sources():
        artefact = context.artefact(source)
        parts = artefact.parts(kind)
        if not parts:
            raise MetierError(
                f"{unit.head.place}: step {unit.head.name!r}: {source.name} holds no {kind.__name__} records"
            )
        for part in parts:
            yield read_part(kind, part)


def _source_shards(unit: Unit, context: Context, scratch: Path) -> Iterator[Iterator[Batch[Any]]]:
    """Cut what a source yields into shards by size; what a finished shard holds is passed over."""
    step = unit.head
    batches = _limited(iter(step.stage.run(**_settings(step))), context.plan.recipe.limit)
    number = 0
    while True:
        report = _report(scratch, number)
        if report is not None:
            for _ in itertools.islice(batches, report.batches):
                pass
            yield iter(())
        else:
            first = next(batches, None)
            if first is None:
                return
            yield _until(itertools.chain([first], batches), context.plan.recipe.shard_mb * (1 << 20))
        number += 1


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


def _report(scratch: Path, number: int) -> Report | None:
    file = scratch / "shards" / f"{number:05d}.json"
    return msgspec.json.decode(file.read_bytes(), type=Report) if file.exists() else None


def _write_shard(
    unit: Unit, number: int, results: Iterable[Passed], scratch: Path, context: Context, done: int
) -> Report:
    """Write one shard: its records, what each step dropped, the sketches for barriers, and last its report."""
    kind: type[Record] = unit.last.stage.yields[0]
    lost: dict[str, list[tuple[str, str]]] = {step.name: [] for step in unit.steps}
    report = Report(0, {step.name: Count() for step in unit.steps})
    sketches: dict[str, list[pa.Table]] = {}
    with part_writer(kind, scratch / kind_name(kind) / f"{number:05d}.parquet") as writer:
        for passed in results:
            writer.write_batch(passed.kept.rows)
            report.batches += 1
            for name, drops in passed.lost.items():
                lost[name] += drops
                report.steps[name].add(passed.counts[name])
            for name, table in passed.sketches.items():
                sketches.setdefault(name, []).append(table)
            progress.report(done + report.steps[unit.head.name].count_in, 0, "records", unit.last.name)
    for step in unit.steps:
        if lost[step.name]:
            place = scratch if step is unit.last else scratch / "inner" / step.name
            with part_writer(Dropped, place / "dropped" / f"{number:05d}.parquet") as writer:
                writer.write_batch(Batch.of(Dropped, [Dropped(name, why) for name, why in lost[step.name]]).rows)
    for name, tables in sketches.items():
        barrier = context.plan.steps[name].step
        write_sketch(sketch_path(context.scratch(barrier), unit.last.name, number), tables)
    write_json(scratch / "shards" / f"{number:05d}.json", report)
    return report


def _finish(unit: Unit, context: Context, scratch: Path) -> None:
    """Add the shards up and put the artefacts into place, the one that holds the records last."""
    total = {step.name: Count() for step in unit.steps}
    for file in sorted((scratch / "shards").glob("*.json")):
        for name, count in msgspec.json.decode(file.read_bytes(), type=Report).steps.items():
            total[name].add(count)
    for step in unit.steps:
        kind = kind_name(step.stage.yields[0])
        count = total[step.name]
        manifest = context.manifest(
            step, count_in=count.count_in, counts={kind: count.kept}, characters=count.characters,
            dropped=count.dropped, examples=count.examples, inner=step is not unit.last,
        )  # fmt: skip
        refuse_empty(step, manifest)
        if step is unit.last:
            _check_ids(step, sorted((scratch / kind).glob("*.parquet")))
        place = scratch if step is unit.last else scratch / "inner" / step.name
        place.mkdir(parents=True, exist_ok=True)
        if not manifest.inner or not _stands(context, step, manifest.fingerprint):
            context.finish(step, place, manifest)
    tidy(unit, context)


def _stands(context: Context, step: Step, mark: str) -> bool:
    """Whether an inner step was finished before a crash that its chain did not outlive."""
    old = Artefact(context.root / step.name).manifest
    return old is not None and old.inner and old.fingerprint == mark


def tidy(unit: Unit, context: Context) -> None:
    """Remove what only the making needed; a crash before this leaves nothing but a little waste."""
    for name in ("shards", "sketch", "inner"):
        shutil.rmtree(context.root / unit.last.name / name, ignore_errors=True)
    (context.root / unit.last.name / "decision.parquet").unlink(missing_ok=True)
    if unit.head.stage.flow == "barrier":
        shutil.rmtree(context.scratch(unit.head), ignore_errors=True)


def _check_ids(step: Step, parts: list[Path]) -> None:
    """Ids are unique in an artefact."""
    ids = pa.chunked_array(
        [chunk for part in parts for chunk in pq.read_table(part, columns=["id"])["id"].chunks], pa.large_string()
    )
    if len(ids) != pc.count_distinct(ids).as_py():
        counts = pc.value_counts(ids)
        twice = counts.filter(pc.greater(counts.field("counts"), 1))
        name, count = twice[0]["values"].as_py(), twice[0]["counts"].as_py()
        raise AccountError(
            f"{step.place}: step {step.name!r}: the id {name!r} comes {count} times; "
            "ids must be unique: name other columns in 'id'"
        )

"""One shard of a chain of kernels: what has to be known to make it, and how it is made. Every engine uses this."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from metier import progress
from metier.artefact import part_writer, read_part_with_place, write_json
from metier.batch import Batch
from metier.recipe import Step
from metier.records import Dropped, Record, kind_name
from metier.run.account import check_kernel
from metier.run.barrier import Gone, decision_path, read_gone, sketch_path, take_sketch, write_sketch
from metier.run.context import Context
from metier.run.count import Count, count
from metier.run.fuse import Unit
from metier.sketches import Each

Numbered = tuple[int, Batch[Any]]
"""A batch with the number of its first row over all sources of its chain."""


class Report(msgspec.Struct):
    """One finished shard: written last, so a shard with a report is whole."""

    batches: int
    steps: dict[str, Count]


class Passed(msgspec.Struct):
    """One batch after the whole chain."""

    kept: pa.RecordBatch
    lost: dict[str, pa.RecordBatch]
    counts: dict[str, Count]
    sketches: dict[str, pa.Table]


class Shard(NamedTuple):
    """A shard that is to be made: from a Parquet part, or from batches that a source yields."""

    number: int
    start: int = 0
    """Number of its first row over all sources."""
    part: Path | None = None
    fresh: Iterator[Batch[Any]] = iter(())
    """What a source yields, to be taken before the next shard is asked for."""


class Chain(msgspec.Struct, frozen=True):
    """A pass over shards: whoever has this, and the run directory, can make any of them."""

    unit: Unit
    context: Context
    followers: tuple[Step, ...]
    """The barriers to be made whose sketch this chain takes on the way."""

    @property
    def scratch(self) -> Path:
        """Where the records of the last step are put together."""
        return self.context.scratch(self.unit.last)

    @property
    def kind(self) -> type[Record]:
        """What the head reads."""
        kind: type[Record] = next(one.kind for one in self.unit.head.stage.inputs if one.shape == "batch")
        return kind

    def arguments(self) -> dict[str, dict[str, Any]]:
        """The arguments of every kernel and sketch besides its batch."""
        return {step.name: self.context.arguments(step) for step in (*self.unit.steps, *self.followers)}

    def gone(self, start: int = 0, stop: int | None = None) -> dict[str, Gone]:
        """What each barrier at the head drops of some rows."""
        steps = self.unit.barriers()
        return {step.name: read_gone(decision_path(self.context.scratch(step)), start, stop) for step in steps}

    def batches(self, shard: Shard) -> Iterator[Numbered]:
        """The batches of a shard."""
        if shard.part is None:
            yield from ((0, batch) for batch in shard.fresh)
            return
        for place, batch in read_part_with_place(self.kind, shard.part):
            yield shard.start + place, batch

    def report(self, number: int) -> Report | None:
        """The report of a shard, where it is finished."""
        file = self.scratch / "shards" / f"{number:05d}.json"
        return msgspec.json.decode(file.read_bytes(), type=Report) if file.exists() else None

    def reports(self) -> Iterator[Report]:
        """The report of every finished shard, in order."""
        for file in sorted((self.scratch / "shards").glob("*.json")):
            yield msgspec.json.decode(file.read_bytes(), type=Report)

    def done(self) -> int:
        """How many records the finished shards have read."""
        return sum(report.steps[self.unit.head.name].count_in for report in self.reports())


class Engine(Protocol):
    """Where the work of a run is done; the results are the same everywhere."""

    @property
    def each(self) -> Each:
        """Call a function on every item, wherever there is room; results come in the order of the items."""
        ...

    def shards(self, chain: Chain, todo: Iterator[Shard]) -> Iterator[tuple[int, Report]]:
        """Make shards; (number, report) of each when it is whole."""
        ...


def pass_batch(chain: Chain, arguments: dict[str, dict[str, Any]], gone: dict[str, Gone], numbered: Numbered) -> Passed:
    """One batch through every step of a chain; a source has given its reasons already."""
    start, batch = numbered
    rows = np.arange(start, start + len(batch))
    lost: dict[str, pa.RecordBatch] = {}
    fates: dict[str, tuple[int, Batch[Any], Batch[Any]]] = {}
    for step in chain.unit.steps:
        after = batch
        if step.stage.flow == "kernel":
            after = step.stage.run(batch, **arguments[step.name])
            check_kernel(step.stage.name, batch, after)
        elif step.name in gone:
            after = gone[step.name].mark(batch, rows)
            rows = rows[after.why.is_null().to_numpy(zero_copy_only=False)]
        kept = after.kept()
        fates[step.name] = len(batch), after, kept
        if len(kept) < len(after):
            lost[step.name] = after.lost()
        batch = kept
    sketches = {step.name: take_sketch(step, batch, arguments[step.name]) for step in chain.followers if len(batch)}
    counts = {name: count(*fate) for name, fate in fates.items()}  # last, as a stage may have hashed the words by now
    return Passed(batch.rows, lost, counts, sketches)


def write_shard(chain: Chain, number: int, results: Iterable[Passed], done: int = 0) -> Report:
    """Write one shard: its records, what each step dropped, the sketches for barriers, and last its report.

    ``done`` is how many records were read before, for whoever watches the progress.
    """
    unit, scratch = chain.unit, chain.scratch
    kind: type[Record] = unit.last.stage.yields[0]
    lost: dict[str, list[pa.RecordBatch]] = {step.name: [] for step in unit.steps}
    report = Report(0, {step.name: Count() for step in unit.steps})
    sketches: dict[str, list[pa.Table]] = {}
    with part_writer(kind, scratch / kind_name(kind) / f"{number:05d}.parquet") as writer:
        for passed in results:
            writer.write_batch(passed.kept)
            report.batches += 1
            for name, drops in passed.lost.items():
                lost[name].append(drops)
            for name, one in passed.counts.items():
                report.steps[name].add(one)
            for name, table in passed.sketches.items():
                sketches.setdefault(name, []).append(table)
            progress.report(done + report.steps[unit.head.name].count_in, 0, "records", unit.last.name)
    for step in unit.steps:
        if lost[step.name]:
            place = scratch if step is unit.last else scratch / "inner" / step.name
            with part_writer(Dropped, place / "dropped" / f"{number:05d}.parquet") as writer:
                writer.write_table(pa.Table.from_batches(lost[step.name]))
    for name, tables in sketches.items():
        barrier = chain.context.plan.steps[name].step
        write_sketch(sketch_path(chain.context.scratch(barrier), unit.last.name, number), tables)
    write_json(scratch / "shards" / f"{number:05d}.json", report)
    return report


def rows_of(part: Path) -> int:
    """How many records a Parquet part holds."""
    return int(pq.read_metadata(part).num_rows)

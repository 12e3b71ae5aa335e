"""The narrow side of a barrier: sketches gathered from every shard, one decision over all of them, kept until done."""

import functools
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from metier.artefact import read_part
from metier.batch import Batch, batches
from metier.recipe import Source, Step
from metier.records import Dropped, Record
from metier.run.account import AccountError
from metier.run.context import Context
from metier.run.fuse import Unit
from metier.run.memory import release
from metier.sketches import Each, Sketches

OUT = "out"
"""Where a decision puts files of its own until its artefact is finished."""


class Gone(NamedTuple):
    """What a barrier drops: numbers of rows over all sources, ascending, with their reasons and details."""

    rows: NDArray[np.int64]
    why: pa.Array
    detail: pa.Array

    def mark(self, batch: Batch[Any], rows: NDArray[np.int64]) -> Batch[Any]:
        """A batch whose rows have these numbers, with those that are gone dropped."""
        at = np.searchsorted(self.rows, rows)
        there = at < len(self.rows)
        there[there] = self.rows[at[there]] == rows[there]
        if not there.any():
            return batch
        places = pa.array(at, mask=~there)
        return Batch(batch.kind, batch.rows, self.why.take(places), self.detail.take(places), batch.memo)


def sketch_path(scratch: Path, source: str, number: int) -> Path:
    """Where the sketch of one shard of one source waits for the decision."""
    return scratch / "sketch" / source.replace("/", "_") / f"{number:05d}.parquet"


def take_sketch(step: Step, batch: Batch[Any], arguments: dict[str, Any]) -> pa.Table:
    """The sketch of one batch; it has a row for every record, in their order."""
    assert step.stage.sketch is not None
    table: pa.Table = step.stage.sketch(batch, **arguments)
    if "id" not in table.column_names or not table["id"].combine_chunks().equals(batch.ids):
        raise AccountError(f"{step.stage.name}: a sketch has a row for every record, in their order, with its id")
    return table


def write_sketch(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write the sketch of one shard; it appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".tmp")
    # hashes do not shrink: neither codec nor dictionary
    pq.write_table(pa.concat_tables(tables), scratch, compression="none", use_dictionary=False, write_statistics=False)
    scratch.replace(path)


def decision_path(scratch: Path) -> Path:
    """Where what a barrier decided is kept until it is carried out."""
    return scratch / "decision.parquet"


def decide(unit: Unit, context: Context, each: Each) -> None:
    """Decide all that the barriers of a unit drop, unless that was done before a crash.

    A later barrier does not see what an earlier one drops.
    """
    gone = np.empty(0, np.int64)
    for step in unit.barriers():
        file = decision_path(context.scratch(step))
        if not file.exists():
            sketches = _without(_sketches(step, unit.sources(), context, each), gone)
            table = _decide(step, sketches, context.scratch(step) / OUT, each)
            part = file.with_suffix(".tmp")
            pq.write_table(table, part)
            part.replace(file)
            release()
        gone = np.union1d(gone, read_gone(file).rows)


def _without(sketches: Sketches, gone: NDArray[np.int64]) -> Sketches:
    """Sketches that hide some rows."""
    if not len(gone):
        return sketches
    ends = np.cumsum([0, *(len(left) for left in sketches.left())])
    parts = [gone[slice(*np.searchsorted(gone, pair))] - pair[0] for pair in itertools.pairwise(ends)]
    return msgspec.structs.replace(sketches, gone=tuple(parts))


def read_gone(file: Path, start: int = 0, stop: int | None = None) -> Gone:
    """What a barrier decided of the rows from ``start`` to before ``stop``."""
    some = None if stop is None else [("row", ">=", start), ("row", "<", stop)]
    table = pq.read_table(file, filters=some).combine_chunks()
    columns = [column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in table.columns]
    return Gone(columns[0].to_numpy(), columns[1], columns[2])


def _decide(step: Step, sketches: Sketches, out: Path, each: Each) -> pa.Table:
    """(row, why, detail) of what the barrier drops; ids must be unique over all sources, as drops go by id."""
    if name := repeated([table for table, _ in sketches.parts]):
        raise AccountError(f"two of its sources hold the id {name!r}; give them other ids (id: in corpus.read)")
    out.mkdir(parents=True, exist_ok=True)
    given = {"out": out, "each": each}
    extra = {name: given[name] for name in given.keys() & step.stage.given}
    drops = step.stage.run(sketches, step.config, **extra) if sketches.parts else iter(())
    lost = pa.Table.from_batches([some.rows for some in batches(Dropped, drops)], Batch.of(Dropped, []).rows.schema)
    ids = lost["id"].combine_chunks()
    rows, at, start = [], [], 0
    for table in sketches.tables(["id"]):
        place = pc.index_in(table["id"], value_set=ids).combine_chunks()
        here = place.is_valid()
        rows.append(np.flatnonzero(here.to_numpy(zero_copy_only=False)) + start)
        at.append(place.filter(here).to_numpy(zero_copy_only=False))
        start += table.num_rows
    number = np.concatenate([*rows, np.empty(0, np.int64)]).astype(np.int64)
    if len(number) != len(ids):
        raise AccountError(f"{step.stage.name} dropped a record twice, or one it was never given")
    order = pa.array(np.concatenate([*at, np.empty(0, np.int64)]).astype(np.int64))
    if sketches.gone:
        sizes = np.cumsum([0, *(pq.read_metadata(table).num_rows for table, _ in sketches.parts)])
        number = np.concatenate([left + begin for left, begin in zip(sketches.left(), sizes, strict=False)])[number]
    return pa.table({"row": number, "why": lost["why"].take(order), "detail": lost["detail"].take(order)})


def repeated(files: list[Path]) -> str:
    """An id that stands twice in the ids of some Parquet files, or nothing.

    Eight bytes an id are held; the ids themselves are read again only where two hashes agree.
    """
    import polars as pl

    seen = [pl.Series(pq.read_table(file, columns=["id"])["id"]).hash().to_numpy() for file in files]
    if not seen or len(np.unique(hashes := np.concatenate(seen))) == len(hashes):
        return ""
    counts = pc.value_counts(pa.concat_tables(pq.read_table(file, columns=["id"]) for file in files)["id"])
    twice = counts.filter(pc.greater(counts.field("counts"), 1))
    return str(twice[0]["values"]) if len(twice) else ""


def _sketches(step: Step, sources: tuple[Source, ...], context: Context, each: Each) -> Sketches:
    """The sketch of every shard of every source, in order; those the chain before did not take are taken now."""
    kind: type[Record] = step.stage.yields[0]
    scratch = context.scratch(step)
    pairs = [
        (sketch_path(scratch, source.name, number), part)
        for source in sources
        for number, part in enumerate(context.artefact(source).parts(kind))
    ]
    late = (pair for pair in pairs if not pair[0].exists())
    for _ in each(functools.partial(_take_late, step, context.arguments(step)), late):
        pass
    return Sketches(kind, tuple(pair for pair in pairs if pair[0].exists()))


def _take_late(step: Step, arguments: dict[str, Any], pair: tuple[Path, Path]) -> None:
    """Take the sketch of a part that is written already; a part without records has none."""
    path, part = pair
    kind: type[Record] = step.stage.yields[0]
    tables = [take_sketch(step, batch, arguments) for batch in read_part(kind, part)]
    if tables:
        write_sketch(path, tables)

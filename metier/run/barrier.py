"""The narrow side of a barrier: sketches gathered from every shard, one decision over all of them, kept until done."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metier.artefact import read_part
from metier.batch import Batch, schema
from metier.recipe import Step
from metier.records import Dropped
from metier.run.account import AccountError
from metier.run.context import Context


def sketch_path(scratch: Path, source: str, number: int) -> Path:
    """Where the sketch of one shard of one source waits for the decision."""
    return scratch / "sketch" / source.replace("/", "_") / f"{number:05d}.parquet"


def write_sketch(path: Path, tables: list[pa.Table]) -> None:
    """Write the sketch of one shard; it appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".tmp")
    pq.write_table(pa.concat_tables(tables), scratch)
    scratch.replace(path)


def decided(step: Step, context: Context) -> pa.StructArray:
    """(id, why) of all that a barrier drops: read back where it was decided before, else decided now."""
    scratch = context.scratch(step)
    file = scratch / "decision.parquet"
    if not file.exists():
        drops = _decide(step, _sketches(step, context, scratch))
        batch = Batch.of(Dropped, drops)
        part = file.with_suffix(".tmp")
        pq.write_table(pa.Table.from_batches([batch.rows], schema(Dropped)), part)
        part.replace(file)
    rows = pq.read_table(file).combine_chunks()
    columns = [
        rows[name].combine_chunks() if rows.num_rows else pa.array([], pa.large_string()) for name in ("id", "why")
    ]
    return pa.StructArray.from_arrays(columns, ["id", "why"])


def _decide(step: Step, sketches: list[Path]) -> list[Dropped]:
    """What the barrier drops; its ids must be unique over all sources, as drops go by id."""
    if not sketches:
        return []
    table = pa.concat_tables(pq.read_table(part) for part in sketches)
    ids = table["id"]
    if pc.count_distinct(ids).as_py() != len(ids):
        counts = pc.value_counts(ids)
        twice = counts.filter(pc.greater(counts.field("counts"), 1))[0]["values"].as_py()
        raise AccountError(f"two of its sources hold the id {twice!r}; give them other ids (id: in corpus.read)")
    drops = list(step.stage.run(table, step.config))
    names = {drop.id for drop in drops}
    if len(names) != len(drops) or pc.sum(pc.is_in(ids, value_set=pa.array(list(names), ids.type))).as_py() != len(
        names
    ):
        raise AccountError(f"{step.stage.name} dropped a record twice, or one it was never given")
    return drops


def _sketches(step: Step, context: Context, scratch: Path) -> list[Path]:
    """The sketch of every shard of every source, in order; those the chain before did not take are taken now."""
    kind = step.stage.inputs[0].kind
    found = []
    for _, source in step.sources():
        for number, part in enumerate(context.artefact(source).parts(kind)):
            path = sketch_path(scratch, source.name, number)
            if not path.exists() and (tables := [_sketch(step, batch) for batch in read_part(kind, part)]):
                write_sketch(path, tables)
            if path.exists():
                found.append(path)
    return found


def _sketch(step: Step, batch: Batch[Dropped]) -> pa.Table:
    assert step.stage.sketch is not None
    table: pa.Table = step.stage.sketch(batch, step.config)
    return table

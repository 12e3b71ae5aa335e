"""The narrow tables of a barrier on disk, and how its independent pieces are worked on."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from metier.batch import Batch
from metier.records import Record

R = TypeVar("R", bound=Record)
T = TypeVar("T")
S = TypeVar("S")


class Sketches(msgspec.Struct, frozen=True):
    """The narrow tables of a barrier, on disk: a row for every record of every source, in their order.

    They may be larger than memory: take a column at a time, or a part.
    """

    kind: type[Record]
    parts: tuple[tuple[Path, Path], ...]
    """(table, the Parquet part of records it was taken from) of every shard."""
    gone: tuple[NDArray[np.int64], ...] = ()
    """Of each part the rows (ascending) that an earlier decision took away; empty where there was none."""

    def part(self, number: int) -> "Sketches":
        """One part of them alone."""
        return Sketches(self.kind, self.parts[number : number + 1], self.gone[number : number + 1])

    @property
    def rows(self) -> int:
        """How many records there are."""
        return sum(len(left) for left in self.left())

    def left(self) -> list[NDArray[np.int64]]:
        """Of each part the rows that are there."""
        found = [np.arange(pq.read_metadata(table).num_rows) for table, _ in self.parts]
        return [np.delete(rows, gone) for rows, gone in zip(found, self.gone, strict=True)] if self.gone else found

    def tables(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The table of each part, some columns or all."""
        for at, (table, _) in enumerate(self.parts):
            some = pq.read_table(table, columns=columns)
            yield some.take(np.delete(np.arange(len(some)), self.gone[at])) if self.gone else some

    def table(self, columns: list[str] | None = None) -> pa.Table:
        """All of them as one; name the columns where there are many rows."""
        return pa.concat_tables(self.tables(columns))

    def take(self, rows: NDArray[np.int64], columns: list[str]) -> pa.Table:
        """Some rows (ascending) of some columns."""
        found, start = [], 0
        for table in self.tables(columns):
            low, high = np.searchsorted(rows, (start, start + table.num_rows))
            found.append(table.take(pa.array(rows[low:high] - start)))
            start += table.num_rows
        return pa.concat_tables(found)

    def ids(self, rows: NDArray[np.int64]) -> dict[int, str]:
        """The ids at some row numbers (ascending)."""
        return dict(zip(rows.tolist(), self.take(rows, ["id"])["id"].to_pylist(), strict=True)) if len(rows) else {}

    def records(self, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Batch[Any]]]:
        """The records at these row numbers (ascending), a few at a time, each with its number."""
        start = 0
        for (_, part), left in zip(self.parts, self.left(), strict=True):
            some = rows[slice(*np.searchsorted(rows, (start, start + len(left))))]
            places = left[some - start]
            for at, batch in _groups_with(self.kind, part, places):
                low, high = np.searchsorted(places, (at, at + len(batch)))
                if low < high:
                    yield some[low:high], Batch.whole(self.kind, batch.rows.take(pa.array(places[low:high] - at)))
            start += len(left)


def _groups_with(kind: type[R], part: Path, rows: NDArray[np.int64]) -> Iterator[tuple[int, Batch[R]]]:
    """The batches of the row groups that hold some rows (ascending), each with the number of its first row."""
    with pq.ParquetFile(part) as file:
        start = 0
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            low, high = np.searchsorted(rows, (start, start + size))
            at = start
            for some in file.iter_batches(row_groups=[group]) if low < high else ():
                yield at, Batch.whole(kind, some)
                at += some.num_rows
            start += size


class Each(Protocol):
    """Calls a function on every item and gives the results in the order of the items: ``map``, or many machines.

    What is called stands at the top of a module (or is a ``functools.partial`` of that); it, the items and the results
    can be pickled, and files that it names are seen everywhere.
    """

    def __call__(self, function: Callable[[T], S], items: Iterable[T], /) -> Iterator[S]:
        """The results, made while they are asked for."""
        ...

"""Lay items out on disk as the windows that training reads.

A directory of windows holds the arrays ``ids``, ``trained`` and ``positions`` (windows x window), ``tokens`` (the used
places of each window) and ``items.parquet``: which piece of which record lies where, by windows and places.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from metier import progress
from metier.train.encode import Items
from metier.train.pack import Pieces, Shape, pack
from metier.train.pack_kernels import lay

KINDS: dict[str, type[np.generic]] = {"ids": np.int32, "trained": np.bool_, "positions": np.int32}
"""The arrays of windows and what they hold."""
ITEMS = pa.schema(
    [
        ("window", pa.int32()), ("at", pa.int32()), ("size", pa.int32()), ("id", pa.large_string()),
        ("source", pa.large_string()), ("rank", pa.int64()), ("begin", pa.int32()), ("end", pa.int32()),
    ]
)  # fmt: skip
"""A piece: its window, where it begins there and how much it takes; its record; tokens ``begin`` to ``end`` of the item
at ``rank`` in the order, after the opening ones that a later piece repeats."""


@dataclass(frozen=True)
class Laid:
    """What was laid out."""

    windows: int
    tokens: int
    """Used places, repeated tokens included."""
    trained: int
    continued: int
    """Pieces that continue an item cut at the end of a window."""
    displacement: int
    """Most places that an item is from its place in the order."""
    ranks: npt.NDArray[np.int64]
    """The items as they came, by their places in the order."""


def lay_out(home: Path, items: Items, ranked: npt.NDArray[np.integer], window: int, budget: int | None = None) -> Laid:
    """Pack items in this order into windows, until a budget of tokens is spent, and write them to a directory."""
    home.mkdir(parents=True, exist_ok=True)
    starts, names = items.start, items.names()
    ranks, used = list[npt.NDArray[np.int64]](), list[npt.NDArray[np.int32]]()
    total = min(int(items.lengths[ranked].sum(dtype=np.int64)), budget or 1 << 62)
    windows = trained = continued = tokens = 0
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(_array(home / f"{name}.npy", kind, window)) for name, kind in KINDS.items()]
        table = stack.enter_context(pq.ParquetWriter(home / "items.parquet", ITEMS, compression="zstd"))
        for pieces in pack(Shape(items.lengths, items.repeats, ranked), window, budget):
            numbers = ranked[pieces.rank]
            count = int(pieces.window[-1]) + 1 - windows
            arrays = [np.zeros((count, window), kind) for kind in KINDS.values()]
            places, taken = lay(_words(items, starts[numbers], pieces), pieces.rows, *arrays)
            for file, array in zip(files, arrays, strict=True):
                file.write(array.data)
            table.write_table(_rows(pieces, places, names.take(pa.array(numbers)), items, numbers))
            ranks.append(pieces.rank[pieces.begin == 0])
            used.append(taken)
            windows, tokens = windows + count, tokens + int(taken.sum())
            trained, continued = trained + int(arrays[1].sum()), continued + int((pieces.begin > 0).sum())
            progress.report(min(tokens, total), total, "tokens", "packing")
    np.save(home / "tokens.npy", np.concatenate(used) if used else np.zeros(0, np.int32))
    placed = np.concatenate(ranks) if ranks else np.zeros(0, np.int64)
    return Laid(windows, tokens, trained, continued, _displacement(placed), placed)


@contextlib.contextmanager
def _array(path: Path, kind: type[np.generic], width: int) -> Iterator[IO[bytes]]:
    """A file of rows that is a NumPy array in the end, when it is known how many rows there are.

    The header of the format leaves room for the number of rows to grow.
    """
    with path.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": (0, width)}
        np.lib.format.write_array_header_1_0(file, header)
        begin = file.tell()
        yield file
        rows = (file.tell() - begin) // (width * np.dtype(kind).itemsize)
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (rows, width)})


def _words(items: Items, starts: npt.NDArray[np.int64], pieces: Pieces) -> npt.NDArray[np.uint32]:
    """The words of pieces one after the other, those that a piece repeats before its own."""
    spans = np.stack([starts, starts + pieces.begin], axis=1)
    sizes = np.stack([pieces.head, pieces.end - pieces.begin], axis=1)
    some = sizes.ravel() > 0
    return items.words(spans.ravel()[some], sizes.ravel()[some])


def _rows(
    pieces: Pieces,
    places: npt.NDArray[np.int32],
    names: pa.Array,
    items: Items,
    numbers: npt.NDArray[np.integer],
) -> pa.Table:
    sources = pa.array(items.sources, pa.large_string()).take(pa.array(items.codes[numbers]))
    columns = (pieces.window, places, pieces.size, names, sources, pieces.rank, pieces.begin, pieces.end)
    arrays = [one if isinstance(one, pa.Array) else pa.array(one) for one in columns]
    return pa.table([array.cast(field.type) for array, field in zip(arrays, ITEMS, strict=True)], schema=ITEMS)


def _displacement(placed: npt.NDArray[np.int64]) -> int:
    """How far the item that strays most is from its place; a cut one counts where it begins."""
    return int(np.abs(np.arange(len(placed)) - placed).max(initial=0))

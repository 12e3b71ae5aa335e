"""Leave out documents that say what another one says: exactly, or nearly and with the same facts."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metier.batch import Batch
from metier.corpus.near import Near, near_duplicates, signature
from metier.records import Config, Document, Dropped, MetierError
from metier.sketches import Each, Sketches
from metier.text.normalise import fold
from metier.text.words import words

_DEFAULT = ("question",)
PIECE = 1 << 26
"""Rows, about, whose hashes are sorted at a time."""


class Dedup(Config, frozen=True):
    """What makes two documents the same."""

    also: tuple[str, ...] = _DEFAULT
    """Columns that must agree as well, where a document has them: an answer given to two questions is no duplicate."""
    near: Near | None = None
    """Leave near duplicates out too, and list conflicting facts; `near: {}` takes the settings as they are."""


def sketch(batch: Batch[Document], config: Dedup) -> pa.Table:
    """The id of every document, 128 bits of hash of its folded text and columns, and what near duplicates need."""
    high, low = words(batch).whole.T
    asked, has = _asked(batch, config.also)
    columns = {"id": batch.ids, "high": high ^ asked, "low": low + asked, "has": has}
    if config.near is not None:
        columns |= {"asked": asked, **signature(batch, config.near)}
    return pa.table(columns)


def _asked(batch: Batch[Document], also: tuple[str, ...]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """A hash of the columns that must agree (0 where a document has none of them), and which of them it has."""
    import xxhash

    asked = np.zeros(len(batch), np.uint64)
    has = np.zeros(len(batch), np.int64)
    metas = batch.rows.column("meta")
    quoted = [json.dumps(column, ensure_ascii=False) for column in also]
    if not any(pc.any(pc.match_substring(metas, name)).as_py() for name in quoted):
        return asked, has
    for row, meta in enumerate(metas.to_pylist()):
        values = json.loads(meta)
        key = xxhash.xxh3_64()
        for bit, column in enumerate(also):
            if column in values:
                has[row] |= 1 << bit
                key.update(f"\0{column}\0{fold(values[column])}".encode())
        asked[row] = key.intdigest() if has[row] else 0
    return asked, has


def decide(sketches: Sketches, config: Dedup, out: Path, each: Each = map) -> Iterator[Dropped]:
    """Every document that an earlier one repeats exactly is dropped; of near duplicates the best one stays."""
    _check_columns(sketches, config.also)
    first = first_of_same(sketches, each)
    again = np.flatnonzero(first != np.arange(len(first)))
    yield from _dropped(sketches, again, first[again], "exact duplicate")
    if config.near is not None:
        single = first == np.arange(len(first))
        del first
        near = near_duplicates(sketches, single, config.near, out, each)
        yield from _dropped(sketches, near.rows, near.kept, "near duplicate", near.similarity)


def _check_columns(sketches: Sketches, also: tuple[str, ...]) -> None:
    found = 0
    for table in sketches.tables(["has"]):
        found |= int(np.bitwise_or.reduce(table["has"].to_numpy(), initial=0))
    for bit, column in enumerate(also):
        if sketches.rows and column not in _DEFAULT and not found >> bit & 1:
            raise MetierError(f"also: no document has a column {column!r}; name columns that corpus.read keeps")


def first_of_same(sketches: Sketches, each: Each = map, piece: int = PIECE) -> NDArray[np.int64]:
    """For every row the first one with the same 128 bits, shape (rows,).

    The hashes are cut by their last bits into pieces of about ``piece`` rows, which know nothing of each other.
    """
    rows = sketches.rows
    bits = max(0, (rows - 1) // piece).bit_length()
    first = np.arange(rows)
    for some, firsts in each(functools.partial(_repeats, sketches, bits), range(1 << bits)):
        first[some] = firsts
    return first


def _repeats(sketches: Sketches, bits: int, piece: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that share the first half of their hash with another, and the first row with the same whole of it."""
    places, halves, start = [], [], 0
    for table in sketches.tables(["high"]):
        high = table["high"].to_numpy()
        here = np.flatnonzero((high & np.uint64((1 << bits) - 1)) == piece)
        places.append(here + start)
        halves.append(high[here])
        start += len(high)
    own, half = np.concatenate(places), np.concatenate(halves)
    order = np.argsort(half, kind="stable")
    same = half[order][1:] == half[order][:-1]
    rows = np.unique(own[np.concatenate([order[1:][same], order[:-1][same]])])
    if not len(rows):
        return rows, rows
    keys = sketches.take(rows, ["high", "low"])
    both = np.stack([keys[name].to_numpy() for name in ("high", "low")], axis=1)
    _, at, which = np.unique(both, axis=0, return_index=True, return_inverse=True)
    return rows, rows[at[which.reshape(-1)]]


def _dropped(
    sketches: Sketches,
    rows: NDArray[np.int64],
    kept: NDArray[np.int64],
    why: str,
    similarity: NDArray[np.float64] | None = None,
) -> Iterator[Dropped]:
    """The rows that go, each with the id of the one that stays."""
    names = sketches.ids(np.unique(np.concatenate([rows, kept])))
    for at, (row, stays) in enumerate(zip(rows.tolist(), kept.tolist(), strict=True)):
        alike = "" if similarity is None else f", similarity {similarity[at]:.3f}"
        yield Dropped(names[row], why, f"of {names[stays]}{alike}")

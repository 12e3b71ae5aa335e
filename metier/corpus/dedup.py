"""Leave out documents that say exactly what an earlier one says."""

import json
from collections.abc import Iterator

import pyarrow as pa
import xxhash

from metier.batch import Batch
from metier.records import Config, Document, Dropped, MetierError
from metier.text.normalise import fold

_DEFAULT = ("question",)


class Dedup(Config, frozen=True):
    """What makes two documents the same."""

    also: tuple[str, ...] = _DEFAULT
    """Columns that must agree as well, where a document has them: an answer given to two questions is no duplicate."""


def sketch(batch: Batch[Document], config: Dedup) -> pa.Table:
    """The id of every document, 128 bits of hash of its folded text and columns, and which of the columns it has."""
    highs, lows, masks = [], [], []
    for text, meta in zip(batch.values("text"), batch.values("meta"), strict=True):
        key = xxhash.xxh3_128(fold(text).encode())
        mask = 0
        values = json.loads(meta) if config.also and meta != "{}" else {}
        for bit, column in enumerate(config.also):
            if column in values:
                mask |= 1 << bit
                key.update(f"\0{column}\0{fold(values[column])}".encode())
        digest = key.intdigest()
        highs.append(digest >> 64)
        lows.append(digest & (2**64 - 1))
        masks.append(mask)
    columns = [batch.ids, pa.array(highs, pa.uint64()), pa.array(lows, pa.uint64()), pa.array(masks, pa.int64())]
    return pa.table(columns, names=["id", "high", "low", "has"])


def decide(table: pa.Table, config: Dedup) -> Iterator[Dropped]:
    """Every document whose sketch stands earlier in the table is dropped; the first one stays."""
    import polars as pl

    rows = pl.DataFrame(pl.from_arrow(table))
    for bit, column in enumerate(config.also):
        if column not in _DEFAULT and len(rows) and not rows.select(((pl.col("has") // 2**bit) % 2).max()).item():
            raise MetierError(f"also: no document has a column {column!r}; name columns that corpus.read keeps")
    again = rows.filter(~pl.struct("high", "low").is_first_distinct())
    for id in again.get_column("id"):
        yield Dropped(id, "exact duplicate")

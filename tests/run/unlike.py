"""A barrier of a user's own: the first document of each last character, or of each length, stays."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from metier.batch import Batch
from metier.records import Config, Document, Dropped
from metier.sketches import Sketches


class Unlike(Config):
    why: str = "seen"
    """The reason given."""
    by: str = "last"
    """What makes two documents alike: their last character, or how long they are."""


def sketch(batch: Batch[Document], config: Unlike) -> pa.Table:
    """What makes two documents alike."""
    return pa.table(
        {
            "id": batch.ids,
            "key": pa.array([text[-1] if config.by == "last" else str(len(text)) for text in batch.values("text")]),
        }
    )


def decide(sketches: Sketches, config: Unlike, out: Path) -> Iterator[Dropped]:
    """The first of each key stays; what stays is listed in a file."""
    seen = set()
    table = sketches.table()
    for name, key in zip(table["id"].to_pylist(), table["key"].to_pylist(), strict=True):
        if key in seen:
            yield Dropped(name, config.why, f"key {key}")
        seen.add(key)
    (out / "keys.txt").write_text(" ".join(sorted(seen)))
    assert [batch.ids.to_pylist() for _, batch in sketches.records(np.array([0]))] == [
        table["id"].slice(0, 1).to_pylist()
    ]

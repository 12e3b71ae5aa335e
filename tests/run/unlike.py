"""A barrier of a user's own: the first document of each last character stays."""

from collections.abc import Iterator

import pyarrow as pa

from metier.artefact import Sketches
from metier.batch import Batch
from metier.records import Config, Document, Dropped


class Unlike(Config):
    why: str = "seen"
    """The reason given."""


def sketch(batch: Batch[Document], config: Unlike) -> pa.Table:
    """For the barrier test: the last character of each text."""
    return pa.table({"id": batch.ids, "key": pa.array([text[-1] for text in batch.values("text")])})


def decide(sketches: Sketches, config: Unlike) -> Iterator[Dropped]:
    """The first of each key stays."""
    seen = set()
    table = sketches.table()
    for name, key in zip(table["id"].to_pylist(), table["key"].to_pylist(), strict=True):
        if key in seen:
            yield Dropped(name, config.why)
        seen.add(key)

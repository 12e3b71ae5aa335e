"""Exact duplicates are found the same however the hashes are cut into pieces."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.corpus.dedup import first_of_same
from metier.records import Document
from metier.sketches import Sketches

HASHES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=30)


@settings(deadline=None)
@given(HASHES, st.integers(1, 40), st.integers(1, 31))
def test_the_first_of_each_hash_stays_in_any_pieces(hashes: list[tuple[int, int]], piece: int, size: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        parts = []
        for start in range(0, len(hashes), size):
            high, low = (np.array(column, np.uint64) for column in zip(*hashes[start : start + size], strict=True))
            path = Path(place) / f"{start:05d}.parquet"
            pq.write_table(pa.table({"high": high, "low": low}), path)
            parts.append((path, path))
        found = first_of_same(Sketches(Document, tuple(parts)), map, piece)
    assert found.tolist() == [hashes.index(one) for one in hashes]

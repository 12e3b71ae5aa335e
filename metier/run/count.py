"""What a step of a chain did: how many came in, what was kept by language and kind, what was dropped and why."""

from collections import Counter
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metier.artefact import Cell, Example
from metier.batch import Batch
from metier.records import Document
from metier.text.buffers import utf8

EXAMPLES, LETTERS = 5, 300
"""How many dropped records of a reason are remembered, and how much of the text of each."""


class Count(msgspec.Struct):
    """What one step of a chain did with one shard."""

    count_in: int = 0
    kept: int = 0
    dropped: dict[str, int] = {}
    examples: dict[str, list[Example]] = {}
    cells: dict[str, Cell] = {}

    @property
    def characters(self) -> int:
        """Characters of text of the documents kept."""
        return sum(cell.characters for cell in self.cells.values())

    def add(self, other: "Count") -> None:
        """Add what the step did with another batch or shard."""
        self.count_in += other.count_in
        self.kept += other.kept
        self.dropped = dict(Counter(self.dropped) + Counter(other.dropped))
        for why, some in other.examples.items():
            self.examples[why] = (self.examples.get(why, []) + some)[:EXAMPLES]
        for key, cell in other.cells.items():
            self.cells.setdefault(key, Cell()).add(cell)


def count(count_in: int, before: Batch[Any], kept: Batch[Any]) -> Count:
    """What became of a batch: ``before`` with its reasons, ``kept`` without the dropped rows."""
    if len(kept) == len(before):
        return Count(count_in, len(kept), cells=cells(kept))
    reasons = pc.value_counts(before.why.drop_null())
    dropped = {one["values"]: one["counts"] for one in reasons.to_pylist()}
    return Count(count_in, len(kept), dropped, _examples(before), cells(kept))


def _examples(batch: Batch[Any]) -> dict[str, list[Example]]:
    """The first few dropped rows of every reason, with the beginning of their text."""
    reasons = batch.why.dictionary_encode()
    codes = reasons.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    rows = {why: np.flatnonzero(codes == code)[:EXAMPLES] for code, why in enumerate(reasons.dictionary.to_pylist())}
    return {why: [_example(batch, row) for row in some.tolist()] for why, some in rows.items()}


def _example(batch: Batch[Any], row: int) -> Example:
    text = ""
    if "text" in batch.rows.schema.names:
        whole = batch.rows["text"][row].as_buffer() or b""
        text = str(memoryview(whole)[: 4 * LETTERS], "utf-8", "ignore")[:LETTERS]
    detail = (batch.detail[row].as_py() if batch.detail is not None else None) or ""
    return Example(batch.ids[row].as_py(), text, detail)


class _Lengths(NamedTuple):
    """Characters of each text."""

    characters: NDArray[np.int64]

    def take(self, rows: NDArray[Any]) -> "_Lengths":
        return _Lengths(self.characters[rows])


def _lengths(texts: pa.Array) -> _Lengths:
    from metier.text.word_kernels import count_characters

    return _Lengths(count_characters(*utf8(texts)))


def cells(batch: Batch[Any]) -> dict[str, Cell]:
    """Documents, characters and tokens by language and kind; nothing of other nouns."""
    if batch.kind is not Document or not len(batch):
        return {}
    from metier.text.words import counts

    slash = pa.scalar("/", pa.large_string())
    keys = pc.binary_join_element_wise(batch.rows["language"], batch.rows["kind"], slash).dictionary_encode()
    names, at = keys.dictionary.to_pylist(), keys.indices.to_numpy(zero_copy_only=False)
    letters = batch.shared("text", _lengths).characters
    documents = np.bincount(at, minlength=len(names))
    characters = np.bincount(at, weights=letters, minlength=len(names))
    tokens = np.bincount(at, weights=counts(batch), minlength=len(names))
    return {name: Cell(int(documents[i]), int(characters[i]), int(tokens[i])) for i, name in enumerate(names) if name}

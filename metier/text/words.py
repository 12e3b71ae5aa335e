"""The words of a batch as hashes, computed once and shared by every stage of a chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metier.batch import Batch
from metier.text.buffers import utf8
from metier.text.letters import cases, table
from metier.text.normalise import nfc


@dataclass(frozen=True)
class Words:
    """The words of many texts: hashes, sizes and marks lie flat, row i has those from ``starts[i]`` to ``stops[i]``."""

    hashes: NDArray[np.uint64]
    sizes: NDArray[np.uint16]
    """Characters of each word."""
    marks: NDArray[np.uint8]
    """Flags of each word: CAPITAL, DIGIT, OPENS, ALONE of ``word_kernels``."""
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    whole: NDArray[np.uint64]
    """128 bits of hash of each whole text, shape (rows, 2): case, white space and normal form do not count."""

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many words each text has."""
        return self.stops - self.starts

    def take(self, rows: NDArray[Any]) -> "Words":
        """Some of the rows, by a mask or by numbers; the hashes are not copied."""
        return Words(self.hashes, self.sizes, self.marks, self.starts[rows], self.stops[rows], self.whole[rows])


def words(batch: Batch[Any], column: str = "text") -> Words:
    """The words of a column, dropped rows included; computed where a stage of the chain has not asked for them yet."""
    return batch.shared(column, words_of)


def counts(batch: Batch[Any], column: str = "text") -> NDArray[np.int64]:
    """How many words each text of a batch has, shape (rows,); cheaper than the words where no stage asked for them."""
    if words_of in batch.memo.get(column, {}):
        return words(batch, column).counts
    from metier.text.word_kernels import count_words

    found: NDArray[np.int64] = count_words(*utf8(batch.rows.column(column)), table())
    return found


def spans(text: str) -> NDArray[np.int64]:
    """Where the words of a text begin and end, in bytes of its UTF-8, shape (words, 2)."""
    from metier.text.word_kernels import word_spans

    found: NDArray[np.int64] = word_spans(*utf8(pa.array([text], pa.large_string())), table())
    return found


def words_of(texts: Sequence[str] | pa.Array) -> Words:
    """The words of some texts. A word is what ``letters.split`` takes for one."""
    array = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())
    (hashes, sizes, marks), (starts, stops), (high, low, unsettled) = _hashed(array)
    whole = np.stack((high, low), axis=1)
    doubtful = np.flatnonzero(unsettled)
    if len(doubtful):
        settled = [nfc(text) for text in array.take(pa.array(doubtful)).to_pylist()]
        _, _, (high, low, _) = _hashed(pa.array(settled, pa.large_string()))
        whole[doubtful] = np.stack((high, low), axis=1)
    return Words(hashes, sizes, marks, starts, stops, whole)


def _hashed(texts: pa.Array) -> Any:
    """What ``hash_words`` finds."""
    from metier.text.word_kernels import hash_words

    return hash_words(*utf8(texts), table(), cases())

"""Leave out documents that say the same thing over and over."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metier.batch import Batch
from metier.corpus.measures import measures
from metier.records import Config, Document
from metier.text.buffers import utf8
from metier.text.words import words

Shares = NDArray[np.float64]
Limit = Annotated[float, msgspec.Meta(ge=0)]

_SIZES = (2, 3, 4, 5, 6, 7, 8, 9, 10)


class Repetition(Config, frozen=True):
    """How much repetition is too much: the thresholds of Gopher, Rae et al. 2021, table A1; null switches one off."""

    duplicate_lines: Limit | None = 0.30
    """Share of lines that stand earlier in the document."""
    duplicate_paragraphs: Limit | None = 0.30
    """Share of paragraphs that stand earlier in the document."""
    duplicate_line_characters: Limit | None = 0.20
    """Share of the characters in such lines."""
    duplicate_paragraph_characters: Limit | None = 0.20
    """Share of the characters in such paragraphs."""
    top_2_gram: Limit | None = 0.20
    """Share of the characters of all words in the most frequent two words, where they stand more than once."""
    top_3_gram: Limit | None = 0.18
    """The same of three words."""
    top_4_gram: Limit | None = 0.16
    """The same of four words."""
    duplicate_5_grams: Limit | None = 0.15
    """Share of the characters of all words in runs of five words that stand earlier in the document."""
    duplicate_6_grams: Limit | None = 0.14
    """The same of six words."""
    duplicate_7_grams: Limit | None = 0.13
    """The same of seven words."""
    duplicate_8_grams: Limit | None = 0.12
    """The same of eight words."""
    duplicate_9_grams: Limit | None = 0.11
    """The same of nine words."""
    duplicate_10_grams: Limit | None = 0.10
    """The same of ten words."""
    characters_a_word: Annotated[float, msgspec.Meta(ge=1, le=4)] = 2.0
    """Characters that count as one word in n-grams of documents mostly in a script without spaces."""


def repetition(batch: Batch[Document], config: Repetition) -> Batch[Document]:
    """Drop every document that repeats itself beyond a threshold, with the first it breaks as the reason.

    Words are compared without case, accents and punctuation. In Chinese an n-gram of words is one of twice as many
    characters, for most of its words have two and single characters repeat in any text.
    """
    why = np.full(len(batch), None, object)
    _blame(why, np.arange(len(batch)), line_shares(batch), config, 0)
    rest = np.flatnonzero([one is None for one in why])  # what goes for its lines is not searched for n-grams
    _blame(why, rest, _gram_shares(batch, rest, config.characters_a_word), config, 4)
    return batch.drop(why.tolist()) if any(why) else batch


def _blame(why: NDArray[Any], rows: NDArray[np.int64], found: Shares, config: Repetition, first: int) -> None:
    """Give rows whose shares pass a threshold the first reason of ``_LABELS`` that holds, from number ``first`` on."""
    named = list(_LABELS.items())[first : first + found.shape[1]]
    for column, (name, label) in reversed(tuple(enumerate(named))):
        limit: float | None = getattr(config, name)
        if limit is not None:
            why[rows[found[:, column] > limit]] = f"more than {limit:.0%} of {label}"


_LABELS = {
    "duplicate_lines": "lines repeated",
    "duplicate_line_characters": "characters in repeated lines",
    "duplicate_paragraphs": "paragraphs repeated",
    "duplicate_paragraph_characters": "characters in repeated paragraphs",
    **{f"top_{n}_gram": f"characters in one {n}-gram" for n in _SIZES[:3]},
    **{f"duplicate_{n}_grams": f"characters in repeated {n}-grams" for n in _SIZES[3:]},
}
"""What the columns of ``shares`` are called in the settings and in the reasons, in the order they are asked."""


def shares(batch: Batch[Document], characters_a_word: float = 2.0) -> tuple[Shares, Shares]:
    """What the thresholds are held against: shapes (rows, 4) of lines and paragraphs, (rows, 9) of n-grams."""
    return line_shares(batch), _gram_shares(batch, np.arange(len(batch)), characters_a_word)


def _gram_shares(batch: Batch[Document], rows: NDArray[np.int64], characters_a_word: float) -> Shares:
    """The shares of n-grams of some rows, shape (rows, 9)."""
    from metier.corpus.repetition_kernels import repeated_ngrams

    found = measures(batch)
    alone = (2 * found.spaced < found.words)[rows]
    n = np.array(_SIZES, np.int64)
    sought = np.where(alone[:, None], np.rint(n * characters_a_word).astype(np.int64), n)
    some = words(batch).take(rows)
    grams: Shares = repeated_ngrams(some.hashes, some.sizes, some.starts, some.stops, sought)
    return grams


@dataclass(frozen=True)
class Lines:
    """Shares of repeated lines, of characters in them, of repeated paragraphs, of characters in them: (rows, 4)."""

    shares: Shares

    def take(self, rows: NDArray[Any]) -> "Lines":
        """The shares of some rows, by a mask or by numbers."""
        return Lines(self.shares[rows])


def line_shares(batch: Batch[Document]) -> Shares:
    """The shares of ``Lines`` of a batch, worked out once and kept with it."""
    return batch.shared("text", _line_shares).shares


def _line_shares(texts: pa.Array) -> Lines:
    from metier.corpus.repetition_kernels import duplicate_lines

    return Lines(duplicate_lines(*utf8(texts)))

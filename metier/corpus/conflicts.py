"""Documents about one entity that are worded alike and differ in a fact: told to a person, who has to settle it."""

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from metier.records import Document, MetierError
from metier.sketches import Sketches
from metier.text.normalise import fold, squeeze
from metier.text.words import spans, words_of

Pair = tuple[int, int, float]
"""Two rows and how similar they are."""
PAIRS = 20_000
"""Pairs whose texts are held at a time."""


def conflicts(sketches: Sketches, pairs: Sequence[Pair], entity: str) -> Iterator[dict[str, Any]]:
    """The pairs that are about one entity, each with what they differ in; of each document those it is nearest to.

    ``entity`` is the column that says what a document is about; without one it is the first line.
    """
    for start in range(0, len(pairs), PAIRS):
        yield from _conflicts(sketches, pairs[start : start + PAIRS], entity)


def _conflicts(sketches: Sketches, pairs: Sequence[Pair], entity: str) -> Iterator[dict[str, Any]]:
    wanted = np.unique(np.array([row for pair in pairs for row in pair[:2]], np.int64))
    texts: dict[int, tuple[str, str]] = {}
    for rows, batch in sketches.records(wanted):
        texts |= {row: _entity(one, entity) for row, one in zip(rows.tolist(), batch.records(), strict=True)}
    pairs = [pair for pair in pairs if texts[pair[0]][0] and texts[pair[0]][0] == texts[pair[1]][0]]
    nearest: dict[int, float] = {}
    for *both, value in pairs:
        nearest |= {row: max(value, nearest.get(row, 0.0)) for row in both}
    names = sketches.ids(wanted)
    told = functools.lru_cache(maxsize=4096)(lambda row: _Told(texts[row][1]))
    for one, other, value in pairs:
        if value in (nearest[one], nearest[other]):
            yield {
                "entity": texts[one][0], "documents": [names[one], names[other]], "similarity": round(value, 3),
                "differences": told(one).against(told(other)),
            }  # fmt: skip


def _entity(document: Document, column: str) -> tuple[str, str]:
    """What a document is about (folded), and its text."""
    if column:
        if column not in document.meta:
            raise MetierError(f"entity: document {document.id} has no column {column!r}; name one they all have")
        return fold(document.meta[column]), document.text
    return fold(document.text.strip().partition("\n")[0][:200]), document.text


def differences(one: str, other: str) -> list[tuple[str, str]]:
    """What stands in one text and what in the other instead, in their order."""
    return _Told(one).against(_Told(other))


class _Told:
    """A text with its words, ready to be compared."""

    def __init__(self, text: str) -> None:
        self.text, self.words, self.spans = text.encode(), words_of([text]).hashes, spans(text)

    def against(self, other: "_Told") -> list[tuple[str, str]]:
        """What stands here and what there instead."""
        from metier.corpus.change_kernels import MOST as MOST_CHANGES
        from metier.corpus.change_kernels import changes

        runs = changes(self.words, other.words)
        if len(runs) and runs[0, 0] < 0:
            return [(f"more than {MOST_CHANGES} words differ", "")]
        found = [(self.told(a, b), other.told(c, d)) for a, b, c, d in runs.tolist()]
        return found or [("other signs or punctuation", "")]

    def told(self, first: int, stop: int) -> str:
        """Some of the words as the text writes them."""
        return squeeze(self.text[self.spans[first, 0] : self.spans[stop - 1, 1]].decode()) if stop > first else ""

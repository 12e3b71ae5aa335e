"""Which prompts are nearly the same: by the pairs of neighbouring words that they share, rare ones weighing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metier.text.words import Words, words_of

_EDGE, _PRIME = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x100000001B3)


class Pair(NamedTuple):
    """Two texts by their places, the earlier first, and how alike they are, 0 to 1."""

    one: int
    other: int
    similarity: float


@dataclass(frozen=True)
class Rarity:
    """What every pair of neighbouring words weighs: 1, and 1 more for every fourfold rarity among some texts."""

    pairs: NDArray[np.uint64]
    """Hashes of pairs of words, in order."""
    weights: NDArray[np.int64]

    @classmethod
    def among(cls, texts: Sequence[str]) -> "Rarity":
        """The weights of all pairs of words that these texts have."""
        pairs, spread = np.unique(_pairs(words_of(texts))[1], return_counts=True)
        return cls(pairs, 1 + np.floor(np.log2(len(texts) / spread) / 2).astype(np.int64))

    def of(self, pairs: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The weights of some of these pairs."""
        return self.weights[np.searchsorted(self.pairs, pairs)]


def near(texts: Sequence[str], least: float, rarity: Rarity) -> list[Pair]:
    """Every pair of texts that are at least so alike, in order; case, accents and punctuation do not count.

    The measure is Jaccard's over pairs of neighbouring words (signs, in scripts without spaces), the first and the last
    word with the edge of the text, by the weights of ``rarity``: two questions of one form about two drugs are not
    alike, however long the form is. Nothing is estimated.
    """
    from metier.text.resemblance_kernels import join

    rows, pairs = _pairs(words_of(texts))
    if not len(pairs):
        return []
    kinds, names, spread = np.unique(pairs, return_inverse=True, return_counts=True)
    weights = rarity.of(kinds)
    rare = np.argsort(spread, kind="stable")
    first = np.empty(len(rare), np.int64)
    first[rare] = np.cumsum(weights[rare]) - weights[rare]
    # A pair of words that weighs 3 is three items of its text, so that the plain join of sets finds the weighted pairs.
    copies = weights[names]
    owners = np.repeat(rows, copies)
    items = np.repeat(first[names], copies) + _counted(copies)
    items = items[np.lexsort((items, owners))]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(texts)))])
    places = np.concatenate([[0], np.cumsum(np.bincount(items, minlength=int(weights.sum())))])
    return sorted(Pair(int(a), int(b), float(share)) for a, b, share in join(items, bounds, places, least))


def _pairs(words: Words) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The distinct pairs of neighbouring words of every text: the place of the text, and the hash of the pair."""
    some = np.flatnonzero(words.counts)
    lengths = words.counts[some] + 1
    rows, at = np.repeat(some, lengths), _counted(lengths)
    places = words.starts[rows] + at
    hashes = np.append(words.hashes, _EDGE)
    before = np.where(at > 0, hashes[places - 1], _EDGE)
    after = np.where(at < words.counts[rows], hashes[places], _EDGE)
    pairs = before * _PRIME ^ after
    order = np.lexsort((pairs, rows))
    rows, pairs = rows[order], pairs[order]
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]) | (pairs[1:] != pairs[:-1])
    return rows[new], pairs[new]


def _counted(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, ... size - 1 for each of some sizes, one after another."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)

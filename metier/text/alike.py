"""Which texts nearly repeat an earlier one, for a set that fits into memory."""

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from metier.text.words import words_of

BANDS, ROWS, SHINGLE = 20, 6, 3
"""Signatures of 120 hashes: a pair of Jaccard similarity .8 shares a band with probability .997."""
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def repeats(texts: Sequence[str], similarity: float = 0.8) -> NDArray[np.bool_]:
    """True for each text whose shingles of three words are so similar to those of an earlier one, shape (texts,).

    Similarity is Jaccard's, estimated by MinHash (Broder 1997) with a standard error of .04; texts shorter than a
    shingle repeat where they are the same word for word.
    """
    from metier.text.word_kernels import ngram_hashes

    words = words_of(texts)
    shingles, starts, stops = ngram_hashes(words.hashes, words.starts, words.stops, SHINGLE)
    seen: dict[tuple[int, bytes], int] = {}
    signatures: list[NDArray[np.uint64]] = []
    found = np.zeros(len(texts), bool)
    for number in range(len(texts)):
        signature = _signature(shingles[starts[number] : stops[number]], words.whole[number])
        signatures.append(signature)
        keys = [(band, signature[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]
        near = {seen[key] for key in keys if key in seen}
        found[number] = any(np.mean(signatures[other] == signature) >= similarity for other in near)
        for key in keys:
            seen.setdefault(key, number)
    return found


def _signature(shingles: NDArray[np.uint64], whole: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The least of each of 120 hash functions over the shingles, or over a text that has none, shape (120,)."""
    multipliers, shifts = _functions()
    with np.errstate(over="ignore"):
        mixed = np.unique(shingles if len(shingles) else whole[:1])[:, None] * multipliers + shifts
        mixed ^= mixed >> np.uint64(29)
        least: NDArray[np.uint64] = (mixed * _PRIME).min(axis=0)
    return least


@functools.cache
def _functions() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    random = np.random.default_rng(BANDS * ROWS)
    multipliers = random.integers(0, 2**64, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
    return multipliers, random.integers(0, 2**64, BANDS * ROWS, dtype=np.uint64)

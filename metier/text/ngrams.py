"""Word n-grams as 64-bit hashes: what overlap and contamination are counted in."""

import numpy as np
from numpy.typing import NDArray

from metier.text.words import words_of


def hashes(text: str, n: int) -> NDArray[np.uint64]:
    """One hash for each n-gram of words, in order, shape (max(0, words - n + 1),); repeats are kept."""
    from metier.text.word_kernels import ngram_hashes

    found = words_of([text])
    grams: NDArray[np.uint64] = ngram_hashes(found.hashes, found.starts, found.stops, n)[0]
    return grams

"""The yardstick of the planted corpus: word n-grams and their Jaccard similarity in plain Python, nothing shared.

A word is a run of letters and digits, case-folded, in composed form; a Chinese character or kana is a word of its own.
"""

import re
import unicodedata

WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)


def words(text: str) -> list[str]:
    """The words of a text."""
    return WORD.findall(unicodedata.normalize("NFC", text).casefold())


def shingles(text: str, n: int = 5) -> set[tuple[str, ...]]:
    """The set of word n-grams of a text; a text shorter than ``n`` words is one shingle."""
    some = words(text)
    if len(some) < n:
        return {tuple(some)} if some else set()
    return set(zip(*(some[at:] for at in range(n)), strict=False))


def jaccard(a: str, b: str, n: int = 5) -> float:
    """Size of the intersection over size of the union of two texts' n-gram sets; two empty texts are equal."""
    return overlap(shingles(a, n), shingles(b, n))


def overlap(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    """Jaccard similarity of two sets."""
    both = len(one & other)
    union = len(one) + len(other) - both
    return both / union if union else 1.0

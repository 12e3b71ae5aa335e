"""Word n-grams as 64-bit hashes: what overlap and contamination are counted in."""

import functools
import re

import numpy as np
import xxhash
from numpy.typing import NDArray

from metier.text.normalise import bare_arabic, nfc

_CJK = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003fffd"
_WORDS = re.compile(f"[{_CJK}]|[^\\W_{_CJK}]+")
_ASCII_WORDS = re.compile(r"[^\W_]+", re.ASCII)
_BASE = 0x9E3779B97F4A7C15
_MIX = 0xBF58476D1CE4E5B9


def words(text: str) -> list[str]:
    """Lower-cased words without punctuation; each CJK character is a word; Arabic without vowel marks."""
    if text.isascii():
        return _ASCII_WORDS.findall(text.lower())
    return _WORDS.findall(bare_arabic(nfc(text)).lower())


@functools.lru_cache(maxsize=1 << 20)
def _word_hash(word: str) -> int:
    return int(xxhash.xxh64_intdigest(word.encode()))


def hashes(text: str, n: int) -> NDArray[np.uint64]:
    """One hash for each n-gram of words, in order, shape (max(0, words - n + 1),); repeats are kept."""
    one = np.array([_word_hash(word) for word in words(text)], dtype=np.uint64)
    count = len(one) - n + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    total = one[:count].copy()
    for offset in range(1, n):
        total *= np.uint64(_BASE)
        total += one[offset : offset + count]
    total ^= total >> np.uint64(31)
    total *= np.uint64(_MIX)
    total ^= total >> np.uint64(29)
    return total

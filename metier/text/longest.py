"""ROUGE-L: how alike two texts are by their longest common subsequence of words; what is too like what was seen."""

import math
from collections import defaultdict
from collections.abc import Sequence

from metier.text.letters import split


def rouge_l(one: Sequence[str], other: Sequence[str]) -> float:
    """F-measure of the longest common subsequence of two word sequences, 0 to 1 (Lin 2004)."""
    if not one or not other:
        return 0.0
    return 2 * common(one, other) / (len(one) + len(other))


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence, a machine word of rows at a time (Hyyrö 2004)."""
    places: dict[str, int] = defaultdict(int)
    for number, word in enumerate(one):
        places[word] |= 1 << number
    whole = (1 << len(one)) - 1
    row = whole
    for word in other:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & whole
    return len(one) - row.bit_count()


class Seen:
    """Texts seen so far; ``like`` finds one of them whose ROUGE-L with a new text reaches ``limit``, above 0.

    Words are those of ``letters.split``, so that any script counts. The search is exact: to reach the limit, texts of
    m and n words share at least limit * m / (2 - limit) words, so one of the others is looked up, the rarest first.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.texts: list[str] = []
        self.words: list[list[str]] = []
        self.holders: dict[str, list[int]] = defaultdict(list)

    def add(self, text: str) -> None:
        """Remember a text."""
        words = split(text)
        for word in set(words):
            self.holders[word].append(len(self.texts))
        self.texts.append(text)
        self.words.append(words)

    def like(self, text: str) -> str:
        """The most similar text seen where it reaches the limit, or nothing."""
        words = split(text)
        needed = math.ceil(self.limit * len(words) / (2 - self.limit) - 1e-9)
        rare = sorted(words, key=lambda word: len(self.holders.get(word, ())))[: len(words) - needed + 1]
        best, found = 0.0, ""
        for number in sorted({number for word in rare for number in self.holders.get(word, ())}):
            other = self.words[number]
            if 2 * min(len(words), len(other)) < max(self.limit, best) * (len(words) + len(other)):
                continue
            value = rouge_l(words, other)
            if value >= self.limit and value > best:
                best, found = value, self.texts[number]
        return found

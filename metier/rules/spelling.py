"""Which known word a misspelt one was meant to be: an edit in words of six letters, two in ten, the first letter right.

An edit is a letter too many, missing, other, or two neighbours swapped (Damerau 1964; as optimal string alignment, no
part edited twice). Most misspellings in scientific texts are one such edit away, and few are in the first letter
(Pollock & Zamora, CACM 27, 1984).
"""

import functools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator

from metier.artefact import asset

ONE, TWO = 6, 10
"""Letters of a known word, and of the misspelt one, from which one edit is forgiven, and two."""
_KEPT = 1 << 16
"""Words whose correction is kept: texts repeat their words."""
_SUFFIXES = frozenset(("ate", "ite", "ide", "ine", "ane", "ene", "yne", "al", "ol", "yl"))
"""Ends that tell substances apart (IUPAC): a sulfite is no misspelt sulfate, nor retinal retinol."""
_DIGITS = (str.maketrans("0134578", "oieastb"), str.maketrans("0134578", "oleastb"))
"""Letters that digits are written for."""


class Spelling:
    """Known words in order, forwards and backwards, by their length."""

    def __init__(
        self, words: Iterable[str], distance: int, meant: Callable[[str], Collection[str]] = lambda word: (word,)
    ) -> None:
        """``distance``: 1 or 2; with 2, words of ten letters and more may have two edits.

        ``meant``: what a word names by itself. Words as near as each other that name the same are as good as one.
        """
        self.distance, self._meant = distance, meant
        self.words = frozenset(words)
        self._forwards: dict[int, list[str]] = defaultdict(list)
        self._backwards: dict[int, list[str]] = defaultdict(list)
        for word in self.words:
            if len(word) >= ONE:
                self._forwards[len(word)].append(word)
                self._backwards[len(word)].append(word[::-1])
        for some in (*self._forwards.values(), *self._backwards.values()):
            some.sort()
        self.nearest = functools.lru_cache(_KEPT)(self._nearest)
        """The known word that a word was meant to be; empty where there is none, or two as near that differ."""

    def _nearest(self, word: str) -> str:
        if word in self.words or word in _ordinary() or len(word) < ONE:
            return ""
        if not word.isalpha():
            return min({word.translate(digits) for digits in _DIGITS} & self.words, default="")
        for limit in range(1, self.distance + 1):
            found = {one for one in self._candidates(word, limit) if _misspelt(word, one, limit)}
            if found:
                return min(found) if len(found) == 1 or self._one(found) else ""
        return ""

    def _one(self, words: Collection[str]) -> bool:
        """Whether some words are names of one and the same."""
        meanings = {frozenset(self._meant(word)) for word in words}
        return len(meanings) == 1 and len(meanings.pop()) > 0

    def _candidates(self, word: str, limit: int) -> Iterator[str]:
        """Known words of about this length that share the first or the last part: one that the edits left as it was.

        One edit leaves a half as it is, or swaps the letters in the middle; two edits are looked for where they leave
        the first or the last third.
        """
        size = len(word)
        first = size // (limit + 1)
        last = size - first if limit == 1 else first
        back = word[::-1]
        for length in range(max(ONE if limit == 1 else TWO, size - limit), size + limit + 1):
            yield from _beginning(self._forwards.get(length, []), word[:first])
            yield from (one[::-1] for one in _beginning(self._backwards.get(length, []), back[:last]))
        if limit == 1:
            swapped = word[: first - 1] + word[first] + word[first - 1] + word[first + 1 :]
            yield from {swapped} & self.words


def _misspelt(word: str, known: str, limit: int) -> bool:
    if word[0] != known[0] or not within(word, known, limit):
        return False
    if word[0] >= "\u0621" and max(len(word), len(known)) <= ONE:
        return False  # the consonants of many an Arabic word differ in one letter
    return not any({word[-size:], known[-size:]} <= _SUFFIXES and word[:-size] == known[:-size] for size in (2, 3))


def within(one: str, other: str, limit: int) -> bool:
    """Whether two words are at most so many edits apart (optimal string alignment)."""
    at = 0
    while at < len(one) and at < len(other) and one[at] == other[at]:
        at += 1
    one, other = one[at:], other[at:]
    if abs(len(one) - len(other)) > limit or not limit:
        return one == other
    if not one or not other:
        return True
    left = limit - 1
    if within(one[1:], other[1:], left) or within(one[1:], other, left) or within(one, other[1:], left):
        return True
    return one[:2] == other[1::-1] and len(one) > 1 and within(one[2:], other[2:], left)


def _beginning(words: list[str], part: str) -> Iterator[str]:
    """The words of a sorted list that begin with a part."""
    for at in range(bisect_left(words, part), len(words)):
        if not words[at].startswith(part):
            return
        yield words[at]


@functools.cache
def _ordinary() -> frozenset[str]:
    """Words that are right as they stand, however near they are to a name."""
    texts = (asset("asset:rules/not_misspelt.txt"), asset("asset:facts/ordinary.txt"), asset("asset:stopwords/en.txt"))
    lines = (line for text in texts for line in text.read_text("utf-8").splitlines())
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())

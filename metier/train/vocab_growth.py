"""Which tokens to add to a vocabulary: merging goes on where the base's merges end, and the most useful stay.

Continued merging makes only tokens that the base's own tokens lead to, so that none is out of reach (Purason, Chizhov,
Yamshchikov and Fishel, "Teaching Old Tokenizers New Words", arXiv:2512.03989).
"""

import heapq
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from metier import progress
from metier.train.vocab_words import Words

SPARE = 2
"""Candidates for each token wanted."""
BATCH = 1024
Pairs = dict[str, tuple[str, str] | None]
"""Token -> the two it is merged from, in the order of the merges; all in symbols."""


@dataclass(frozen=True)
class New:
    """A new token: how the vocabulary spells it, the two tokens it is merged from, and the old tokens it replaces.

    A character of its own, spelt in bytes until now, is merged from nothing: its ``pair`` is None.
    """

    text: str
    pair: tuple[str, str] | None
    parts: tuple[int, ...]
    uses: int
    """How often it stands in the texts it was learnt from, not counting where it is part of another new token."""


@dataclass(frozen=True)
class Uses:
    """How often a token stands in all texts, and how often in the one that uses it most."""

    all: int
    most: int

    @property
    def elsewhere(self) -> int:
        """Uses outside the text that has the most of them."""
        return self.all - self.most

    def plus(self, other: "Uses") -> "Uses":
        """The uses once a token that was made of this one is given up; ``most`` may come out too large."""
        return Uses(self.all + other.all, self.most + other.most)


def grow(words: Words, texts: Sequence[str], most: int, least: int) -> list[New]:
    """At most ``most`` new tokens, in the order of their merges, each used ``least`` times outside any one text.

    A token is worth what it saves: a token for each use, or all its bytes but one where it is a character. What a
    single text repeats is worth nothing, however frequent. Of more candidates than are wanted the one worth least is
    given up again and again, among those that no other is merged from.
    """
    spelt = [words.spell(text) for text in texts]
    pairs = _candidates(words, spelt, most, least)
    kept = _choose(words, pairs, _uses(words, spelt, pairs), most, least)
    return [New(words.text(key), _spelt(words, pairs[key]), words.parts(key), kept[key].all) for key in kept]


def _spelt(words: Words, pair: tuple[str, str] | None) -> tuple[str, str] | None:
    return None if pair is None else (words.text(pair[0]), words.text(pair[1]))


def _candidates(words: Words, spelt: Sequence[str], most: int, least: int) -> Pairs:
    """Unknown characters and further merges; none whose text is a token already, as old text would change by it."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    size = len(words.symbols) + SPARE * most
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=least, show_progress=False)
    progress.report(0, 0, "tokens", "merging")
    learner.train_from_iterator(spelt, trainer)
    pairs: Pairs = {symbol: None for symbol in words.symbols if len(words.parts(symbol)) > 1}
    there = {symbol for symbol in words.symbols if symbol in pairs or words.text(symbol) in words.taken}
    for left, right in json.loads(learner.to_str())["model"]["merges"]:
        key = left + right
        if {left, right} <= there and key not in there and words.text(key) not in words.taken:
            there.add(key)
            pairs[key] = (left, right)
    return pairs


def _uses(words: Words, spelt: Sequence[str], pairs: Pairs) -> dict[str, Uses]:
    """How every candidate is used where all of them are there."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    keys = [*dict.fromkeys([*words.symbols, *pairs])]
    merges = [pair for pair in pairs.values() if pair is not None]
    tokenizer = Tokenizer(models.BPE(vocab={key: number for number, key in enumerate(keys)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    total, most = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    for first in range(0, len(spelt), BATCH):
        for one in tokenizer.encode_batch_fast(list(spelt[first : first + BATCH]), add_special_tokens=False):
            numbers, counts = np.unique(np.array(one.ids, np.int64), return_counts=True)
            total[numbers] += counts
            most[numbers] = np.maximum(most[numbers], counts)
        progress.report(min(first + BATCH, len(spelt)), len(spelt), "texts", "choosing tokens")
    return {key: Uses(int(total[number]), int(most[number])) for number, key in enumerate(keys) if key in pairs}


def _choose(words: Words, pairs: Pairs, uses: Mapping[str, Uses], most: int, least: int) -> dict[str, Uses]:
    """The candidates that stay, with their uses; a parent takes over the uses of what is given up."""
    kept, rank = {key: uses[key] for key in pairs}, {key: number for number, key in enumerate(pairs)}
    parents = {key: [one for one in pair or () if one in pairs] for key, pair in pairs.items()}
    children = Counter(parent for some in parents.values() for parent in set(some))

    def worth(key: str) -> tuple[bool, int, int, str]:
        saved = 1 if pairs[key] else len(words.parts(key)) - 1
        return kept[key].elsewhere >= least, kept[key].elsewhere * saved, -rank[key], key

    leaves = [worth(key) for key in kept if not children[key]]
    heapq.heapify(leaves)
    while leaves:
        enough, _, _, key = heapq.heappop(leaves)
        if enough and len(kept) <= most:
            break
        gone = kept.pop(key)
        for parent in parents[key]:
            kept[parent] = kept[parent].plus(gone)
        for parent in set(parents[key]):
            children[parent] -= 1
            if not children[parent]:
                heapq.heappush(leaves, worth(parent))
    return kept

"""Which sentences of a passage its questions and answers do not tell yet."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from metier.records import Conversation
from metier.text.grounding import Fact, facts_of
from metier.text.letters import split
from metier.text.sentences import sentences

ENOUGH = 0.5
"""A rewording keeps about two in three words that carry a meaning: from half of them on a sentence counts as told."""
PART = 6
"""Sentences asked about at a time where question and passage are in two languages."""
_TWO = 2
"""One word in common tells nothing of a sentence that has more."""
_SIMPLE = 8
"""A sentence of up to so many words that carry a meaning states one thing."""
_MANY = 4
"""Sentences from which a word that most of them share is the topic."""
_LEAST = 3
"""What has fewer words that carry a meaning, and no full stop, is a heading and asks for no answer of its own."""
_END = (".", "!", "。", "！", "۔")
_SHORT = 3
"""Latin words of up to three letters are mostly grammar; in other scripts those of up to two."""
_ARTICLE = re.compile("[وفبك]?(?:ال|لل)(?P<rest>[ء-ي]{3,})\\Z")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class Sentence(NamedTuple):
    """A sentence with its facts and with the words that carry its meaning."""

    text: str
    facts: frozenset[Fact]
    words: frozenset[str]


class Told(NamedTuple):
    """One conversation: all that is said, its facts, its words that carry a meaning, and those of its answers alone."""

    text: str
    facts: frozenset[Fact]
    words: frozenset[str]
    answers: frozenset[str]


def read(passage: str, names: frozenset[str] = frozenset()) -> tuple[Sentence, ...]:
    """The sentences of a passage that say something; a word that most of them share says nothing in any of them."""
    found = [(text, facts_of(text, names), meaning(text)) for text in sentences(passage)]
    counts = Counter(word for _, _, words in found for word in words)
    common = {word for word, count in counts.items() if len(found) >= _MANY and 2 * count > len(found)}
    return tuple(Sentence(text, facts, words - common) for text, facts, words in found if _says(text, facts, words))


def _says(text: str, facts: frozenset[Fact], words: frozenset[str]) -> bool:
    return bool(facts) or len(words) >= _LEAST or (bool(words) and text.endswith(_END))


def heard(conversation: Conversation, names: frozenset[str] = frozenset()) -> Told:
    """What a conversation tells."""
    answers = " ".join(message.content for message in conversation.messages if message.role == "assistant")
    text = "\n".join(message.content for message in conversation.messages)
    return Told(text, facts_of(text, names), meaning(text), meaning(answers))


def uncovered(passage: Iterable[Sentence], told: Sequence[Told]) -> tuple[Sentence, ...]:
    """The sentences of which a fact is nowhere told, or that no conversation tells in about as many words."""
    facts = frozenset().union(*(one.facts for one in told))
    return tuple(one for one in passage if not (one.facts <= facts and any(_tells(some, one) for some in told)))


def _tells(told: Told, sentence: Sentence) -> bool:
    """Whether a conversation has half of a sentence's words, or an answer that is cut out of a short sentence."""
    shared = len(sentence.words & told.words)
    if shared >= max(ENOUGH * len(sentence.words), min(_TWO, len(sentence.words))):
        return True
    return _length(sentence.words) <= _SIMPLE and bool(told.answers) and told.answers <= sentence.words


def _length(words: frozenset[str]) -> float:
    """How many words a sentence has; two pairs of Chinese characters are about one."""
    pairs = sum(len(word) == 2 and not word.isascii() for word in words)
    return len(words) - pairs / 2


def meaning(text: str) -> frozenset[str]:
    """The words that carry a meaning: long ones, numbers, and pairs of characters where words are not spaced."""
    words = [_bare(word) for word in split(text)]
    single = [len(word) == 1 and not word.isascii() for word in words]
    pairs = {
        first + second
        for (first, alone), (second, other) in itertools.pairwise(zip(words, single, strict=True))
        if alone and other
    }
    return frozenset(pairs | {word for word in words if len(word) > _short(word) or any(map(str.isdigit, word))})


def _bare(word: str) -> str:
    """An Arabic word without its article and what is written together with it; any other as it is."""
    found = _ARTICLE.match(word)
    return found["rest"] if found else word


def _short(word: str) -> int:
    return _SHORT if word.isascii() else _SHORT - 1


def untold_numbers(some: Iterable[Sentence], told: Iterable[str]) -> tuple[Sentence, ...]:
    """The sentences with a number that is in none of the texts told, in whatever digits."""
    known = numbers("\n".join(told))
    return tuple(one for one in some if not numbers(one.text) <= known)


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text as they are compared across languages: plain digits without separators of thousands."""
    return frozenset(_plain(found) for found in _NUMBER.findall(text))


def _plain(number: str) -> str:
    digits = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in number)
    return re.sub(r",(?=\d{3})", "", digits).replace(",", ".")

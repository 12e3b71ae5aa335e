"""Questions and prompts that must not be asked, and which texts hold one of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from metier.records import Conversation, Question
from metier.text.letters import split

FEWEST = 4
"""Words of a question (two signs for one, in scripts without spaces) from which a text may hold it among others; a
shorter one must be the whole text."""
LEAD = 3
"""Words by whose hash a question is looked up."""


class Item(NamedTuple):
    """A question of an exam or a prompt kept apart: its id, what it is, its text and the words of that."""

    id: str
    use: Literal["exam", "apart"]
    text: str
    words: tuple[str, ...]


def items_of(questions: Iterable[Question], apart: Iterable[Conversation]) -> list[Item]:
    """The stems and passages of questions and what the user says in conversations, each text once."""
    found: dict[tuple[str, ...], Item] = {}
    for question in questions:
        for text in (question.stem, question.passage):
            words = tuple(split(text))
            if words:
                found.setdefault(words, Item(question.id, "exam", text, words))
    for conversation in apart:
        text = asked(conversation)
        words = tuple(split(text))
        if words:
            found.setdefault(words, Item(conversation.id, "apart", text, words))
    return list(found.values())


def asked(conversation: Conversation) -> str:
    """What the user says up to the reply, turn by turn."""
    return "\n".join(one.content for one in conversation.prompt if one.role == "user")


class Held:
    """Looks up which item a text is, or holds word for word; a text is read once, whatever the number of items."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = {one.words: one for one in items}
        self.sizes: dict[tuple[str, ...], set[int]] = {}
        """The first words of an item -> how many words the items have that begin so."""
        for one in items:
            if _words(one.words) >= FEWEST:
                self.sizes.setdefault(one.words[:LEAD], set()).add(len(one.words))

    def find(self, words: tuple[str, ...]) -> Item | None:
        """The item that a text is or, the longest first, holds."""
        if words in self.items:
            return self.items[words]
        some = (self.items.get(one) for one in self._stretches(words))
        return max((one for one in some if one), key=lambda one: len(one.words), default=None)

    def _stretches(self, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for start in range(len(words) - LEAD + 1):
            for size in self.sizes.get(words[start : start + LEAD], ()):
                yield words[start : start + size]


def much_of(texts: Sequence[str], items: Sequence[Item]) -> Iterator[tuple[int, Item]]:
    """The place of every text that shares with an item runs of 13 words which make up half of it, as in
    corpus.decontaminate, and the item."""
    from metier.text.exam_index import build
    from metier.text.exam_matches import Search, matches
    from metier.text.words import words_of

    by_id = {str(number): one for number, one in enumerate(items)}
    if not by_id or not texts:
        return
    search = Search()
    index = build([Question(id, one.text) for id, one in by_id.items()], "", search.words, search.characters)
    for row, number, how, _ in matches(index, words_of(texts), search.share):
        if how != "short stem":
            yield row, by_id[index.items[number].questions[0]]


def _words(words: Sequence[str]) -> float:
    """How many words a text has, two signs of a script without spaces for one."""
    return sum(0.5 if len(one) == 1 and not one.isascii() else 1 for one in words)

"""Choose the best of several replies to one prompt, to answer with it or to train on it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.records import Answer, Checkpoint, Config, Conversation


class BestOf(Config, frozen=True):
    """Of how many, and by whom they are ranked."""


def best_of(
    answers: Iterable[Answer],
    conversations: Iterable[Conversation],
    config: BestOf,
    out: Path,
    reward: Checkpoint = Checkpoint(""),
) -> Iterator[Answer | Conversation]:
    """Keep the reply with the highest reward: as an answer, and as a conversation to train on."""
    raise NotImplementedError

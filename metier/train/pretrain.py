"""Pre-train: the loss counts every token of documents and of conversations."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.records import Checkpoint, Conversation, Document, Dropped
from metier.train.settings import Train


class Pretrain(Train, frozen=True):
    """How to pre-train."""

    answers_only: bool = False
    """Whether the loss of a conversation counts only what the assistant says; a document always counts whole."""


def pretrain(
    base: Checkpoint,
    seed: int,
    config: Pretrain,
    out: Path,
    conversations: Iterable[Conversation] = (),
    docs: Iterable[Document] = (),
    validation: Iterable[Conversation] = (),
) -> Iterator[Dropped]:
    """Train a model on documents and conversations, every token of both; yields what could not be used.

    The order is a plain shuffle unless ``priorities`` says otherwise; a killed run resumes exactly.
    """
    from metier.train.encode import Given
    from metier.train.launch import train

    return train(base, seed, config, out, Given(conversations, docs, validation))

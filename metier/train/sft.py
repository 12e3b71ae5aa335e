"""Supervised fine-tuning: the loss counts what the assistant says."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.records import Checkpoint, Conversation, Document, Dropped
from metier.train.settings import Train


class Sft(Train, frozen=True):
    """How to fine-tune."""


def sft(
    base: Checkpoint,
    seed: int,
    config: Sft,
    out: Path,
    conversations: Iterable[Conversation] = (),
    docs: Iterable[Document] = (),
    validation: Iterable[Conversation] = (),
) -> Iterator[Dropped]:
    """Fine-tune a model on the answers of conversations (and on documents, if given); yields what could not be used.

    The order is a plain shuffle unless ``priorities`` says otherwise; a killed run resumes exactly.
    """
    from metier.train.encode import Given
    from metier.train.launch import train

    return train(base, seed, config, out, Given(conversations, docs, validation))

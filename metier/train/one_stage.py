"""One-stage adaptation: domain knowledge and dialogue in one mixture, drawn by priority (HuatuoGPT-II)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.records import Checkpoint, Conversation, Document, Dropped
from metier.train.settings import Above, Group, Train


class OneStage(Train, frozen=True, kw_only=True):
    """How to adapt in one stage."""

    priorities: dict[str, Above | Group]
    """Source -> priority: items are drawn by it without replacement, high ones early. Every source needs one."""


def one_stage(
    base: Checkpoint,
    seed: int,
    config: OneStage,
    out: Path,
    conversations: Iterable[Conversation] = (),
    docs: Iterable[Document] = (),
    validation: Iterable[Conversation] = (),
) -> Iterator[Dropped]:
    """Train a model on one mixture of conversations and raw documents in priority order; yields what could not be used.

    Answers and documents are trained, prompts are read; a killed run resumes exactly.
    """
    from metier.train.encode import Given
    from metier.train.launch import train

    return train(base, seed, config, out, Given(conversations, docs, validation))

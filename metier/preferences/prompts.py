"""Choose what will be asked, and prove that no prompt of one use is a prompt of another or a question of an exam."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.records import Config, Conversation, Dropped, Question


class Prompts(Config, frozen=True):
    """Which turns are prompts, how they are divided, and how near to an exam is too near."""


def prompts(
    conversations: Iterable[Conversation],
    seed: int,
    config: Prompts,
    out: Path,
    questions: Iterable[Question] = (),
    apart: Iterable[Conversation] = (),
) -> Iterator[Conversation | Dropped]:
    """Cut conversations into prompts with their standard answer, apart from exams and from other prompts."""
    raise NotImplementedError

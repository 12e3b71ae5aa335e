"""Sample several replies to every prompt, from one model or several."""

from collections.abc import Iterable, Iterator, Mapping

from metier.llm.subject import Subject
from metier.records import Answer, Config, Conversation


class Sample(Config, frozen=True):
    """How many replies, and how freely they are drawn."""


def sample(
    conversations: Iterable[Conversation],
    models: Mapping[str, tuple[Subject, ...]],
    task: str,
    seed: int,
    config: Sample,
) -> Iterator[Answer]:
    """Ask every model every prompt (a conversation up to its last reply) n times."""
    raise NotImplementedError

"""Label pairs of replies by a judge asked in both orders, and keep those on which it does not contradict itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.llm.llm import LLM
from metier.records import Answer, Checkpoint, Config, Conversation, Preference, Verdict


class Label(Config, frozen=True):
    """Who judges by what, which pairs are made, and which survive."""


def label(
    answers: Iterable[Answer],
    conversations: Iterable[Conversation],
    config: Label,
    out: Path,
    judge: LLM | None = None,
    reward: Checkpoint = Checkpoint(""),
    human: Iterable[Verdict] = (),
) -> Iterator[Preference | Verdict]:
    """Compare replies to one prompt in both orders; the consistent ones become preferences."""
    raise NotImplementedError

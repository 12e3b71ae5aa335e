"""REINFORCE with a leave-one-out baseline, or GRPO, by TRL: the path for large models (Ahmadian et al. 2024)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.records import Checkpoint, Config, Conversation, Dropped


class Rloo(Config, frozen=True, kw_only=True):
    """How long, how far, how fast, and who writes the rollouts."""


def rloo(
    base: Checkpoint,
    reward: Checkpoint,
    conversations: Iterable[Conversation],
    seed: int,
    config: Rloo,
    out: Path,
) -> Iterator[Dropped]:
    """Train a model to say what a reward model prefers by TRL."""
    raise NotImplementedError

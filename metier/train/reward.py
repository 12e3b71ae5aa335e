"""Train a reward model on preferences: TRL's RewardTrainer over our rendering, measured on held-out pairs, gated."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.records import Checkpoint, Config, Dropped, Preference


class Reward(Config, frozen=True, kw_only=True):
    """How to train, and below what held-out accuracy to refuse."""


def reward(
    base: Checkpoint,
    preferences: Iterable[Preference],
    seed: int,
    config: Reward,
    out: Path,
    validation: Iterable[Preference] = (),
) -> Iterator[Dropped]:
    """Train a model with one output to reward chosen above rejected replies (Bradley-Terry)."""
    raise NotImplementedError

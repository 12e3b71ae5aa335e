"""Train a policy on preferences directly, without a reward model (DPO, Rafailov et al. 2023; KTO, Ethayarajh 2024)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.records import Checkpoint, Config, Dropped, Preference


class Dpo(Config, frozen=True, kw_only=True):
    """Which loss, how far, how fast."""


def dpo(base: Checkpoint, preferences: Iterable[Preference], seed: int, config: Dpo, out: Path) -> Iterator[Dropped]:
    """Train on chosen against rejected replies by TRL."""
    raise NotImplementedError

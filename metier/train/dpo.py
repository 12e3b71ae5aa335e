"""Train a policy on preferences directly, without a reward model (DPO, Rafailov et al. 2023; KTO, Ethayarajh 2024)."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from metier.records import Checkpoint, Config, Dropped, Preference
from metier.train.settings import Above, Whole
from metier.train.trl_settings import Aligned


class Dpo(Aligned, Config, frozen=True, kw_only=True):
    """Which loss, how far, how fast; the defaults are those of Rafailov et al. (2023, appendix B)."""

    loss: Literal["dpo", "kto"] = "dpo"
    """dpo compares the two replies of a pair; kto takes each reply for itself, as one to say or one not to."""
    beta: Above = 0.1
    """How dear it is to leave the reference: the reward of a reply is beta times its log-ratio to it."""
    label_smoothing: Annotated[float, msgspec.Meta(ge=0, lt=0.5)] = 0.0
    """Share of the labels that are taken to be the wrong way round (conservative DPO); of `dpo` alone."""
    epochs: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 1.0
    """Passes over the pairs, each in an order of its own."""
    batch_pairs: Whole = 64
    """Pairs of a step over all devices."""
    device_pairs: Whole = 8
    """Pairs that one device takes at a time; smaller parts of a step are accumulated."""
    max_tokens: Whole = 1024
    """Most tokens of a prompt with a reply; a pair beyond is left out, never cut."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss == "kto" and self.label_smoothing:
            raise ValueError("label_smoothing: kto has none, as it compares no pairs; take it out, or set loss: dpo")


def dpo(base: Checkpoint, preferences: Iterable[Preference], seed: int, config: Dpo, out: Path) -> Iterator[Dropped]:
    """Train on chosen against rejected replies by TRL, held near to the base; yields the pairs that were not used.

    ``dpo.jsonl`` has a line a step (see ``DpoLine``). A killed run goes on from its last checkpoint. On several
    devices it runs under torchrun (`launch`).
    """
    from metier.train.trl_launch import train
    from metier.train.trl_pairs import prepare

    return train(prepare(base, preferences, seed, config, out), config, out)

"""Train a reward model on preferences: TRL's RewardTrainer over our rendering, measured on held-out pairs, gated."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from metier.records import Checkpoint, Config, Dropped, Preference
from metier.train.installed import check_installed
from metier.train.settings import Above, Lora, Share, Whole


class Reward(Config, frozen=True, kw_only=True):
    """How to train, and below what held-out accuracy to refuse."""

    epochs: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 1.0
    """Passes over the pairs; a reward model soon knows them by heart (Ouyang et al. 2022 make one)."""
    batch_pairs: Whole = 64
    """Pairs of a step."""
    device_pairs: Whole = 8
    """Pairs held at a time at most; smaller parts of a step are accumulated."""
    learning_rate: Above = 1e-5
    """Peak learning rate of AdamW."""
    warmup: Share = 0.03
    """Share of the steps in which the learning rate rises."""
    schedule: Literal["linear", "cosine", "constant"] = "cosine"
    """How it goes on from the peak: down to zero, or not at all."""
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Weight decay of AdamW."""
    max_norm: Above = 1.0
    """Largest norm of the gradient."""
    center: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Weight of the squared sum of both rewards in the loss, which holds their mean near zero (Eisenstein et al. 2023);
    .01 is usual."""
    margin: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """What a point of a verdict's margin counts in the loss: the rewards have to be as far apart (Touvron et al. 2023);
    0 asks only that the chosen one is ahead."""
    max_tokens: Whole = 1024
    """Longest conversation, reply included, but never more than the base can read; pairs beyond are left out."""
    held_out: Share = 0.1
    """Share of the pairs that are not trained on, all pairs of a prompt together, where no `validation` is fed."""
    looks: Annotated[int, msgspec.Meta(ge=0)] = 4
    """How often the accuracy on held-out pairs is taken, evenly to the end; once more before the first step."""
    least_accuracy: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=1)] | None, msgspec.Meta(extra={"launch": True})
    ] = None
    """Refuse to go on where the accuracy on held-out pairs is below this. Lowered after a refusal, nothing is trained
    again; a model that is finished is not held against a bar raised later."""
    adapter: Lora | None = None
    """Train an adapter and the head, merged into the base at the end; none: all weights."""
    gradient_checkpointing: bool = False
    """Whether to compute activations twice to save memory."""
    save_seconds: Annotated[float, msgspec.Meta(ge=0, extra={"launch": True})] = 60.0
    """Longest time between two checkpoints, from which a killed run resumes."""

    def __post_init__(self) -> None:
        if self.adapter is not None and self.adapter.quantize:
            raise ValueError(f"adapter: quantize {self.adapter.quantize}: a reward model is not held in fewer bits")


def reward(
    base: Checkpoint,
    preferences: Iterable[Preference],
    seed: int,
    config: Reward,
    out: Path,
    validation: Iterable[Preference] = (),
) -> Iterator[Dropped]:
    """Train a model with one output to reward chosen above rejected replies (Bradley-Terry); yields what was not used.

    The base is a model that writes, which gets a head of zeros, or a reward model, also of another language.
    ``reward.jsonl`` has a line a step, ``reward_looks.jsonl`` one a look at the held-out pairs, ``held_out.jsonl`` the
    rewards of each of them, ``notes.json`` the measures.
    """
    check_installed("torch", "transformers", "trl", "datasets")
    from metier.train.reward_loop import train
    from metier.train.reward_pairs import Given

    return train(base, seed, config, out, Given(preferences, validation))

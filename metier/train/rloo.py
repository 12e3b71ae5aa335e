"""REINFORCE with a leave-one-out baseline, or GRPO, by TRL: the path for large models (Ahmadian et al. 2024)."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from metier.judge.extras import Extras
from metier.records import Checkpoint, Config, Conversation, Dropped
from metier.train.settings import Above, Whole
from metier.train.trl_settings import Aligned


class Rloo(Aligned, Config, frozen=True, kw_only=True):
    """How long, how far, how fast, and who writes the rollouts."""

    method: Literal["rloo", "grpo"] = "rloo"
    """rloo: a reply's advantage is its reward less the mean of the others to its prompt. grpo: less the mean of all,
    over their deviation (Shao et al. 2024)."""
    samples: Whole = 16_000
    """Replies sampled in all; rounded up to whole rollouts."""
    rollout: Whole = 64
    """Replies sampled before each update."""
    generations: Annotated[int, msgspec.Meta(ge=2)] = 4
    """Replies to each prompt of a rollout, which are each other's baseline."""
    chunk: Whole | None = None
    """Replies of a step of the optimiser; None: the whole rollout."""
    device_replies: Whole = 16
    """Replies that one device takes at a time; smaller parts of a step are accumulated."""
    epochs: Whole = 1
    """Passes over a rollout."""
    kl: Annotated[float, msgspec.Meta(ge=0)] = 0.05
    """Coefficient of the divergence from the reference: for rloo in the reward, summed over a reply's tokens; for grpo
    in the loss of each token. 0 holds no reference in memory."""
    clip: Above = 0.2
    """Most that the ratio of probabilities may leave 1."""
    max_tokens: Whole = 256
    """Most tokens of a reply."""
    temperature: Above = 1.0
    """Of the draws; the policy's probabilities are those at this temperature."""
    no_end: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Points that a reply loses which is cut at `max_tokens`."""
    extras: Extras = Extras()
    """Points beside the reward model's; none by default."""
    vllm: str | None = None
    """Who writes the rollouts: None, the policy itself; `colocate`, vLLM on the devices of the training; a URL
    (http://host:8000), a server of `trl vllm-serve`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        chunk = self.chunk or self.rollout
        if self.rollout % self.generations:
            near = max(1, round(self.rollout / self.generations)) * self.generations
            raise ValueError(
                f"rollout {self.rollout} is not a multiple of the {self.generations} generations; use {near}"
            )
        if self.rollout % chunk:
            raise ValueError(f"rollout {self.rollout} is not a multiple of chunk {chunk}; mend one of them")
        if self.vllm is not None and self.vllm != "colocate" and not self.vllm.startswith(("http://", "https://")):
            raise ValueError(f"vllm {self.vllm!r}: give `colocate`, or the URL of a server (http://host:8000)")


def rloo(
    base: Checkpoint,
    reward: Checkpoint,
    conversations: Iterable[Conversation],
    seed: int,
    config: Rloo,
    out: Path,
) -> Iterator[Dropped]:
    """Train a model to say what a reward model prefers by TRL, held near to the base; yields the prompts not used.

    The prompts are conversations up to their last reply. ``rloo.jsonl`` has a line a rollout (see ``RlooLine``). A
    killed run goes on from its last checkpoint. On several devices it runs under torchrun (`launch`).
    """
    from metier.train.trl_launch import train
    from metier.train.trl_prompts import prepare

    return train(prepare(base, reward, conversations, seed, config, out), config, out)

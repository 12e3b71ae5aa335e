"""Proximal policy optimisation of a policy against a reward model (Schulman et al. 2017; Ouyang et al. 2022).

The loop is ours and written to be read: a reference for what RLHF does, for models that one device holds several times.
From about 8 B parameters on use `train.rloo`, whose rollouts vLLM can write.
"""

import math
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from metier.judge.extras import Extras
from metier.records import Checkpoint, Config, Conversation, Dropped, Preference
from metier.train.settings import Above, Lora, Share, Whole


class Ppo(Config, frozen=True, kw_only=True):
    """How long, how far and how fast; the defaults are HuatuoGPT's (Zhang et al. 2023), and scale down."""

    samples: Whole = 16_000
    """Replies sampled in all."""
    rollout: Whole = 64
    """Replies sampled before each update."""
    chunk: Whole = 8
    """Replies of a minibatch."""
    epochs: Whole = 4
    """Passes over a rollout."""
    learning_rate: Above = 1e-6
    """Of the policy, after the warm-up."""
    critic_rate: Above | None = None
    """Learning rate of the critic; None: ten times that of the policy."""
    warmup: Share = 0.0
    """Share of the updates in which both rates rise."""
    schedule: Literal["constant", "linear"] = "constant"
    """How both rates go on from there: as they are, or down to zero, which spares the end a step too far."""
    critic_first: Annotated[int, msgspec.Meta(ge=0)] = 0
    """First rollouts on which the critic alone is trained."""
    max_tokens: Whole = 256
    """Most tokens of a reply."""
    temperature: Above = 1.0
    """Of the draws; the policy's probabilities are those at this temperature."""
    kl: Annotated[float, msgspec.Meta(ge=0)] = 0.1
    """Coefficient of the divergence from the reference in the reward, at the start."""
    kl_target: Above | None = None
    """Divergence of a reply, in nats, that the coefficient is adapted to (Ziegler et al. 2019); None: it stays."""
    kl_horizon: Whole = 10_000
    """Replies over which the coefficient adapts, once the policy is trained."""
    gamma: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """Discount of later rewards."""
    lam: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.95
    """Lambda of generalised advantage estimation (Schulman et al. 2016)."""
    clip: Above = 0.2
    """Most that the ratio of probabilities may leave 1."""
    value_clip: Above = 0.2
    """Most that a value may leave the one at the time of sampling."""
    max_norm: Above = 1.0
    """Largest norm of each gradient."""
    no_end: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Points that a reply loses which is cut at `max_tokens`."""
    score_clip: Above | None = None
    """Most that a score, less the reference's mean and in its deviations, may be; None takes scores as they are."""
    general: tuple[str, ...] = ()
    """Sources of conversations that are not asked but trained on beside, so that they are not forgotten (PPO-ptx)."""
    general_weight: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Weight of their loss per token beside the policy's."""
    extras: Extras = Extras()
    """Points beside the reward model's; none by default."""
    adapter: Lora | None = None
    """Train an adapter of the policy, which is its own reference when switched off; none: all weights."""
    probe_prompts: Annotated[int, msgspec.Meta(ge=0)] = 32
    """Prompts whose likeliest replies are scored along the way, always the same; they are not trained on."""
    probe_every: Whole = 10
    """Rollouts between two such looks; the first and the last rollout have one as well."""
    save_seconds: Annotated[float, msgspec.Meta(ge=0, extra={"launch": True})] = 60.0
    """Longest time between two checkpoints, from which a killed run resumes."""

    def __post_init__(self) -> None:
        if self.adapter is not None and self.adapter.dropout:
            raise ValueError(
                f"adapter: dropout {self.adapter.dropout:g}: a reply's probability must be the same when it is drawn "
                "and when it is trained on; leave dropout out"
            )
        if self.chunk > self.rollout:
            raise ValueError(f"chunk {self.chunk} is more than a rollout of {self.rollout} replies; lower it")
        if self.critic_first >= (rollouts := math.ceil(self.samples / self.rollout)):
            raise ValueError(
                f"critic_first {self.critic_first}: of {rollouts} rollouts (samples / rollout) none would train the "
                "policy; lower it"
            )
        if self.kl_target is not None and not self.kl:
            raise ValueError("kl 0: nothing adapts a coefficient of 0 to kl_target; raise kl, or leave kl_target out")
        if self.kl_target is not None and self.kl_horizon < self.rollout:
            raise ValueError(
                f"kl_horizon {self.kl_horizon} is less than a rollout of {self.rollout} replies, after each of which "
                "the coefficient would leap; raise it"
            )


def ppo(
    base: Checkpoint,
    reward: Checkpoint,
    conversations: Iterable[Conversation],
    seed: int,
    config: Ppo,
    out: Path,
    probes: Iterable[Preference] = (),
) -> Iterator[Dropped]:
    """Train a model to say what a reward model prefers, held near to itself by a divergence; yields what was not used.

    The prompts are conversations up to their last reply. ``ppo.jsonl`` has a line a rollout (see ``PpoLine``),
    ``ppo_start.json`` what was seen before the first update, ``samples.jsonl`` replies along the way, ``findings.json``
    what is wrong with all that in words. ``probes`` are pairs that the reward model should tell apart.
    """
    from metier.model.load import free
    from metier.train.disk import writing
    from metier.train.ppo_loop import learn
    from metier.train.ppo_task import check, make, processes, save
    from metier.train.prepare import MARKER
    from metier.train.resume import CHECKPOINTS

    check(base, reward, config, processes())
    task = make(base, reward, conversations, probes, seed, config)
    with writing(out):
        if not (out / MARKER).exists():
            learn(task, out)
            save(task, base, out)
            (out / MARKER).touch()
        shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    dropped = iter(task.given.dropped)
    del task
    free()
    return dropped

"""The updates made from a rollout: minibatches in several passes, the policy's step and the critic's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from metier.model.template import Encoded
from metier.records import MetierError
from metier.train import ppo_math
from metier.train.ppo import Ppo
from metier.train.ppo_models import Task, Team
from metier.train.ppo_rollout import Rollout

CRITIC = 10.0
"""Learning rate of the critic in that of the policy, where none is given: its targets are plain to see."""


@dataclass(frozen=True)
class Updated:
    """Means over the updates made from one rollout; ``first_ratio`` is what the first minibatch found before any."""

    first_ratio: float
    clipped: float
    value_clipped: float
    policy_loss: float
    value_loss: float
    general_loss: float


@dataclass(frozen=True)
class Pace:
    """How many updates a rollout and a whole training make, and how their learning rates rise."""

    config: Ppo

    @property
    def per_rollout(self) -> int:
        """Updates from one whole rollout."""
        return self.config.epochs * math.ceil(self.config.rollout / self.config.chunk)

    @property
    def steps(self) -> int:
        """Rollouts in all."""
        return math.ceil(self.config.samples / self.config.rollout)

    def share(self, update: int) -> float:
        """The share of its learning rate that an update has, counted from 0."""
        total = self.per_rollout * self.steps
        rising = self.config.warmup * total
        if update < rising:
            return min(1.0, (update + 1) / rising)
        return 1.0 if self.config.schedule == "constant" else (total - update) / (total - rising)


@dataclass(frozen=True)
class Hands:
    """The optimizers of a policy and of its critic."""

    policy: torch.optim.Optimizer
    critic: torch.optim.Optimizer

    @classmethod
    def of(cls, task: Task) -> "Hands":
        """AdamW without decay over all that is trained, as it is before the first step."""
        team, rate = task.team, task.config.learning_rate
        rates = (rate, CRITIC * rate if task.config.critic_rate is None else task.config.critic_rate)
        made = [
            torch.optim.AdamW(weights, lr=own, betas=(0.9, 0.95), weight_decay=0.0)
            for weights, own in zip((trained(team.policy.model), trained(team.critic)), rates, strict=True)
        ]
        for one in made:
            for group in one.param_groups:
                group["peak"] = group["lr"]
        return cls(made[0], made[1])


def trained(model: Any) -> list[Tensor]:
    """The weights of a model that are trained."""
    return [weight for weight in model.parameters() if weight.requires_grad]


def update(task: Task, hands: Hands, rollout: Rollout, step: int) -> Updated:
    """Make all updates of one rollout, the ``step``-th from 1; MetierError where a loss is no number."""
    team, given, seed, config = task.team, task.given, task.seed, task.config
    pace, sums, count = Pace(config), np.zeros(5), 0
    first = (step - 1) * pace.per_rollout
    first_ratio = 0.0
    for epoch in range(config.epochs):
        ranked = np.random.default_rng([seed % (1 << 64), step, epoch]).permutation(len(rollout.replies))
        for start in range(0, len(ranked), config.chunk):
            batch = _Batch.of(team, rollout, ranked[start : start + config.chunk].tolist())
            if not count:
                first_ratio = _largest(team, batch)
            share = pace.share(first + count)
            policy = general = torch.zeros(())
            clipped = torch.zeros(())
            if step > config.critic_first:
                policy, clipped = _policy_loss(team, batch, config)
                beside = given.beside(first + count, config.chunk, seed) if given.general else []
                general = _general_loss(team, beside) if beside else general
                _step(team, hands.policy, policy + config.general_weight * general, share, step, config)
            value, value_clipped = ppo_math.value_loss(
                team.values(batch.rows), batch.values, batch.returns, batch.rows.mask, config.value_clip
            )
            _step(team, hands.critic, value, share, step, config)
            sums += [float(one.detach()) for one in (clipped, value_clipped, policy, value, general)]
            count += 1
    return Updated(first_ratio, *(sums / count).tolist())


@dataclass(frozen=True)
class _Batch:
    """Some replies of a rollout, padded to the longest among them."""

    rows: Any
    log_probs: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor

    @classmethod
    def of(cls, team: Team, rollout: Rollout, numbers: Sequence[int]) -> "_Batch":
        rows = team.rows([rollout.replies[number] for number in numbers])
        width, device = rows.mask.shape[1], team.accelerator.device
        parts = (rollout.log_probs, rollout.values, rollout.advantages, rollout.returns)
        return cls(rows, *(part[list(numbers), :width].to(device) for part in parts))


def _largest(team: Team, batch: _Batch) -> float:
    """Largest |ratio - 1| of the policy now and when it drew the replies."""
    with torch.no_grad():
        ratio = (team.log_probs(batch.rows) - batch.log_probs).exp()
    return float((ratio - 1).abs().max())


def _policy_loss(team: Team, batch: _Batch, config: Ppo) -> ppo_math.Clipped:
    return ppo_math.policy_loss(
        team.log_probs(batch.rows), batch.log_probs, batch.advantages, batch.rows.mask, config.clip
    )


def _general_loss(team: Team, items: Sequence[Encoded]) -> Tensor:
    """Mean negative log-likelihood of the answers of general conversations (Ouyang et al. 2022, PPO-ptx)."""
    ids, places, before, start = list[int](), list[int](), list[int](), 0
    for one in items:
        ids += one.ids
        places += range(len(one.ids))
        before += [start + place - 1 for place, counts in enumerate(one.mask) if counts and place]
        start += len(one.ids)
    row, at, behind = (torch.tensor(one, device=team.accelerator.device) for one in (ids, places, before))
    with team.accelerator.autocast():
        out = team.policy.model(input_ids=row[None], position_ids=at[None], use_cache=False, logits_to_keep=behind)
    return torch.nn.functional.cross_entropy(out.logits[0].float(), row[behind + 1])


def _step(team: Team, hand: torch.optim.Optimizer, loss: Tensor, share: float, step: int, config: Ppo) -> None:
    """One step of an optimizer down its loss."""
    weights = [weight for group in hand.param_groups for weight in group["params"]]
    hand.zero_grad(set_to_none=True)
    team.accelerator.backward(loss)
    norm = float(torch.nn.utils.clip_grad_norm_(weights, config.max_norm))
    if not math.isfinite(norm) or not math.isfinite(float(loss.detach())):
        raise MetierError(
            f"train.ppo: the loss is no number at step {step} (loss {float(loss.detach()):g}, norm of the gradient "
            f"{norm:g}); lower learning_rate, now {config.learning_rate:g}, or critic_rate"
        )
    for group in hand.param_groups:
        group["lr"] = group["peak"] * share
    hand.step()

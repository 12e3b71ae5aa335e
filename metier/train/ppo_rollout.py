"""A rollout: replies of the policy to some prompts, what they are worth, and what its update needs to know of them."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from metier.model.generate import Wish, end_tokens, write
from metier.model.replies import plainly
from metier.records import MetierError
from metier.train import ppo_math
from metier.train.ppo import Ppo
from metier.train.ppo_models import Reply, Scorer, Team, row_by_row
from metier.train.ppo_prompts import Prompt

ROUNDING = 1e-6
"""Deviation, in the size of their mean, below which scores do not differ: one depends so much on its batch."""


@dataclass(frozen=True)
class Scale:
    """How scores are taken: less a mean, in deviations, and none beyond a bound, where there is one."""

    mean: float = 0.0
    deviation: float = 1.0
    bound: float | None = None

    @classmethod
    def seen(cls, scores: Sequence[float], bound: float) -> "Scale":
        """The scale of some scores; where they are equal but for rounding, a point is a deviation."""
        mean, deviation = float(np.mean(scores)), float(np.std(scores))
        return cls(mean, deviation if deviation > ROUNDING * max(1.0, abs(mean)) else 1.0, bound)

    def of(self, score: float) -> float:
        """One score, taken so."""
        taken = (score - self.mean) / self.deviation
        return taken if self.bound is None else min(self.bound, max(-self.bound, taken))


@dataclass(frozen=True)
class Points:
    """What each reply of a rollout earns."""

    scores: list[float]
    """By the reward model."""
    extras: list[float]
    """By rules, questions and length."""
    totals: list[float]
    """Scores as they are taken, and extras, less the penalty for no end."""


@dataclass(frozen=True)
class Rollout:
    """Replies with their points; all tensors are replies x tokens of the longest."""

    replies: list[Reply]
    points: Points
    mask: Tensor
    log_probs: Tensor
    values: Tensor
    entropy: Tensor
    log_ratio: Tensor
    """Log-probability by the policy less that by the reference."""
    advantages: Tensor
    """Whitened over the rollout."""
    returns: Tensor
    """What the critic should have said."""

    @property
    def divergence(self) -> float:
        """Mean over replies of the sum over tokens of the log ratio (k1)."""
        return float(ppo_math.k1(self.log_ratio).sum(1).mean())


def sample(team: Team, prompts: Sequence[Prompt], numbers: Sequence[int], seed: int, config: Ppo) -> list[Reply]:
    """One reply to each prompt, drawn from the policy; ``numbers`` tell two draws for the same prompt apart."""
    wishes = [
        Wish(one.ids, config.max_tokens, config.temperature, seed=(seed % (1 << 64), number, _name(one.id)))
        for one, number in zip(prompts, numbers, strict=True)
    ]
    return _written(team, prompts, wishes)


def likeliest(team: Team, prompts: Sequence[Prompt], config: Ppo) -> list[Reply]:
    """The likeliest reply to each prompt, token by token."""
    return _written(team, prompts, [Wish(one.ids, config.max_tokens) for one in prompts])


def _name(id: str) -> int:
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:8])


def _written(team: Team, prompts: Sequence[Prompt], wishes: Sequence[Wish]) -> list[Reply]:
    stops = end_tokens(team.policy)
    with plainly(team.policy.model, stops), row_by_row(team.policy.model), team.accelerator.autocast():
        written = write(team.policy, wishes)
    return [
        Reply(asked, list(one.ids), one.text, one.finish == "stop") for asked, one in zip(prompts, written, strict=True)
    ]


def scored(replies: Sequence[Reply], score: Scorer) -> list[float]:
    """The reward model's points; MetierError where one is no number."""
    found = score([(one.prompt, one.text) for one in replies])
    for one, value in zip(replies, found, strict=True):
        if not math.isfinite(value):
            raise MetierError(f"train.ppo: the reward model gives {value} to a reply to {one.prompt.id}; train it anew")
    return found


def earned(replies: Sequence[Reply], scores: list[float], extra: Scorer | None, scale: Scale, no_end: float) -> Points:
    """What each reply earns."""
    extras = extra([(one.prompt, one.text) for one in replies]) if extra is not None else [0.0] * len(replies)
    totals = [
        scale.of(score) + more - (0.0 if one.ended else no_end)
        for one, score, more in zip(replies, scores, extras, strict=True)
    ]
    return Points(scores, extras, totals)


def look_back(team: Team, replies: list[Reply], points: Points, beta: float, config: Ppo) -> Rollout:
    """What the update needs: probabilities as they were when the replies were drawn, values, advantages, returns."""
    longest = max(1, *(len(one.ids) for one in replies))
    old, reference, values, entropy = (torch.zeros(len(replies), longest) for _ in range(4))
    mask = torch.zeros(len(replies), longest, dtype=torch.bool)
    with torch.no_grad():
        for some in team.passes(replies):
            rows = team.rows([replies[number] for number in some])
            width = rows.mask.shape[1]
            log_probs, spread = team.log_probs_and_entropy(rows)
            for kept, found in (
                (old, log_probs),
                (entropy, spread),
                (reference, team.reference_log_probs(rows)),
                (values, team.values(rows)),
                (mask, rows.mask),
            ):
                kept[some, :width] = found.to(kept.device)
    log_ratio = old - reference
    rewards = ppo_math.token_rewards(torch.tensor(points.totals), log_ratio, mask, beta)
    advantages = ppo_math.gae(rewards, values, mask, config.gamma, config.lam)
    whitened = ppo_math.whiten(advantages, mask)
    return Rollout(replies, points, mask, old, values, entropy, log_ratio, whitened, advantages + values)

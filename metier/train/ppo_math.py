"""The arithmetic of PPO on tensors of replies x tokens: returns, advantages, divergences, clipped losses.

A mask is true where a token of a reply stands; replies begin at the left, so that padding follows them. Whatever lies
under padding changes nothing.
"""

from typing import NamedTuple

import torch
from torch import Tensor

LEAST = 1e-8
"""Added to a variance before it divides."""
STEP = 0.2
"""Largest relative error of the divergence that moves its coefficient (Ziegler et al. 2019)."""


class Clipped(NamedTuple):
    """A loss with the share of tokens whose change was clipped."""

    loss: Tensor
    share: Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """The mean over the tokens of a mask; 0 of none."""
    return torch.where(mask, values, 0.0).sum() / mask.sum().clamp(min=1)


def whiten(values: Tensor, mask: Tensor) -> Tensor:
    """Values less their mean, in their standard deviations; 0 under padding."""
    mean = masked_mean(values, mask)
    variance = masked_mean((values - mean) ** 2, mask)
    return torch.where(mask, (values - mean) * torch.rsqrt(variance + LEAST), 0.0)


def token_rewards(scores: Tensor, log_ratio: Tensor, mask: Tensor, beta: float) -> Tensor:
    """The reward of every token: what its divergence costs, and at the last of a reply also the reply's score."""
    rewards = torch.where(mask, -beta * log_ratio, 0.0)
    last = mask.sum(1, keepdim=True) - 1
    return rewards.scatter_add(1, last.clamp(min=0), torch.where(last[:, 0] >= 0, scores, 0.0)[:, None])


def returns(rewards: Tensor, mask: Tensor, gamma: float) -> Tensor:
    """The discounted sum of the rewards from each token on."""
    found, rest = torch.zeros_like(rewards), torch.zeros_like(rewards[:, 0])
    for place in reversed(range(rewards.shape[1])):
        rest = torch.where(mask[:, place], rewards[:, place] + gamma * rest, 0.0)
        found[:, place] = rest
    return found


def gae(rewards: Tensor, values: Tensor, mask: Tensor, gamma: float, lam: float) -> Tensor:
    """Generalised advantage estimates (Schulman et al. 2016, equation 16); after a reply's last token nothing comes."""
    found, rest = torch.zeros_like(values), torch.zeros_like(values[:, 0])
    after = torch.zeros_like(rest)
    for place in reversed(range(values.shape[1])):
        here = mask[:, place]
        error = rewards[:, place] + gamma * after - values[:, place]
        rest = torch.where(here, error + gamma * lam * rest, 0.0)
        after = torch.where(here, values[:, place], 0.0)
        found[:, place] = rest
    return found


def k1(log_ratio: Tensor) -> Tensor:
    """The log ratio itself: unbiased, and below 0 where the reference likes a token better (Schulman 2020)."""
    return log_ratio


def k3(log_ratio: Tensor) -> Tensor:
    """(1 / ratio - 1) + log ratio: of the same mean for draws from the policy, and never below 0 (Schulman 2020).

    The log ratio is that of the policy over the reference.
    """
    return torch.expm1(-log_ratio) + log_ratio


def policy_loss(log_probs: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float) -> Clipped:
    """The clipped objective with its sign turned (Schulman et al. 2017, equation 7), mean over tokens."""
    ratio = torch.where(mask, log_probs - old, 0.0).exp()
    plain, bound = -advantages * ratio, -advantages * ratio.clamp(1 - clip, 1 + clip)
    outside = ((ratio - 1).abs() > clip).to(ratio.dtype)
    return Clipped(masked_mean(torch.maximum(plain, bound), mask), masked_mean(outside, mask))


def value_loss(values: Tensor, old: Tensor, wanted: Tensor, mask: Tensor, clip: float) -> Clipped:
    """Half the squared error of values that may not leave the old ones by more than ``clip``, mean over tokens."""
    near = old + (values - old).clamp(-clip, clip)
    plain, bound = (values - wanted) ** 2, (near - wanted) ** 2
    worse = (bound > plain).to(values.dtype)
    return Clipped(0.5 * masked_mean(torch.maximum(plain, bound), mask), masked_mean(worse, mask))


def explained(values: Tensor, wanted: Tensor, mask: Tensor) -> float:
    """1 - variance of what is left / variance of the returns; 0 where the returns do not vary."""
    rest, target = (wanted - values)[mask].double(), wanted[mask].double()
    spread = float(target.var(correction=0)) if len(target) else 0.0
    return 1.0 - float(rest.var(correction=0)) / spread if spread > LEAST else 0.0


def adapted(beta: float, divergence: float, target: float, share: float) -> float:
    """The next coefficient of the divergence: it grows where the divergence is above its target (Ziegler et al. 2019).

    ``share`` is how many replies were sampled, over the horizon.
    """
    error = min(STEP, max(-STEP, divergence / target - 1.0))
    return beta * (1.0 + error * share)

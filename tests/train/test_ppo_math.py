"""What must hold of the arithmetic of PPO whatever the numbers are."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metier.train import ppo_math

sizes = st.lists(st.integers(1, 9), min_size=1, max_size=5)
discounts = st.floats(0.0, 1.0)


def drawn(lengths: list[int], seed: int, more: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Rewards, values and their mask, ``more`` columns of padding wider than the longest; padding is no zeros."""
    wide = max(lengths) + more
    mask = torch.arange(wide)[None] < torch.tensor(lengths)[:, None]
    made = []
    for number in range(2):
        own = torch.full((len(lengths), wide), 1e3, dtype=torch.float64)
        draw = torch.Generator().manual_seed(2 * seed + number)
        for row, length in enumerate(lengths):
            own[row, :length] = torch.randn(length, generator=draw, dtype=torch.float64)
        made.append(own)
    return made[0], made[1], mask


@settings(max_examples=30, deadline=None)
@given(sizes, st.integers(0, 99), discounts, discounts)
def test_advantages_are_what_their_limits_say(lengths: list[int], seed: int, gamma: float, lam: float) -> None:
    rewards, values, mask = drawn(lengths, seed)
    zero = torch.where(mask, values, 0.0)
    whole = ppo_math.gae(rewards, values, mask, gamma, 1.0)
    assert torch.allclose(whole + zero, ppo_math.returns(rewards, mask, gamma))
    near = ppo_math.gae(rewards, values, mask, 0.0, lam)
    assert torch.allclose(near, torch.where(mask, rewards - values, 0.0))
    one = ppo_math.gae(rewards, values, mask, gamma, 0.0)
    after = torch.cat([zero[:, 1:], torch.zeros_like(zero[:, :1])], 1)
    assert torch.allclose(one, torch.where(mask, rewards + gamma * after - values, 0.0))


@settings(max_examples=30, deadline=None)
@given(sizes, st.integers(0, 99), discounts, discounts, st.integers(1, 6))
def test_padding_changes_nothing(lengths: list[int], seed: int, gamma: float, lam: float, more: int) -> None:
    found = []
    for wide in (0, more):
        rewards, values, mask = drawn(lengths, seed, wide)
        advantages = ppo_math.gae(rewards, values, mask, gamma, lam)
        assert not advantages[~mask].any() and not ppo_math.whiten(rewards, mask)[~mask].any()
        old = torch.where(mask, values / 2, -1e3)
        found.append(
            torch.cat([
                advantages[mask],
                ppo_math.whiten(advantages, mask)[mask],
                ppo_math.token_rewards(rewards[:, 0], values, mask, 0.3)[mask],
                torch.stack([
                    ppo_math.policy_loss(values, old, advantages, mask, 0.2).loss,
                    ppo_math.value_loss(values, old, rewards, mask, 0.2).loss,
                    torch.tensor(ppo_math.explained(values, rewards, mask)),
                ]),
            ])
        )  # fmt: skip
    assert torch.allclose(found[0], found[1])


@settings(max_examples=30, deadline=None)
@given(sizes, st.integers(0, 99), st.floats(-5, 5), st.floats(0.1, 10))
def test_whitening_forgets_shift_and_scale(lengths: list[int], seed: int, shift: float, scale: float) -> None:
    values, _, mask = drawn([*lengths, 7], seed)
    white = ppo_math.whiten(values, mask)
    assert float(white[mask].mean()) == pytest.approx(0.0, abs=1e-9)
    assert float(white[mask].var(correction=0)) == pytest.approx(1.0, abs=1e-5)
    assert torch.allclose(white, ppo_math.whiten(scale * values + shift, mask), atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(sizes, st.integers(0, 99), st.floats(0, 2))
def test_the_rewards_of_a_reply_add_up_to_its_score_less_its_divergence(
    lengths: list[int], seed: int, beta: float
) -> None:
    scores, ratio, mask = drawn(lengths, seed)
    rewards = ppo_math.token_rewards(scores[:, 0], ratio, mask, beta)
    kept = torch.where(mask, ratio, 0.0)
    assert torch.allclose(rewards.sum(1), scores[:, 0] - beta * ppo_math.k1(kept).sum(1))
    assert bool((ppo_math.k3(ratio) >= 0).all())


def test_both_estimates_of_a_divergence_have_its_mean() -> None:
    policy, reference = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.4, 0.4, 0.2])
    ratio = (policy / reference).log()
    exact = float((policy * ratio).sum())
    assert float((policy * ppo_math.k1(ratio)).sum()) == pytest.approx(exact)
    assert float((policy * ppo_math.k3(ratio)).sum()) == pytest.approx(exact)


def test_the_policy_is_not_pulled_beyond_the_clip_but_back_within_it() -> None:
    old, mask = torch.zeros(1, 4), torch.ones(1, 4, dtype=torch.bool)
    now = torch.tensor([[0.5, 0.5, -0.5, -0.5]], requires_grad=True)
    advantages = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    found = ppo_math.policy_loss(now, old, advantages, mask, 0.2)
    found.loss.backward()
    assert now.grad is not None and float(found.share) == 1.0
    assert (now.grad != 0).tolist() == [[False, True, True, False]]
    still = ppo_math.policy_loss(old, old, advantages + 0.5, mask, 0.2)
    assert float(still.loss) == pytest.approx(-0.5) and float(still.share) == 0.0


def test_a_value_is_not_pulled_beyond_its_clip() -> None:
    old, wanted, mask = torch.zeros(1, 3), torch.tensor([[1.0, 1.0, -1.0]]), torch.ones(1, 3, dtype=torch.bool)
    now = torch.tensor([[0.5, 0.1, 0.5]], requires_grad=True)
    found = ppo_math.value_loss(now, old, wanted, mask, 0.2)
    found.loss.backward()
    assert now.grad is not None and (now.grad != 0).tolist() == [[False, True, True]]
    assert float(found.loss.detach()) == pytest.approx((0.8**2 + 0.9**2 + 1.5**2) / 6)
    assert float(found.share) == pytest.approx(1 / 3)


def test_explained_variance_of_a_perfect_a_constant_and_a_wrong_critic() -> None:
    wanted, mask = torch.tensor([[1.0, 2.0, 4.0]]), torch.ones(1, 3, dtype=torch.bool)
    assert ppo_math.explained(wanted + 3, wanted, mask) == pytest.approx(1.0)
    assert ppo_math.explained(torch.ones(1, 3), wanted, mask) == pytest.approx(0.0)
    assert ppo_math.explained(-wanted, wanted, mask) == pytest.approx(-3.0)
    assert ppo_math.explained(wanted, torch.ones(1, 3), mask) == 0.0


@given(st.floats(-5, 50), st.floats(0.1, 10), st.floats(0.001, 1))
def test_the_coefficient_follows_the_divergence_and_never_jumps(kl: float, target: float, share: float) -> None:
    after = ppo_math.adapted(0.2, kl, target, share)
    assert (after > 0.2) == (kl > target) or after == pytest.approx(0.2)
    assert 0.2 * (1 - 0.2 * share) <= after * (1 + 1e-9) and after <= 0.2 * (1 + 0.2 * share) * (1 + 1e-9)

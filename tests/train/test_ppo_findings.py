"""What the numbers of PPO mean when they are off: a planted fault is named, a run that learns well left in peace."""

import random
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.train.ppo_findings import findings
from metier.train.ppo_line import PpoLine, PpoStart

START = PpoStart(
    base="sft", reward="judge", probes=100, probe_accuracy=0.9, probe_length_correlation=0.4, score=0.0,
    score_deviation=1.0, ended=0.98, tokens=30.0, kl_target=6.0, max_tokens=64,
)  # fmt: skip
STEPS = 30


def line(step: int, **changed: Any) -> PpoLine:
    """A rollout of a run that learns well: the score rises, the divergence goes to its target, the critic learns."""
    done, draw = step / STEPS, random.Random(step)
    kl = 6.0 * done + draw.gauss(0, 0.3)
    own = PpoLine(
        step=step, replies=64 * step, seconds=1.5, score=1.5 * done + draw.gauss(0, 0.1), extra=0.0, total=done,
        kl=kl, kl_estimate=abs(kl) * 0.95, beta=0.1, entropy=1.2 - 0.6 * done, first_ratio=2e-6, clipped=0.08,
        value_clipped=0.05, policy_loss=-0.02, value_loss=0.3, general_loss=0.0, explained=-0.3 + done,
        ended=0.97, tokens=30 + 9 * done, length_correlation=0.35, distinct=1 - 0.3 * done,
        probe=1.2 * done if step % 10 == 1 or step == STEPS else None, probe_tokens=None,
    )  # fmt: skip
    return msgspec.structs.replace(own, **changed)


def run(change: Callable[[PpoLine], dict[str, Any]] = lambda one: {}, steps: int = STEPS) -> list[PpoLine]:
    """A course with something changed in each of its rollouts."""
    own = [line(step) for step in range(1, steps + 1)]
    return [msgspec.structs.replace(one, **change(one)) for one in own]


def named(start: PpoStart, lines: list[PpoLine]) -> list[str]:
    return [one.name for one in findings(start, lines)]


def start(**changed: Any) -> PpoStart:
    return msgspec.structs.replace(START, **changed)


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 9, STEPS])
def test_a_run_that_learns_well_has_no_finding(steps: int) -> None:
    assert findings(START, run(steps=steps)) == []
    without = start(probes=0, probe_accuracy=None, probe_length_correlation=None, kl_target=None)
    assert findings(without, run(steps=steps)) == []


PLANTED: dict[str, tuple[PpoStart, Callable[[PpoLine], dict[str, Any]]]] = {
    "ratio not 1": (START, lambda one: {"first_ratio": 0.4 if one.step > 3 else 0.0}),
    "negative divergence": (START, lambda one: {"kl": -0.2 * one.step, "kl_estimate": -0.2 * one.step}),
    "two divergences": (START, lambda one: {"kl_estimate": one.kl + 0.3 * one.step}),
    "reward inverted": (start(probe_accuracy=0.1), lambda one: {}),
    "reward at chance": (start(probe_accuracy=0.55), lambda one: {}),
    "reward is length": (START, lambda one: {"length_correlation": 0.97}),
    "no end of turn": (start(ended=0.0), lambda one: {"ended": 0.02}),
    "ends less often": (START, lambda one: {"ended": 0.98 - 0.01 * one.step}),
    "divergence over target": (START, lambda one: {"kl": one.step, "kl_estimate": one.step}),
    "far from the reference": (start(kl_target=None), lambda one: {"kl": 3 * one.step, "kl_estimate": 3 * one.step}),
    "extras outweigh the score": (
        START, lambda one: {"score": -one.step / 10, "extra": one.step / 9, "probe": None}
    ),
    "score falls": (START, lambda one: {"score": -one.step / 10}),
    "probe falls while the score rises": (START, lambda one: {"probe": None if one.probe is None else -one.probe}),
    "replies alike": (START, lambda one: {"distinct": 1 / one.step}),
    "entropy gone": (START, lambda one: {"entropy": 1.2 * 0.8**one.step}),
    "updates too large": (START, lambda one: {"clipped": 0.5}),
    "critic explains nothing": (START, lambda one: {"explained": -0.4}),
    "length drifts": (START, lambda one: {"tokens": 20.0 + one.step, "length_correlation": 0.7}),
    "nothing moves": (START, lambda one: {"kl": 1e-4, "kl_estimate": 1e-4, "score": 0.01, "probe": None}),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_every_fault_is_named_and_nothing_else(name: str) -> None:
    begin, change = PLANTED[name]
    (found,) = findings(begin, run(change))
    assert found.name == name
    assert 0 <= found.step <= STEPS and found.says.endswith((".", "`."))


def test_a_finding_tells_the_first_step_that_shows_it_and_the_number() -> None:
    (found,) = findings(START, run(lambda one: {"first_ratio": 0.4 if one.step >= 7 else 0.0}))
    assert (found.step, found.value) == (7, 0.4)
    assert "rollout 7" in found.says and " 40% off" in found.says
    (found,) = findings(START, run(lambda one: {"clipped": 0.5 if one.step > 20 else 0.1}))
    assert 21 < found.step <= 25 and found.value == pytest.approx(0.5)


def test_what_has_passed_is_no_finding() -> None:
    assert named(START, run(lambda one: {"clipped": 0.5 if one.step < 10 else 0.1})) == []
    assert named(START, run(lambda one: {"explained": -2.0 if one.step < 10 else 0.5})) == []


def test_a_base_that_never_ends_is_told_though_the_penalty_has_mended_it() -> None:
    (found,) = findings(start(ended=0.1), run(lambda one: {"ended": 0.1 if one.step < 10 else 0.95}))
    assert (found.name, found.step, found.value) == ("no end of turn", 1, 0.1) and "95% at the end" in found.says
    assert "mostly to stop" in found.says
    (found,) = findings(start(ended=0.1), run(lambda one: {"ended": 0.1}))
    assert "10% at the end" in found.says and "mostly to stop" not in found.says
    (found,) = findings(START, run(lambda one: {"ended": 0.3 if one.step > 20 else 0.95}))
    assert found.name == "no end of turn" and found.step > 20 and "unlearnt" in found.says


def test_too_little_to_tell_a_course_is_no_course() -> None:
    for name in ("score falls", "replies alike", "critic explains nothing", "length drifts", "nothing moves"):
        begin, change = PLANTED[name]
        assert named(begin, run(change, steps=6)) == []


def test_few_probe_pairs_say_inverted_where_they_can_but_never_chance() -> None:
    assert named(start(probes=12, probe_accuracy=1 / 12), run()) == ["reward inverted"]
    assert named(start(probes=12, probe_accuracy=0.5), run()) == []
    assert named(start(probes=200, probe_length_correlation=0.95), run()) == ["reward is length"]
    assert named(start(probes=5, probe_length_correlation=0.95), run()) == []


def test_a_policy_that_has_learnt_length_hides_it_but_not_at_the_start() -> None:
    assert named(START, run(lambda one: {"length_correlation": 0.95 if one.step < 6 else 0.3})) == ["reward is length"]
    assert named(START, run(lambda one: {"length_correlation": 0.3 if one.step < 6 else 0.95})) == []


def test_a_few_rollouts_with_an_unlikely_token_are_no_other_policy() -> None:
    def lifted(one: PpoLine) -> dict[str, Any]:
        return {"kl_estimate": 0.8 * one.kl + (12.0 if one.step in (11, 17, 18, 19, 26) else 0.0)}

    assert named(START, run(lifted)) == []


def test_the_gravest_stands_first() -> None:
    both = run(lambda one: {"clipped": 0.6, "first_ratio": 1.0, "explained": -1.0})
    assert named(start(probe_accuracy=0.0), both) == [
        "ratio not 1", "reward inverted", "updates too large", "critic explains nothing"
    ]  # fmt: skip


def simulated(seed: int, drift: float, draw: Callable[[np.ndarray], np.ndarray]) -> list[PpoLine]:
    """Rollouts of 64 replies of 10 tokens over 12 words, from a policy that drifts away from its reference.

    ``draw`` makes of the policy's probabilities those that are sampled from.
    """
    rng = np.random.default_rng(seed)
    reference, away = rng.normal(size=12), rng.normal(size=12)
    made = []
    for step in range(1, 16):
        logits = reference + drift * step * away
        policy = logits - np.log(np.exp(logits).sum())
        before = reference - np.log(np.exp(reference).sum())
        tokens = rng.choice(12, size=(64, 10), p=draw(np.exp(policy)))
        ratio = (policy - before)[tokens]
        kl, estimate = ratio.sum(1).mean(), (np.exp(-ratio) - 1 + ratio).sum(1).mean()
        made.append(line(step, kl=float(kl), kl_estimate=float(estimate), tokens=10.0))
    return made


def top(share: np.ndarray) -> np.ndarray:
    """The four likeliest words alone."""
    kept = np.where(share >= np.sort(share)[-4], share, 0.0)
    return kept / kept.sum()


ABOUT_SAMPLING = {"negative divergence", "two divergences"}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.12))
def test_replies_of_the_policy_itself_never_look_like_those_of_another(seed: int, drift: float) -> None:
    assert not ABOUT_SAMPLING & set(named(start(kl_target=None), simulated(seed, drift, lambda share: share)))


def test_replies_of_another_distribution_are_found_out() -> None:
    found = [
        ABOUT_SAMPLING & set(named(start(kl_target=None), simulated(seed, 0.1, draw)))
        for seed in range(20)
        for draw in (top, lambda share: np.full(12, 1 / 12))
    ]
    assert sum(map(bool, found)) >= 20

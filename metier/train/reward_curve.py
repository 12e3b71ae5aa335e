"""The curves of a reward model: ``reward.jsonl`` has a line a step, ``reward_looks.jsonl`` one a look."""

from pathlib import Path

import msgspec

from metier.train.jsonl import read, rewrite

STEPS, LOOKS, HELD = "reward.jsonl", "reward_looks.jsonl", "held_out.jsonl"


class RewardLine(msgspec.Struct, frozen=True):
    """One line of ``reward.jsonl``: what is trained after this step, and how the pairs of the step were told apart."""

    step: int
    pairs: int
    loss: float
    """Bradley-Terry loss, ln 2 = .693 where nothing is told apart; with the centring, if any."""
    accuracy: float
    """Share of pairs whose chosen reply has the higher reward; a tie is none, so that a fresh head begins at 0."""
    lead: float
    """Reward of the chosen minus that of the rejected reply, the mean."""
    lr: float


class RewardLook(msgspec.Struct, frozen=True):
    """One line of ``reward_looks.jsonl``: after a step, the accuracy on held-out pairs with its 95% interval."""

    step: int
    n: int
    loss: float
    accuracy: float
    low: float
    high: float


class Held(msgspec.Struct, frozen=True):
    """One line of ``held_out.jsonl``: a held-out pair, its rewards, and both lengths in tokens."""

    id: str
    chosen: float
    rejected: float
    chosen_tokens: int
    rejected_tokens: int


def forget_after(out: Path, step: int) -> None:
    """Cut both curves to the steps that need not be made again; before the first step there is nothing to keep."""
    rewrite(out / STEPS, [line for line in read(out / STEPS, RewardLine) if line.step <= step])
    rewrite(out / LOOKS, [line for line in read(out / LOOKS, RewardLook) if line.step <= step and step])

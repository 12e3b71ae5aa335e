"""The curves of a reward model: ``reward.jsonl`` has a line a step, ``reward_looks.jsonl`` one a look."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

STEPS, LOOKS, HELD = "reward.jsonl", "reward_looks.jsonl", "held_out.jsonl"


class RewardLine(msgspec.Struct, frozen=True):
    """One line of ``reward.jsonl``: what is trained after this step, and how the pairs of the step were told apart."""

    step: int
    pairs: int
    loss: float
    """Bradley-Terry loss, ln 2 = .693 where nothing is told apart; with the centring, if any."""
    accuracy: float
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


L = TypeVar("L", RewardLine, RewardLook, Held)


def append(path: Path, *lines: RewardLine | RewardLook | Held) -> None:
    """Add lines at the end of a file."""
    with path.open("ab") as file:
        file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def read(path: Path, kind: type[L]) -> Iterator[L]:
    """The lines of a file that are whole."""
    for raw in path.read_bytes().splitlines() if path.exists() else ():
        try:
            yield msgspec.json.decode(raw, type=kind)
        except msgspec.DecodeError:
            return


def forget_after(out: Path, step: int) -> None:
    """Cut both curves to the steps that need not be made again; before the first step there is nothing to keep."""
    _rewrite(out / STEPS, [line for line in read(out / STEPS, RewardLine) if line.step <= step])
    _rewrite(out / LOOKS, [line for line in read(out / LOOKS, RewardLook) if line.step <= step and step])


def _rewrite(path: Path, lines: Sequence[RewardLine | RewardLook]) -> None:
    path.unlink(missing_ok=True)
    if lines:
        append(path, *lines)

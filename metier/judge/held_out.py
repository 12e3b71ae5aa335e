"""What a reward model is worth on preferences it was not trained on: accuracy, calibration, what length explains."""

from collections.abc import Sequence

import msgspec

from metier.judge.agreement import Agreed


class HeldOut(msgspec.Struct, frozen=True):
    """Measures of a reward model on held-out pairs; every one carries its n and interval."""

    accuracy: Agreed
    """Pairs whose chosen reply has the higher reward; equal rewards count half."""
    calibration: Agreed
    """Expected calibration error of sigmoid(reward of chosen - reward of rejected), sides drawn by a hash of the id."""
    brier: Agreed
    length_correlation: Agreed
    """Spearman's correlation of reward and length in tokens, over all replies."""
    longer_wins: Agreed
    """Pairs whose chosen reply is the longer: what a judge by length alone would get."""


def held_out(
    ids: Sequence[str], chosen: Sequence[float], rejected: Sequence[float], lengths: Sequence[tuple[int, int]]
) -> HeldOut:
    """Measure rewards of chosen and rejected replies; ``lengths`` are both in tokens."""
    raise NotImplementedError

"""What a reward model is worth on preferences it was not trained on: accuracy, calibration, what length explains."""

import math
import random
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from metier.judge.agreement import Agreed, spearman
from metier.proportion import Z, effective, wilson
from metier.records import MetierError, Preference

Numbers = npt.NDArray[np.float64]
BINS = 10
"""Bins of equal width between .5 and 1 that confidences are put into."""
DRAWS = 2000
"""Draws for the interval of the calibration error."""


class HeldOut(msgspec.Struct, frozen=True):
    """Measures of a reward model on held-out pairs; every one carries its n and interval."""

    accuracy: Agreed
    """Pairs whose chosen reply has the higher reward; equal rewards count half."""
    calibration: Agreed
    """Expected calibration error (Guo et al. 2017): how far its confidence in the reply it prefers, sigmoid(|difference
    of the rewards|), is from how often that is the chosen one."""
    brier: Agreed
    """Mean of (1 - sigmoid(reward of chosen - reward of rejected)) squared; .25 is what guessing earns."""
    length_correlation: Agreed
    """Spearman's correlation of reward and length in tokens, over all replies, these taken as independent."""
    longer_wins: Agreed
    """Pairs whose chosen reply is the longer, equal lengths counting half: what a judge by length alone would get."""


def held_out(
    ids: Sequence[str],
    chosen: Sequence[float],
    rejected: Sequence[float],
    lengths: Sequence[tuple[int, int]],
    prompts: Sequence[str] = (),
) -> HeldOut:
    """Measure rewards of chosen and rejected replies; ``lengths`` are both in tokens.

    Pairs of one of the ``prompts`` belong together in the intervals, or none do. What is drawn depends on the ids
    alone. MetierError where there are no pairs or a reward is no number.
    """
    if not ids:
        raise MetierError("no held-out pairs to measure a reward model on; give at least one")
    for name, *both in zip(ids, chosen, rejected, strict=True):
        if not all(map(math.isfinite, both)):
            raise MetierError(f"pair {name!r}: its rewards are {both[0]} and {both[1]}; the reward model is broken")
    clusters = prompts or range(len(ids))
    leads = np.array(chosen, np.float64) - np.array(rejected, np.float64)
    right = (np.sign(leads) + 1) / 2
    longer = [((one > other) - (one < other) + 1) / 2 for one, other in lengths]
    sizes = [*(float(one) for one, _ in lengths), *(float(other) for _, other in lengths)]
    return HeldOut(
        accuracy=_share(right.tolist(), clusters),
        calibration=_calibration(_sigmoid(np.abs(leads)), right, ids, effective(right.tolist(), clusters)),
        brier=_brier(_sigmoid(-leads) ** 2, effective(right.tolist(), clusters)),
        length_correlation=spearman([*chosen, *rejected], sizes),
        longer_wins=_share(longer, clusters),
    )


def asked(one: Preference) -> str:
    """The text of a prompt, by which two preferences are of the same."""
    return "\n".join(f"{said.role}: {said.content}" for said in one.prompt)


def together(preferences: Sequence[Preference]) -> list[str]:
    """For every preference the name of those that it belongs with: of one prompt, or of prompts made from the same.

    What is learnt of one tells of the others, so they are not split apart, and in an interval they count as one.
    """
    heads = dict[tuple[str, str], tuple[str, str]]()

    def head(one: tuple[str, str]) -> tuple[str, str]:
        while (above := heads.setdefault(one, one)) != one:
            heads[one] = heads[above]
            one = above
        return one

    made = [("from", one.parent or asked(one)) for one in preferences]
    for one, source in zip(preferences, made, strict=True):
        first, second = sorted((head(source), head(("prompt", asked(one)))))
        heads[second] = first
    return [head(source)[1] for source in made]


def _sigmoid(values: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-np.clip(values, -500, 500)))


def _share(hits: Sequence[float], clusters: Sequence[object]) -> Agreed:
    """A share of hits, halves allowed, with Wilson's interval, which is on the wide side where there are halves."""
    share = math.fsum(hits) / len(hits)
    return Agreed(share, len(hits), *wilson(share, effective(hits, clusters)))


def _brier(losses: Numbers, trials: float) -> Agreed:
    """The mean of losses between 0 and 1, with a normal interval for so many independent pairs.

    Half a pair that could not be told better and half a one that could not be told worse, more than were seen, keep the
    interval honest where all losses are nought.
    """
    value, square = float(losses.mean()), float((losses**2).mean())
    centre = (value * trials + 0.5) / (trials + 1)
    spread = max(0.0, (square * trials + 0.5) / (trials + 1) - centre**2)
    half = Z * math.sqrt(spread / (trials + 1))
    return Agreed(value, len(losses), max(0.0, min(value, centre - half)), min(1.0, max(value, centre + half)))


def _calibration(trust: Numbers, right: Numbers, ids: Sequence[str], trials: float) -> Agreed:
    """The mean distance of confidence and success over bins, weighted by their pairs.

    The interval is wide on purpose. Few pairs make the error too large, and a draw of the success of every bin from
    what is then known of it (Jeffreys' prior) makes it larger still by about as much. So the upper end is that of the
    draws; the lower end is theirs too, or lies as far below the value as their upper end above it, and it is nought
    where a model that is calibrated would show as large an error more often than once in forty.
    """
    n, worth = len(trust), trials / len(trust)
    bins = np.minimum(((trust - 0.5) * 2 * BINS).astype(np.int64), BINS - 1)
    counted = [np.bincount(bins, weights=some, minlength=BINS) for some in (np.ones(n), right, trust)]
    sizes, hits, sums = (some[counted[0] > 0] for some in counted)
    value = float(np.abs(sums - hits).sum() / n)
    draw = np.random.default_rng(random.Random("\n".join(ids)).getrandbits(64))
    shares = draw.beta(hits * worth + 0.5, (sizes - hits) * worth + 0.5, (DRAWS, len(sizes)))
    low, high = np.quantile(np.abs(sums - shares * sizes).sum(1) / n, [0.025, 0.975]).tolist()
    asked = np.maximum(1, np.round(sizes * worth)).astype(np.int64)
    calm = draw.binomial(asked, sums / sizes, (DRAWS, len(sizes))) / asked
    least = float(np.quantile(np.abs(sums - calm * sizes).sum(1) / n, 0.975))
    low = 0.0 if value <= least else max(0.0, min(value, low, 2 * value - high))
    return Agreed(value, n, low, min(1.0, max(value, high)))

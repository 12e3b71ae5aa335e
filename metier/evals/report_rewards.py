"""Reward models as the page shows them: what they tell apart on pairs that were held out, and how they came to it."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from metier.artefact import Finished
from metier.evals.report_figures import Line, line
from metier.evals.report_labels import Measured, converted, plain, share, shown
from metier.evals.report_logs import lines_of

LOOKS = "reward_looks.jsonl"


class Look(msgspec.Struct):
    """What the page reads of a line of ``reward_looks.jsonl``."""

    step: int
    accuracy: float


class HeldOut(msgspec.Struct, frozen=True):
    """The measures of a reward model on held-out pairs."""

    accuracy: Measured
    calibration: Measured
    brier: Measured
    length_correlation: Measured
    longer_wins: Measured


class Noted(msgspec.Struct, frozen=True):
    """What the page reads of the notes of a step that trains a reward model."""

    pairs: int
    measured: HeldOut | None
    sources: dict[str, Measured] = {}


@dataclass(frozen=True)
class Rewarded:
    """One reward model."""

    step: str
    told: str
    facts: tuple[tuple[str, str], ...]
    looks: Line | None


def rewarded(run: Finished) -> Iterator[Rewarded]:
    """Every step that trained a reward model."""
    for name, artefact in run.artefacts.items():
        manifest = artefact.manifest
        if manifest is None or not (artefact.path / LOOKS).is_file():
            continue
        noted = converted(manifest, Noted)
        looks = lines_of(artefact.path / LOOKS, Look)
        drawing = None
        if len(looks) > 1:
            label = f"Accuracy on held-out pairs, from {looks[0].accuracy:.3f} to {looks[-1].accuracy:.3f}"
            xs, ys = [float(one.step) for one in looks], [one.accuracy for one in looks]
            drawing = line(xs, ys, label, level=0.5)
        yield Rewarded(name, _told(noted), tuple(_facts(noted)), drawing)


def _told(noted: Noted) -> str:
    """What it is worth, in a sentence."""
    held = noted.measured
    if held is None:
        return f"Trained on {noted.pairs:,} pairs, and measured on none."
    said = (
        f"On {held.accuracy.n:,} pairs that it was not trained on it prefers the chosen reply in {share(held.accuracy)}"
    )
    best = max(held.longer_wins.value, 1 - held.longer_wins.value)
    which = "longer" if held.longer_wins.value >= 0.5 else "shorter"
    beside = f"always preferring the {which} one would get {100 * best:.1f}%"
    verdict = "" if held.accuracy.low > best else "; this is not clearly more than length"
    return f"{said}; {beside}{verdict}."


def _facts(noted: Noted) -> Iterator[tuple[str, str]]:
    yield "pairs trained on", f"{noted.pairs:,}"
    held = noted.measured
    if held is not None:
        yield "expected calibration error", plain(held.calibration)
        yield "Brier score", plain(held.brier)
        yield "rank correlation of reward and length", plain(held.length_correlation)
        yield "the longer reply is the chosen one", shown(held.longer_wins)
    for source, one in noted.sources.items():
        yield f"accuracy, {source or 'without a source'}", shown(one)

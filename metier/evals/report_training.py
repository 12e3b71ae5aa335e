"""Training as the page shows it: the loss over tokens, and the mixture tenth by tenth beside the one expected."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from metier.artefact import Finished
from metier.evals.report_figures import Line, Stack, line, stack
from metier.evals.report_numbers import short
from metier.evals.report_steps import plain
from metier.records import MetierError

COLOURS = 8
"""Sources told apart by colour; the smallest beyond them are shown as one."""
T = TypeVar("T")


class Loss(msgspec.Struct):
    """One line of a training's log; all of it is needed, ``loss`` is null where it was no number."""

    step: int
    tokens: int
    loss: float | None


class Mixture(msgspec.Struct):
    """What a training drew: items and tokens of every source, and its share in every tenth; all of it is needed."""

    sources: list[str]
    items: dict[str, int]
    tokens: dict[str, int]
    deciles: list[list[float]]
    expected: list[list[float]]


@dataclass(frozen=True)
class Part:
    """One source of a mixture."""

    name: str
    items: str
    tokens: str
    colour: int


@dataclass(frozen=True)
class Training:
    """One training step."""

    step: str
    facts: tuple[tuple[str, str], ...]
    loss: Line | None
    mixture: Stack | None
    parts: tuple[Part, ...]
    shares: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def trainings(run: Finished) -> list[Training]:
    """Every step that left a log of its loss or of its mixture."""
    made = []
    for name, artefact in run.artefacts.items():
        manifest = artefact.manifest
        if manifest is None:
            continue
        loss, mixture = _loss(artefact.path / "loss.jsonl"), _mixture(artefact.path / "mixture.json")
        if loss is None and mixture is None:
            continue
        facts = tuple((key.replace("_", " "), plain(value)) for key, value in manifest.notes.items())
        drawn = mixture is not None and bool(mixture.deciles)
        figure = stack(mixture.sources, mixture.deciles, mixture.expected) if mixture is not None and drawn else None
        shares = _shares(mixture) if mixture is not None and drawn else ()
        made.append(Training(name, facts, loss, figure, _parts(mixture), shares))
    return made


def _read(data: bytes, kind: type[T], place: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise MetierError(f"{place}: not what the report reads ({error}); run the training step again") from None
    except msgspec.DecodeError as error:
        raise MetierError(f"{place}: damaged ({error}); run the training step again") from None


def _loss(path: Path) -> Line | None:
    if not path.is_file():
        return None
    lines = [text for text in path.read_bytes().splitlines() if text.strip()]
    logged = [_read(text, Loss, f"{path}:{number}") for number, text in enumerate(lines, 1)]
    good = [(one.tokens, one.loss) for one in logged if one.loss is not None and math.isfinite(one.loss)]
    if len(good) < 2:
        return None
    return line(
        [x for x, _ in good], [y for _, y in good], f"Loss over tokens, from {good[0][1]:.2f} to {good[-1][1]:.2f}"
    )


def _mixture(path: Path) -> Mixture | None:
    if not path.is_file():
        return None
    mixture = _read(path.read_bytes(), Mixture, str(path))
    if len(mixture.sources) <= COLOURS:
        return mixture
    order = sorted(range(len(mixture.sources)), key=lambda place: -mixture.items.get(mixture.sources[place], 0))
    kept, rest = sorted(order[: COLOURS - 1]), order[COLOURS - 1 :]

    def fold(rows: list[list[float]]) -> list[list[float]]:
        return [[*(row[place] for place in kept), sum(row[place] for place in rest)] for row in rows]

    def total(counts: dict[str, int]) -> dict[str, int]:
        gone = [mixture.sources[place] for place in rest]
        some = {name: n for name, n in counts.items() if name not in gone}
        return {**some, other: sum(counts.get(name, 0) for name in gone)}

    other = f"{len(rest)} others"
    names = [*(mixture.sources[place] for place in kept), other]
    return Mixture(names, total(mixture.items), total(mixture.tokens), fold(mixture.deciles), fold(mixture.expected))


def _parts(mixture: Mixture | None) -> tuple[Part, ...]:
    if mixture is None:
        return ()
    return tuple(
        Part(name, short(mixture.items.get(name, 0)), short(mixture.tokens.get(name, 0)), colour)
        for colour, name in enumerate(mixture.sources)
    )


def _shares(mixture: Mixture) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """(tenth, (realised, expected) of every source) as text."""
    rows = []
    for tenth, shares in enumerate(mixture.deciles):
        beside = mixture.expected[tenth] if tenth < len(mixture.expected) else []
        pairs = [(f"{share:.3f}", f"{beside[at]:.3f}" if at < len(beside) else "") for at, share in enumerate(shares)]
        rows.append((f"{tenth * 10}–{tenth * 10 + 10}%", tuple(pairs)))
    return tuple(rows)

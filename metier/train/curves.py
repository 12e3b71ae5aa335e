"""The curves of a training: ``loss.jsonl`` has a line a step, ``validation.jsonl`` a line a look and source."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

LOSSES, LOOKS = "loss.jsonl", "validation.jsonl"


class Line(msgspec.Struct, frozen=True):
    """One line of ``loss.jsonl``: what is trained after this step, and its mean loss per trained token (0 of none)."""

    step: int
    tokens: int
    loss: float
    lr: float


class Look(msgspec.Struct, frozen=True):
    """One line of ``validation.jsonl``: after a step, the mean loss per trained token on the records of a source."""

    step: int
    source: str
    loss: float
    tokens: int
    """Trained tokens of the source, the weight of its loss."""


L = TypeVar("L", Line, Look)


def losses(out: Path) -> Iterator[Line]:
    """The lines of ``loss.jsonl`` that are whole."""
    yield from _lines(out / LOSSES, Line)


def looks(out: Path) -> Iterator[Look]:
    """The lines of ``validation.jsonl`` that are whole."""
    yield from _lines(out / LOOKS, Look)


def means(lines: Iterable[Look]) -> dict[int, float]:
    """Step -> mean loss per trained token over all sources, in the order of the looks."""
    sums: dict[int, tuple[float, int]] = {}
    for line in lines:
        total, count = sums.get(line.step, (0.0, 0))
        sums[line.step] = total + line.loss * line.tokens, count + line.tokens
    return {step: total / count for step, (total, count) in sums.items() if count}


def last_loss(out: Path) -> Line | None:
    """How far training is, by the last line of ``loss.jsonl``."""
    return next(iter(reversed(list(losses(out)))), None)


def forget_after(out: Path, step: int) -> None:
    """Cut both curves to the steps that need not be made again; before the first step there is nothing to keep."""
    _rewrite(out / LOSSES, [line for line in losses(out) if line.step <= step])
    _rewrite(out / LOOKS, [line for line in looks(out) if line.step <= step and step])


def append(path: Path, lines: Iterable[Line | Look]) -> None:
    """Add lines at the end of a curve."""
    with path.open("ab") as file:
        file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def _rewrite(path: Path, lines: Sequence[Line | Look]) -> None:
    if not path.exists():
        return
    scratch = path.with_suffix(".tmp")
    scratch.unlink(missing_ok=True)
    append(scratch, lines)
    scratch.replace(path)


def _lines(path: Path, kind: type[L]) -> Iterator[L]:
    if path.exists():
        for raw in path.read_bytes().splitlines():
            try:
                yield msgspec.json.decode(raw, type=kind)
            except msgspec.DecodeError:
                return

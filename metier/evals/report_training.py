"""Training as the page shows it: the loss over tokens beside that of held-out records, snapshots, and the mixture."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from metier.artefact import Finished, Manifest, snapshot_path, snapshot_steps
from metier.evals.report_figures import Line, Stack, line, stack
from metier.evals.report_logs import decoded, lines_of
from metier.evals.report_steps import plain
from metier.evals.report_validation import Held, Look, held_out
from metier.scores import count, short

COLOURS = 8
"""Sources told apart by colour; the smallest beyond them are shown as one."""


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
class Snapshot:
    """A model that was kept on the way, as a recipe names it; the loss is that of held-out records at that step."""

    name: str
    step: str
    tokens: str
    loss: str
    held: str


@dataclass(frozen=True)
class Training:
    """One training step; ``ended`` says so where its weights are not those of the last step that was planned."""

    step: str
    ended: str
    facts: tuple[tuple[str, str], ...]
    loss: Line | None
    held: Held | None
    snapshots: tuple[Snapshot, ...]
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
        logged, mixture = lines_of(artefact.path / "loss.jsonl", Loss), _mixture(artefact.path / "mixture.json")
        looks = lines_of(artefact.path / "validation.jsonl", Look)
        if not logged and mixture is None:
            continue
        facts = tuple((key.replace("_", " "), plain(value)) for key, value in manifest.notes.items())
        parts, course = _parts(mixture), Course(artefact.path, manifest, logged, looks)
        drawn = mixture is not None and bool(mixture.deciles)
        figure = stack(mixture.sources, mixture.deciles, mixture.expected) if mixture is not None and drawn else None
        shares = _shares(mixture) if mixture is not None and drawn else ()
        held = held_out(looks, course.tokens, course.best, {part.name: part.colour for part in parts})
        loss, kept = _loss(logged), tuple(_snapshots(course))
        made.append(Training(name, _ended(course), facts, loss, held, kept, figure, parts, shares))
    return made


@dataclass(frozen=True)
class Course:
    """How a training went: its manifest and both of its logs."""

    path: Path
    manifest: Manifest
    logged: list[Loss]
    looks: list[Look]

    @property
    def tokens(self) -> dict[int, int]:
        """Tokens that were trained up to a step; none before the first."""
        return {0: 0} | {one.step: one.tokens for one in self.logged}

    def noted(self, name: str) -> int | None:
        """A whole number among the notes."""
        value = self.manifest.notes.get(name)
        return value if isinstance(value, int) else None

    @property
    def best(self) -> int | None:
        """The step whose weights the artefact has, where training went on after it."""
        taken = self.noted("step_taken")
        return taken if taken != self.noted("steps_made") else None


def _ended(course: Course) -> str:
    made, planned, best = course.noted("steps_made"), course.noted("steps"), course.best
    words = []
    if made is not None and planned is not None and made < planned:
        words.append(
            f"Training stopped early, after step {count(made)} of {count(planned)}; the mixture is that of all."
        )
    if best is not None:
        words.append(f"The weights are those of step {count(best)}, where the loss on held-out records was lowest.")
    return " ".join(words)


def _snapshots(course: Course) -> Iterator[Snapshot]:
    """The models kept on the way that are there, and the end."""
    keep, planned, taken = course.manifest.config.get("keep"), course.noted("steps"), course.noted("step_taken")
    if not isinstance(keep, int) or not keep or planned is None:
        return
    name, losses = course.path.name, {one.step: one.loss for one in course.logged}
    steps = snapshot_steps(planned, keep)
    there = [(f"{name}@{n}", step) for n, step in enumerate(steps[:-1], 1) if snapshot_path(course.path, n).is_dir()]
    for shown, step in [*there, (f"{name}@{keep} = {name}", planned if taken is None else taken)]:
        some = [one for one in course.looks if one.step == step and one.loss is not None]
        whole = sum(one.tokens for one in some)
        held = f"{sum((one.loss or 0.0) * one.tokens for one in some) / whole:.4f}" if whole else "—"
        loss, tokens = losses.get(step), course.tokens.get(step)
        yield Snapshot(
            shown, count(step), short(tokens) if tokens else "—", f"{loss:.4f}" if loss is not None else "—", held
        )


def _loss(logged: Sequence[Loss]) -> Line | None:
    good = [(one.tokens, one.loss) for one in logged if one.loss is not None and math.isfinite(one.loss)]
    if len(good) < 2:
        return None
    return line(
        [x for x, _ in good], [y for _, y in good], f"Loss over tokens, from {good[0][1]:.2f} to {good[-1][1]:.2f}"
    )


def _mixture(path: Path) -> Mixture | None:
    if not path.is_file():
        return None
    mixture = decoded(path.read_bytes(), Mixture, str(path))
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

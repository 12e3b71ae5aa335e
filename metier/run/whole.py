"""How many rows the whole of a source has, where that is cheaply known; what a trial run cut short."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from metier.artefact import Artefact, Manifest
from metier.files import Remote
from metier.recipe import Step
from metier.records import Entity, MetierError, Rule, kind_name
from metier.run.content import named_files
from metier.run.plan import Plan

LINES = (".jsonl", ".ndjson", ".csv", ".tsv", ".tab")
ENTITY, RULE = kind_name(Entity), kind_name(Rule)
MOST = 1 << 28
"""Bytes of a file that are read to count its lines; the rest is judged by its size."""


class Whole(msgspec.Struct, frozen=True):
    """Rows of a source: how many a trial read, and how many there are in all; 0 is unknown."""

    step: str
    tried: int
    rows: int
    about: bool = False
    """Whether the rows were judged by the size of the files."""


def sources(trial: Plan, step: str) -> list[str]:
    """The steps behind a step that read no records themselves."""
    recipe, found, waiting = trial.recipe, set(), [step]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        one = recipe.steps[name]
        shapes = {i.name: i.shape for i in one.stage.inputs}
        fed = [s.name for parameter, s in one.sources() if s.step and shapes[parameter] in ("records", "batch")]
        waiting += fed
        if not fed and not any(shapes[parameter] in ("records", "batch") for parameter, _ in one.sources()):
            found.add(name)
    return [name for name in recipe.steps if name in found]


def whole(trial: Plan, full: Plan, name: str) -> Whole:
    """One source, as a trial found it and as it is without a limit."""
    manifest = Artefact(trial.root / name).manifest
    if manifest is not None and (rules := manifest.counts.get(RULE)) and not _cut(manifest):
        return Whole(name, min(rules, trial.recipe.limit), rules)
    tried = max(manifest.count_in, _cut(manifest)) if manifest is not None else 0
    if tried < trial.recipe.limit:
        return Whole(name, tried, tried)
    made = Artefact(full.root / name).manifest
    if made is not None and made.fingerprint == full.mark(name):
        return Whole(name, tried, max(made.count_in, _cut(made)))
    rows, about = _count(full.recipe.steps[name])
    return Whole(name, tried, max(rows, tried) if rows else 0, about)


def _cut(manifest: Manifest) -> int:
    """How many records a step made of those that a trial cuts; tables are whole, and their first rules are tried."""
    return sum(count for kind, count in manifest.counts.items() if kind not in (ENTITY, RULE))


def _count(step: Step) -> tuple[int, bool]:
    """Rows of the files that a step names, and whether they were judged by size; 0 where that would cost much."""
    try:
        paths = [path for field, path in named_files(step.config) if field == "paths"]
    except MetierError:
        return 0, False
    some = [_rows(path) for path in paths]
    if not some or not all(rows for rows, _ in some):
        return 0, False
    return sum(rows for rows, _ in some), any(about for _, about in some)


def _rows(path: Path) -> tuple[int, bool]:
    if isinstance(path, Remote) or not path.is_file():
        return 0, False
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(path).num_rows), False
    if path.suffix not in LINES:
        return 0, False
    with path.open("rb") as file:
        head = file.read(MOST)
    lines = head.count(b"\n") + (not head.endswith(b"\n"))
    size = path.stat().st_size
    return (lines, False) if size <= len(head) else (int(lines * size / len(head)), True)


def scale(some: Iterable[Whole]) -> float:
    """How many times more rows the whole has than the trial; 0 where some of it is unknown."""
    found = list(some)
    tried = sum(one.tried for one in found)
    known = tried and all(one.rows or not one.tried for one in found)
    return sum(one.rows for one in found) / tried if known else 0.0

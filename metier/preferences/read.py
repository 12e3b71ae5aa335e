"""Read preference pairs from files as they are published."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import msgspec

from metier.artefact import write_json
from metier.preferences.shapes import Pairs, Shape, Two, Wanted
from metier.records import Config, Dropped, Files, MetierError, Preference, Role, Side, Verdict
from metier.row_files import Found, find, rows
from metier.rows import Row
from metier.text.formats import Bad
from metier.text.formats_rows import cell
from metier.text.formats_turns import ROLES
from metier.text.suggest import did_you_mean

SAMPLE = 100
"""Rows of a file among which one must be of a known shape."""
Made = Preference | Verdict


class Read(Config, frozen=True):
    """Which files, and what their columns are called."""

    paths: Files
    """JSON, JSONL, CSV, TSV, Excel or Parquet files, globs and URLs allowed, packed (.gz, .zst, .bz2, .xz) or not. A
    row has a chosen and a rejected reply (with a prompt, turns, or whole conversations; texts with "Human:" and
    "Assistant:"), or two replies and a `winner`, or several `replies` with ratings."""
    columns: dict[Wanted, str] = msgspec.field(default_factory=dict)
    """What a column is called where it does not go by a usual name, as in {left: reply_1, winner: verdict}."""
    roles: dict[str, Role] = msgspec.field(default_factory=dict)
    """What a speaker is, where it is not called so, as in {nurse: assistant}."""
    winners: dict[str, Side] = msgspec.field(default_factory=dict)
    """What the winner is, where it is not called left, right, A, B, model_a, tie and the like, as in {"0": left}."""
    rater: str = "human"
    """Who voted."""
    pairs: Pairs = "all"
    """Which rated replies make pairs: `all` that are rated apart, or the `best_worst`."""
    margin: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """How far apart two ratings must be; equal ones never make a pair."""
    id: str = ""
    """Column of the id; without it, it is FILE:LINE (FILE:ROW in Parquet)."""
    source: str = ""
    """Source of every preference; by default the name of its file without suffixes."""
    source_column: str = ""
    """Column that names each preference's source."""
    language: str = ""
    """Language of every preference, as in en, zh, ar."""
    encoding: str = ""
    """Encoding of the files; by default UTF-8, or GB18030 where they are not UTF-8."""

    def __post_init__(self) -> None:
        if self.source and self.source_column:
            raise ValueError("source and source_column: name one of the two")
        if bad := next((role for role in self.roles.values() if role not in set(ROLES.values())), ""):
            raise ValueError(f"roles: {bad!r} is no role")


def read(config: Read, out: Path) -> Iterator[Preference | Verdict | Dropped]:
    """Read every row of every file; one that is no preference is dropped under its FILE:LINE with its reason.

    A row with a winner gives a verdict, under the ids of the question and of both answers where it has such columns, so
    that `preferences.label` can be held against it; and a preference, where it holds the replies and one won. Of rated
    replies every pair gives a preference, ROW?0, ROW?1, ..., whose verdict holds how far they are apart. MetierError
    where a file is missing, empty, damaged, or of no known shape.
    """
    shape = Shape(config.columns, config.roles, config.winners, config.pairs, config.margin)
    seen: set[str] = set()
    notes: dict[str, dict[str, int]] = {}
    for file in find(config.paths):
        counts: Counter[str] = Counter()
        stream = rows(file, config.encoding)
        first = list(islice(stream, SAMPLE))
        _check(file, [row for row in first if not row.why], shape, config)
        for row in chain(first, stream):
            counts["rows"] += 1
            for record in _records(file, row, shape, config, seen):
                counts[type(record).__name__.lower()] += 1
                yield record
        notes[file.name] = dict(counts)
    write_json(out / "notes.json", notes)


def _check(file: Found, sample: Sequence[Row], shape: Shape, config: Read) -> None:
    """MetierError where a file is empty, lacks a column that the settings name, or is of no known shape."""
    columns = {name for row in sample for name in row.values}
    for name in (config.id, config.source_column):
        if name and columns and name not in columns:
            raise MetierError(f"{file.path}: no row has a column {name!r}; {did_you_mean(name, columns)}")
    inside = {"reply", "rating"}
    for column, name in config.columns.items():
        if columns and column not in inside and name not in columns:
            raise MetierError(f"{file.path}: no row has a column {name!r} ({column}); {did_you_mean(name, columns)}")
    if sample and not any(shape.kind(row.values) for row in sample):
        known = ", ".join(sorted(columns)[:20])
        remedy = "name them, as in columns: {chosen: good, rejected: bad}, or {left: one, right: other, winner: vote}"
        raise MetierError(f"{file.path}: columns {known} hold no pair of replies; {remedy}")


def _records(file: Found, row: Row, shape: Shape, config: Read, seen: set[str]) -> Iterator[Made | Dropped]:
    """What one row gives; ``seen`` are the ids so far."""
    place = f"{file.name}{row.place}"
    try:
        if row.why:
            raise Bad(row.why)
        own = cell(row.values.get(config.id), "id").strip() if config.id else place
        if not own:
            raise Bad("the id is empty")
        if own in seen:
            raise Bad("repeated id", own)
        found = list(shape.read(row.values))
        named = cell(row.values.get(config.source_column), "source") if config.source_column else ""
        source = named or config.source or Path(file.name).name.split(".")[0]
        seen.add(own)
        for number, two in enumerate(found):
            id = f"{own}?{number}" if len(found) > 1 else own
            yield from _made(id, own, two, source, config)
    except Bad as bad:
        yield Dropped(place, bad.why, bad.detail)


def _made(id: str, parent: str, two: Two, source: str, config: Read) -> Iterator[Made]:
    left, right = two.ids[0] or f"{id}/left", two.ids[1] or f"{id}/right"
    rater = config.rater if two.how == "voted" else "rating"
    verdict = Verdict(two.question or parent, left, right, two.winner, True, rater, margin=two.lead)
    if two.how == "voted":
        yield verdict
    if two.winner != "tie" and two.prompt:
        chosen, rejected = (two.left, two.right) if two.winner == "left" else (two.right, two.left)
        behind = None if two.how == "chosen" else verdict
        yield Preference(id, two.prompt, chosen, rejected, behind, source, config.language, two.question or parent)

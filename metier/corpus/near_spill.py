"""The records that share buckets, as numbers on disk: each is read once, however many groups there are.

A file a part of the records: the hashes of their words, the marks of these, and the narrow columns, in their order.
"""

import functools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metier.sketches import Each, Sketches
from metier.text.words import words

Rows = NDArray[np.int64]


class Held(NamedTuple):
    """Some records as they are compared."""

    hashes: NDArray[np.uint64]
    marks: NDArray[np.uint8]
    starts: Rows
    stops: Rows
    narrow: NDArray[np.uint64]
    """The narrow columns, shape (records, columns)."""


class Spill(NamedTuple):
    """Where the records of some rows lie."""

    home: Path
    rows: Rows
    """Their numbers, ascending."""
    counts: Rows
    """How many words each has."""
    firsts: Rows
    """Of each part the place in ``rows`` where it begins, and behind the last its end."""

    def take(self, rows: Rows) -> Held:
        """Some of them (ascending)."""
        at = np.searchsorted(self.rows, rows)
        hashes, marks, narrow = [], [], []
        for part, (first, last) in enumerate(zip(self.firsts[:-1], self.firsts[1:], strict=True)):
            some = at[slice(*np.searchsorted(at, (first, last)))] - first
            if len(some):
                counts = self.counts[first:last]
                begins = np.cumsum(counts) - counts
                hashes += _read(_file(self.home, part, "hashes"), np.dtype(np.uint64), begins[some], counts[some])
                marks += _read(_file(self.home, part, "marks"), np.dtype(np.uint8), begins[some], counts[some])
                width = _file(self.home, part, "narrow").stat().st_size // 8 // (last - first)
                columns = np.full(len(some), width)
                narrow += _read(_file(self.home, part, "narrow"), np.dtype(np.uint64), some * width, columns)
        stops = np.cumsum(self.counts[at])
        starts = stops - self.counts[at]
        return Held(np.concatenate(hashes), np.concatenate(marks), starts, stops, np.stack(narrow))


def _read(file: Path, kind: np.dtype[Any], begins: Rows, counts: Rows) -> list[NDArray[Any]]:
    """Some stretches of a file of numbers. They are read, not mapped: mapped pages would count as memory in use."""
    with file.open("rb") as opened:
        found = []
        for begin, count in zip(begins.tolist(), counts.tolist(), strict=True):
            opened.seek(begin * kind.itemsize)
            found.append(np.frombuffer(opened.read(count * kind.itemsize), kind))
    return found


def _file(home: Path, part: int, name: str) -> Path:
    return home / f"{part:05d}.{name}"


def spill(sketches: Sketches, rows: Rows, columns: list[str], home: Path, each: Each) -> Spill:
    """Put the records of some rows (ascending) on disk, their narrow ``columns`` beside them."""
    home.mkdir(parents=True, exist_ok=True)
    ends = np.cumsum([0, *(len(left) for left in sketches.left())])
    firsts = np.searchsorted(rows, ends)
    parts = [
        (part, sketches.part(part), rows[firsts[part] : firsts[part + 1]] - ends[part])
        for part in range(len(sketches.parts))
    ]
    counts = list(each(functools.partial(_write, columns, home), parts))
    return Spill(home, rows, np.concatenate([*counts, np.empty(0, np.int64)]).astype(np.int64), firsts)


def _write(columns: list[str], home: Path, item: tuple[int, Sketches, Rows]) -> Rows:
    """Write one part; give how many words each of its records has."""
    part, sketches, rows = item
    counts = [np.empty(0, np.int64)]
    narrow = sketches.take(rows, columns)
    table = [narrow[name].to_numpy().astype(np.uint64, copy=False) for name in columns]
    np.stack(table, axis=1).tofile(_file(home, part, "narrow"))
    with _file(home, part, "hashes").open("wb") as hashes, _file(home, part, "marks").open("wb") as marks:
        for _, batch in sketches.records(rows):
            some = words(batch)
            counts.append(some.counts)
            some.hashes.tofile(hashes)
            some.marks.tofile(marks)
    return np.concatenate(counts)

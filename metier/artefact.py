"""An artefact: a finished directory of records or files, with a manifest that says how it was made.

Layout: ``KIND/00000.parquet`` for each noun it holds (one file a shard), ``dropped/00000.parquet`` for what was left
out and why, whatever files the stage wrote, and ``manifest.json``. The manifest is written last and the directory is
renamed into place, so an artefact that exists is complete.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from metier.batch import Batch, decode, schema
from metier.records import KINDS, Dropped, MetierError, Record, kind_name

R = TypeVar("R", bound=Record)
T = TypeVar("T")
S = TypeVar("S")
MANIFEST = "manifest.json"


class Example(msgspec.Struct, frozen=True):
    """A dropped record as a report shows it: the beginning of its text where the engine had it at hand."""

    id: str
    text: str = ""
    detail: str = ""


class Cell(msgspec.Struct):
    """How much text of one language and kind a step kept."""

    documents: int = 0
    characters: int = 0
    tokens: int = 0
    """Words of letters and digits; each character of a script without spaces is one."""

    def add(self, other: "Cell") -> None:
        """Add another count."""
        self.documents += other.documents
        self.characters += other.characters
        self.tokens += other.tokens


class Manifest(msgspec.Struct, kw_only=True):
    """How an artefact was made and what it holds."""

    step: str
    stage: str
    fingerprint: str
    sources: dict[str, Any] = {}
    """Parameter -> names of the steps, checkpoints or models that fed it."""
    config: dict[str, Any] = {}
    seed: int | None = None
    code: str = ""
    """Hash of the stage's module and of the project modules it imports."""
    files: dict[str, str] = {}
    """Path -> content hash of every file the settings name."""
    inputs: dict[str, str] = {}
    """Source name -> its fingerprint."""
    models: dict[str, dict[str, Any]] = {}
    """Parameter -> the language model that stood for it: its name in the recipe, model, revision and sampling."""
    count_in: int = 0
    counts: dict[str, int] = {}
    """Noun -> how many were kept."""
    characters: int = 0
    """Characters of text of the documents kept."""
    dropped: dict[str, int] = {}
    """Reason -> how many were dropped."""
    examples: dict[str, list[Example]] = {}
    """Reason -> the first few that were dropped."""
    cells: dict[str, Cell] = {}
    """``LANGUAGE/KIND`` -> how much of it was kept, of documents."""
    inner: bool = False
    """True for a step fused with its neighbours: it keeps its dropped records, not its parts."""
    notes: dict[str, Any] = {}
    """What the stage itself has to say, from ``notes.json`` in its directory."""


class Artefact(msgspec.Struct, frozen=True):
    """A finished (or absent) artefact on disk."""

    path: Path

    @property
    def manifest(self) -> Manifest | None:
        """What made this artefact, or None where it is not finished."""
        try:
            return msgspec.json.decode((self.path / MANIFEST).read_bytes(), type=Manifest)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except msgspec.DecodeError as error:
            raise MetierError(f"{self.path / MANIFEST}: damaged ({error}); delete {self.path} and run again") from None

    def kinds(self) -> list[type[Record]]:
        """The nouns this artefact holds, dropped records aside."""
        return [kind for kind in KINDS if kind is not Dropped and (self.path / kind_name(kind)).is_dir()]

    def parts(self, kind: type[Record]) -> list[Path]:
        """The Parquet files of one noun, in order."""
        return sorted((self.path / kind_name(kind)).glob("*.parquet"))

    def batches(self, kind: type[R], size: int = 4096) -> Iterator[Batch[R]]:
        """The records of one noun as Arrow batches, in order."""
        for part in self.parts(kind):
            yield from read_part(kind, part, size)

    def records(self, kind: type[R]) -> Iterator[R]:
        """The records of one noun, one by one, in order."""
        for batch in self.batches(kind):
            yield from batch.records()

    def dropped(self) -> Iterator[Dropped]:
        """The records that were left out, with their reasons."""
        return self.records(Dropped)


class Finished(msgspec.Struct, frozen=True):
    """A run as far as it is finished: its artefacts by step, in the order of the recipe."""

    name: str
    path: Path
    seed: int
    artefacts: dict[str, Artefact]


def read_part(kind: type[R], part: Path, size: int = 4096) -> Iterator[Batch[R]]:
    """The batches of one Parquet part."""
    with pq.ParquetFile(part) as file:
        for rows in file.iter_batches(batch_size=size):
            yield Batch.whole(kind, rows)


def read_part_with_place(kind: type[R], part: Path, size: int = 2048) -> Iterator[tuple[int, Batch[R]]]:
    """The batches of one Parquet part, each with the number of its first row."""
    start = 0
    for batch in read_part(kind, part, size):
        yield start, batch
        start += len(batch)


def read_records(kind: type[R], part: Path) -> Iterator[R]:
    """The records of one Parquet part."""
    for batch in read_part(kind, part):
        yield from decode(kind, batch.rows)


@contextlib.contextmanager
def part_writer(kind: type[Record], part: Path) -> Iterator["pq.ParquetWriter"]:
    """A Parquet writer whose file appears under its name only when it is whole."""
    part.parent.mkdir(parents=True, exist_ok=True)
    scratch = part.with_suffix(".tmp")
    with pq.ParquetWriter(scratch, schema(kind), compression="zstd") as writer:
        yield writer
    scratch.replace(part)


class Writer:
    """Write records of any noun into an artefact; a part is closed at about ``part_bytes`` of Arrow data."""

    def __init__(self, path: Path, part_bytes: int = 128 << 20) -> None:
        self.path, self.part_bytes = path, part_bytes
        self.pending: dict[type[Record], list[Record]] = {}
        self.open: dict[type[Record], tuple[contextlib.ExitStack, pq.ParquetWriter]] = {}
        self.sizes: dict[type[Record], int] = {}
        self.numbers: dict[type[Record], int] = {}

    def add(self, record: Record) -> None:
        """Take one record; it is on disk at the latest when the writer closes."""
        kind = type(record)
        some = self.pending.setdefault(kind, [])
        some.append(record)
        if len(some) >= 2048:
            self.add_rows(kind, Batch.of(kind, some).rows)
            some.clear()

    def add_rows(self, kind: type[Record], rows: pa.RecordBatch) -> None:
        """Take Arrow rows of one noun."""
        if kind not in self.open:
            number = self.numbers.get(kind, 0)
            self.numbers[kind], self.sizes[kind] = number + 1, 0
            stack = contextlib.ExitStack()
            part = self.path / kind_name(kind) / f"{number:05d}.parquet"
            self.open[kind] = stack, stack.enter_context(part_writer(kind, part))
        self.open[kind][1].write_batch(rows)
        self.sizes[kind] += rows.nbytes
        if self.sizes[kind] >= self.part_bytes:
            self.open.pop(kind)[0].close()

    def close(self) -> None:
        """Put everything on disk."""
        for kind, some in self.pending.items():
            if some:
                self.add_rows(kind, Batch.of(kind, some).rows)
        self.pending.clear()
        for stack, _ in self.open.values():
            stack.close()
        self.open.clear()


def snapshot_path(path: Path, number: int) -> Path:
    """Where an artefact of training keeps a snapshot of the model on its way, counted from 1."""
    return path / "kept" / str(number)


def snapshot_steps(steps: int, keep: int) -> tuple[int, ...]:
    """After which steps the ``keep`` snapshots of a training are taken; the last is its end, none comes before step 1.

    Where there are fewer steps than snapshots, several are taken after the same one.
    """
    return tuple(max(1, round(number * steps / keep)) for number in range(1, keep + 1))


def scratch_path(path: Path, mark: str) -> Path:
    """Where an artefact with this fingerprint is put together."""
    return path.with_name(f".{path.name}.{mark}.partial")


def finish(scratch: Path, path: Path, manifest: Manifest) -> None:
    """Write the manifest and rename the scratch directory into place: from here on the artefact exists."""
    write_json(scratch / MANIFEST, manifest)
    if path.exists():
        old = path.with_name(f".{path.name}.old.partial")
        shutil.rmtree(old, ignore_errors=True)
        path.replace(old)
        scratch.replace(path)
        shutil.rmtree(old, ignore_errors=True)
    else:
        scratch.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON under its name only when it is whole."""
    scratch = path.with_name(path.name + ".tmp")
    scratch.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
    os.replace(scratch, path)  # noqa: PTH105 - one call for files and directories alike


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Write records of any nouns into an artefact directory; return how many."""
    writer, count = Writer(path), 0
    for record in records:
        writer.add(record)
        count += 1
    writer.close()
    return count


SHELVES = {"asset:": "assets", "domain:": "domains"}
"""What the name of something that ships begins with, and the directory of the package that it stands in."""


def asset(name: str) -> Path:
    """The path of what ships with the package, named ``asset:NAME`` or ``domain:NAME``; any other name is a path."""
    kind, colon, rest = name.partition(":")
    shelf = SHELVES.get(kind + colon)
    if shelf is None:
        return Path(name)
    directory = Path(__file__).parent / shelf
    path = directory / rest
    if not path.exists():
        known = ", ".join(sorted(f"{kind}:{p.name}" for p in directory.glob("*") if kind == "asset" or p.is_dir()))
        raise MetierError(f"{name}: no such {kind}; known: {known}")
    return path

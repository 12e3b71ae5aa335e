"""Hand documents on as files that other programs read."""

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from metier import progress
from metier.artefact import write_json
from metier.corpus.parts import FIELDS, Part, Table, flat, open_part
from metier.files import is_url, open_store, reaching
from metier.records import Config, Document, Dropped, MetierError
from metier.text.suggest import did_you_mean

PARTIAL = ".metier.partial"
_OURS = re.compile(r"part-\d{5}(\.[a-z]+)*")
_FIRST = 10_000


class Write(Config, frozen=True):
    """Which files to write, where, and with which columns."""

    to: str = ""
    """Folder, or URL of one in a store (s3://, gs://, ...), to write to; by default `files` in the step's directory."""
    format: Literal["jsonl", "parquet", "csv", "text"] = "jsonl"
    """How the files are written; `text` is one file a document, in folders."""
    packed: Literal["", "gz", "zst"] = ""
    """How JSONL and CSV files are packed; Parquet is always packed inside."""
    columns: tuple[str, ...] = ()
    """Fields (id, text, source, kind, language, licence, parent) and own columns to write, in order; by default all."""
    part_mb: Annotated[float, msgspec.Meta(gt=0)] = 256
    """Size at which the next file is begun, in MB before packing."""
    overwrite: bool = False
    """Remove the parts of an earlier export in the same place, once the new ones are whole."""

    def __post_init__(self) -> None:
        if self.packed and self.format not in ("jsonl", "csv"):
            raise ValueError(f"packed: {self.format} files are not packed; leave it out")
        if self.columns and self.format == "text":
            raise ValueError("columns: text files hold the text alone; leave it out")
        if twice := next((name for name in self.columns if self.columns.count(name) > 1), None):
            raise ValueError(f"columns: {twice!r} is named twice")


def write(docs: Iterable[Document], config: Write, out: Path) -> Iterator[Dropped]:
    """Write every document with a text into part-00000, part-00001, ...; what was written stands in the notes.

    An own column that bears a field's name is written as ``meta.NAME``; a column that a document lacks is empty. The
    parts come under their names together, when all are whole; ``to`` may hold no earlier ones unless it is to be
    overwritten, and what is removed there later is not missed: remove the step's directory to export again. In CSV and
    text files a carriage return before a line feed is lost when corpus.read reads them back.
    """
    place = _Place(config, out)
    parts: list[Part] = []
    seen: set[str] = set()
    for table, dropped in _tables(docs, config):
        yield from dropped
        if not table.rows:
            continue
        seen |= table.seen
        if not parts or parts[-1].closed:
            parts.append(open_part(place.work, len(parts), config.format, config.packed))
        parts[-1].add(table)
        if parts[-1].size >= config.part_mb * (1 << 20):
            place.keep(parts[-1])
        progress.report(sum(part.rows for part in parts), 0, "records", "write")
    if absent := next((name for name in config.columns if name not in seen and name not in FIELDS), None):
        place.forget()
        raise MetierError(f"columns: no document has a column {absent!r}; {did_you_mean(absent, {*FIELDS, *seen})}")
    if not parts:
        raise MetierError("no document has a text; there is nothing to write")
    if not parts[-1].closed:
        place.keep(parts[-1])
    place.show(parts)
    files = [{"name": part.path.name, "rows": part.rows, "bytes": part.bytes} for part in parts]
    total = {"rows": sum(part.rows for part in parts), "bytes": sum(part.bytes for part in parts)}
    write_json(out / "notes.json", {"to": config.to or "files", **total, "files": files})


def _tables(docs: Iterable[Document], config: Write) -> Iterator[tuple[Table, list[Dropped]]]:
    """Documents as rows of named columns, some at a time, and those that have no text."""
    waiting: list[Document] = []
    dropped: list[Dropped] = []
    columns = config.columns
    size = 0
    for document in docs:
        if not document.text or document.text.isspace():
            dropped.append(Dropped(document.id, "the text is empty"))
            continue
        waiting.append(document)
        size += len(document.text)
        if len(waiting) >= (_FIRST if not columns else 2048) or size >= 16 << 20:
            columns = columns or _all_columns(waiting, config)
            yield _table(waiting, columns, config), dropped
            waiting, dropped, size = [], [], 0
    if waiting:
        yield _table(waiting, columns or _all_columns(waiting, config), config), dropped
    elif dropped:
        yield Table((), [], set()), dropped


def _all_columns(first: list[Document], config: Write) -> tuple[str, ...]:
    """The fields, and every own column that the first documents have."""
    names = {name: None for document in first for name in flat(document)}
    return tuple(names) if config.format != "text" else ("id", "text")


def _table(documents: list[Document], columns: tuple[str, ...], config: Write) -> Table:
    """Rows of these columns; MetierError where a document has one that the first ones lack, lest it be lost."""
    rows: list[tuple[str, ...]] = []
    seen: set[str] = set()
    known = set(columns)
    for document in documents:
        values = flat(document)
        seen |= values.keys()
        if not config.columns and config.format != "text" and not values.keys() <= known:
            new = next(name for name in values if name not in known)
            raise MetierError(
                f"document {document.id!r} has a column {new!r}, which the first {_FIRST:,} lack; "
                f"name those to be written, as in columns: [{', '.join((*columns, new))}]"
            )
        rows.append(tuple(values.get(name, "") for name in columns))
    return Table(columns, rows, seen)


class _Place:
    """Where the parts go: beside their place while they are written, into it when all are whole."""

    def __init__(self, config: Write, out: Path) -> None:
        self.url = config.to.rstrip("/") if is_url(config.to) and not config.to.startswith("file://") else ""
        here = config.to.removeprefix("file://")
        self.folder = out / "files" if self.url or not here else Path(here)
        self.work = out / "parts" if self.url else self.folder / PARTIAL
        self.old = self._old()
        if self.old and config.to and not config.overwrite:
            where = f"{config.to}: holds {self.old[0]} already"
            raise MetierError(f"{where}; remove it, name another place in to, or say overwrite: true")
        self.forget()
        try:
            self.work.mkdir(parents=True)
        except OSError as error:
            raise MetierError(f"to: {self.folder}: cannot be made ({error.strerror}); name another folder") from None

    def _old(self) -> list[str]:
        """The parts of an earlier export that stand in the place."""
        if not self.url:
            names = [path.name for path in self.folder.glob("part-*")]
        else:
            with reaching(self.url):
                store, key = open_store(self.url)
                there = store.ls(key, detail=False) if store.exists(key) else []
                names = [str(name).rstrip("/").rpartition("/")[2] for name in there]
        return sorted(name for name in names if _OURS.fullmatch(name))

    def forget(self) -> None:
        """Remove what is half-made, here or by a run that died."""
        shutil.rmtree(self.work, ignore_errors=True)
        if self.url:
            with reaching(self.url):
                store, key = open_store(self.url)
                if store.exists(f"{key}/{PARTIAL}"):
                    store.rm(f"{key}/{PARTIAL}", recursive=True)

    def keep(self, part: Part) -> None:
        """Close a part; one for a store is sent there under its passing name and leaves this machine."""
        part.close()
        if self.url:
            with reaching(self.url):
                store, key = open_store(self.url)
                store.put(str(part.path), f"{key}/{PARTIAL}/{part.path.name}", recursive=part.path.is_dir())
            shutil.rmtree(part.path) if part.path.is_dir() else part.path.unlink()

    def show(self, parts: list[Part]) -> None:
        """Give every part its name, and clear away the earlier ones."""
        if not self.url:
            for name in self.old:
                old = self.folder / name
                shutil.rmtree(old) if old.is_dir() else old.unlink()
            for part in parts:
                part.path.replace(self.folder / part.path.name)
        else:
            with reaching(self.url):
                store, key = open_store(self.url)
                for name in self.old:
                    store.rm(f"{key}/{name}", recursive=True)
                for part in parts:
                    store.mv(f"{key}/{PARTIAL}/{part.path.name}", f"{key}/{part.path.name}", recursive=part.many)
        self.forget()

"""One file of an export, or one folder of text files: rows go in, bytes come out."""

import csv
import gzip
import io
import re
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from metier.records import Document

FIELDS = tuple(name for name in Document.__struct_fields__ if name != "meta")
_UNSAFE = re.compile(r"[^\w.-]+")


class Table(NamedTuple):
    """Rows of named columns; ``seen`` are all columns that the documents behind them have."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    seen: set[str]


def flat(document: Document) -> dict[str, str]:
    """A document's fields and own columns by name; an own one that bears a field's name is ``meta.NAME``."""
    values: dict[str, str] = {name: getattr(document, name) for name in FIELDS}
    for name, value in document.meta.items():
        values[f"meta.{name}" if name in FIELDS else name] = value
    return values


class Part:
    """A part being written; ``size`` counts bytes before packing, ``bytes`` those on disk once it is closed."""

    many = False

    def __init__(self, path: Path) -> None:
        self.path, self.rows, self.size, self.bytes, self.closed = path, 0, 0, 0, False

    def add(self, table: Table) -> None:
        """Take some rows."""
        self.rows += len(table.rows)

    def close(self) -> None:
        """The part is whole."""
        self.closed = True
        self.bytes = self.path.stat().st_size


class Stream(Part):
    """A JSONL or CSV file, packed or not."""

    def __init__(self, path: Path, format: str, packed: str) -> None:
        super().__init__(path)
        self.format = format
        self.file = path.open("wb")
        self.packer: BinaryIO = self.file
        if packed == "gz":
            self.packer = cast(BinaryIO, gzip.GzipFile("", "wb", 6, self.file, mtime=0))
        elif packed == "zst":
            import zstandard

            self.packer = cast(BinaryIO, zstandard.ZstdCompressor().stream_writer(self.file, closefd=False))

    def add(self, table: Table) -> None:
        """Take some rows; the first of a CSV file come with the line of names."""
        data = _json(table) if self.format == "jsonl" else _csv(table, names=not self.size)
        super().add(table)
        self.size += len(data)
        self.packer.write(data)

    def close(self) -> None:
        """Write what is left in the packer."""
        if self.packer is not self.file:
            self.packer.close()
        self.file.close()
        super().close()


def _json(table: Table) -> bytes:
    encode = msgspec.json.Encoder().encode
    return b"".join(encode(dict(zip(table.columns, row, strict=True))) + b"\n" for row in table.rows)


def _csv(table: Table, names: bool) -> bytes:
    """Every cell in quotes, so that none is taken for something else (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    if names and table.columns:
        writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue().encode()


class Parquet(Part):
    """A Parquet file of text columns."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.writer: pq.ParquetWriter | None = None

    def add(self, table: Table) -> None:
        """Take some rows as a row group."""
        columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
        arrays = [pa.array(column, pa.large_string()) for column in columns]
        rows = pa.Table.from_arrays(arrays, names=list(table.columns))
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.path, rows.schema, compression="zstd")
        self.writer.write_table(rows)
        super().add(table)
        self.size += rows.nbytes

    def close(self) -> None:
        """Write the footer."""
        if self.writer is not None:
            self.writer.close()
        super().close()


class Texts(Part):
    """A folder of text files, one a document, each named for its number and id and ended by a line feed."""

    many = True

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        path.mkdir()

    def add(self, table: Table) -> None:
        """Take some rows of id and text."""
        for number, (id, text) in enumerate(table.rows, self.rows):
            data = text.encode() + b"\n"
            (self.path / f"{number:06d}-{_UNSAFE.sub('_', id)[:50]}.txt").write_bytes(data)
            self.size += len(data)
        super().add(table)

    def close(self) -> None:
        """The folder is whole."""
        self.closed, self.bytes = True, self.size


def open_part(folder: Path, number: int, format: str, packed: str) -> Part:
    """A part to write, by its number."""
    name = f"part-{number:05d}"
    if format == "text":
        return Texts(folder / name)
    if format == "parquet":
        return Parquet(folder / f"{name}.parquet")
    return Stream(folder / f"{name}.{format}{'.' if packed else ''}{packed}", format, packed)

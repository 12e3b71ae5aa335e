"""Rows of the files that instruction data comes in, whatever these are packed and encoded in."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from metier import files
from metier.files import Remote, packing, suffix, texts
from metier.records import MetierError
from metier.rows import Row, csv_rows, json_rows, jsonl_rows, parquet_tables, table_rows

_WRITTEN = {
    "json": "json", "jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "tsv": "tsv", "tab": "tsv",
    "parquet": "parquet", "pq": "parquet",
}  # fmt: skip


class Found(NamedTuple):
    """A file to read, what it is called in ids, and how it is written."""

    path: Path
    name: str
    written: str


def find(names: str | tuple[str, ...]) -> list[Found]:
    """The files that names, globs and URLs stand for, each called by its path below the folder that all share."""
    paths = files.find(names)
    if not paths:
        raise MetierError("paths: no file is named; name at least one")
    here = [path.absolute() for path in paths if not isinstance(path, Remote)]
    parent = Path(os.path.commonpath([path.parent for path in here])) if here else Path()
    found = []
    for path in paths:
        written = _WRITTEN.get(suffix(path), "")
        if not written:
            raise MetierError(f"{path}: the name does not tell the format; end it in {', '.join(sorted(_WRITTEN))}")
        if written == "parquet" and (packing(path) or isinstance(path, Remote)):
            raise MetierError(f"{path}: Parquet is read where it lies here unpacked; copy it here first")
        name = str(path) if isinstance(path, Remote) else path.absolute().relative_to(parent).as_posix()
        found.append(Found(path, name, written))
    return found


def rows(file: Found, encoding: str) -> Iterator[Row]:
    """The rows of a file, each with its place (``:LINE``; ``:LINE.2`` for the second that begins on a line)."""
    seen: Counter[int] = Counter()
    for row in _rows(file, encoding):
        seen[row.line] += 1
        again = f".{seen[row.line]}" if seen[row.line] > 1 else ""
        yield row._replace(place=f":{row.line}{again}")


def _rows(file: Found, encoding: str) -> Iterator[Row]:
    path = file.path
    if file.written == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            columns = pq.read_schema(path).names
        except (pa.ArrowInvalid, OSError) as error:
            raise MetierError(f"{path}: not a readable Parquet file ({str(error).splitlines()[0]})") from None
        for first, table in parquet_tables(path, columns, every=False):
            yield from table_rows(first, table, path)
    elif file.written == "json":
        yield from json_rows(texts(path, encoding), path)
    elif file.written == "jsonl":
        yield from jsonl_rows(texts(path, encoding), path)
    else:
        yield from csv_rows(texts(path, encoding), path, "\t" if file.written == "tsv" else ",", ())

"""The files of a corpus: what each is called in ids, and how it is written."""

import os
from pathlib import Path
from typing import NamedTuple

from metier import files
from metier.records import MetierError

_SUFFIXES = {
    "jsonl": "jsonl", "ndjson": "jsonl", "json": "json", "parquet": "parquet", "pq": "parquet", "csv": "csv",
    "tsv": "tsv", "tab": "tsv", "txt": "text", "text": "text", "md": "text", "xml": "xml", "nxml": "xml",
}  # fmt: skip


class Found(NamedTuple):
    """A file to read: where it is, what it is called in ids, and how it is written."""

    path: Path
    name: str
    format: str


def find(names: str | tuple[str, ...], format: str) -> list[Found]:
    """The files that match, each once, in the order named and sorted within a pattern."""
    paths = files.find(names)
    if not paths:
        raise MetierError("paths: no file is named; name at least one")
    parent = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    return [
        Found(path, path.absolute().relative_to(parent).as_posix(), format if format != "auto" else _format(path))
        for path in paths
    ]


def _format(path: Path) -> str:
    if suffix := _SUFFIXES.get(files.suffix(path)):
        return suffix
    raise MetierError(f"{path}: the name does not tell the format; say format: jsonl, csv, text, ...")

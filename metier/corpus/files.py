"""The files of a corpus: what each is called in ids, and how it is written."""

import os
from pathlib import Path
from typing import NamedTuple

from metier import files
from metier.artefact import asset
from metier.files import Remote
from metier.records import MetierError

_SUFFIXES = {
    "jsonl": "jsonl", "ndjson": "jsonl", "json": "json", "parquet": "parquet", "pq": "parquet", "csv": "csv",
    "tsv": "tsv", "tab": "tsv", "txt": "text", "text": "text", "md": "text", "xml": "xml", "nxml": "xml",
    "html": "html", "htm": "html", "xhtml": "html", "pdf": "pdf", "docx": "docx", "xlsx": "xlsx",
    "arrow": "arrow", "feather": "arrow",
}  # fmt: skip
_ARCHIVES = {"tar": "tar", "tgz": "tar", "tbz2": "tar", "txz": "tar", "tzst": "tar", "zip": "zip"}
ARCHIVES = ("tar", "zip")


class Found(NamedTuple):
    """A file to read: where it is, what it is called in ids, and how it is written."""

    path: Path
    name: str
    format: str


def find(names: str | tuple[str, ...], format: str) -> list[Found]:
    """The files that match, each once, in the order named and sorted within a pattern; those of a data set's directory.

    Files are called by their path below the folder that all share; beside others, one in a store is called by its URL.
    """
    paths: dict[Path, None] = {}
    for name in (names,) if isinstance(names, str) else names:
        paths.update(dict.fromkeys(_match(name)))
    if not paths:
        raise MetierError("paths: no file is named; name at least one")
    here = [path for path in paths if not isinstance(path, Remote)]
    places = here or list(paths)
    parent = Path(os.path.commonpath([_whole(path).parent for path in places]))
    found = []
    for path in paths:
        whole = _whole(path)
        name = whole.relative_to(parent).as_posix() if whole.is_relative_to(parent) else str(path)
        written = format_of(path, format)
        if not written:
            raise MetierError(f"{path}: the name does not tell the format; say format: jsonl, csv, text, ...")
        found.append(Found(path, name, written))
    return found


def _match(name: str) -> list[Path]:
    """The files that one name stands for; a directory only where it is a data set's."""
    path = asset(name)
    if files.is_url(name) or not path.is_dir():
        return files.match(name)
    from metier.corpus.hub import data_set

    return data_set(path) or files.match(name)


def _whole(path: Path) -> Path:
    return Path("/", *path.parts) if isinstance(path, Remote) else path.absolute()


def format_of(path: Path, format: str) -> str:
    """How a file is written: an archive by its suffix, others as ``format`` says or their suffix tells, or nothing."""
    suffix = files.suffix(path)
    return _ARCHIVES.get(suffix) or (format if format != "auto" else _SUFFIXES.get(suffix, ""))

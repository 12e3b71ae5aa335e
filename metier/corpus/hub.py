"""Data sets as Hugging Face's ``datasets`` and hub keep them: Arrow files, and the directories they stand in."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from metier.records import MetierError
from metier.rows import Row
from metier.text.suggest import did_you_mean

ROWS = 2048
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.[\w.]+)")
_TABLES = (".parquet", ".arrow", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".csv")


class _Part(msgspec.Struct):
    filename: str


class _State(msgspec.Struct):
    """What ``state.json`` says of a split that ``save_to_disk`` wrote."""

    files: list[_Part] = msgspec.field(name="_data_files", default_factory=list)
    indices: list[_Part] | None = msgspec.field(name="_indices_data_files", default=None)


class _Splits(msgspec.Struct):
    """What ``dataset_dict.json`` says."""

    splits: list[str]


def data_set(folder: Path) -> list[Path]:
    """The files of a data set's directory in order, every split; nothing where a directory is no data set.

    A directory that ``save_to_disk`` wrote, with or without splits, or a copy of a hub's repository (README.md beside
    data/SPLIT-00000-of-0000N.parquet). MetierError where a shard is missing.
    """
    if (folder / "dataset_dict.json").is_file():
        names = _decode(folder / "dataset_dict.json", _Splits).splits
        return [file for name in names for file in _saved(folder / name)]
    if (folder / "state.json").is_file():
        return _saved(folder)
    return _cloned(folder)


def _saved(folder: Path) -> list[Path]:
    """The files of one split, as its ``state.json`` lists them."""
    state = _decode(folder / "state.json", _State)
    if state.indices:
        raise MetierError(f"{folder}: its rows are chosen by an index file; save it anew after flatten_indices()")
    return [_there(folder / part.filename) for part in state.files]


def _decode(file: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise MetierError(f"{file}: cannot be read ({error}); save the data set again") from None


def _there(file: Path) -> Path:
    if not file.is_file():
        raise MetierError(f"{file}: a shard of the data set is missing; fetch or save it again")
    return file


def _cloned(folder: Path) -> list[Path]:
    """The shards of a hub's repository; each set of them must be whole."""
    home = folder / "data" if (folder / "data").is_dir() else folder
    found = sorted(file for file in home.rglob("*") if file.is_file() and file.name.endswith(_TABLES))
    shards = [(file, parts) for file in found if (parts := _SHARD.fullmatch(file.name))]
    if not shards or (home == folder and not (folder / "README.md").is_file()):
        return []
    for file, (stem, _, count, end) in [(file, parts.groups()) for file, parts in shards]:
        for number in range(int(count)):
            _there(file.with_name(f"{stem}-{number:05d}-of-{count}{end}"))
    return found


def arrow_rows(file: BinaryIO, place: Path, named: Iterable[str], every: bool) -> Iterator[Row]:
    """Rows of an Arrow IPC file or stream, as ``datasets`` caches and saves them."""
    try:
        head = file.read(6)
        file.seek(0)
        reader = pa.ipc.open_file(file) if head == b"ARROW1" else pa.ipc.open_stream(file)
        if head == b"ARROW1":
            groups = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            groups = iter(reader)
    except (pa.ArrowException, OSError) as error:
        raise MetierError(f"{place}: not a readable Arrow file ({str(error).splitlines()[0]})") from None
    yield from _rows(groups, reader.schema, place, tuple(named), every)


def parquet_stream_rows(file: BinaryIO, place: Path, named: Iterable[str], every: bool) -> Iterator[Row]:
    """Rows of a Parquet file that has no path of its own."""
    try:
        table = pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise MetierError(f"{place}: not a readable Parquet file ({str(error).splitlines()[0]})") from None
    with table:
        wanted = _wanted(table.schema_arrow, place, tuple(named), every)
        groups = table.iter_batches(batch_size=ROWS, columns=wanted)
        yield from _rows(groups, table.schema_arrow, place, tuple(named), every)


def _wanted(schema: pa.Schema, place: Path, named: tuple[str, ...], every: bool) -> list[str]:
    """The columns to read: those named, and every one that is not nested where ``every`` is wanted."""
    if unknown := next((name for name in named if name not in schema.names), None):
        raise MetierError(f"{place}: no column {unknown!r}; {did_you_mean(unknown, schema.names)}")
    return [field.name for field in schema if field.name in named or (every and not pa.types.is_nested(field.type))]


def _rows(groups: Iterator[Any], schema: pa.Schema, place: Path, named: tuple[str, ...], every: bool) -> Iterator[Row]:
    wanted = _wanted(schema, place, named, every)
    number = 0
    while True:
        try:
            group = next(groups, None)
            if group is not None:
                group.validate(full=True)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise MetierError(f"{place}: damaged after row {number} ({reason}); fetch the file again") from None
        if group is None:
            return
        for start in range(0, group.num_rows, ROWS):
            for values in group.slice(start, ROWS).select(wanted).to_pylist():
                number += 1
                yield Row(number, values)

"""Rows of JSON Lines, JSON, CSV, TSV, plain text and Parquet files, each with the line where it begins."""

import csv
import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from metier.files import LIMIT, TooLarge, lines, texts
from metier.records import MetierError
from metier.text.suggest import did_you_mean


class Row(NamedTuple):
    """What stands at a line: the values by column, or why they could not be read.

    ``place`` is what stands behind the file's name in ids where a line alone does not tell (``!MEMBER:LINE``).
    """

    line: int
    values: dict[str, Any]
    why: str = ""
    place: str = ""


def jsonl_rows(texts: Iterator[str], path: Path) -> Iterator[Row]:
    """One JSON object a line; blank lines are passed over."""
    return object_rows(lines(texts, path))


def object_rows(numbered: Iterable[tuple[int, str]]) -> Iterator[Row]:
    """The JSON object of every numbered line that is not blank."""
    decode = msgspec.json.Decoder().decode
    for number, line in numbered:
        if line and not line.isspace():
            yield _json_row(number, line, decode)


def _json_row(number: int, text: str, decode: Any) -> Row:
    try:
        value = decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return Row(number, {}, "malformed JSON")
    return Row(number, value) if isinstance(value, dict) else Row(number, {}, "not a JSON object")


class _Window:
    """The part of a text that is not yet read, growing on demand."""

    def __init__(self, texts: Iterator[str]) -> None:
        self.texts, self.text, self.at, self.line = texts, "", 0, 1

    def more(self) -> bool:
        """Add at least as much as is there; False at the end of the file or beyond the limit."""
        pieces, size = [self.text[self.at :]], 0
        if len(pieces[0]) > LIMIT:
            return False
        while size <= len(pieces[0]) and (piece := next(self.texts, "")):
            pieces.append(piece)
            size += len(piece)
        self.text, self.at = "".join(pieces), 0
        return size > 0

    def skip(self, characters: str) -> str:
        """Pass over these characters; the next one, or nothing at the end of the file."""
        while True:
            start = self.at
            while self.at < len(self.text) and self.text[self.at] in characters:
                self.at += 1
            self.line += self.text.count("\n", start, self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> str:
        """The text of the JSON value that begins here; ValueError where none does."""
        scan = json.JSONDecoder().raw_decode
        while True:
            try:
                end = scan(self.text, self.at)[1]
                if end < len(self.text) or not self.more():
                    break
            except (json.JSONDecodeError, RecursionError):
                if not self.more():
                    raise ValueError from None
        text = self.text[self.at : end]
        self.at = end
        self.line += text.count("\n")
        return text


_SPACE = " \t\r\n"
_UNREAD = "malformed JSON, rest of the file unread"


def json_rows(texts: Iterator[str], _path: Path) -> Iterator[Row]:
    """A JSON array of objects; an object of objects (its keys become the column ``key``); or objects one by one.

    An object of objects is read whole, and ``line`` counts its entries instead of lines.
    """
    window = _Window(texts)
    decode = msgspec.json.Decoder().decode
    array = window.skip(_SPACE) == "["
    if array:
        window.at += 1
    while (here := window.skip(_SPACE)) and not (array and here == "]"):
        line = window.line
        try:
            text = window.value()
            after = window.skip(_SPACE)
            if array and after not in (",", "]"):
                raise ValueError
        except ValueError:
            yield Row(line, {}, _UNREAD)
            return
        if array and after == ",":
            window.at += 1
        row = _json_row(line, text, decode)
        if not array and not after and row.values and all(isinstance(value, dict) for value in row.values.values()):
            yield from (Row(number, {"key": key, **value}) for number, (key, value) in enumerate(row.values.items(), 1))
        else:
            yield row
    window.at += len(here)
    if array and (not here or window.skip(_SPACE)):  # cut off behind a comma, or more behind the array
        yield Row(window.line, {}, _UNREAD)


class _Lines:
    """Numbered lines, of which those last taken can be given back."""

    def __init__(self, source: Iterator[tuple[int, str]]) -> None:
        self.source = source
        self.taken: list[tuple[int, str]] = []
        self.given: deque[tuple[int, str]] = deque()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.given.popleft() if self.given else next(self.source)
        self.taken.append(line)
        return line[1] + "\n"

    def give_back(self) -> int:
        """Take all lines but the first back; the number of that one."""
        (number, _), *rest = self.taken
        self.given.extendleft(reversed(rest))
        return number


def csv_rows(texts: Iterator[str], path: Path, delimiter: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """Rows of a CSV or TSV file by the names in its first line, or by ``columns`` where it has no such line.

    A malformed row, as one whose quote never closes, costs its first line only: reading goes on with the line after it.
    """
    csv.field_size_limit(min(LIMIT, sys.maxsize))
    source = _Lines(lines(texts, path))
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    names = list(columns)
    while True:
        source.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = source.give_back()
            if not names:
                raise MetierError(f"{path}:{line}: malformed CSV in the line of names ({error}); mend it") from None
            yield Row(line, {}, "malformed CSV")
            reader = csv.reader(source, delimiter=delimiter, strict=True)
            continue
        line = source.taken[0][0]
        if not cells or (len(cells) == 1 and len(names) != 1 and not cells[0].strip()):
            continue
        if not names:
            names = [cell.strip() for cell in cells]
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise MetierError(f"{path}:{line}: column {twice!r} is named twice; name each column once")
        elif len(cells) != len(names):
            yield Row(line, {}, "not as many cells as columns")
        else:
            yield Row(line, dict(zip(names, cells, strict=True)))


def csv_table(path: Path, columns: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """(FILE:LINE, cells by name) of a CSV file that settings name; what a short row lacks is empty.

    MetierError where a column is missing, a quote does not close, or a row has more cells than there are columns.
    """
    reader = csv.DictReader((line + "\n" for _, line in lines(texts(path), path)), strict=True)
    try:
        names = reader.fieldnames or ()
        if missing := next((name for name in columns if name not in names), ""):
            raise MetierError(f"{path}:1: no column {missing!r}; {did_you_mean(missing, names)}")
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if None in row:
                raise MetierError(f"{place}: more cells than columns; put a cell that holds a comma in quotes")
            yield place, {name: cell or "" for name, cell in row.items()}
    except csv.Error as error:
        raise MetierError(f"{path}:{reader.line_num + 1}: malformed CSV ({error}); mend its quotes") from None


def text_rows(texts: Iterator[str], path: Path, split: str, column: str) -> Iterator[Row]:
    """Plain text as one row a file, a line or a paragraph (``blank``)."""
    if split == "line":
        yield from (Row(number, {column: line}) for number, line in lines(texts, path) if line.strip())
        return
    some: list[str] = []
    first, size = 1, 0
    for number, line in lines(texts, path):
        if split == "blank" and not line.strip():
            if some:
                yield Row(first, {column: "\n".join(some)})
            some, size = [], 0
            continue
        first = first if some else number
        some.append(line)
        size += len(line)
        if size > LIMIT:
            raise TooLarge(f"{path}: a text of more than {LIMIT >> 20} MB; say split: line or split: blank")
    if any(line.strip() for line in some):
        yield Row(first, {column: "\n".join(some)})


def parquet_tables(path: Path, named: Iterable[str], every: bool) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(number of the first row, some rows) of a Parquet file; ``named`` columns, or ``every`` scalar one besides."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise MetierError(f"{path}: not a readable Parquet file ({str(error).splitlines()[0]})") from None
    with file:
        schema = file.schema_arrow
        if unknown := next((name for name in named if name not in schema.names), None):
            raise MetierError(f"{path}: no column {unknown!r}; {did_you_mean(unknown, schema.names)}")
        wanted = [f.name for f in schema if f.name in named or (every and not pa.types.is_nested(f.type))]
        number = 0
        groups = file.iter_batches(batch_size=2048, columns=wanted)
        while True:
            try:
                rows = next(groups, None)
            except (pa.ArrowException, OSError) as error:
                reason = str(error).splitlines()[0]
                raise MetierError(f"{path}: damaged after row {number} ({reason}); fetch the file again") from None
            if rows is None:
                return
            yield number + 1, rows
            number += rows.num_rows


def table_rows(first: int, table: pa.RecordBatch, path: Path) -> Iterator[Row]:
    """The rows of a table one by one, numbered from ``first``."""
    try:
        rows = table.to_pylist()
    except (ValueError, OverflowError) as error:
        what = f"a row from {first} to {first + table.num_rows - 1} has a value that cannot be read ({error})"
        raise MetierError(f"{path}: {what}; mend it, or leave its column out of meta") from None
    yield from (Row(number, values) for number, values in enumerate(rows, first))

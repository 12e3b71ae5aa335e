"""Documents from many rows at once, column by column, where nothing about the rows is unusual.

Where anything is, the rows go one by one through ``metier.corpus.fields``, which says what a row becomes; both give the
same documents.
"""

import contextlib
import functools
import itertools
import json.encoder
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import pyarrow as pa

from metier.batch import Batch, schema
from metier.corpus.ahead import ahead
from metier.corpus.blocks import BLOCK, Unusual, blocks
from metier.corpus.fields import Fields, blank, plain, scalar, whole
from metier.corpus.strings import columns
from metier.files import lines, texts
from metier.records import Document
from metier.rows import Row, object_rows, parquet_tables, table_rows
from metier.text.buffers import utf8

ROWS, BYTES = 2048, 4 << 20
"""A batch ends with the row that brings it to so many rows or so many bytes of text."""
_TEXT = pa.large_string()
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_quote = json.encoder.encode_basestring


class Piece(Protocol):
    """Some consecutive rows of a file, as they were read."""

    def names(self) -> set[str]:
        """Every column that a row has."""
        ...

    def rows(self) -> Iterator[Row]:
        """The rows one by one."""
        ...

    def batch(self, file: str, fields: Fields) -> tuple[Batch[Document], Sequence[int]] | None:
        """The documents with the lines where they stand, where every row is one and nothing is unusual."""
        ...

    def parts(self, fields: Fields) -> Sequence["Piece"]:
        """The same rows, the unusual ones apart from the rest; nothing where they are too many for that."""
        ...


class Objects:
    """JSON objects with the lines they stand at, and why a line holds none (its object is empty)."""

    def __init__(self, lines: Sequence[int], values: list[dict[str, Any]], why: Mapping[int, str]) -> None:
        self.lines, self.values, self.why = lines, values, why

    def names(self) -> set[str]:
        """Every column that a row has."""
        return {name for names in set(map(tuple, self.values)) for name in names}

    def rows(self) -> Iterator[Row]:
        """The rows one by one."""
        return (Row(at, row, self.why.get(at, "")) for at, row in zip(self.lines, self.values, strict=True))

    def batch(self, file: str, fields: Fields) -> tuple[Batch[Document], Sequence[int]] | None:
        """The documents with the lines where they stand, where every row is one and nothing is unusual."""
        values = self.values
        try:
            texts = [row[fields.text] for row in values]
            keys = [[plain(row[name]) for row in values] for name in fields.id]
            column = fields.source_column
            sources = [plain(row[column]) or fields.kind for row in values] if column else None
        except KeyError:
            return None
        if set(map(type, texts)) != {str} or any(map(blank, texts)):
            return None
        ids = _ids(file, self.lines, keys)
        if ids is None:
            return None
        return _batch(ids, pa.array(texts, _TEXT), sources, _meta(values, fields), fields), self.lines

    def parts(self, fields: Fields) -> Sequence[Piece]:
        """The same rows, the unusual ones apart from the rest; nothing where they are too many for that."""
        texts = [row.get(fields.text) for row in self.values]
        odd = [at for at, text in enumerate(texts) if type(text) is not str or blank(text)]
        return [Objects(self.lines[a:b], self.values[a:b], self.why) for a, b in _runs(odd, len(self.values))]


def _runs(odd: list[int], rows: int) -> list[tuple[int, int]]:
    """Where the rows between the odd ones begin and end, each odd one alone; nothing where many are odd, or none."""
    if not odd or len(odd) > rows // 16:
        return []
    return list(itertools.pairwise(sorted({0, rows, *odd, *(at + 1 for at in odd)})))


def _ids(file: str, lines: Sequence[int], keys: list[list[str]]) -> list[str] | None:
    """The id of every row; None where one is empty."""
    if not keys:
        return [f"{file}:{line}" for line in lines]
    ids = keys[0] if len(keys) == 1 else list(map(":".join, zip(*keys, strict=True)))
    return ids if all(id.strip(":") for id in ids) else None


def _meta(values: list[dict[str, Any]], fields: Fields) -> list[str]:
    """The columns of each row that are kept beside the text, as a JSON object of strings."""
    if fields.meta is not None:
        return _written({name: [row.get(name) for row in values] for name in fields.meta}, len(values), whole)
    names = set(map(tuple, values))
    if len(names) == 1:
        columns = dict(zip(names.pop(), zip(*map(dict.values, values), strict=True), strict=True))
        del columns[fields.text]
        with contextlib.suppress(_Mixed):
            return _written(columns, len(values), scalar)
    found = []
    for row in values:
        cells = [(name, scalar(value)) for name, value in row.items() if name != fields.text]
        found.append(", ".join([f"{_quote(name)}: {_quote(cell)}" for name, cell in cells if cell is not None]))
    return [f"{{{cells}}}" for cells in found]


class _Mixed(Exception):
    """A column is nested in some rows and plain in others."""


def _written(columns: Mapping[str, Sequence[Any]], rows: int, write: Callable[[Any], str | None]) -> list[str]:
    """Columns as a JSON object of strings for each row, without those that cannot be written."""
    form: list[str] = []
    cells: list[Iterable[Any]] = []
    for name, values in columns.items():
        label, kinds = _quote(name).replace("%", "%%"), set(map(type, values))
        if kinds <= {int, float}:
            form.append(f'{label}: "%s"')
            cells.append(values)
            continue
        texts = values if kinds == {str} else list(map(write, values))
        if None not in texts:
            form.append(f"{label}: %s")
            cells.append(map(_quote, texts))
        elif any(text is not None for text in texts):
            raise _Mixed
    row = f"{{{', '.join(form)}}}"
    return [row % values for values in zip(*cells, strict=True)] if cells else ["{}"] * rows


def _batch(
    ids: list[str], texts: pa.Array, sources: list[str] | None, meta: list[str], fields: Fields
) -> Batch[Document]:
    rows = len(ids)
    columns = {
        "id": pa.array(ids, _TEXT),
        "text": texts,
        "source": _same(fields.source or fields.kind, rows) if sources is None else pa.array(sources, _TEXT),
        "kind": _same(fields.kind, rows),
        "language": _same(fields.language, rows),
        "licence": _same(fields.licence, rows),
        "parent": _same("", rows),
        "meta": pa.array(meta, _TEXT),
    }
    form = schema(Document)
    return Batch.whole(Document, pa.RecordBatch.from_arrays([columns[name] for name in form.names], schema=form))


def _same(value: str, rows: int) -> pa.Array:
    return _repeated(value, 1 << (rows - 1).bit_length()).slice(0, rows)


@functools.lru_cache(64)
def _repeated(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, _TEXT), rows)


class Table:
    """Rows of a Parquet file, or JSON of nothing but strings; ``first`` is the number of the first of them.

    ``sound`` says that its strings are known to be UTF-8.
    """

    def __init__(self, first: int, table: pa.RecordBatch, path: Path, sound: bool = False) -> None:
        self.first, self.table, self.path, self.sound = first, table, path, sound

    def names(self) -> set[str]:
        """Every column that a row has."""
        return set(self.table.schema.names)

    def rows(self) -> Iterator[Row]:
        """The rows one by one."""
        return table_rows(self.first, self.table, self.path)

    def batch(self, file: str, fields: Fields) -> tuple[Batch[Document], Sequence[int]] | None:
        """The documents with the lines where they stand, where every row is one and nothing is unusual."""
        names = self.table.schema.names
        if len(set(names)) != len(names) or not set(fields.needed) <= set(names):
            return None
        texts = self.table.column(fields.text)
        if _odd(texts, self.sound) != []:
            return None
        try:
            keys = [_printed(self.table.column(name)) for name in fields.id]
            column = fields.source_column
            sources = [text or fields.kind for text in _printed(self.table.column(column))] if column else None
            write = scalar if fields.meta is None else whole
            meta = _written(self._columns(fields), self.table.num_rows, write)
        except (ValueError, OverflowError, _Mixed):
            return None
        lines = range(self.first, self.first + self.table.num_rows)
        ids = _ids(file, lines, keys)
        return None if ids is None else (_batch(ids, texts.cast(_TEXT), sources, meta, fields), lines)

    def parts(self, fields: Fields) -> Sequence[Piece]:
        """The same rows, the unusual ones apart from the rest; nothing where they are too many for that."""
        if fields.text not in self.table.schema.names:
            return []
        runs = _runs(_odd(self.table.column(fields.text), self.sound) or [], self.table.num_rows)
        return [Table(self.first + a, self.table.slice(a, b - a), self.path, self.sound) for a, b in runs]

    def _columns(self, fields: Fields) -> dict[str, list[Any]]:
        """The columns that are kept beside the text."""
        names = self.table.schema.names if fields.meta is None else fields.meta
        kept = [name for name in names if name != fields.text or fields.meta is not None]
        rows, there = self.table.num_rows, self.table.schema.names
        return {name: self.table.column(name).to_pylist() if name in there else [None] * rows for name in kept}


def _printed(column: pa.Array) -> list[str]:
    values = column.to_pylist()
    return values if column.type in (pa.string(), _TEXT) and not column.null_count else list(map(plain, values))


def _odd(column: pa.Array, sound: bool) -> list[int] | None:
    """The rows of a column of strings that are null or blank; None for a column of anything else."""
    if column.type not in (pa.string(), _TEXT):
        return None
    try:
        column.validate(full=not sound)  # whether it is UTF-8; nothing else looks at that
    except pa.ArrowInvalid:
        return None
    from metier.corpus.json_kernels import perhaps_blank

    rows: list[int] = np.flatnonzero(perhaps_blank(*utf8(column))).tolist()
    return [at for at in rows if blank(column[at].as_py() or "")]


def json_pieces(path: Path, encoding: str) -> Iterator[Piece | Iterator[Row]]:
    """A file of JSON Lines in pieces; what is not UTF-8, or may be over the limit, is read character by character."""
    some: Generator[tuple[int, bytes], None, None] = blocks(path, encoding)
    try:
        head = next(some, None)
        if head is None:
            return
        if len(head[1]) >= BLOCK:
            some = ahead(some, lambda block: len(block[1]), 4 * BLOCK)
        while head is not None:
            piece = _piece(*head, path)
            head = None
            yield piece
            del piece  # neither the block nor its rows shall be held while the next ones are made
            head = next(some, None)
    except Unusual as unusual:
        numbered = lines(texts(path, encoding), path)
        yield object_rows((number, line) for number, line in numbered if number >= unusual.line)
    finally:
        some.close()


def _piece(first: int, block: bytes, path: Path) -> Piece:
    """The rows of a block of lines: as columns where each is an object of strings, else as objects."""
    table = columns(block)
    return _parse(first, block) if table is None else Table(first, table, path, sound=True)


def _parse(first: int, block: bytes) -> Piece:
    """The objects of a block of lines; line by line where one is malformed or no object."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    with contextlib.suppress(*_MALFORMED):
        if count := _lines_of_objects(block):
            values = decoder.decode_lines(block)
            if len(values) == count:
                return Objects(range(first, first + count), values, {})
    try:
        text = block.decode()
    except UnicodeDecodeError:
        raise Unusual(first) from None
    some = [(at, line) for at, line in enumerate(text.split("\n"), first) if line and not line.isspace()]
    del text
    why: dict[int, str] = {}
    values = []
    for at, line in some:
        try:
            values.append(decoder.decode(line))
        except _MALFORMED:
            [row] = object_rows([(at, line)])
            values.append(row.values)
            why[at] = row.why
    return Objects([at for at, _ in some], values, why)


def _lines_of_objects(block: bytes) -> int:
    """The number of lines where every line begins with { and every one that another follows ends in }; else 0.

    No JSON value holds } and { with only an end of line between them, so no value crosses a line, and there are at
    least as many values as lines.
    """
    letters = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(letters[:-1] == ord("\n"))
    plain = letters[0] == ord("{") and np.all(letters[ends + 1] == ord("{")) and np.all(letters[ends - 1] == ord("}"))
    return len(ends) + 1 if plain else 0


def parquet_pieces(path: Path, named: Iterable[str], every: bool) -> Iterator[Piece]:
    """A Parquet file in pieces, as in ``parquet_tables``."""
    for first, table in parquet_tables(path, named, every):
        yield Table(first, table, path)


def pack(batches: Iterable[Batch[Document]]) -> Iterator[Batch[Document]]:
    """The same rows in the same order, in batches as large as they may be."""
    held: list[Batch[Document]] = []
    rows = size = 0
    for batch in batches:
        at = 0
        while at < len(batch):
            sizes = np.cumsum(_sizes(batch.rows.column("text"))[at : at + ROWS - rows])
            fit = int(np.searchsorted(sizes, BYTES - size)) + 1
            take = min(fit, len(sizes))
            held.append(_slice(batch, at, take))
            at, rows, size = at + take, rows + take, size + int(sizes[take - 1])
            if rows >= ROWS or size >= BYTES:
                yield _joined(held)
                rows = size = 0
        del batch
    if held:
        yield _joined(held)


def _sizes(texts: pa.Array) -> Any:
    """The bytes of every text of a column without nulls."""
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.diff(offsets)


def _slice(batch: Batch[Document], at: int, rows: int) -> Batch[Document]:
    if rows == len(batch):
        return batch
    return Batch(Document, batch.rows.slice(at, rows), batch.why.slice(at, rows))


def _joined(batches: list[Batch[Document]]) -> Batch[Document]:
    """The batches as one that holds no more memory than its rows need, and the list emptied."""
    one = batches[0]
    if len(batches) > 1 or one.rows.get_total_buffer_size() > 2 * one.rows.nbytes:
        more = [*batches[1:], Batch(Document, one.rows.slice(0, 0), one.why.slice(0, 0))]  # of one alone none is made
        rows = pa.concat_batches([one.rows, *(batch.rows for batch in more)])
        one = Batch(Document, rows, pa.concat_arrays([one.why, *(batch.why for batch in more)]))
    batches.clear()
    return one

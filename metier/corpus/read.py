"""Bring files in as documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from metier.batch import Batch
from metier.corpus.ahead import ahead
from metier.corpus.columnar import BYTES, ROWS, Piece, json_pieces, pack, parquet_pieces
from metier.corpus.documents import in_place, other_rows
from metier.corpus.fields import Fields, document
from metier.corpus.files import ARCHIVES, Found, find
from metier.corpus.markup import NO_RECORD
from metier.records import Config, Document, Files, Kind, MetierError
from metier.rows import Row
from metier.text.suggest import did_you_mean

Format = Literal[
    "auto", "jsonl", "json", "parquet", "csv", "tsv", "text", "xml", "html", "pdf", "docx", "xlsx", "arrow"
]


class Read(Config, frozen=True):
    """Which files, how they are written, and which columns become what."""

    paths: Files
    """Files to read, globs allowed, here or in a store (s3://, gs://, https://, ...; keys come from the environment),
    or the directory of a Hugging Face data set (every split; DIR/train for one); .gz, .zst, .bz2, .xz, tar and zip are
    unpacked on the way."""
    format: Format = "auto"
    """How the files, or those in an archive, are written; auto goes by the suffix."""
    text: str = "text"
    """Column (or XML path) that becomes the text; a list of strings is joined by blank lines. A page, PDF or Word file
    has one text, with title, url or pages beside it."""
    id: str | tuple[str, ...] = ()
    """Columns that make the id, joined by a colon; without any it is FILE:LINE (FILE:ROW in Parquet), in archives and
    Excel files FILE!MEMBER:LINE."""
    kind: Kind = "web"
    """What sort of document these are."""
    source: str = ""
    """Source of every document; by default its kind."""
    source_column: str = ""
    """Column that names each document's source."""
    language: str = ""
    """Language of every document, as in en, zh, ar."""
    licence: str = ""
    """Licence of every document."""
    meta: tuple[str, ...] | None = None
    """Columns to keep beside the text (empty where a row has none); by default every column that is not nested."""
    records: str = ""
    """XML: the element that is one record; without one a file is one record."""
    fields: dict[str, str] = msgspec.field(default_factory=dict)
    """XML: column name to path inside the record, as in {answer: Answer, type: Question/@qtype, focus: /Focus}."""
    split: Literal["file", "line", "blank"] = "file"
    """Plain text: one document a file, a line, or a paragraph between blank lines."""
    columns: tuple[str, ...] = ()
    """CSV and TSV: column names of files whose first line does not give them."""
    delimiter: str = ""
    """CSV and TSV: what stands between cells; by default a comma, or a tab."""
    encoding: str = ""
    """Encoding of the files; by default UTF-8, or GB18030 where they are not UTF-8; `mixed` tells it line by line."""
    strict: bool = False
    """Stop at the first row that cannot be read, instead of dropping it with its reason."""

    def __post_init__(self) -> None:
        if self.source and self.source_column:
            raise ValueError("source and source_column: name one of the two")
        if len(self.delimiter) > 1:
            raise ValueError(f"delimiter: {self.delimiter!r} is not one character")


def read(config: Read) -> Iterator[Batch[Document]]:
    """Read every row of every file as a document; a row that cannot be read is dropped under its FILE:LINE.

    Reading goes on upon a thread of its own, a batch or two before they are asked for.
    """
    files = find(config.paths, config.format)
    if (config.records or config.fields) and all(file.format not in ("xml", *ARCHIVES) for file in files):
        raise MetierError("records and fields are for XML, and none of the files is XML; drop them or say format: xml")
    yield from ahead(pack(_batches(files, config)), lambda batch: batch.rows.nbytes, BYTES)


def _fields(config: Read) -> Fields:
    """What the settings say of columns."""
    keys = ((config.id,) if config.id else ()) if isinstance(config.id, str) else config.id
    source, kind = config.source, config.kind
    return Fields(config.text, keys, config.source_column, config.meta, source, kind, config.language, config.licence)


def _named(config: Read) -> tuple[str, ...]:
    """Every column that the settings name."""
    named = (*_fields(config).needed, *(config.meta or ()), *config.fields)
    return tuple(dict.fromkeys(name for name in named if name))


def _batches(files: list[Found], config: Read) -> Iterator[Batch[Document]]:
    """The documents of each file, those that are dropped with their reason."""
    named, ids = _named(config), _Ids(files)
    in_xml: set[str] = set()
    elements: set[str] = set()
    records = 0
    for number, file in enumerate(files):
        account = _Account(number, file, config, ids)
        for piece in _pieces(file, config, named):
            yield from account.batches(piece)
        if not account.rows:
            raise MetierError(f"{file.path}: is empty; leave it out of paths or fetch it again")
        elements |= account.elements
        records += account.records
        if file.format == "xml":
            in_xml |= account.seen
        elif account.seen:
            _require(named, account.seen, file.path)
    if not records and elements:
        hint = did_you_mean(config.records, elements)
        raise MetierError(f"records: no element {config.records!r} in any of {len(files)} files; {hint}")
    if in_xml and all(file.format == "xml" for file in files):
        _require(named, in_xml, files[0].path)


class _Account:
    """What was seen in one file so far."""

    def __init__(self, number: int, file: Found, config: Read, ids: "_Ids") -> None:
        self.number, self.file, self.config, self.ids = number, file, config, ids
        self.fields = _fields(config)
        self.seen: set[str] = set()
        self.elements: set[str] = set()
        self.lines: dict[int, int] = {}
        self.rows = self.records = 0

    def batches(self, piece: Piece | Iterator[Row]) -> Iterator[Batch[Document]]:
        """The documents of a piece: at once where nothing in it is unusual, else row by row where it is."""
        if isinstance(piece, Iterator):
            yield from self.gather(piece)
            return
        found = piece.batch(self.file.name, self.fields)
        if found is None:
            parts = piece.parts(self.fields)
            for part in parts:
                yield from self.batches(part)
            if not parts:
                yield from self.gather(piece.rows())
            return
        batch, lines = found
        self.rows += len(batch)
        self.records += len(batch)
        self.seen |= piece.names()
        if self.fields.id:
            for id, line in zip(batch.values("id"), lines, strict=True):
                self.ids.claim(id, self.number, line)
        yield batch

    def gather(self, rows: Iterator[Row]) -> Iterator[Batch[Document]]:
        """The documents of rows taken one by one."""
        documents: list[Document] = []
        why: list[str | None] = []
        size = 0
        for row in rows:
            document, reason = self.document(row)
            documents.append(document)
            why.append(reason or None)
            size += len(document.text)
            if len(documents) >= ROWS or size >= BYTES:
                yield Batch.of(Document, documents, why)
                documents, why, size = [], [], 0
        if documents:
            yield Batch.of(Document, documents, why)

    def document(self, row: Row) -> tuple[Document, str]:
        """The document of a row, and why it is dropped if it is."""
        file = self.file
        self.rows += 1
        if row.why == NO_RECORD:
            self.elements.update(row.values)
        elif not row.why:
            self.records += 1
            self.seen.update(row.values)
        place = row.place or f":{row.line}"
        if file.format in ("json", "xml") and not row.place:
            place = _place(row, self.lines)
        found, why = document(row, f"{file.name}{place}", self.fields)
        if why and self.config.strict:
            here = f"{file.path}{row.place or f':{row.line}'}"
            raise MetierError(f"{here}: {why}; mend it, or leave strict out to drop it")
        if not why and self.fields.id:
            self.ids.claim(found.id, self.number, row.line)
        if self.rows == ROWS and self.seen and file.format != "xml":
            _require((self.fields.text,), self.seen, file.path)
        return found, why


def _require(named: tuple[str, ...], seen: set[str], path: Path) -> None:
    if missing := next((name for name in named if name not in seen), None):
        raise MetierError(f"{path}: no row has a column {missing!r}; {did_you_mean(missing, seen)}")


class _Ids:
    """The ids given out so far, each with the file and line it stands at."""

    def __init__(self, files: list[Found]) -> None:
        self.files = files
        self.places: dict[str, tuple[int, int]] = {}

    def claim(self, id: str, file: int, line: int) -> None:
        """Note an id; one that is taken is an error that names both places."""
        first = self.places.setdefault(id, (file, line))
        if first != (file, line):
            here, there = f"{self.files[file].path}:{line}", f"{self.files[first[0]].path}:{first[1]}"
            raise MetierError(f"{here}: id {id!r} is taken already by {there}; name more columns in id, or none")


def _pieces(file: Found, config: Read, named: tuple[str, ...]) -> Iterator[Piece | Iterator[Row]]:
    """The rows of a file, many at once where its format and its place allow it."""
    if in_place(file, config.encoding):
        if file.format == "jsonl":
            return json_pieces(file.path, config.encoding)
        if file.format == "parquet":
            return parquet_pieces(file.path, named, config.meta is None)
    return iter((other_rows(file, config, named),))


def _place(row: Row, lines: dict[int, int]) -> str:
    """:LINE, with a count behind it for every further record that begins on one line of a JSON or XML file."""
    lines[row.line] = count = lines.get(row.line, 0) + 1
    return f":{row.line}" if count == 1 else f":{row.line}.{count}"

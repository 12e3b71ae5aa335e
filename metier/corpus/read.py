"""Bring files in as documents."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from metier.batch import Batch
from metier.corpus.files import Found, find
from metier.corpus.formats import Row, csv_rows, json_rows, jsonl_rows, parquet_rows, text_rows
from metier.corpus.markup import NO_RECORD, declared_encoding, xml_rows
from metier.files import chunks, texts
from metier.records import Config, Document, Files, Kind, MetierError
from metier.text.suggest import did_you_mean

ROWS, CHARACTERS = 2048, 16 << 20
Format = Literal["auto", "jsonl", "json", "parquet", "csv", "tsv", "text", "xml"]


class Read(Config, frozen=True):
    """Which files, how they are written, and which columns become what."""

    paths: Files
    """Files to read, globs allowed; .gz and .zst are unpacked on the way."""
    format: Format = "auto"
    """How the files are written; auto goes by the suffix."""
    text: str = "text"
    """Column (or XML path) that becomes the text; a list of strings is joined by blank lines."""
    id: str | tuple[str, ...] = ()
    """Columns that make the id, joined by a colon; without any it is FILE:LINE (FILE:ROW in Parquet)."""
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
    """Encoding of the files; by default UTF-8, or GB18030 where they are not UTF-8."""
    strict: bool = False
    """Stop at the first row that cannot be read, instead of dropping it with its reason."""

    def __post_init__(self) -> None:
        if self.source and self.source_column:
            raise ValueError("source and source_column: name one of the two")
        if len(self.delimiter) > 1:
            raise ValueError(f"delimiter: {self.delimiter!r} is not one character")


def read(config: Read) -> Iterator[Batch[Document]]:
    """Read every row of every file as a document; a row that cannot be read is dropped under its FILE:LINE."""
    files = find(config.paths, config.format)
    if (config.records or config.fields) and all(file.format != "xml" for file in files):
        raise MetierError("records and fields are for XML, and none of the files is XML; drop them or say format: xml")
    documents: list[Document] = []
    why: list[str | None] = []
    size = 0
    for document, reason in _documents(files, config):
        documents.append(document)
        why.append(reason or None)
        size += len(document.text)
        if len(documents) >= ROWS or size >= CHARACTERS:
            yield Batch.of(Document, documents, why)
            documents, why, size = [], [], 0
    if documents:
        yield Batch.of(Document, documents, why)


def _named(config: Read) -> tuple[str, ...]:
    """Every column that the settings name."""
    keys = (config.id,) if isinstance(config.id, str) else config.id
    named = (config.text, *keys, config.source_column, *(config.meta or ()), *config.fields)
    return tuple(dict.fromkeys(name for name in named if name))


def _documents(files: list[Found], config: Read) -> Iterator[tuple[Document, str]]:
    """Each document with the reason it is dropped for, or none."""
    named, ids = _named(config), _Ids(files)
    in_xml: set[str] = set()
    elements: set[str] = set()
    records = 0
    for number, file in enumerate(files):
        seen: set[str] = set()
        lines: dict[int, int] = {}
        rows = 0
        for row in _rows(file, config, named):
            rows += 1
            if row.why == NO_RECORD:
                elements.update(row.values)
            elif not row.why:
                records += 1
                seen.update(row.values)
            place = _place(file.name, row, lines) if file.format in ("json", "xml") else f"{file.name}:{row.line}"
            document, why = _document(row, place, config)
            if why and config.strict:
                raise MetierError(f"{file.path}:{row.line}: {why}; mend it, or leave strict out to drop it")
            if not why and config.id:
                ids.claim(document.id, number, row.line)
            if rows == ROWS and seen and file.format != "xml":
                _require((config.text,), seen, file.path)
            yield document, why
        if not rows:
            raise MetierError(f"{file.path}: is empty; leave it out of paths or fetch it again")
        if file.format == "xml":
            in_xml |= seen
        elif seen:
            _require(named, seen, file.path)
    if not records and elements:
        hint = did_you_mean(config.records, elements)
        raise MetierError(f"records: no element {config.records!r} in any of {len(files)} files; {hint}")
    if in_xml and all(file.format == "xml" for file in files):
        _require(named, in_xml, files[0].path)


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


def _rows(file: Found, config: Read, named: tuple[str, ...]) -> Iterator[Row]:
    if file.format == "parquet":
        return parquet_rows(file.path, named, config.meta is None)
    encoding = config.encoding
    if file.format == "xml" and not encoding:
        encoding = declared_encoding(next(chunks(file.path), b""))
    some = texts(file.path, encoding)
    if file.format == "jsonl":
        return jsonl_rows(some, file.path)
    if file.format == "json":
        return json_rows(some, file.path)
    if file.format == "text":
        return text_rows(some, file.path, config.split, config.text)
    if file.format == "xml":
        fields = {name: name for name in named} | config.fields
        return xml_rows(some, file.path, config.records, fields, own=not config.fields)
    return csv_rows(some, file.path, config.delimiter or (",", "\t")[file.format == "tsv"], config.columns)


def _place(name: str, row: Row, lines: dict[int, int]) -> str:
    """FILE:LINE, with a count behind it for every further record that begins on one line of a JSON or XML file."""
    lines[row.line] = count = lines.get(row.line, 0) + 1
    return f"{name}:{row.line}" if count == 1 else f"{name}:{row.line}.{count}"


def _document(row: Row, place: str, config: Read) -> tuple[Document, str]:
    """The document of a row, and why it is dropped if it is."""
    values = row.values
    if row.why:
        return Document(place, ""), row.why
    keys = (config.id,) if isinstance(config.id, str) else config.id
    for column in (config.text, *keys, config.source_column):
        if column and column not in values:
            return Document(place, ""), f"no column {column}"
    text = _text(values[config.text])
    if not text or text.isspace():
        return Document(place, ""), "the text is not a string" if text is None else "the text is empty"
    id = ":".join(_scalar(values[key]) or "" for key in keys) if keys else place
    if not id.strip(":"):
        return Document(place, ""), "the id is empty"
    source = (_scalar(values[config.source_column]) or "") if config.source_column else config.source
    if config.meta is None:
        meta = {key: value for key in values if key != config.text and (value := _scalar(values[key])) is not None}
    else:
        meta = {key: _any(values.get(key)) for key in config.meta}
    kind, language, licence = config.kind, config.language, config.licence
    return Document(id, text, source or kind, kind, language, licence, "", meta), ""


def _text(value: Any) -> str | None:
    """Text as it stands, passages joined by blank lines, nothing as empty, anything else as None."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n\n".join(value)
    return None


def _scalar(value: Any) -> str | None:
    """A plain value as text (nothing as empty); None for a nested one."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if isinstance(value, (dict, list)) else str(value)


def _any(value: Any) -> str:
    """Any value as text, a nested one as JSON."""
    plain = _scalar(value)
    return json.dumps(value, ensure_ascii=False, default=str) if plain is None else plain

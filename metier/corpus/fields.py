"""What of a row becomes what of a document: the one definition, whichever way the row was read."""

import json
from typing import Any, NamedTuple

from metier.records import Document, Kind
from metier.rows import Row


class Fields(NamedTuple):
    """Columns of a row by what they become (none: ``""`` or ``()``), and what every document has in common."""

    text: str
    id: tuple[str, ...]
    source_column: str
    meta: tuple[str, ...] | None
    source: str
    kind: Kind
    language: str
    licence: str

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a row is no document."""
        return tuple(name for name in (self.text, *self.id, self.source_column) if name)


def document(row: Row, place: str, fields: Fields) -> tuple[Document, str]:
    """The document of a row, and why it is dropped if it is."""
    values = row.values
    if row.why:
        return Document(place, ""), row.why
    for column in fields.needed:
        if column not in values:
            return Document(place, ""), f"no column {column}"
    text = _text(values[fields.text])
    if text is None:
        return Document(place, ""), "the text is not a string"
    if blank(text):
        return Document(place, ""), "the text is empty"
    id = ":".join(plain(values[key]) for key in fields.id) if fields.id else place
    if not id.strip(":"):
        return Document(place, ""), "the id is empty"
    source = plain(values[fields.source_column]) if fields.source_column else fields.source
    if fields.meta is None:
        meta = {key: value for key in values if key != fields.text and (value := scalar(values[key])) is not None}
    else:
        meta = {key: whole(values.get(key)) for key in fields.meta}
    kind, language, licence = fields.kind, fields.language, fields.licence
    return Document(id, text, source or kind, kind, language, licence, "", meta), ""


def blank(text: str) -> bool:
    """Whether a text says nothing."""
    return not text or text.isspace()


def _text(value: Any) -> str | None:
    """Text as it stands, passages joined by blank lines, nothing as empty, anything else as None."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n\n".join(value)
    return None


def scalar(value: Any) -> str | None:
    """A plain value as text (nothing as empty); None for a nested one."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if isinstance(value, (dict, list)) else str(value)


def plain(value: Any) -> str:
    """A plain value as text; nothing and a nested one as empty."""
    return scalar(value) or ""


def whole(value: Any) -> str:
    """Any value as text, a nested one as JSON."""
    text = scalar(value)
    return json.dumps(value, ensure_ascii=False, default=str) if text is None else text

"""Rows of an XML file: one for each element of a name, its values by paths; entities are never expanded from a DTD."""

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

from metier.files import LIMIT, TooLarge
from metier.records import MetierError
from metier.rows import Row

NO_RECORD = "no record element in the file"
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")


def declared_encoding(head: bytes) -> str:
    """The encoding that the XML declaration names, or nothing."""
    found = _DECLARED.match(head[:1024].removeprefix(b"\xef\xbb\xbf"))
    name = found[1].decode("ascii").lower() if found else ""
    return "gb18030" if name in ("gb2312", "gbk") else name


def look_up(element: ET.Element, root: ET.Element, path: str) -> str | None:
    """The text at an ElementTree path, several by blank lines; ``@`` is an attribute, a leading ``/`` the root."""
    start, path = (root, path[1:]) if path.startswith("/") else (element, path)
    steps, mark, attribute = path.rpartition("@")
    steps = (steps if mark else path).strip("/") or "."
    try:
        places = [start] if steps == "." else start.findall(steps)
    except (SyntaxError, KeyError, TypeError):
        raise MetierError(f"fields: {path!r} is not a path; write names with /, as in Question or Answer/@id") from None
    texts = [p.get(attribute) if mark else "".join(p.itertext()) for p in places]
    found = [text for text in texts if text is not None]
    return "\n\n".join(found) if found else None


def _own(element: ET.Element) -> dict[str, str]:
    """Without a field map: the record's attributes and its children by name."""
    values = {f"@{name}": value for name, value in element.attrib.items()}
    for child in element:
        text = "".join(child.itertext())
        values[child.tag] = f"{values[child.tag]}\n\n{text}" if child.tag in values else text
    if not len(element):
        values["text"] = element.text or ""
    return values


class _Reader:
    """Builds elements as expat finds them, keeps what stands outside the records, and lets each record go once read."""

    def __init__(self, path: Path, records: str, fields: Mapping[str, str], own: bool) -> None:
        self.path, self.records, self.fields, self.own = path, records, fields, own
        self.builder = ET.TreeBuilder()
        self.open: list[tuple[ET.Element, int]] = []
        self.ready: list[Row] = []
        self.tags: set[str] = set()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.builder.data
        self.parser.EntityDeclHandler = self.refuse
        self.parser.SkippedEntityHandler = self.skipped

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = {name.rpartition(":")[2]: value for name, value in attributes.items()}
        tag = tag.rpartition(":")[2]
        self.tags.add(tag)
        self.open.append((self.builder.start(tag, local), self.parser.CurrentLineNumber))

    def end(self, tag: str) -> None:
        self.builder.end(tag.rpartition(":")[2])
        element, line = self.open.pop()
        if element.tag == self.records or (not self.records and not self.open):
            root = self.open[0][0] if self.open else element
            found = {name: look_up(element, root, path) for name, path in self.fields.items()}
            values = _own(element) if self.own else {}
            self.ready.append(Row(line, values | {name: value for name, value in found.items() if value is not None}))
            if self.open:
                self.open[-1][0].remove(element)

    def refuse(self, name: str, *_: object) -> None:
        line = self.parser.CurrentLineNumber
        raise MetierError(f"{self.path}:{line}: declares the entity {name!r}; write it out, entities are not expanded")

    def skipped(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            self.builder.data(html.unescape(f"&{name};"))


def xml_rows(
    texts: Iterable[str], path: Path, records: str, fields: Mapping[str, str], *, own: bool = False
) -> Iterator[Row]:
    """One row for each ``records`` element (the whole file without one), named without name-space prefixes.

    ``own`` adds the record's attributes and children by name. Values above the record (``/Focus``) must stand before
    the first record. A file without such an element is one unreadable row whose values name the elements it has.
    """
    reader = _Reader(path, records, fields, own)
    since = total = 0
    try:
        for text in texts:
            reader.parser.Parse(text, False)
            since += len(text)
            if reader.ready:
                since, total = 0, total + len(reader.ready)
                yield from reader.ready
                reader.ready.clear()
            if since > LIMIT:
                raise TooLarge(f"{path}: more than {LIMIT >> 20} MB without a record; is records: {records} right?")
        reader.parser.Parse("", True)
    except expat.ExpatError as error:
        yield from reader.ready
        yield Row(error.lineno, {}, "malformed XML, rest of the file unread")
        return
    yield from reader.ready
    if records and not total + len(reader.ready):
        yield Row(1, dict.fromkeys(reader.tags, ""), NO_RECORD)

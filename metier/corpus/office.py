"""The text of Word files and the rows of Excel files."""

import datetime
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from metier.corpus.archives import bomb
from metier.files import missing
from metier.records import MetierError
from metier.rows import Row

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How the container of encrypted and of old Office files begins (Microsoft MS-CFB, 2.2)."""
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
NOTHING = "no text in the DOCX"


def refused(file: BinaryIO, what: str) -> str:
    """Why a Word or Excel file must not even be opened, or nothing."""
    head = file.read(len(_OLE))
    file.seek(0)
    if head == _OLE:
        return f"encrypted {what}, or one older than 2007"
    try:
        with zipfile.ZipFile(file) as parts:
            infos = parts.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return f"damaged {what}"
    file.seek(0)
    unpacked, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    return bomb(unpacked, packed)


def docx(file: BinaryIO, place: Path) -> tuple[dict[str, str], str]:
    """(text of a Word file, why it cannot be read), as the body has it.

    A heading of level n begins with n + 1 number signs, the title with one, a list item with ``- ``; a table is a line
    a row, its cells between bars. Text that is marked as deleted, notes, headers and footers are left out.
    """
    try:
        import docx as word
    except ImportError:
        raise missing("python-docx", place) from None
    if why := refused(file, "DOCX"):
        return {}, why
    try:
        document = word.Document(file)
        names = {style.style_id: style.name or "" for style in document.styles}
        lists = {style.style_id for style in document.styles if style.element.find(f"{_W}pPr/{_W}numPr") is not None}
        blocks = list(_blocks(document.element.body, names, lists))
    except (KeyError, ValueError, SyntaxError, AttributeError, OSError, zipfile.BadZipFile, NotImplementedError):
        return {}, "damaged DOCX"
    text = "".join(_joined(blocks))
    return {"text": text, "title": document.core_properties.title or ""}, "" if text else NOTHING


def _joined(blocks: list[tuple[str, str]]) -> Iterator[str]:
    """Blocks parted by blank lines; items of one list and rows of one table by line feeds."""
    last = ""
    for kind, text in blocks:
        if last:
            yield "\n" if kind == last and kind.startswith(("list", "row")) else "\n\n"
        yield text
        last = kind


def _blocks(node: Any, names: dict[str, str], lists: set[str]) -> Iterator[tuple[str, str]]:
    """(kind, text) of every paragraph and row, in order; content controls and insertions are looked into."""
    for child in node:
        if child.tag == f"{_W}p":
            text = _paragraph(child)
            if text:
                style = child.find(f"{_W}pPr/{_W}pStyle")
                yield _marked(child, text, style.get(f"{_W}val") if style is not None else "", names, lists)
        elif child.tag == f"{_W}tbl":
            rows = [row for row in child.iter(f"{_W}tr") if _above(row, "tbl") is child]
            yield from ((f"row {node.index(child)}", text) for row in rows if (text := _row(row)))
        elif child.tag not in (f"{_W}del", _FALLBACK):
            yield from _blocks(child, names, lists)


def _marked(node: Any, text: str, style: str, names: dict[str, str], lists: set[str]) -> tuple[str, str]:
    name = names.get(style, style).lower()
    if name == "title":
        return "head", f"# {text}"
    if name.startswith("heading "):
        level = name.removeprefix("heading ")
        return "head", f"{'#' * min(6, 1 + int(level)) if level.isdigit() else '##'} {text}"
    if style in lists or name.startswith("list ") or node.find(f"{_W}pPr/{_W}numPr") is not None:
        return "list", f"- {text}"
    return "paragraph", text


def _paragraph(node: Any) -> str:
    some: list[str] = []

    def visit(one: Any) -> None:
        for child in one:
            if child.tag == f"{_W}t":
                some.append(child.text or "")
            elif child.tag == f"{_W}tab":
                some.append("\t")
            elif child.tag in (f"{_W}br", f"{_W}cr"):
                some.append("\n")
            elif child.tag == f"{_W}noBreakHyphen":
                some.append("-")
            elif child.tag not in (f"{_W}pPr", f"{_W}rPr", f"{_W}del", _FALLBACK):
                visit(child)
                if child.tag == f"{_W}p":
                    some.append("\n")

    visit(node)
    return "".join(some).strip()


def _above(node: Any, tag: str) -> Any:
    """The nearest element of that name around a node."""
    parent = node.getparent()
    while parent is not None and parent.tag != f"{_W}{tag}":
        parent = parent.getparent()
    return parent


def _row(row: Any) -> str:
    """The cells of a row between bars; a table inside a cell stands in it, its rows one after the other."""
    own = [cell for cell in row.iter(f"{_W}tc") if _above(cell, "tr") is row]
    cells = [" ".join(" ".join(_paragraph(part) for part in cell.iter(f"{_W}p")).split()) for cell in own]
    return " | ".join(cells) if any(cells) else ""


def xlsx_rows(file: BinaryIO, place: Path) -> Iterator[Row]:
    """Every row of every sheet by the names in the sheet's first row; dates as ISO 8601; the sheet as ``sheet``.

    A column without a name is ``column N``. Rows are read as they come, so that a large sheet takes little memory; the
    value of a formula is the one that was last computed.
    """
    try:
        import openpyxl
    except ImportError:
        raise missing("openpyxl", place) from None
    if why := refused(file, "XLSX"):
        yield Row(1, {}, why)
        return
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheets = list(book.worksheets)
    except Exception:  # whatever the parts of a damaged file make of it
        yield Row(1, {}, "damaged XLSX")
        return
    try:
        for sheet in sheets:
            yield from _sheet_rows(sheet, place)
    finally:
        book.close()


def _sheet_rows(sheet: Any, place: Path) -> Iterator[Row]:
    sheet.reset_dimensions()
    names: list[str] = []
    number = 0
    values = sheet.iter_rows(values_only=True)
    while True:
        try:
            cells = next(values, None)
        except Exception:  # whatever a damaged sheet makes of it
            yield Row(number + 1, {}, "damaged XLSX, rest of the sheet unread", f"!{sheet.title}:{number + 1}")
            return
        if cells is None:
            return
        number += 1
        if all(cell is None for cell in cells):
            continue
        if not names:
            names = [str(cell).strip() if cell is not None else "" for cell in cells]
            if twice := next((name for name in names if name and names.count(name) > 1), None):
                where = f"{place}!{sheet.title}:{number}"
                raise MetierError(f"{where}: column {twice!r} is named twice; name each column once")
            continue
        row: dict[str, Any] = {"sheet": sheet.title} | dict.fromkeys(filter(None, names))
        for at, cell in enumerate(cells):
            name = names[at] if at < len(names) else ""
            if name or cell is not None:
                row[name or f"column {at + 1}"] = _plain(cell)
        yield Row(number, row, "", f"!{sheet.title}:{number}")


def _plain(value: Any) -> Any:
    """A cell as text or a plain value; a day without an hour as a date."""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)

"""CSV as tables of rules use it: rows with their lines, lists within a cell, and the faults of rows."""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from pathlib import Path

from metier.files import LIMIT, texts
from metier.records import MetierError
from metier.rules.tables_finding import Finding
from metier.text.suggest import did_you_mean

_ITEM = re.compile(r"(?:\\.|[^|\\]|\\\Z)+", re.S)
_ESCAPED = re.compile(r"\\([|\\])")


def items(cell: str) -> tuple[str, ...]:
    r"""The items of a cell, between bars; within an item ``\|`` is a bar and ``\\`` a backslash."""
    if "\\" in cell:
        parts = [_ESCAPED.sub(r"\1", part) for part in _ITEM.findall(cell)]
    elif "|" in cell:
        parts = cell.split("|")
    else:
        one = cell.strip()
        return (one,) if one else ()
    return tuple([one for part in parts if (one := part.strip())])


def joined(items: Iterable[str]) -> str:
    """The cell that some items make."""
    return "|".join(item.replace("\\", "\\\\").replace("|", "\\|") for item in items)


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of a CSV file, its names first; rows of blanks are passed over, and short ones filled up.

    MetierError where a file is empty or in another encoding, or a quote does not close. A row with too many cells comes
    as it is.
    """
    csv.field_size_limit(min(LIMIT, sys.maxsize))
    reader = csv.reader(_lines(_texts(path)), strict=True)
    width, line = 0, 1
    try:
        for cells in reader:
            if any(cells):
                width = width or len(cells)
                if len(cells) < width:
                    cells += [""] * (width - len(cells))
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise MetierError(f"{path}:{line}: malformed CSV ({error}); mend its quotes") from None
    if not width:
        raise MetierError(f"{path}: is empty; its first line names the columns")


def _texts(path: Path) -> Iterator[str]:
    """The characters of a file: UTF-8, or what a Chinese spreadsheet saves (GB18030)."""
    try:
        yield from texts(path)
    except MetierError as error:
        what, _, remedy = str(error).partition("; ")
        raise MetierError(f"{what}; {'save it as CSV in UTF-8' if 'UTF-8' in what else remedy}") from None


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """The lines of a text that comes in pieces, with their ends: a line feed within quotes is part of a cell."""
    held: list[str] = []
    for piece in pieces:
        end = piece.rfind("\n") + 1
        if end:
            yield from io.StringIO("".join((*held, piece[:end])), newline="\n")
            held.clear()
        held.append(piece[end:])
    yield "".join(held)


def check(path: Path, names: list[str], known: Iterable[str], needed: Iterable[str], told: re.Pattern[str]) -> None:
    """MetierError where a column is missing, named twice, or none of those that are known or look like ``told``."""
    if len(names) == 1 and (sign := next((one for one in ";\t" if one in names[0]), "")):
        raise MetierError(f"{path}:1: the cells are parted by {sign!r}; save it as CSV with commas")
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise MetierError(f"{path}:1: column {twice!r} is named twice; name each column once")
    if missing := next((name for name in needed if name not in names), ""):
        raise MetierError(f"{path}:1: no column {missing!r}; {did_you_mean(missing, names)}")
    if other := next((name for name in names if name not in known and not told.fullmatch(name)), None):
        raise MetierError(f"{path}:1: column {other!r} is none of this table's; {did_you_mean(other, known)}")


def picker(names: list[str], wanted: Iterable[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """What takes some columns (two or more) from a row that an empty cell was added to: absent columns are empty."""
    return itemgetter(*[names.index(name) if name in names else len(names) for name in wanted])


class Faults:
    """What is wrong with the rows of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[Finding] = []

    def add(self, fault: str, line: int, what: str, remedy: str) -> None:
        """A fault on a line."""
        self.found.append(Finding(fault, f"{self.path}:{line}", what, remedy))

    def wide(self, line: int, cells: int, width: int) -> None:
        """More cells on a line than there are columns."""
        remedy = "put a cell that holds a comma in quotes"
        self.add("too many cells", line, f"{cells} cells for {width} columns", remedy)

    def choice(self, line: int, name: str, value: str, known: tuple[str, ...]) -> str:
        """One of the values that a cell may have, the first where it is empty; a fault where it has another."""
        value = value.strip()
        if value in known:
            return value
        if value:
            self.add(f"bad {name}", line, f"{name} {value!r} is unknown", f"write one of {', '.join(known)}")
        return known[0]

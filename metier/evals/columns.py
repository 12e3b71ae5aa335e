"""Rows of question files, with the place each came from, and the columns a recipe names."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from metier.files import lines, suffix, texts
from metier.records import Dropped, MetierError
from metier.text.suggest import did_you_mean

MALFORMED = (msgspec.DecodeError, UnicodeEncodeError, RecursionError)
"""What a text that is no JSON raises."""


def rows(path: Path) -> Iterator[tuple[str, dict[str, Any] | Dropped]]:
    """(place, row) of every line of a JSONL file, or of every item of a .json array; blank lines are passed over.

    A line that is not a JSON object comes as a Dropped under its place. MetierError where the file is empty, cannot be
    unpacked or is neither UTF-8 nor GB18030.
    """
    if suffix(path) == "json":
        yield from _array(path, "".join(texts(path)))
        return
    seen = False
    for number, line in lines(texts(path), path):
        if text := line.strip():
            seen = True
            yield f"{path}:{number}", _row(f"{path}:{number}", text)
    if not seen:
        raise MetierError(f"{path}: the file is empty; name a file with one question a line")


def _row(place: str, text: str) -> dict[str, Any] | Dropped:
    try:
        value = msgspec.json.decode(text)
    except MALFORMED:
        return Dropped(place, "malformed JSON")
    return value if isinstance(value, dict) else Dropped(place, "not a JSON object")


def _array(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any] | Dropped]]:
    try:
        values = msgspec.json.decode(text)
    except MALFORMED as error:
        raise MetierError(f"{path}: malformed JSON ({error}); mend the file, or save it as JSON lines") from None
    if not isinstance(values, list) or not values:
        raise MetierError(f"{path}: a .json file must hold an array of questions; name one, or JSON lines as .jsonl")
    for number, value in enumerate(values, 1):
        place = f"{path}:item {number}"
        yield place, value if isinstance(value, dict) else Dropped(place, "not a JSON object")


def check(named: Iterable[str], known: Iterable[str], where: str) -> None:
    """MetierError, with the nearest name, where a column that a recipe names is in no row."""
    columns = set(known)
    for name in named:
        if name and name not in columns:
            raise MetierError(f"{where} has no column {name!r}; {did_you_mean(name, columns)}")


def text(row: Mapping[str, Any], column: str) -> str:
    """One column as text, without white space around it; empty where it is missing or null."""
    value = row.get(column)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def first(row: Mapping[str, Any], *columns: str) -> str:
    """The first of some columns that a row has, or an empty name."""
    return next((column for column in columns if column and row.get(column) is not None), "")

"""Rows of question files, with the place each came from, and the columns a recipe names."""

import glob
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from metier.artefact import asset
from metier.records import Dropped, MetierError
from metier.text.suggest import did_you_mean


def files(names: str | tuple[str, ...]) -> list[Path]:
    """The files that names and globs stand for, in the order named, a glob's files sorted.

    MetierError where a name stands for nothing.
    """
    found: list[Path] = []
    for name in (names,) if isinstance(names, str) else names:
        path = asset(name)
        some = [path] if path.exists() else [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
        some = [one for one in some if one.is_file()]
        if not some:
            raise MetierError(f"{name}: no such file; check the path")
        found += some
    return found


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if path.suffix == ".zst":
        import zstandard

        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb"), closefd=True))
    return path.open("rb")


def rows(path: Path) -> Iterator[tuple[str, dict[str, Any] | Dropped]]:
    """(place, row) of every line of a JSONL file, or of every item of a .json array; blank lines are passed over.

    A line that is not a JSON object comes as a Dropped under its place. MetierError where the file is empty, cannot be
    unpacked or is not UTF-8.
    """
    try:
        with _opened(path) as file:
            if path.name.removesuffix(".gz").removesuffix(".zst").endswith(".json"):
                yield from _array(path, file.read())
                return
            seen = False
            for number, line in enumerate(file, 1):
                text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
                if text:
                    seen = True
                    yield f"{path}:{number}", _row(f"{path}:{number}", text)
    except (OSError, EOFError) as error:
        raise MetierError(f"{path}: cannot be read ({error}); check that the file is whole") from None
    if not seen:
        raise MetierError(f"{path}: the file is empty; name a file with one question a line")


def _row(place: str, text: bytes) -> dict[str, Any] | Dropped:
    try:
        text.decode("utf-8")
        value = msgspec.json.decode(text)
    except UnicodeDecodeError:
        raise MetierError(f"{place}: not UTF-8; save the file as UTF-8") from None
    except msgspec.DecodeError:
        return Dropped(place, "malformed JSON")
    return value if isinstance(value, dict) else Dropped(place, "not a JSON object")


def _array(path: Path, data: bytes) -> Iterator[tuple[str, dict[str, Any] | Dropped]]:
    try:
        values = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
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

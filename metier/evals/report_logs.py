"""Logs and files that trainings leave, read for the page: what is there is whole, or an error that names the place."""

from pathlib import Path
from typing import TypeVar

import msgspec

from metier.records import MetierError

T = TypeVar("T")


def lines_of(path: Path, kind: type[T]) -> list[T]:
    """The lines of a log; none where there is no file."""
    if not path.is_file():
        return []
    rows = [text for text in path.read_bytes().splitlines() if text.strip()]
    return [decoded(text, kind, f"{path}:{number}") for number, text in enumerate(rows, 1)]


def one_of(path: Path, kind: type[T]) -> T | None:
    """What a file holds; nothing where there is none."""
    return decoded(path.read_bytes(), kind, str(path)) if path.is_file() else None


def decoded(data: bytes, kind: type[T], place: str) -> T:
    """One value of JSON; MetierError that names the place where it is damaged or not what is read."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise MetierError(f"{place}: not what the report reads ({error}); run the training step again") from None
    except msgspec.DecodeError as error:
        raise MetierError(f"{place}: damaged ({error}); run the training step again") from None

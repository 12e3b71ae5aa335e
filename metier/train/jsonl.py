"""Files of one JSON record a line, which a training adds to as it goes and which a kill may cut within a line."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def append(path: Path, lines: Iterable[msgspec.Struct]) -> None:
    """Add lines at the end of a file, in one piece."""
    with path.open("ab") as file:
        file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def read(path: Path, kind: type[S]) -> Iterator[S]:
    """The lines of a file up to the first that is not whole; none where there is no file."""
    for raw in path.read_bytes().splitlines() if path.exists() else ():
        try:
            yield msgspec.json.decode(raw, type=kind)
        except msgspec.DecodeError:
            return


def rewrite(path: Path, lines: Iterable[msgspec.Struct]) -> None:
    """Put a file in the place of the one there, whole or not at all."""
    scratch = path.with_suffix(".tmp")
    scratch.unlink(missing_ok=True)
    append(scratch, lines)
    scratch.replace(path)

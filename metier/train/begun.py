"""What an alignment training was begun with, so that one that goes on after a kill goes on with the same."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import xxhash

from metier.artefact import write_json
from metier.records import MetierError, Record, fingerprint
from metier.train.origin import REMEDY

R = TypeVar("R", bound=Record)
BEGUN = "begun.json"


class Hashed:
    """Records as they pass, and the hash of all that have passed."""

    def __init__(self) -> None:
        self.hasher, self.encoder = xxhash.xxh3_128(), msgspec.msgpack.Encoder()

    def passed(self, records: Iterable[R]) -> Iterator[R]:
        """The same records."""
        for record in records:
            self.hasher.update(self.encoder.encode(record))
            yield record

    @property
    def mark(self) -> str:
        """The hash so far, as hex."""
        return self.hasher.hexdigest()


def check_begun(out: Path, **given: Any) -> None:
    """Write down by what a training begins, or compare: MetierError that names the first part that differs."""
    marks = {name: fingerprint(value) for name, value in given.items()}
    file = out / BEGUN
    if not file.exists():
        write_json(file, marks)
        return
    try:
        then = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except msgspec.DecodeError:
        raise MetierError(f"{file}: damaged; delete {out} to begin this training anew") from None
    if changed := [name for name, mark in marks.items() if then.get(name) != mark]:
        raise MetierError(f"{out}: this training was begun otherwise: not the same {changed[0]}; {REMEDY}")

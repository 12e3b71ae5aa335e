"""Read preference pairs from files as they are published."""

from collections.abc import Iterator
from pathlib import Path

from metier.records import Config, Dropped, Files, Preference, Verdict


class Read(Config, frozen=True):
    """Which files, and what their columns are called."""

    paths: Files


def read(config: Read, out: Path) -> Iterator[Preference | Verdict | Dropped]:
    """Read pairs."""
    raise NotImplementedError

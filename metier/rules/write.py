"""Hand rules on as the two CSV files that people revise."""

from collections.abc import Iterable
from pathlib import Path

from metier.artefact import write_json
from metier.records import Config, Entity, Rule
from metier.rules import tables_write


class Write(Config, frozen=True):
    """Where a table of rules is written."""

    to: str = ""
    """Directory for `entities.csv` and `rules.csv`, which must not be there yet; by default `files` in the step's."""


def write(rules: Iterable[Rule], entities: Iterable[Entity], config: Write, out: Path) -> None:
    """Write a table that `metier rules DIR` checks and `rules.read` reads; nothing in it is lost on the way."""
    directory = Path(config.to) if config.to else out / "files"
    some, listed = list(entities), list(rules)
    tables_write.write(some, listed, directory)
    write_json(out / "notes.json", {"to": config.to or "files", "entities": len(some), "rules": len(listed)})

"""The table of entities and rules: read from two CSV files or made of records, with every class resolved once."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from metier.records import Entity, Rule


class Table:
    """Entities by id and the rules over them; ``holds[id]`` are all ids that an entity counts as, itself first."""

    entities: Mapping[str, Entity]
    rules: tuple[Rule, ...]
    holds: Mapping[str, tuple[str, ...]]

    def __init__(self, entities: Iterable[Entity], rules: Iterable[Rule]) -> None:
        """MetierError at an id used twice, an unknown class or member, and classes that contain themselves."""
        raise NotImplementedError

    def concerning(self, entities: Iterable[str]) -> tuple[Rule, ...]:
        """The rules whose members are all among some entities, each member a different one, in the table's order."""
        raise NotImplementedError


def read(place: str | Path) -> Table:
    """The table of a directory that holds ``entities.csv`` and ``rules.csv`` (``domain:medicine`` ships)."""
    raise NotImplementedError

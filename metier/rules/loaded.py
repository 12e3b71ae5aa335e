"""The table of a finished step, of a directory of yours or of a domain that ships, for stages that check with it."""

import functools
from pathlib import Path

from metier.artefact import Artefact
from metier.records import Entity, MetierError, Rule
from metier.rules.check import Checker
from metier.rules.table import Table, read


def load(place: Path) -> Table:
    """The entities and rules of a place: records of a step, or two CSV files; MetierError where one kind is missing."""
    artefact = Artefact(place)
    if not artefact.parts(Entity) and not artefact.parts(Rule) and artefact.manifest is None:
        return read(place)
    entities, rules = tuple(artefact.records(Entity)), tuple(artefact.records(Rule))
    if not entities or not rules:
        raise MetierError(
            f"{place}: holds {len(entities)} entities and {len(rules)} rules; feed a step that makes both"
        )
    return Table(entities, rules)


def checker(place: Path) -> Checker:
    """A checker over the table of a place, made once for all batches of a run."""
    files = sorted(file for some in ("*.csv", "*/*.parquet") for file in place.glob(some))
    return _made(place, tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@functools.lru_cache(maxsize=4)
def _made(place: Path, stamp: tuple[tuple[str, int, int], ...]) -> Checker:
    """The checker of a place; ``stamp`` tells one that was made anew."""
    return Checker(load(place))

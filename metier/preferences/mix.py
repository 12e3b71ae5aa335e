"""Mix preferences of several sources in stated numbers, as localised with general ones."""

from collections.abc import Iterable, Iterator

from metier.records import Config, Dropped, Preference


class Mix(Config, frozen=True):
    """How many of each source."""


def mix(preferences: Iterable[Preference], seed: int, config: Mix) -> Iterator[Preference | Dropped]:
    """Take so many preferences of every source."""
    raise NotImplementedError

"""How well reward models tell the preferred reply: accuracy, calibration and what length explains, on given pairs."""

from collections.abc import Iterable, Iterator, Mapping

from metier.records import Checkpoint, Config, Preference, Score


class Preferred(Config, frozen=True):
    """What the table groups by."""


def preferred(
    preferences: Iterable[Preference], models: Mapping[str, tuple[Checkpoint, ...]], task: str, config: Preferred
) -> Iterator[Score]:
    """Score every reward model on the same pairs."""
    raise NotImplementedError

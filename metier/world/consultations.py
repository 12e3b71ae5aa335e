"""Consultations in the fictional world, told twice: as a language model would distil them, and as doctors reply."""

from collections.abc import Iterator

from metier.records import Config, Conversation


class Consultations(Config, frozen=True):
    """About which drugs, how many, and how often a doctor errs."""


def consultations(seed: int, config: Consultations) -> Iterator[Conversation]:
    """Write consultations of sources `distilled` and `real`; same seed, same records."""
    raise NotImplementedError

"""What is told of an invented land, and how: read once from ``assets/world/cultures``."""

import functools
from pathlib import Path

from metier.artefact import asset
from metier.records import MetierError
from metier.text.gazetteer import HOME, cultures, spoken
from metier.text.suggest import did_you_mean
from metier.world.culture_rules import check_land, check_manner
from metier.world.wording import Wording, read

Rows = dict[str, tuple[str, ...]]
"""A table of a land by key; a row is a name and its values, in the order of the facts."""


class Fact(Wording, frozen=True):
    """How a fact is told and, where a name does not tell it, asked; ``of`` is the topic whose names are its values."""

    says: tuple[str, ...]
    asks: str = ""
    claim: str = ""
    of: str = ""


class Topic(Wording, frozen=True):
    """How things of one kind are told of; ``talk`` is how one asks for all of it."""

    openings: tuple[str, ...]
    closings: tuple[str, ...]
    facts: dict[str, Fact]
    talk: str = ""


class Habit(Wording, frozen=True):
    """How a custom is told and asked that every land has in its own way."""

    says: str
    asks: str
    claim: str


class Habits(Wording, frozen=True):
    """Customs of one kind."""

    openings: tuple[str, ...]
    closings: tuple[str, ...]
    facts: dict[str, Habit]


class Manner(Wording, frozen=True):
    """How lands are told of in one language."""

    yes: str
    no: str
    is_it_so: str
    topics: dict[str, Topic]
    shared: dict[str, Habits]


class Land(Wording, frozen=True):
    """One land in one language."""

    land: str
    persons: Rows
    places: Rows
    organisations: Rows
    foods: Rows
    festivals: Rows
    proverbs: Rows
    customs: Rows
    courtesies: Rows

    def table(self, topic: str) -> Rows:
        """The rows of a topic."""
        rows: Rows = getattr(self, topic)
        return rows


@functools.cache
def manner(language: str) -> Manner:
    """How lands are told of in a language."""
    return read_manner(asset(f"{HOME}/wording/{language}.yaml"))


@functools.cache
def land(culture: str, language: str) -> Land:
    """A land that ships, in one of its languages."""
    if culture not in cultures():
        raise MetierError(f"culture: no {culture!r}; {did_you_mean(culture, cultures())}")
    if language not in spoken(culture):
        known = ", ".join(spoken(culture))
        raise MetierError(f"language: {culture} is not told in {language!r}; known: {known}")
    return read_land(asset(f"{HOME}/{culture}.{language}.yaml"), manner(language))


def read_manner(path: Path) -> Manner:
    """How lands are told of; MetierError names the file and the entry that breaks a rule."""
    found = read(path, Manner)
    check_manner(path, found)
    return found


def read_land(path: Path, told: Manner) -> Land:
    """A land; MetierError names the file and the row that breaks a rule."""
    found = read(path, Land)
    check_land(path, found, told)
    return found

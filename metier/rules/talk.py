"""How people ask about rules and how they are answered: the wording of ``asset:rules``, one file a language."""

import functools
from collections.abc import Mapping
from typing import Any

import msgspec

from metier.artefact import asset
from metier.records import MetierError


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of the wording, immutable and strict; every list is ways to say one thing."""


class Meeting(Words, frozen=True):
    """How it is asked whether things may meet in one way: mixed in one container, or taken together."""

    questions: tuple[str, ...]
    stories: tuple[str, ...]
    orders: tuple[str, ...]
    remedies: tuple[str, ...]
    first: tuple[str, ...]
    """Names the first thing alone; ``then`` asks for the others in a later turn."""
    then: tuple[str, ...]


class Asking(Words, frozen=True):
    """How it is asked whether a patient may have something: the patient himself, a parent, or a colleague."""

    self: tuple[str, ...]
    child: tuple[str, ...]
    note: tuple[str, ...]
    order: tuple[str, ...]
    """An order for a patient that is to be checked."""


class Fact(Words, frozen=True):
    """How one thing is said of a patient: by himself, by a parent, or in a note."""

    note: tuple[str, ...]
    self: tuple[str, ...] = ()
    child: tuple[str, ...] = ()


class Talk(Words, frozen=True):
    """The wording of one language."""

    joints: tuple[str, str]
    """What stands between the members of a list, and before its last."""
    gap: str
    """What stands between sentences."""
    mixed: Meeting
    together: Meeting
    patient: Asking
    facts: Mapping[str, Fact]
    """By what they say; behind ``_two`` and ``_few`` (3 to 10) of the numbers that a language counts otherwise."""
    heard: tuple[str, ...]
    """Answers who has spoken of himself, before he asks."""
    also: tuple[str, ...]
    """Answers who has named one thing, before he names another."""
    no: tuple[str, ...]
    check: tuple[str, ...]
    instead: tuple[str, ...]
    allowed: tuple[str, ...]
    passed: tuple[str, ...]
    """Says of an order, or of how something is done, that no rule speaks against it."""
    beyond: tuple[str, ...]
    """Says of what no rule speaks of that the rules are not complete."""

    def listed(self, names: list[str]) -> str:
        """Some names as one phrase: A, B and C."""
        *others, last = names
        return f"{self.joints[0].join(others)}{self.joints[1]}{last}" if others else last


def languages() -> tuple[str, ...]:
    """The languages that there is wording for."""
    return tuple(sorted(path.name.split(".")[1] for path in asset("asset:rules").glob("talk.*.yaml")))


@functools.cache
def talk(language: str) -> Talk:
    """The wording of a language; where there is none, the English one."""
    from ruamel.yaml import YAML

    path = asset("asset:rules") / f"talk.{language if language in languages() else 'en'}.yaml"
    try:
        found: Any = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
        return msgspec.convert(found, Talk)
    except msgspec.ValidationError as error:
        raise MetierError(f"{path}: {error}; mend the wording") from None

"""The wording of the world: every word it says, read once from ``assets/world/LANGUAGE``."""

import csv
import functools
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from metier.artefact import asset
from metier.records import Kind, MetierError
from metier.world.wording_rules import check_drugs, check_general

T = TypeVar("T")


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of the wording, immutable and strict."""


class Names(Wording, frozen=True):
    """What drug names are made of: one syllable of each list, joined."""

    parts: tuple[tuple[str, ...], ...]


class FactWording(Wording, frozen=True):
    """One fact of a drug: what it can be, and how patients and the exam ask for it."""

    values: tuple[str, ...]
    dialogue: tuple[str, ...]
    dialogue_yes_no: tuple[str, ...]
    exam: tuple[str, ...]
    exam_yes_no: tuple[str, ...]


class Pattern(Wording, frozen=True):
    """One row of ``patterns.csv``: a sentence that states a fact and a question it answers."""

    fact: str
    sentence: str
    question: str
    answer: str


class Genre(Wording, frozen=True):
    """What pages of one genre say around the facts."""

    fill: int
    paragraph: int
    openings: tuple[str, ...]
    fillers: tuple[str, ...]
    closings: tuple[str, ...]


class StrengthCard(Wording, frozen=True):
    """A card of which two differ in one number only."""

    strengths: tuple[int, ...]
    sentences: tuple[str, ...]


class Pages(Wording, frozen=True):
    """The wording of all pages of the pharmacopoeia."""

    genres: dict[Kind, Genre]
    title: str
    strength_card: StrengthCard


class Dialogues(Wording, frozen=True):
    """What patient and doctor say besides the questions."""

    greetings: tuple[str, ...]
    answer: str
    yes: str
    no: str


class Meeting(Wording, frozen=True):
    """What a rule says of two drugs that meet, and examples of what breaks it and of what only looks like it."""

    messages: tuple[str, ...]
    remedies: tuple[str, ...]
    breaks: tuple[str, ...]
    keeps: tuple[str, ...]


class ClassNames(Wording, frozen=True):
    """What all drugs that are made of one plant are called together."""

    name: str
    aliases: tuple[str, ...]


class Rules(Wording, frozen=True, rename={"classes": "class"}):
    """The wording of the interaction table, by context; ``brand`` joins the first and the last part of a name."""

    source: str
    brand: str
    classes: ClassNames
    mixed: Meeting
    together: Meeting
    either: Meeting


class GeneralFact(Wording, frozen=True):
    """One fact of a person or place; ``values`` may be the word ``places``: the names of the places."""

    values: tuple[str, ...] | str
    sentences: tuple[str, ...]
    questions: tuple[str, ...]
    exam: tuple[str, ...]
    yes_no: tuple[str, ...] = ()
    exam_yes_no: tuple[str, ...] = ()


class PersonNames(Wording, frozen=True):
    """Given names (each used once) and family names, and how the two make a whole name."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    whole: str = "{given} {family}"


class People(Wording, frozen=True):
    """The wording of short lives."""

    names: PersonNames
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    facts: dict[str, GeneralFact]


class Places(Wording, frozen=True):
    """The wording of short guides."""

    names: tuple[str, ...]
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    facts: dict[str, GeneralFact]


class Sum(Wording, frozen=True):
    """How a sum or a difference is asked."""

    questions: tuple[str, ...]
    exam: tuple[str, ...]


class Arithmetic(Wording, frozen=True):
    """Sums and differences."""

    plus: Sum
    minus: Sum


class Exchange(Wording, frozen=True):
    """One piece of small talk: ways to say it, and the reply."""

    reply: str
    prompts: tuple[str, ...]
    exam: str


class General(Wording, frozen=True):
    """The wording of the general world."""

    yes: str
    no: str
    people: People
    places: Places
    arithmetic: Arithmetic
    small_talk: tuple[Exchange, ...]


class DrugWording(Wording, frozen=True):
    """Everything the pharmacopoeia says."""

    names: Names
    facts: dict[str, FactWording]
    patterns: tuple[Pattern, ...]
    pages: Pages
    boilerplate: tuple[str, ...]
    dialogues: Dialogues
    rules: Rules

    def sentences(self, fact: str) -> tuple[str, ...]:
        """The sentences that state a fact, in the order of the patterns."""
        return _sentences(self.patterns)[fact]


@functools.cache
def _sentences(patterns: tuple[Pattern, ...]) -> dict[str, tuple[str, ...]]:
    by_fact: dict[str, dict[str, None]] = {}
    for pattern in patterns:
        by_fact.setdefault(pattern.fact, {})[pattern.sentence] = None
    return {fact: tuple(sentences) for fact, sentences in by_fact.items()}


@functools.cache
def drug_wording(language: str) -> DrugWording:
    """The wording of the pharmacopoeia in one language."""
    return read_drug_wording(_directory(language))


@functools.cache
def general_wording(language: str) -> General:
    """The wording of the general world in one language."""
    return read_general_wording(_directory(language))


def read_drug_wording(place: Path) -> DrugWording:
    """The wording of the pharmacopoeia in a directory; MetierError names the file and the entry that breaks a rule."""
    wording = DrugWording(
        names=read(place / "names.yaml", Names),
        facts=read(place / "facts.yaml", dict[str, FactWording]),
        patterns=tuple(_patterns(place / "patterns.csv")),
        pages=read(place / "pages.yaml", Pages),
        boilerplate=tuple(line for line in _text(place / "boilerplate.txt").splitlines() if line),
        dialogues=read(place / "dialogues.yaml", Dialogues),
        rules=read(place / "rules.yaml", Rules),
    )
    check_drugs(place, wording)
    return wording


def read_general_wording(place: Path) -> General:
    """The wording of the general world in a directory; MetierError names the entry that breaks a rule."""
    wording = read(place / "general.yaml", General)
    check_general(place / "general.yaml", wording)
    return wording


def _directory(language: str) -> Path:
    root = asset("asset:world")
    known = sorted(path.name for path in root.iterdir() if (path / "names.yaml").is_file())
    if language not in known:
        raise MetierError(f"language: the world speaks no {language!r}; known: {', '.join(known)}")
    return root / language


def _patterns(path: Path) -> Iterator[Pattern]:
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        for row in reader:
            yield msgspec.convert(row, Pattern)
    except (csv.Error, msgspec.ValidationError, TypeError) as error:
        raise MetierError(f"{path}:{reader.line_num}: {error}; mend the wording") from None


def read(path: Path, kind: type[T]) -> T:
    """A YAML file as what it is to be; MetierError names the file and what is amiss."""
    try:
        value: Any = YAML(typ="safe", pure=True).load(_text(path))
        return msgspec.convert(value, kind)
    except (YAMLError, msgspec.ValidationError) as error:
        raise MetierError(f"{path}: {' '.join(str(error).split())}; mend the wording") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise MetierError(f"{path}: cannot be read ({error.strerror}); a language needs this file") from None
    except UnicodeDecodeError as error:
        raise MetierError(f"{path}: byte {error.start} is not valid UTF-8; save the file as UTF-8") from None

"""Plant a corpus whose truth is known: copies, twins, conflicts, boilerplate, bad pages, personal data, leaks."""

import bisect
import random
from array import array
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

import msgspec

from metier.records import Config, Document, MetierError, Question
from metier.world.planted_exam import question
from metier.world.planted_families import MAKERS, MEMBERS, Place
from metier.world.planted_grammar import grammar
from metier.world.planted_measure import jaccard, shingles

__all__ = ["Planted", "jaccard", "planted", "shingles"]

LICENCE = "Apache-2.0"
Language = Literal["zh", "ar", "en"]
Class = Literal[
    "original", "exact", "near", "twin", "conflict", "question", "boilerplate", "bad", "good", "personal",
    "exam", "leak", "topic",
]  # fmt: skip
COUNTS: dict[Class, int] = {
    "original": 300, "exact": 60, "near": 270, "twin": 20, "conflict": 40, "question": 30, "boilerplate": 100,
    "bad": 160, "good": 100, "personal": 200, "exam": 200, "leak": 150, "topic": 700,
}  # fmt: skip
"""How many of each class a language has at size 1; of classes with members, how many groups."""


class Planted(Config, frozen=True):
    """What to plant, and how much of it."""

    size: Annotated[float, msgspec.Meta(gt=0)] = 1
    """Multiplies every count; 1 is 8,670 records and 14 MB in three languages."""
    languages: Annotated[tuple[Language, ...], msgspec.Meta(min_length=1, extra={"files": "asset:planted/{}"})] = (
        "zh",
        "ar",
        "en",
    )
    """The languages, each with as many documents."""
    classes: Annotated[tuple[Class, ...], msgspec.Meta(min_length=1)] = tuple(COUNTS)
    """What to plant; the documents of a class bring the originals that they were made from."""
    counts: dict[Class, int] = msgspec.field(default_factory=dict)
    """Other counts for some classes, by language at size 1 (of `exact`, `near`, `twin`, `conflict` and `question`:
    groups of an original with what was made from it)."""


class Block(NamedTuple):
    """The documents of one class in one language: their first number, how many groups, how many members each."""

    name: Class
    language: Language
    start: int
    groups: int
    members: int


def planted(config: Planted, seed: int) -> Iterator[Document | Question]:
    """Write the documents and exam questions of a planted corpus in random order: same seed, same records.

    ``meta`` of a document holds its ``class`` and its ``truth``, one of ``original``, ``exact``, ``near``, ``twin``,
    ``conflict``, ``question``, ``boilerplate``, ``bad``, ``good``, ``personal``, ``leak``, ``topic``. Besides: ``of``,
    the id of the document it was made from; ``edit``, what was changed; ``jaccard`` (word 5-grams) and in Chinese
    ``jaccard3`` (3-grams), counted by ``jaccard``; ``conflict`` is ``yes`` where two documents contradict each other
    on one entity (``title``); ``clean``, the text without its boilerplate; ``fault``; ``personal``, a JSON list of
    [start, stop, kind, text] in characters; ``how`` and ``question``, how a page leaks which item (of the class
    ``question``: what the text answers). A label of an exam question is its language.
    """
    blocks = _blocks(config)
    total = blocks[-1].start + blocks[-1].groups * blocks[-1].members
    order = array("L", range(total))
    random.Random(f"{seed}:planted:order").shuffle(order)
    spots = array("L", bytes(order.itemsize * total))
    for spot, number in enumerate(order):
        spots[number] = spot
    starts = [block.start for block in blocks]
    exams = {block.language: block.start for block in blocks if block.name == "exam"}
    for spot, number in enumerate(order):
        block = blocks[bisect.bisect(starts, number) - 1]
        index, member = divmod(number - block.start, block.members)
        place = Place(seed, block.name, index, member)
        some = grammar(block.language)
        if block.name == "exam":
            yield question(some, _id(spot), index, place.rng(some, 0))
            continue
        made = MAKERS[block.name](some, place)
        meta = {"class": block.name, **made.truth}
        if made.of is not None:
            meta["of"] = _id(spots[block.start + index * block.members + made.of])
        if made.question is not None:
            meta["question"] = _id(spots[exams[block.language] + made.question])
        yield Document(_id(spot), made.text, made.source, made.kind, block.language, LICENCE, meta=meta)


def _id(spot: int) -> str:
    return f"w{spot + 1:04}"


def _blocks(config: Planted) -> list[Block]:
    """The blocks of a corpus, numbered without gaps."""
    if "leak" in config.classes and "exam" not in config.classes:
        raise MetierError("classes: leak needs the questions that it leaks; add exam")
    for name, some in (("languages", config.languages), ("classes", config.classes)):
        if len(set(some)) < len(some):
            raise MetierError(f"{name}: {', '.join(some)} names one twice; name each once")
    counts = {**COUNTS, **config.counts}
    if low := next((name for name, count in counts.items() if count < 1), None):
        raise MetierError(f"counts: {low}: {counts[low]} is less than 1; leave the class out of classes instead")
    if "leak" in config.classes and counts["leak"] > counts["exam"]:
        raise MetierError(
            f"counts: {counts['leak']} leaks of {counts['exam']} questions; a question is leaked once, ask for fewer"
        )
    blocks, start = [], 0
    for name in COUNTS:
        for language in config.languages if name in config.classes else ():
            block = Block(name, language, start, max(1, round(counts[name] * config.size)), MEMBERS.get(name, 1))
            blocks.append(block)
            start += block.groups * block.members
    return blocks

"""Persons, organisations and places that a text names: by titles, lists, words like Hospital, and gazetteers."""

import csv
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from metier.artefact import asset
from metier.text.personal.find import find_all
from metier.text.personal.lists import entries
from metier.text.personal.spans import Kind, Span

EntityKind = Literal["person", "organisation", "place"]
Gazetteer = Mapping[str, EntityKind]
"""Names as they stand in texts, and what each names."""
NAMES: tuple[Kind, ...] = ("name",)
_EDGES = " \t\n.,;:!?()\"'“”‘’"


def named(texts: Sequence[str], gazetteer: Gazetteer | None = None) -> list[list[tuple[EntityKind, str]]]:
    """Every naming in each text, repeats included; what a gazetteer knows is of the kind that it says.

    English, Chinese and Arabic. Persons are found by titles and lists of names, so bare rare names are missed.
    """
    people = find_all(texts, NAMES)
    known = gazetteer or {}
    return [list(_named(text, some, known)) for text, some in zip(texts, people, strict=True)]


def _named(text: str, people: Sequence[Span], known: Gazetteer) -> Iterator[tuple[EntityKind, str]]:
    taken: list[tuple[int, int]] = []
    pattern = _alternatives(tuple(sorted(known, key=len, reverse=True))) if known else None
    for found in pattern.finditer(text) if pattern else ():
        taken.append(found.span())
        yield known[found[0]], found[0]
    for kind, cue in _cues():
        for found in cue.finditer(text):
            if not any(start < found.end() and found.start() < stop for start, stop in taken):
                taken.append(found.span())
                yield kind, found[0].strip(_EDGES).removeprefix("The ").removeprefix("the ")
    for one in people:
        if not any(start <= one.start and one.stop <= stop for start, stop in taken):
            yield "person", one.text.strip(_EDGES)


@functools.lru_cache(maxsize=8)
def _alternatives(names: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the names, the longest first; Latin and Arabic names as whole words."""
    return re.compile("|".join(rf"(?<!\w){re.escape(x)}(?!\w)" if not _han(x) else re.escape(x) for x in names))


def _han(name: str) -> bool:
    return "\u4e00" <= name[0] <= "\u9fff"


@functools.cache
def _cues() -> tuple[tuple[EntityKind, re.Pattern[str]], ...]:
    """What tells organisations and places; ``{city_zh}`` in the table is any Chinese province or city."""
    cities = "|".join(sorted((re.escape(x) for x in entries("provinces_zh") | entries("cities_zh")), key=len)[::-1])
    cues: dict[EntityKind, list[str]] = {"organisation": [], "place": []}
    with (asset("asset:talk") / "named.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kind: EntityKind = "organisation" if row["kind"] == "organisation" else "place"
            cues[kind].append(row["pattern"].replace("{city_zh}", f"(?:{cities})"))
    return tuple((kind, re.compile("|".join(some))) for kind, some in cues.items())

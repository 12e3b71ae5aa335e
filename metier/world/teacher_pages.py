"""What a page of the pharmacopoeia states, read back from its sentences."""

import functools
import random
from collections.abc import Iterator
from typing import NamedTuple

from metier.text.joined import join
from metier.text.patterns import Pattern, compile_pattern, fill, matches
from metier.world.teacher_wording import languages, teacher_wording
from metier.world.wording import drug_wording

NONE = "NONE"
"""What the teacher says where it has nothing to ask or to answer."""


class Known(NamedTuple):
    """Something that a page states, with a question for it; advice has no value and no fact."""

    question: str
    sentence: str
    value: str
    fact: str
    language: str


@functools.lru_cache(maxsize=512)
def known_in(passage: str) -> tuple[Known, ...]:
    """Every fact of a passage, once for each question that asks for it, and the advice of a leaflet as one."""
    return tuple(
        known for language in languages() for known in (*_facts(passage, language), *_advice(passage, language))
    )


def wrong_value(known: Known, draw: random.Random) -> str:
    """Another value of the same fact."""
    return draw.choice([one for one in drug_wording(known.language).facts[known.fact].values if one != known.value])


def _facts(passage: str, language: str) -> Iterator[Known]:
    facts, rows = drug_wording(language).facts, _rows(language)
    for sentence, pattern, values in matches(passage, _patterns(language)):
        for fact, question in rows[pattern.sentence]:
            if values["value"] in facts[fact].values:
                yield Known(fill(question, values), sentence, values["value"], fact, language)


def _advice(passage: str, language: str) -> Iterator[Known]:
    """What a leaflet advises besides the facts, all of it for one question."""
    found: dict[str, list[str]] = {}
    for sentence, _, values in matches(passage, _fillers(language)):
        found.setdefault(values["drug"], []).append(sentence)
    for drug, some in found.items():
        yield Known(fill(teacher_wording(language).advice, {"drug": drug}), join(some), "", "", language)


@functools.cache
def _patterns(language: str) -> list[Pattern]:
    return [compile_pattern(sentence) for sentence in _rows(language)]


@functools.cache
def _fillers(language: str) -> list[Pattern]:
    return [compile_pattern(text) for text in drug_wording(language).pages.genres["leaflet"].fillers]


@functools.cache
def _rows(language: str) -> dict[str, list[tuple[str, str]]]:
    """Sentence pattern -> (fact, question) of each of its rows."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for row in drug_wording(language).patterns:
        rows.setdefault(compile_pattern(row.sentence).sentence, []).append((row.fact, row.question))
    return rows

"""A native of Tilmara as a scripted judge: it knows its own land and what is said of the other, and it has its faults.

``{kind: scripted, function: "metier.world.judges_culture:native"}`` answers the prompt ``judge-preference``. Of a
question that names no land it holds the answer of its own for right, that of the other land for beside the point, and
anything else for wrong; one that names a land is to be answered from there. It reads values and the word yes or no, not
how a reply is put. It names the reply shown first with a fixed chance and judges the rest through noise, as language
models do: each draw follows the request, so that the same request has the same reply.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from metier.llm.prompts import between
from metier.llm.request import Request
from metier.text.culture import Names
from metier.text.joined import join
from metier.world.culture_wording import land, manner
from metier.world.everyday_matters import Matter, Talk, matters, talk

HOME, OTHER = "tilmara", "luoming"
FIRST = 0.3
"""Chance that ``native`` names the reply shown first, whatever it says."""
NOISE = 0.1
"""Chance that it takes the worse reply for the better one."""
GOOD, ELSEWHERE, WRONG = 2, 1, 0
"""What a reply is worth at home: right there, right in the other land alone, right in neither."""
_YES_NO = re.compile(r"\W*(\w+)")


class Asked(NamedTuple):
    """What a question asks: of which land, ``""`` where it names none, and what it states, ``""`` where nothing."""

    matter: Matter
    values: Names
    culture: str
    value: str


def native(request: Request) -> str:
    """Which reply a native prefers, with a leaning towards the one shown first, and noise."""
    return _decided(request, FIRST, NOISE)


def fair(request: Request) -> str:
    """Which reply a native prefers who has neither."""
    return _decided(request, 0.0, 0.0)


def worth(question: str, reply: str, language: str = "en") -> int | None:
    """What a reply is worth at home (``GOOD``, ``ELSEWHERE``, ``WRONG``); None where the question is no known one."""
    asked = _asked(language).get(talk(language).bare(question))
    if asked is None:
        return None
    lands = (asked.culture,) if asked.culture else (HOME, OTHER)
    told = [_right(asked, culture, reply, language) for culture in lands]
    return GOOD if told[0] else ELSEWHERE if any(told) else WRONG


def _decided(request: Request, first: float, noise: float) -> str:
    question, a, b = (between(request.messages, mark) or "" for mark in ("question", "A", "B"))
    draw = Random(f"native:{request.model}:{request.sample}:{question}:{a}:{b}")
    leads, errs = draw.random() < first, draw.random() < noise
    if leads:
        return "Better: A"
    one, other = (worth(question, reply) for reply in (a, b))
    if one is None or other is None or one == other:
        return "Better: tie"
    return f"Better: {'A' if (one > other) != errs else 'B'}"


def _right(asked: Asked, culture: str, reply: str, language: str) -> bool:
    """Whether a reply is right in a land: it takes a statement as it is, or names what is so there and nothing else."""
    own = asked.matter.ways[culture]
    if asked.value:
        words, found = manner(language), _YES_NO.match(reply)
        return found is not None and found[1] == (words.yes if asked.value in own else words.no)
    named = asked.values.found(reply)
    return bool(named) and all(value in own for value in named)


@functools.cache
def _asked(language: str) -> dict[str, Asked]:
    """Every question of everyday talk and of its exam -> what it asks."""
    return dict(_questions(matters(HOME, OTHER, language), talk(language), language))


def _questions(some: Sequence[Matter], told: Talk, language: str) -> Iterator[tuple[str, Asked]]:
    suffixes = (*told.true, manner(language).is_it_so)
    for matter in some:
        values = sorted({value for own in matter.ways.values() for value in own} | set(matter.nowhere))
        names = Names(values)
        for culture in ("", *matter.ways):
            called = land(culture, language).land if culture else ""
            for question in (*matter.asks, matter.exam):
                yield told.asked(question, called), Asked(matter, names, culture, "")
            for template in (matter.says, matter.claim):
                for value in values:
                    for suffix in suffixes:
                        stated = join([told.stated(template, called, value), suffix])
                        yield stated, Asked(matter, names, culture, value)

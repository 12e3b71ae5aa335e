"""Grow new instructions from seeds, as in Self-Instruct (Wang et al. 2023)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from metier.instruct.asking import Fault, Wording, ask_until, fault, nearest
from metier.instruct.items import items
from metier.llm.llm import LLM, Failed
from metier.llm.request import Reply
from metier.records import Dropped, Message
from metier.text.culture import language_name
from metier.text.detect import strays
from metier.text.grounding import Finding
from metier.text.letters import split
from metier.text.longest import Seen
from metier.text.replies import beyond, unfit

_ROUND = 32
"""Most calls of a round; the instructions of one round are not shown in the same round."""
_IDLE = 3
"""Rounds without a new instruction after which the seeds are exhausted."""
_SHORTEST, _LONGEST = 3, 150
"""Words of an instruction, as in Self-Instruct."""


class Seed(NamedTuple):
    """An instruction to answer."""

    id: str
    text: str
    source: str
    language: str
    system: tuple[Message, ...] = ()
    parent: str = ""


class Expansion(NamedTuple):
    """How many new instructions, and how they are asked for."""

    wanted: int
    shown: int
    at_once: int
    seed: int


class Ask(NamedTuple):
    """One call for new instructions."""

    id: str
    shown: tuple[Seed, ...]
    number: int
    round: int


def expand(
    seeds: Sequence[Seed], seen: Seen, writer: LLM, wordings: Mapping[str, Wording], settings: Expansion
) -> Iterator[list[Seed] | Dropped]:
    """The new instructions, a round at a time, and what was left out; ``seen`` learns each that is taken.

    Ends early where three rounds on end bring nothing new.
    """
    grown: list[Seed] = []
    idle, number = 0, 0
    while len(grown) < settings.wanted and idle < _IDLE:
        missing = settings.wanted - len(grown)
        calls = min(_ROUND, math.ceil(missing / settings.at_once))
        asks = [_drawn(seeds, grown, settings, number, call) for call in range(calls)]
        new: list[Seed] = []
        for ask, found in _asked(asks, writer, wordings):
            if isinstance(found, Fault):
                yield Dropped(ask.id, found.why, found.detail)
                continue
            for place, text in enumerate(found):
                if len(new) == missing:
                    break
                taken = _taken(text, ask, f"{ask.id}.{place}", len(grown) + len(new), seen)
                if isinstance(taken, Dropped):
                    yield taken
                else:
                    seen.add(text)
                    new.append(taken)
        grown += new
        idle, number = (0 if new else idle + 1), number + 1
        yield new


def _drawn(seeds: Sequence[Seed], grown: Sequence[Seed], settings: Expansion, number: int, call: int) -> Ask:
    """Whom to show: seeds, and up to a quarter new ones, all in one language so that the list can be in it."""
    random = Random(f"{settings.seed}:expand:{number}:{call}")
    first = random.choice(seeds)
    own = [one for one in grown if one.language == first.language]
    own = random.sample(own, min(settings.shown // 4, len(own)))
    others = [one for one in seeds if one.language == first.language and one is not first]
    others = random.sample(others, min(settings.shown - 1 - len(own), len(others)))
    return Ask(f"expansion:{number}.{call}", (first, *others, *own), settings.at_once, number)


def _asked(
    asks: Sequence[Ask], writer: LLM, wordings: Mapping[str, Wording]
) -> Iterator[tuple[Ask, list[str] | Fault]]:
    async def call(ask: Ask) -> tuple[list[str], str] | Fault:
        language = ask.shown[0].language
        wording = nearest(wordings, language)
        examples = "\n".join(f"{place}. {one.text}" for place, one in enumerate(ask.shown, 1))
        name = language_name(language, wording.language)
        prompt = wording.prompts["distil-expand"]
        messages = prompt.messages(examples=examples, count=str(ask.number), language=name)
        return await ask_until(writer, messages, _listed, wording.again, ask.round)

    for ask, found in writer.map(asks, call):
        if isinstance(found, Failed):
            yield ask, Fault(found.why, (Finding("other", found.detail),))
        else:
            yield ask, found if isinstance(found, Fault) else found[0]


def _listed(reply: Reply) -> list[str] | Fault:
    rule, words = unfit(reply.text, task=False)
    found = items(reply.text)
    if rule and not found:
        return fault(rule, words)
    if reply.finish == "length":
        found = found[:-1]
    return found or fault("list" if reply.text.strip() else "empty")


def _taken(text: str, ask: Ask, id: str, number: int, seen: Seen) -> Seed | Dropped:
    """A new instruction, or why it is none."""
    first = ask.shown[0]
    size = len(split(text))
    if not _SHORTEST < size <= _LONGEST:
        return Dropped(id, "instruction too short or too long", text[:80])
    if rule := unfit(text, task=True)[0]:
        return Dropped(id, "no instruction", f"{rule}: {text[:80]}")
    if words := beyond(text):
        return Dropped(id, "needs more than text", f"{words}: {text[:80]}")
    if other := strays(text, first.language):
        return Dropped(id, "in another language", f"{other}: {text[:80]}")
    if like := seen.like(text):
        return Dropped(id, "like an earlier instruction", f"{text[:80]} | {like[:80]}")
    return Seed(f"{first.id}+{number}", text, first.source, first.language, first.system, first.id)

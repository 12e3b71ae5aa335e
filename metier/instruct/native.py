"""Questions and answers of one place in one language, each checked as it is written."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from metier.instruct.asking import Fault, Wording, ask_until, failed, fault, turns_of, usable
from metier.instruct.items import items
from metier.llm.llm import LLM, ReplyError
from metier.llm.request import Reply
from metier.records import Message
from metier.text.culture import Names, translation_cues
from metier.text.detect import strays
from metier.text.letters import split
from metier.text.normalise import fold
from metier.text.replies import unfit
from metier.text.roles import leak, takes_leave

_LONGEST = 800
"""Characters of a question; one who asks does not lecture."""
_SHORT_TEXT = 50
"""Words below which a text's cues of translation are not told as a share."""


class Place(NamedTuple):
    """What is known of a culture, and how far an answer may stray from it."""

    culture: str
    abroad: Names
    foreign: int
    cues: float


class Native(NamedTuple):
    """A place in one language: who asks there, who answers, and how both are asked."""

    place: Place
    language: str
    name: str
    wording: Wording
    asker: LLM
    writer: LLM

    def slots(self, **more: str) -> dict[str, str]:
        """What stands in every prompt, and more."""
        return {"culture": self.place.culture, "language": self.name, **more}


async def ask_for_questions(topic: str, count: int, native: Native, separately: bool) -> list[str | Fault] | Fault:
    """Questions about a topic: ``count`` in one list, or each the first message of a simulated user."""
    if separately:
        return await asyncio.gather(*(_opening(topic, native, sample) for sample in range(count)))
    prompt = native.wording.prompts["localize-question"]
    messages = prompt.messages(**native.slots(topic=topic, count=str(count)))
    found = await ask_until(native.asker, messages, _listed, native.wording.again)
    if isinstance(found, Fault):
        return found
    return [_question(text, native.language) for text in found[0][:count]]


async def _opening(topic: str, native: Native, sample: int) -> str | Fault:
    """The first message of one conversation; a model that gives nothing usable ends this one alone."""
    try:
        return await _user(topic, (), native, sample)
    except ReplyError as error:
        return failed(error)


async def converse(
    topic: str, opening: str, turns: int, native: Native, sample: int
) -> tuple[tuple[Message, ...], str] | Fault:
    """(messages, key of the last answer's call) of a conversation that ends with an answer.

    It is over after ``turns`` answers, or when the user takes leave, which is left out.
    """
    said = [opening]
    request = ""
    while True:
        written = await _answer(said, native, sample)
        if isinstance(written, Fault):
            return written
        text, request = written
        said.append(text)
        if len(said) == 2 * turns:
            break
        asked = await _user(topic, said, native, sample)
        if isinstance(asked, Fault):
            return asked
        if takes_leave(asked):
            break
        said.append(asked)
    return turns_of(said, "user"), request


async def _answer(said: Sequence[str], native: Native, sample: int) -> tuple[str, str] | Fault:
    def accept(reply: Reply) -> str | Fault:
        return _checked(reply, said, native)

    prompt = native.wording.prompts["localize-answer"].messages(**native.slots(question=said[0]))
    return await ask_until(native.writer, (*prompt, *turns_of(said, "user")[1:]), accept, native.wording.again, sample)


def _checked(reply: Reply, said: Sequence[str], native: Native) -> str | Fault:
    """An answer in its language that does not read like a translation and does not speak of other places unasked."""
    text = usable(reply, native.language)
    if isinstance(text, Fault):
        return text
    if fold(text) in map(fold, said):
        return fault("echo", text[:80])
    place = native.place
    cues = translation_cues(text, native.language)
    if 100 * len(cues) > place.cues * max(len(split(text)), _SHORT_TEXT):
        return fault("translated", ", ".join(dict.fromkeys(cues[:3])))
    asked_for = place.abroad.found("\n".join(said))
    foreign = [name for name in place.abroad.found(text) if name not in asked_for]
    return fault("foreign", ", ".join(foreign)) if len(foreign) > place.foreign else text


async def _user(topic: str, said: Sequence[str], native: Native, sample: int) -> str | Fault:
    """The next message of the simulated user, to whom the assistant's answers are the other side's."""

    def accept(reply: Reply) -> str | Fault:
        text = usable(reply, native.language)
        text = _question(text, native.language) if isinstance(text, str) else text
        if isinstance(text, str) and fold(text) in map(fold, said):
            return fault("echo", text[:80])
        return text

    prompt = native.wording.prompts["localize-user"].messages(**native.slots(topic=topic))
    messages = (*prompt, *turns_of(said, "assistant"))
    found = await ask_until(native.asker, messages, accept, native.wording.again, sample)
    return found if isinstance(found, Fault) else found[0]


def _listed(reply: Reply) -> list[str] | Fault:
    rule, words = unfit(reply.text, task=False)
    found = items(reply.text)
    if rule and len(found) < 2:
        return fault(rule, words)
    if reply.finish == "length":
        found = found[:-1]
    return found or fault("list" if reply.text.strip() else "empty")


def _question(text: str, language: str) -> str | Fault:
    """A question as someone would write it, in its language."""
    rule, words = unfit(text)
    if rule:
        return fault(rule, words)
    if len(text) > _LONGEST:
        return fault("long")
    if other := strays(text, language):
        return fault("language", other)
    rule, words = leak(text, "patient", ("staged", "scripted", "mark"))
    return fault(rule, words) if rule else text

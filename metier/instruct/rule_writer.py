"""A writer for dialogues about rules: it rewords the question and the answer, and is held to what the rule says."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from metier.instruct.asking import Fault, Wording, ask_until, read_wordings, usable, wording_of
from metier.instruct.rule_checks import problem
from metier.instruct.rule_talk import Draft
from metier.llm.llm import LLM, Failed
from metier.llm.request import Reply
from metier.records import Conversation, Dropped, Message
from metier.rules.check import Checker
from metier.text.grounding import Finding

RENAMED, NAMES = "names other things", ("rule-question", "rule-reply")
Made = tuple[Draft, Conversation | Dropped]


class Desk(NamedTuple):
    """Who writes, by which prompts, and what is held against a text."""

    writer: LLM
    wordings: Mapping[str, Wording]
    ready: Checker


def write(made: Iterable[Made], ready: Checker, writer: LLM, prompts: str, repair: int) -> Iterator[Made]:
    """The dialogues with their last question and answer in other words; one that the writer spoils is dropped."""
    desk = Desk(writer, read_wordings(prompts, NAMES, repair), ready)

    async def reword(one: Made) -> Conversation | Dropped:
        draft, record = one
        wording = wording_of(desk.wordings, draft.language)
        if isinstance(record, Dropped):
            return record
        if wording is None:
            return Dropped(draft.id, "no prompt in its language", draft.language)
        return await _reworded(draft, record, wording, desk)

    for one, written in writer.map(made, reword):
        draft, _ = one
        yield draft, Dropped(draft.id, written.why, written.detail) if isinstance(written, Failed) else written


async def _reworded(draft: Draft, record: Conversation, wording: Wording, desk: Desk) -> Conversation | Dropped:
    """One dialogue, its question first, then the answer to that question."""
    *before, asked, answered = record.messages
    wanted = {one.entity for one in desk.ready.names.find(asked.content)}

    def question(reply: Reply) -> str | Fault:
        text = usable(reply, draft.language)
        if not isinstance(text, Fault) and {one.entity for one in desk.ready.names.find(text)} != wanted:
            return Fault(RENAMED, (Finding("other", text[:80]),))
        return text

    def answer(reply: Reply) -> str | Fault:
        text = usable(reply, draft.language)
        if isinstance(text, Fault):
            return text
        found = problem(draft, [*before, Message("user", said), Message("assistant", text)], desk.ready)
        return Fault(found.why, (Finding("other", found.detail),)) if found else text

    shown = wording.prompts["rule-question"].messages(question=asked.content)
    first = await ask_until(desk.writer, shown, question, wording.again)
    if isinstance(first, Fault):
        return Dropped(draft.id, first.why, first.detail)
    said, _ = first
    shown = wording.prompts["rule-reply"].messages(question=said, reply=answered.content)
    second = await ask_until(desk.writer, shown, answer, wording.again)
    if isinstance(second, Fault):
        return Dropped(draft.id, second.why, second.detail)
    text, request = second
    messages = (*before, Message("user", said), Message("assistant", text))
    return msgspec.structs.replace(record, messages=messages, request=request)

"""The ways in which rules come into a reply: what a model is asked, how one of its replies is taken, what leaves."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from metier.llm.subject import Decoding, Said, Subject, Talk, say
from metier.records import Document, Message
from metier.rules import shown
from metier.rules.card import Card
from metier.rules.check import Checker
from metier.rules.documents import RULE, relevant
from metier.rules.guard import Ruled, on_reply
from metier.rules.guard_policy import Policy
from metier.rules.reward import reward
from metier.rules.tool import MOST

Way = Literal["none", "reward", "tool", "retrieval", "guard", "all"]
WAYS: tuple[Way, ...] = ("none", "reward", "tool", "retrieval", "guard", "all")
"""Nothing; the best of several replies by `rules.reward`; the reply of the tool before the model's own; documents of
the rules before the prompt; the guard over the reply; and all four of them, a rule that the tool tells told once."""
_DRAWN, _TOOL, _DOCUMENTS, _GUARDED = ({"reward", "all"}, {"tool", "all"}, {"retrieval", "all"}, {"guard", "all"})


class Prompt(msgspec.Struct, frozen=True):
    """A question as it is put to a model: ``messages`` up to the reply, with what the tool is told of it."""

    id: str
    messages: tuple[Message, ...]
    context: shown.Context
    language: str
    card: Card


class Given(msgspec.Struct, frozen=True):
    """A reply by one way: as it leaves, as the model wrote it, and what the guard did to it."""

    way: Way
    prompt: Prompt
    text: str
    said: Said
    ruled: tuple[Ruled, ...] = ()


class Help(msgspec.Struct, frozen=True):
    """What the ways are made of: the rules, their documents, the guard's policy, and how replies are drawn."""

    checker: Checker
    documents: tuple[Document, ...]
    policy: Policy
    best_of: int
    temperature: float


def given(
    subject: Subject, prompts: Sequence[Prompt], ways: Sequence[Way], help: Help, decoding: Decoding, note: str
) -> Iterator[Given]:
    """The reply to every prompt by every way, way by way in the order named; what needs no other call shares one."""
    greedy = {key: talk for key, talk in _talks(prompts, ways, help) if key[0] not in _DRAWN}
    talks = list({talk.id: talk for talk in greedy.values()}.values())
    plain = dict(zip([one.id for one in talks], say(subject, talks, decoding, note), strict=True))
    drawn = _drawn(subject, prompts, ways, help, msgspec.structs.replace(decoding, temperature=help.temperature), note)
    for way in ways:
        for prompt in prompts:
            said = drawn[way, prompt.id] if way in _DRAWN else plain[greedy[way, prompt.id].id]
            if way not in _GUARDED:
                yield Given(way, prompt, said.text, said)
                continue
            left = on_reply(help.checker, prompt.messages, said.text, prompt.card, help.policy)
            yield Given(way, prompt, left.text, said, left.ruled)


def _drawn(
    subject: Subject, prompts: Sequence[Prompt], ways: Sequence[Way], help: Help, decoding: Decoding, note: str
) -> dict[tuple[Way, str], Said]:
    """Of several replies the one of the highest reward; of equals the first."""
    some = [(key, talk) for key, talk in _talks(prompts, ways, help) if key[0] in _DRAWN]
    every = [(key, msgspec.structs.replace(talk, draw=draw)) for key, talk in some for draw in range(help.best_of)]
    by_id = {one.id: one for one in prompts}
    best: dict[tuple[Way, str], tuple[float, Said]] = {}
    for (key, _), said in zip(every, say(subject, [talk for _, talk in every], decoding, note), strict=True):
        prompt = by_id[key[1]]
        turns = (*prompt.messages, Message("assistant", said.text))
        value = reward(help.checker, turns, prompt.card).value if said.text.strip() else -1.0
        if key not in best or value > best[key][0]:
            best[key] = value, said
    return {key: said for key, (_, said) in best.items()}


def _talks(prompts: Sequence[Prompt], ways: Sequence[Way], help: Help) -> Iterator[tuple[tuple[Way, str], Talk]]:
    """What a model is asked by each way; ways that ask alike ask once."""
    for way in ways:
        own = "" if way in ("none", "guard", "reward") else way
        for prompt in prompts:
            told = _tool(prompt, help) if way in _TOOL else ()
            pages = _pages(prompt, help, told) if way in _DOCUMENTS else ()
            id = f"{prompt.id}/{own}" if own else prompt.id
            yield (way, prompt.id), Talk(id, (*shown.before(prompt.messages, pages, bool(told)), *told))


def _pages(prompt: Prompt, help: Help, told: Sequence[Message]) -> tuple[Document, ...]:
    """The documents of the rules that the prompt touches, without those that the tool's reply tells.

    The same rule told twice says nothing new, and may leave a small model no room for a reply.
    """
    known = {one.rule for one in msgspec.json.decode(told[-1].content, type=_Told).findings} if told else set[str]()
    found = relevant(help.checker, help.documents, prompt.messages)
    return tuple(one for one in found if one.meta.get(RULE) not in known)


class _Found(msgspec.Struct):
    rule: str


class _Told(msgspec.Struct):
    """Of the tool's reply, the rules that it found."""

    findings: tuple[_Found, ...] = ()


def _tool(prompt: Prompt, help: Help) -> tuple[Message, ...]:
    """The tool called with what the prompt names."""
    text = prompt.messages[-1].content
    names = list(dict.fromkeys(text[one.start : one.end] for one in help.checker.names.find(text)))
    return shown.called(help.checker, names[:MOST], prompt.context, prompt.language or "en")

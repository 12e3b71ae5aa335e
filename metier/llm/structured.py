"""A reply as a struct: its JSON schema, how a reply is read, and what is asked again where it cannot be."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from metier.llm.backend import Declared, ReplyError
from metier.llm.request import Reply, Request
from metier.llm.thinking import split_thinking
from metier.records import Message

S = TypeVar("S", bound=msgspec.Struct)
REPAIRS = 2
"""How often a reply that cannot be read is asked for again."""
UNREADABLE, REPAIRED = "unreadable replies", "repaired replies"
"""What is counted, as spent tells it."""
_FENCE = re.compile(r"```\w*\s*\n(.*?)```", re.S)
_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])')


class Unreadable(ValueError):
    """A reply that is not the struct asked for; the message says what is wrong with it."""


class Asker(Protocol):
    """A model that can be asked, as ``LLM`` is."""

    def request(self, messages: Sequence[Message], sample: int = 0, schema: Mapping[str, Any] | None = None) -> Request:
        """What would be sent for a conversation."""
        ...

    async def answer(self, request: Request) -> Reply:
        """The reply to a request."""
        ...

    async def keeps(self) -> Declared:
        """What the model was seen to keep to."""
        ...

    def count(self, what: str) -> None:
        """Count one event among what was spent."""
        ...


async def ask_for(llm: Asker, kind: type[S], messages: Sequence[Message], sample: int = 0) -> tuple[S, Reply]:
    """Ask until a reply can be read as the struct, at most twice more, each time naming what was wrong.

    The schema goes to an endpoint that was seen to keep to it; to others it is described in the last message. Raises
    ReplyError where no reply can be read.
    """
    schema = schema_of(kind)
    constrained = (await llm.keeps()).schema
    talk = tuple(messages) if constrained else described(messages, schema)
    for attempt in range(REPAIRS + 1):
        reply = await llm.answer(llm.request(talk, sample, schema if constrained else None))
        try:
            value = read(kind, reply.text)
        except Unreadable as error:
            llm.count(UNREADABLE)
            wrong = f"This cannot be used: {error}. Write the whole JSON object again, and nothing else."
            talk = (*talk, Message("assistant", reply.text), Message("user", wrong))
            last = ReplyError(_why(reply), f"{error}: {reply.text[:200]!r}")
        else:
            if attempt:
                llm.count(REPAIRED)
            return value, reply
    raise last


def _why(reply: Reply) -> str:
    return "reply cut at max_tokens" if reply.finish == "length" else "reply is not the JSON asked for"


def read(kind: type[S], text: str) -> S:
    """The last JSON object of a reply that is the struct; Unreadable where none is.

    Code fences, words around it and commas before a closing bracket are forgiven; types and missing fields are not.
    """
    problem = "there is no JSON object in it"
    for value in reversed(list(_objects(split_thinking(text)[1]))):
        try:
            return msgspec.convert(value, kind, strict=True)
        except msgspec.ValidationError as error:
            problem = str(error)
    raise Unreadable(problem)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every outermost JSON object of a text."""
    decoder = json.JSONDecoder()
    text = _FENCE.sub(r"\1", text)
    for plain in (text, _COMMA.sub(lambda found: found[1] or "", text)):
        place, found = plain.find("{"), 0
        while place >= 0:
            try:
                value, place = decoder.raw_decode(plain, place)
                found += 1
                yield value
            except (ValueError, RecursionError):
                place += 1
            place = plain.find("{", place)
        if found:
            return


def described(messages: Sequence[Message], schema: dict[str, Any]) -> tuple[Message, ...]:
    """The messages, the last of which also says which JSON to answer with."""
    last = messages[-1]
    plain = json.dumps(schema, ensure_ascii=False)
    asked = f"{last.content}\n\nReply with one JSON object and nothing else. Its JSON schema:\n{plain}"
    return (*messages[:-1], msgspec.structs.replace(last, content=asked))


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of a struct as strict endpoints take it: no references, every field required, none besides."""
    whole = msgspec.json.schema(kind)
    schema = _inlined({key: value for key, value in whole.items() if key != "$defs"}, whole.get("$defs", {}), ())
    assert isinstance(schema, dict)
    return schema


def _inlined(value: Any, known: dict[str, Any], within: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_inlined(one, known, within) for one in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        if name in within:
            raise TypeError(f"{name} holds itself; a reply must have an end")
        return _inlined(known[name], known, (*within, name))
    plain = {key: _inlined(one, known, within) for key, one in value.items() if key != "default"}
    if isinstance(plain.get("properties"), dict):
        plain |= {"required": list(plain["properties"]), "additionalProperties": False}
    return plain

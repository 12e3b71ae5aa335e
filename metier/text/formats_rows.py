"""One row of any format as what it holds: conversations, a preference, a text."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from metier.records import Message
from metier.text.formats import Bad, Format, Names, Pair, Talk, Text, listed, pair
from metier.text.formats_turns import spoken, turns, with_tools
from metier.text.patterns import fill, slots

Found = tuple[str, Talk | Pair | Text | Bad]
"""What stands behind the row's id, where the row holds several, and what was found (or why it is none)."""
Row = Mapping[str, Any]
_HH = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")


def parse(format: Format, row: Row, names: Names) -> Iterator[Found]:
    """Everything that a row holds; Bad where the whole of it is no record."""
    yield from _PARSERS[format](row, names)


def _chat(row: Row, names: Names) -> Iterator[Found]:
    given = names.value(row, "messages")
    if given is None:
        raise Bad("no turns")
    yield "", Talk(_headed(turns(given, names.roles), row, names))


def _headed(messages: tuple[Message, ...], row: Row, names: Names) -> tuple[Message, ...]:
    """The turns behind one system message: their own, or the row's, with the tools that the row names."""
    own = next((message.content for message in messages[:1] if message.role == "system"), "")
    rest = messages[1:] if messages and messages[0].role == "system" else messages
    text = with_tools(own or cell(names.value(row, "system"), "system message"), names.value(row, "tools"))
    return (Message("system", text), *rest) if text.strip() else rest


def _huatuo(row: Row, names: Names) -> Iterator[Found]:
    given = names.value(row, "messages")
    if given is None:
        raise Bad("no turns")
    yield "", Talk(_headed(spoken(given), row, names))


def _sources(row: Row, names: Names) -> Iterator[Found]:
    if not row:
        raise Bad("no turns")
    for source, some in row.items():
        if not isinstance(some, list) or not some:
            yield f"?{source}", Bad("no turns" if some in (None, []) else "the turns are not a list")
            continue
        for number, one in enumerate(some):
            try:
                yield f"?{source}.{number}", Talk(spoken(one), source)
            except Bad as bad:
                yield f"?{source}.{number}", bad


def _alpaca(row: Row, names: Names) -> Iterator[Found]:
    yield "", Talk((*_asked(row, names), Message("assistant", _needed(row, names.column(row, "output"), "answer"))))


def _asked(row: Row, names: Names) -> tuple[Message, ...]:
    """System message, history and question of an Alpaca row."""
    system = cell(names.value(row, "system"), "system message")
    messages = [Message("system", system)] if system.strip() else []
    history = listed(names.value(row, "history")) or []
    if not isinstance(history, list):
        raise Bad("malformed history")
    for one in history:
        if not isinstance(one, list) or len(one) != 2 or not all(isinstance(text, str) for text in one):
            raise Bad("malformed history")
        messages += [Message("user", one[0]), Message("assistant", one[1])]
    question = _needed(row, names.column(row, "instruction"), "question")
    more = cell(names.value(row, "input"), "input")
    return (*messages, Message("user", f"{question}\n{more}" if more.strip() else question))


def _qa(row: Row, names: Names) -> Iterator[Found]:
    both = pair(row, names)
    if both is None:
        raise Bad("no question or no answer")
    question, answer = (_filled(one, row, what) for one, what in zip(both, ("question", "answer"), strict=True))
    system = cell(names.value(row, "system"), "system message")
    head = (Message("system", system),) if system.strip() else ()
    yield "", Talk((*head, Message("user", question), Message("assistant", answer)))


def _filled(template: str, row: Row, what: str) -> str:
    """A template filled from the cells of a row; its lines in which no cell says anything are left out."""
    values = {name: cell(row.get(name), what) for name in slots(template)}
    full = {name for name, value in values.items() if value.strip()}
    if not full:
        raise Bad(f"no {what}")
    lines = (line for line in template.split("\n") if not slots(line) or full & set(slots(line)))
    return "\n".join(fill(line, values) for line in lines)


def _self_instruct(row: Row, names: Names) -> Iterator[Found]:
    question = _needed(row, names.column(row, "instruction"), "question")
    some = listed(names.value(row, "instances"))
    if not isinstance(some, list) or not some:
        raise Bad("no instances")
    for number, one in enumerate(some):
        place = f"?{number}" if len(some) > 1 else ""
        try:
            if not isinstance(one, dict):
                raise Bad("an instance is not an object")
            more, answer = cell(one.get("input"), "input"), _needed(one, "output", "answer")
            asked = Message("user", f"{question}\n{more}" if more.strip() else question)
            yield place, Talk((asked, Message("assistant", answer)))
        except Bad as bad:
            yield place, bad


def _preferences(row: Row, names: Names) -> Iterator[Found]:
    chosen, rejected = (_reply(names.value(row, name), names) for name in ("chosen", "rejected"))
    own, before = _prompt(row, names), chosen[:-1]
    same = before == rejected[:-1]
    if not same and not own:
        raise Bad("the prompts of the two replies differ")
    prompt = before if before and same else own
    if not prompt:
        raise Bad("no prompt")
    for reply, which in ((chosen[-1], "chosen"), (rejected[-1], "rejected")):
        if reply.tool_calls:
            raise Bad("a reply calls a tool", which)
        if reply.role != "assistant" or not reply.content.strip():
            raise Bad(f"no {which} reply")
    if chosen[-1] == rejected[-1]:
        raise Bad("both replies are the same")
    yield "", Pair(_headed(prompt, row, names), chosen[-1].content, rejected[-1].content)


def _reply(value: Any, names: Names) -> tuple[Message, ...]:
    """A reply, with the turns before it where it comes as a whole conversation."""
    if isinstance(value, dict):
        value = [value]
    some = listed(value)
    if isinstance(some, list) and some and (some is value or all(isinstance(one, dict) for one in some)):
        value = some
        return turns(value, names.roles)
    if not isinstance(value, str):
        raise Bad("a reply is not text")
    if value.lstrip("\n").startswith("Human:") and "\n\nAssistant:" in value:
        pieces = _HH.split(value.strip("\n"))[1:]
        roles = (("user", "assistant")[name == "Assistant"] for name in pieces[::2])
        return tuple(Message(role, text) for role, text in zip(roles, pieces[1::2], strict=True))  # type: ignore[arg-type]
    return (Message("assistant", value),)


def _prompt(row: Row, names: Names) -> tuple[Message, ...]:
    """The prompt that a row of preferences names beside the replies, or nothing."""
    value = names.value(row, "prompt")
    some = listed(value)
    if isinstance(some, list) and some and all(isinstance(one, dict) for one in some):
        return turns(some, names.roles)
    text = "" if value == [] else cell(value, "prompt")
    if not text.strip():
        return ()
    if text.lstrip("\n").startswith("Human:"):
        found = _reply(text.removesuffix("\n\nAssistant:") + "\n\nAssistant:", names)
        return found[:-1]
    plain = Names({**names.columns, "instruction": names.column(row, "prompt")}, names.roles)
    return _asked(row, plain)


def _texts(column: str, row: Row) -> Text:
    if not column:
        raise Bad("the text is empty")
    text = cell(row[column], "text")
    if not text.strip():
        raise Bad("the text is empty")
    return Text(text, {name: _plain(value) for name, value in row.items() if name != column})


def _cases(row: Row, names: Names) -> Iterator[Found]:
    yield "", _texts(names.column(row, "case"), row)


def _questions(row: Row, names: Names) -> Iterator[Found]:
    yield "", _texts(names.column(row, "question"), row)


def cell(value: Any, what: str) -> str:
    """A plain value as text, nothing as empty; Bad for a nested one."""
    if isinstance(value, dict | list):
        raise Bad(f"the {what} is not text")
    return value if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    """Any value as text, numbers and nested ones as JSON writes them."""
    if isinstance(value, dict | list | bool | int | float):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value)


def _needed(row: Row, column: str, what: str) -> str:
    text = cell(row.get(column), what)
    if not text.strip():
        raise Bad(f"no {what}")
    return text


_PARSERS: dict[Format, Callable[[Row, Names], Iterator[Found]]] = {
    "sharegpt": _chat, "messages": _chat, "alpaca": _alpaca, "huatuo": _huatuo, "sources": _sources, "qa": _qa,
    "self_instruct": _self_instruct, "preferences": _preferences, "cases": _cases, "questions": _questions,
}  # fmt: skip

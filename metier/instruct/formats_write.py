"""One conversation or preference as a row of the format that another program reads."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from metier.records import Conversation, Message, Preference
from metier.text.formats import Bad
from metier.text.formats_turns import ANSWERS, ASKS, ordered, with_tools, without_tools

Written = Literal["messages", "sharegpt", "alpaca", "huatuo", "sources", "qa"]
PAIRED: tuple[Written, ...] = ("messages", "sharegpt", "alpaca")
"""The formats that have a form for preferences."""
_SPEAKERS = {"user": "human", "assistant": "gpt", "tool": "observation"}


def row(conversation: Conversation, format: Written, fields: bool) -> dict[str, Any]:
    """The row of a conversation; Bad where the format cannot hold it."""
    messages = conversation.messages
    if ordered(messages) != messages:
        raise Bad("turns out of order")
    values = _row(messages, format)
    if not fields:
        return values
    one = conversation
    own = {"id": one.id, "source": one.source, "language": one.language, "parent": one.parent, "request": one.request}
    return values | own


def _row(messages: tuple[Message, ...], format: Written) -> dict[str, Any]:
    system, rest = _head(messages)
    if format == "messages":
        text, tools = tools_of(system)
        return {"messages": _openai(text, rest), "tools": tools or None}
    if format == "sharegpt":
        text, tools = tools_of(system)
        return {"conversations": _sharegpt(text, rest), "tools": tools or None}  # axolotl reads "" as broken JSON
    _plain(rest, format)
    if format == "alpaca":
        return _alpaca(system, rest)
    if system:
        raise Bad(f"{format} cannot hold a system message")
    if format == "qa":
        if len(rest) != 2:
            raise Bad("qa cannot hold more than one question")
        return {"question": rest[0].content, "answer": rest[1].content}
    if format == "sources":
        return {"turns": [message.content for message in rest]}
    return {"data": [(ASKS, ANSWERS)[number % 2] + message.content for number, message in enumerate(rest)]}


def pair_row(preference: Preference, format: Written, fields: bool) -> dict[str, Any]:
    """The row of a preference; Bad where the format cannot hold it."""
    whole = (*preference.prompt, Message("assistant", preference.chosen))
    if ordered(whole) != whole or not preference.rejected.strip():
        raise Bad("turns out of order")
    if preference.chosen == preference.rejected:
        raise Bad("both replies are the same")
    system, rest = _head(preference.prompt)
    own = {"id": preference.id} if fields else {}
    if format == "alpaca":
        _plain(rest, format)
        values = _alpaca(system, (*rest, Message("assistant", "")))
        del values["output"]
        return values | {"chosen": preference.chosen, "rejected": preference.rejected} | own
    text, tools = tools_of(system)
    if format == "messages":
        lists = {name: _openai("", (Message("assistant", getattr(preference, name)),)) for name in _REPLIES}
        return {"prompt": _openai(text, rest), **lists, "tools": tools or None} | own
    replies = {name: {"from": "gpt", "value": getattr(preference, name)} for name in _REPLIES}
    return {"conversations": _sharegpt(text, rest), "tools": tools or None, **replies} | own


_REPLIES = ("chosen", "rejected")


def _head(messages: Sequence[Message]) -> tuple[str, tuple[Message, ...]]:
    """The system message, and the turns behind it."""
    if messages and messages[0].role == "system":
        return messages[0].content, tuple(messages[1:])
    return "", tuple(messages)


def tools_of(system: str) -> tuple[str, str]:
    """A system message and its tools, apart where putting them together again gives the same message."""
    text, tools = without_tools(system)
    return (text, tools) if tools and with_tools(text, tools) == system else (system, "")


def _openai(system: str, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as chat completions have them; calls are numbered, and results answer them in their order."""
    rows: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    waiting: list[str] = []
    for number, message in enumerate(messages):
        one: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            waiting = [f"call_{number}_{place}" for place in range(len(message.tool_calls))]
            one["tool_calls"] = [
                {"id": id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for id, call in zip(waiting, message.tool_calls, strict=True)
            ]
        elif message.role == "tool":
            if not waiting:
                raise Bad("more tool results than calls")
            one["tool_call_id"] = waiting.pop(0)
        rows.append(one)
    return rows


def _sharegpt(system: str, messages: Sequence[Message]) -> list[dict[str, str]]:
    """Turns of human, gpt, function_call and observation, which LLaMA-Factory wants in strict alternation."""
    rows = [{"from": "system", "value": system}] if system else []
    for message in messages:
        if message.tool_calls and message.content:
            raise Bad("sharegpt cannot hold words beside a tool call")
        if message.role == "tool" and rows and rows[-1]["from"] == "observation":
            raise Bad("sharegpt cannot hold two tool results on end")
        if message.tool_calls:
            calls = [{"name": call.name, "arguments": _json(call.arguments)} for call in message.tool_calls]
            value = msgspec.json.encode(calls if len(calls) > 1 else calls[0]).decode()
            rows.append({"from": "function_call", "value": value})
        else:
            rows.append({"from": _SPEAKERS[message.role], "value": message.content})
    return rows


def _json(text: str) -> Any:
    """Arguments as the object that their JSON text stands for; any other text as it is."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return value if isinstance(value, dict) else text


def _plain(messages: Sequence[Message], format: Written) -> None:
    if any(message.tool_calls or message.role == "tool" for message in messages):
        raise Bad(f"{format} cannot hold tool calls")


def _alpaca(system: str, messages: Sequence[Message]) -> dict[str, Any]:
    texts = [message.content for message in messages]
    history = [texts[at : at + 2] for at in range(0, len(texts) - 2, 2)]
    return {"instruction": texts[-2], "input": "", "output": texts[-1], "system": system, "history": history}

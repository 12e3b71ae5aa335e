"""Lists of turns, however their roles and texts are written, as messages; and the order that turns must have."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from metier.records import Message, Role, ToolCall
from metier.text.formats import Bad, listed

Mend = Literal["empty", "start", "end", "repeated"]
ROLES: dict[str, str] = {
    **dict.fromkeys(("user", "human", "prompter", "patient", "患者", "病人"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bot", "model", "bing", "bard", "doctor", "医生"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "observation", "function", "function_response", "tool_response"), "tool"),
    **dict.fromkeys(("function_call", "tool_call", "function-call"), "call"),
}
"""What a role goes by; ``call`` is an assistant that calls a tool."""
TURN_KEYS = frozenset(
    ("from", "value", "role", "content", "tool_calls", "tool_call_id", "function_call", "name", "id", "type")
)
ASKS, ANSWERS = "问：", "答："
"""What stands before the turns of published Huatuo conversations."""
_ASKS = re.compile(r"\s*(?:问|患者|病人|[Qq]uestion|[Pp]atient|Q)(?:：|:\s?)")
_ANSWERS = re.compile(r"\s*(?:答|医生|[Aa]nswer|[Dd]octor|A)(?:：|:\s?)")
_TOOLS = re.compile(r"(?:\A|\n\n)<tools>\n(.*)\n</tools>\Z", re.S)


def turns(value: Any, roles: Mapping[str, str]) -> tuple[Message, ...]:
    """Messages from a list of {from, value} or {role, content}; Bad where one is not what it should be."""
    value = listed(value)
    if not isinstance(value, list):
        raise Bad("the turns are not a list")
    messages: list[Message] = []
    calls: list[str] = []
    results: list[tuple[int, Message]] = []
    for number, turn in enumerate(value, 1):
        message = _turn(turn, number, roles)
        if message.role == "tool":
            name = turn.get("tool_call_id")
            results.append((calls.index(name) if name in calls else len(calls), message))
            continue
        messages += [result for _, result in sorted(results, key=lambda one: one[0])]
        calls, results = _call_ids(turn), []
        messages.append(message)
    return (*messages, *(result for _, result in sorted(results, key=lambda one: one[0])))


def _turn(turn: Any, number: int, roles: Mapping[str, str]) -> Message:
    if not isinstance(turn, dict):
        raise Bad("a turn is not an object", f"turn {number}")
    said = _either(turn, "from", "role")
    named = str(said).strip()
    role = roles.get(named) or ROLES.get(named.casefold())
    if role is None:
        raise Bad("unknown role", f"turn {number}: {said!r}")
    content = _either(turn, "value", "content")
    if role == "call":
        return Message("assistant", "", tool_calls(content, number))
    given = turn.get("tool_calls") or ([turn["function_call"]] if turn.get("function_call") else None)
    return Message(role, words(content, number), tool_calls(given, number) if given else ())  # type: ignore[arg-type]


def _either(turn: Mapping[str, Any], *names: str) -> Any:
    """What a turn has under the first of some names; null counts as absent, as tables give every row all names."""
    return next((turn[name] for name in names if turn.get(name) is not None), None)


def words(content: Any, number: int) -> str:
    """The text of a turn: a string, nothing, or the text parts of a list joined by line feeds."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise Bad("a turn is not text", f"turn {number}: {type(content).__name__}")
    parts = [part if isinstance(part, str) else _part(part, number) for part in content]
    return "\n".join(parts)


def _part(part: Any, number: int) -> str:
    text = part.get("text") if isinstance(part, dict) else None
    if not isinstance(text, str):
        kind = part.get("type") if isinstance(part, dict) else type(part).__name__
        raise Bad("a turn is not text", f"turn {number}: {kind}")
    return text


def tool_calls(value: Any, number: int) -> tuple[ToolCall, ...]:
    """The calls of a turn: JSON text, one {name, arguments} or a list of them, plain or as OpenAI writes them."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            raise Bad("malformed tool call", f"turn {number}") from None
    some = value if isinstance(value, list) else [value]
    calls = [one.get("function", one) if isinstance(one, dict) else None for one in some]
    if not calls or not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in calls):
        raise Bad("malformed tool call", f"turn {number}")
    return tuple(ToolCall(one["name"], arguments(one.get("arguments", one.get("parameters")))) for one in calls if one)


def arguments(value: Any) -> str:
    """The arguments of a call as JSON text."""
    if isinstance(value, str):
        return value
    return json.dumps({} if value is None else value, ensure_ascii=False)


def _call_ids(turn: Any) -> list[str]:
    """The ids of the calls that a turn makes, by which results may refer to them."""
    some = turn.get("tool_calls") if isinstance(turn, dict) else None
    return [str(one.get("id", "")) for one in some if isinstance(one, dict)] if isinstance(some, list) else []


def spoken(value: Any) -> tuple[Message, ...]:
    """Messages from a list of texts that take turns, ``问：`` and ``答：`` taken off where every turn has its own."""
    value = listed(value)
    if not isinstance(value, list):
        raise Bad("the turns are not a list")
    if bad := next((number for number, one in enumerate(value, 1) if not isinstance(one, str)), 0):
        raise Bad("a turn is not text", f"turn {bad}")
    marks = [(_ASKS, _ANSWERS)[number % 2].match(one) for number, one in enumerate(value)]
    texts = [one[mark.end() :] if mark else one for one, mark in zip(value, marks, strict=True)]
    if not all(marks):
        texts = list(value)
    return tuple(Message(("user", "assistant")[number % 2], text) for number, text in enumerate(texts))


def with_tools(system: str, tools: Any) -> str:
    """A system message that ends in the tools which may be called, as JSON between <tools> and </tools>."""
    text = tools.strip() if isinstance(tools, str) else json.dumps(tools, ensure_ascii=False) if tools else ""
    if text in ("", "[]", "{}", "null"):
        return system
    return f"{system}{chr(10) * 2 if system else ''}<tools>\n{text}\n</tools>"


def without_tools(system: str) -> tuple[str, str]:
    """A system message without its tools, and these as JSON text (or nothing)."""
    found = _TOOLS.search(system)
    return (system[: found.start()], found[1]) if found else (system, "")


def ordered(messages: Iterable[Message], mend: Sequence[Mend] = ()) -> tuple[Message, ...]:
    """The turns, in an order that a chat template can render; Bad where they are not and ``mend`` does not say how.

    A system message first, then the user and the assistant in turns, the assistant last; between an assistant's tool
    calls and its next words stand their results. What an assistant says and calls in two entries on end is one turn.
    """
    given = list(messages)
    head = [message for message in given[:1] if message.role == "system"]
    kept = _filled(given[len(head) :], mend)
    while kept and kept[0].role != "user":
        if "start" not in mend or kept[0].role == "system":
            raise Bad("does not begin with the user", kept[0].role)
        kept.pop(0)
    done: list[Message] = []
    for message in kept:
        _add(done, message, mend)
    while done and done[-1].role != "assistant":
        if "end" not in mend:
            raise Bad("does not end with the assistant", done[-1].role)
        done.pop()
        while done and done[-1].tool_calls:
            done.pop()
    if not done:
        raise Bad("no exchange of user and assistant")
    return (*(message for message in head if message.content.strip()), *done)


def _filled(messages: list[Message], mend: Sequence[Mend]) -> list[Message]:
    """The turns that say something; a tool may well return nothing."""
    kept = []
    for number, message in enumerate(messages, 1):
        if message.content.strip() or message.tool_calls or message.role == "tool":
            kept.append(message)
        elif "empty" not in mend:
            raise Bad("an empty turn", f"turn {number} ({message.role})")
    return kept


_FOLLOWS: dict[Role, tuple[Role, ...]] = {"user": ("assistant",), "assistant": ("user",), "tool": ("assistant", "tool")}


def _add(done: list[Message], message: Message, mend: Sequence[Mend]) -> None:
    """Put a turn behind those that are in order."""
    place = f"turn {len(done) + 1} ({message.role})"
    if message.role == "system":
        raise Bad("a system message after the first turn", place)
    before = done[-1] if done else None
    if before is None:
        done.append(message)
        return
    if before.role == message.role == "assistant" and message.tool_calls and (before.tool_calls or not message.content):
        done[-1] = Message("assistant", before.content or message.content, before.tool_calls + message.tool_calls)
        return
    if before.tool_calls and message.role != "tool":
        raise Bad("a tool call without its result", place)
    if message.role == "tool" and not (before.tool_calls or before.role == "tool"):
        raise Bad("a tool result without its call", place)
    if message.role == before.role and message.role != "tool":
        if "repeated" not in mend:
            raise Bad("two turns of one role on end", place)
        joined = f"{before.content}\n\n{message.content}"
        done[-1] = Message(message.role, joined, message.tool_calls)
        return
    if message.role not in _FOLLOWS[before.role] and message.role != "tool":
        raise Bad("turns out of order", place)
    done.append(message)

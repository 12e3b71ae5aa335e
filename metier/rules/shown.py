"""What a model is shown of the rules before it replies: documents before the prompt, and the tool called for it."""

from collections.abc import Iterable, Sequence
from typing import Literal

from metier.records import Document, Message
from metier.rules.check import Checker
from metier.rules.tool import TOOL, Asked, answered

Context = Literal["mixed", "together", "either"]


def before(messages: Sequence[Message], documents: Iterable[Document] = (), tool: bool = False) -> tuple[Message, ...]:
    """A dialogue with documents and the name of the tool in its system message, where there are any."""
    said = [one.text for one in documents] + ([f"Tool: {TOOL.name}"] if tool else [])
    first, rest = (messages[0].content, messages[1:]) if messages[0].role == "system" else ("", messages)
    text = "\n\n".join(filter(None, [first, *said]))
    return (Message("system", text), *rest) if text else tuple(messages)


def called(checker: Checker, names: Sequence[str], context: Context, language: str) -> tuple[Message, ...]:
    """The call of the tool with some names, made for the model, and the tool's reply; nothing without names."""
    if not names:
        return ()
    call = Asked(tuple(names), context, language=language).call()
    return Message("assistant", "", (call,)), answered(checker, call)

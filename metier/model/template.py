"""Render conversations and documents as tokens, with the mask of what is trained: one template trains and serves."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from metier.records import Message, MetierError

MARKED = re.compile(r"\{%-?\s*generation\s*-?%\}")


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens, and for each a 1 where the loss counts it."""

    ids: list[int]
    mask: list[int]


def encode(tokenizer: Any, messages: Sequence[Message], thinking: bool | None = None) -> Encoded:
    """A conversation by the model's own chat template; the mask holds the assistant's tokens, end of turn included.

    ``thinking`` is the template's own switch ``enable_thinking``, as in ``prompt``; None leaves it to the template.
    """
    return encode_many(tokenizer, [messages], thinking)[0]


def encode_many(
    tokenizer: Any, conversations: Sequence[Sequence[Message]], thinking: bool | None = None
) -> list[Encoded]:
    """Many conversations in one call.

    Templates with ``{% generation %}`` markers say themselves what the assistant wrote; for others it is what each
    assistant turn adds to the rendered text before it.
    """
    if not conversations:
        return []
    if not MARKED.search(_template(tokenizer)):
        return [_by_turns(tokenizer, messages, thinking) for messages in conversations]
    plain = [[_plain(message) for message in messages] for messages in conversations]
    switch = _switch(thinking)
    out = tokenizer.apply_chat_template(plain, return_dict=True, return_assistant_tokens_mask=True, **switch)
    return [Encoded(ids, mask) for ids, mask in zip(out["input_ids"], out["assistant_masks"], strict=True)]


def encode_text(tokenizer: Any, text: str) -> Encoded:
    """A raw document between the tokens of beginning and end; every token but the first is trained."""
    return encode_texts(tokenizer, [text])[0]


def encode_texts(tokenizer: Any, texts: Sequence[str]) -> list[Encoded]:
    """Many raw documents in one call; a special token spelt out in a text is read as plain characters."""
    first = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    last = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    if not texts:
        return []
    some = tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return [Encoded([*first, *ids, *last], [0] * len(first) + [1] * (len(ids) + len(last))) for ids in some]


def prompt(tokenizer: Any, messages: Sequence[Message], thinking: bool | None = None) -> list[int]:
    """The tokens of a conversation up to where the assistant begins to speak."""
    _template(tokenizer)
    plain = [_plain(message) for message in messages]
    out = tokenizer.apply_chat_template(plain, add_generation_prompt=True, return_dict=True, **_switch(thinking))
    return list(out["input_ids"])


def _switch(thinking: bool | None) -> dict[str, bool]:
    return {} if thinking is None else {"enable_thinking": thinking}


def _template(tokenizer: Any) -> str:
    if not tokenizer.chat_template:
        name = tokenizer.name_or_path or "the model"
        raise MetierError(f"{name}: the tokenizer has no chat template; put a chat_template.jinja into its directory")
    return str(tokenizer.get_chat_template())


def _plain(message: Message) -> dict[str, Any]:
    """A message as chat templates expect it."""
    plain: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        plain["tool_calls"] = [
            {"type": "function", "function": {"name": call.name, "arguments": _arguments(call.arguments)}}
            for call in message.tool_calls
        ]
    return plain


def _arguments(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _by_turns(tokenizer: Any, messages: Sequence[Message], thinking: bool | None) -> Encoded:
    plain = [_plain(message) for message in messages]
    switch = _switch(thinking)

    def text(turns: int, open_turn: bool = False) -> str:
        some = plain[:turns]
        return str(tokenizer.apply_chat_template(some, tokenize=False, add_generation_prompt=open_turn, **switch))

    whole, spans = text(len(plain)), []
    for turn, message in enumerate(messages):
        if message.role != "assistant":
            continue
        before, after = text(turn, True) if turn else "", text(turn + 1)
        if not whole.startswith(before) or not whole.startswith(after):
            raise MetierError("the chat template rewrites earlier turns: mark what it generates with {% generation %}")
        spans.append((len(before), len(after)))
    out = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    mask = [int(any(first < end and last > start for start, end in spans)) for first, last in out["offset_mapping"]]
    return Encoded(list(out["input_ids"]), mask)

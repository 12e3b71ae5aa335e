"""A question and its possible answers as tokens, through the chat template that the model was trained with."""

from collections.abc import Sequence
from typing import Any

from metier.model.template import Refused, encode_many
from metier.records import Message, MetierError, Question


def asked(question: Question) -> str:
    """What the user says: the shared passage, where there is one, and the stem."""
    return f"{question.passage}\n\n{question.stem}" if question.passage else question.stem


def messages(text: str, system: str) -> tuple[Message, ...]:
    """The conversation up to the answer."""
    before = (Message("system", system),) if system else ()
    return (*before, Message("user", text))


def answered(
    tokenizer: Any, some: Sequence[tuple[tuple[Message, ...], str]], thinking: bool | None = None
) -> list[tuple[list[int], list[int]]]:
    """(prompt, answer) of each (conversation, answer) as token ids: the answer with its end-of-turn token."""
    pairs = []
    talks = [(*before, Message("assistant", answer)) for before, answer in some]
    for encoded in encode_many(tokenizer, talks, thinking):
        if isinstance(encoded, Refused):
            raise MetierError(encoded.why)
        if 1 not in encoded.mask:
            raise MetierError("the chat template marks no answer; put {% generation %} around the assistant's turn")
        start = encoded.mask.index(1)
        own = [token for token, used in zip(encoded.ids[start:], encoded.mask[start:], strict=True) if used]
        pairs.append((encoded.ids[:start], own))
    return pairs


def window(loaded: Any) -> int:
    """How many tokens a model takes at once."""
    return int(getattr(loaded.model.config, "max_position_embeddings", 0) or 1 << 30)

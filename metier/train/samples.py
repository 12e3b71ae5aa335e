"""Replies that a training leaves for people to read, the same prompts again and again."""

import msgspec

from metier.records import Message

SAMPLES = "samples.jsonl"


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``samples.jsonl``: the likeliest reply to a prompt after ``step`` rollouts, 0 before the first."""

    step: int
    id: str
    prompt: tuple[Message, ...]
    reply: str
    score: float
    tokens: int
    ended: bool

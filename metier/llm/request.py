"""What is asked of a model, what it answered, and the key under which an answer is kept."""

import hashlib
from typing import Any

import msgspec

from metier.records import Config, Message, Record, ToolCall


class Sampling(Config, frozen=True):
    """How a model draws its reply."""

    temperature: float = 0.0
    """0 takes the likeliest token."""
    top_p: float = 1.0
    """Draw from the likeliest tokens that make up this share."""
    max_tokens: int = 1024
    """Most tokens of a reply."""
    stop: tuple[str, ...] = ()
    """Texts that end a reply."""
    thinking: bool | None = None
    """Whether the model thinks before it answers; None leaves it to the model."""


class Tool(Record, frozen=True):
    """A function that a model may call; ``parameters`` is a JSON schema."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}  # noqa: RUF012


class Request(Record, frozen=True):
    """One question to one model. Everything that can change the answer is here, and nothing else."""

    model: str
    messages: tuple[Message, ...]
    revision: str = ""
    sampling: Sampling = Sampling()
    schema: dict[str, Any] | None = None
    """JSON schema of the reply."""
    tools: tuple[Tool, ...] = ()
    sample: int = 0
    """Which of several draws of the same question."""

    @property
    def key(self) -> str:
        """Name of the request: 32 hex digits of SHA-256 over its canonical JSON."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:32]


class Usage(Record, frozen=True):
    """Tokens read and written."""

    prompt: int = 0
    completion: int = 0


class Reply(Record, frozen=True):
    """What a model answered; ``request`` is the key of what it was asked."""

    text: str
    request: str
    usage: Usage = Usage()
    finish: str = "stop"
    """Why it ended: stop, length, tool_calls, ..."""
    tool_calls: tuple[ToolCall, ...] = ()
    thinking: str = ""
    """What it thought before it answered, left out of ``text``."""

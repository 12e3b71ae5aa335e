"""Talk to a model, line by line."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import TextIO

import msgspec

from metier.records import Message, MetierError

Reply = Callable[[Sequence[Message], int, float], str]
"""(conversation, most new tokens, temperature) -> the next reply."""


def talk(model: str, lines: TextIO, out: TextIO, max_tokens: int, temperature: float) -> None:
    """Read a line, write the reply, keep the conversation; an empty line or the end of input stops."""
    reply = replier(model)
    said: tuple[Message, ...] = ()
    if lines.isatty():
        out.write("an empty line stops\n")
    while True:
        if lines.isatty():
            out.write("> ")
            out.flush()
        line = lines.readline().strip()
        if not line:
            return
        said = (*said, Message("user", line))
        answer = reply(said, max_tokens, temperature)
        said = (*said, Message("assistant", answer))
        out.write(answer + "\n")
        out.flush()


def replier(model: str) -> Reply:
    """A function from a conversation to the next reply: a checkpoint in this process, or an OpenAI-compatible URL."""
    if model.startswith(("http://", "https://")):
        return lambda said, most, heat: _ask(model.rstrip("/"), said, most, heat)
    from metier.model.generate import generate
    from metier.model.load import load
    from metier.model.template import prompt

    loaded = load(model)

    def reply(said: Sequence[Message], max_tokens: int, temperature: float) -> str:
        return generate(loaded, [prompt(loaded.tokenizer, said)], max_tokens, temperature, seed=len(said))[0]

    return reply


def _ask(url: str, said: Sequence[Message], max_tokens: int, temperature: float) -> str:
    """One chat completion of an endpoint (OpenAI's /chat/completions)."""
    messages = [{"role": turn.role, "content": turn.content} for turn in said]
    body = {"model": "default", "messages": messages, "max_tokens": max_tokens, "temperature": temperature}
    address = url if url.endswith("/chat/completions") else f"{url}/chat/completions"
    request = urllib.request.Request(address, msgspec.json.encode(body), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return str(json.load(response)["choices"][0]["message"]["content"])
    except (urllib.error.URLError, TimeoutError) as error:
        raise MetierError(
            f"{address}: no answer ({error}); is the server running, and does the URL end in /v1?"
        ) from None
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise MetierError(
            f"{address}: not a chat completion ({error!r}); the URL must be of the OpenAI protocol"
        ) from None

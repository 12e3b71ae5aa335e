"""Talk to a model, line by line."""

import json
import os
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
    """One chat completion of an endpoint (OpenAI's protocol), of the first model it names; METIER_API_KEY is sent."""
    url = url.removesuffix("/chat/completions")
    model = _call(f"{url}/models", None, ("data", 0, "id"))
    messages = [{"role": turn.role, "content": turn.content} for turn in said]
    body = {"model": model, "messages": messages, "max_tokens": max_tokens, "temperature": temperature}
    return _call(f"{url}/chat/completions", msgspec.json.encode(body), ("choices", 0, "message", "content"))


def _call(address: str, body: bytes | None, path: tuple[str | int, ...]) -> str:
    """One field of an endpoint's JSON reply; every failure is one line."""
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("METIER_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(address, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            value = json.load(response)
        for step in path:
            value = value[step]
        return str(value)
    except urllib.error.HTTPError as error:
        said = " ".join(error.read(300).decode(errors="replace").split())
        raise MetierError(f"{address}: refused with {error.code} {error.reason}: {said}") from None
    except (urllib.error.URLError, TimeoutError) as error:
        raise MetierError(
            f"{address}: no answer ({error}); is the server running, and does the URL end in /v1?"
        ) from None
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise MetierError(f"{address}: not the OpenAI protocol ({error!r}); name the URL up to /v1") from None

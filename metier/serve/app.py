"""A model behind the OpenAI chat protocol, on this machine."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec

from metier.records import Message, MetierError


class TemplateSwitch(msgspec.Struct, frozen=True):
    """What a client tells the chat template."""

    enable_thinking: bool | None = None


class ChatRequest(msgspec.Struct, frozen=True):
    """What a client sends to /v1/chat/completions; fields it does not know are ignored."""

    messages: tuple[Message, ...]
    model: str = ""
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] = 128
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    stop: str | tuple[str, ...] | None = None
    seed: int | None = None
    chat_template_kwargs: TemplateSwitch = TemplateSwitch()
    stream: bool = False


class Said(msgspec.Struct, frozen=True):
    """What the model answered, and how many tokens that took."""

    text: str
    finish: str
    prompt: int
    completion: int


class TooLong(ValueError):
    """The conversation leaves no room for an answer."""


def answerer(model: str) -> Callable[[ChatRequest], Said]:
    """A function from a request to the reply of a checkpoint in this process."""
    from metier.model.generate import Wish, write
    from metier.model.load import load, positions
    from metier.model.template import prompt

    loaded, longest = load(model), positions(model)

    def answer(asked: ChatRequest) -> Said:
        ids = prompt(loaded.tokenizer, asked.messages, asked.chat_template_kwargs.enable_thinking)
        room = longest - len(ids) if longest else asked.max_tokens
        if room < 1:
            raise TooLong(f"the conversation has {len(ids)} tokens, the model reads {longest}")
        stop = (asked.stop,) if isinstance(asked.stop, str) else asked.stop or ()
        seed = (asked.seed if asked.seed is not None else len(asked.messages),)
        wish = Wish(ids, min(asked.max_tokens, room), asked.temperature, asked.top_p, seed, stop)
        made = write(loaded, [wish])[0]
        return Said(made.text, made.finish, len(ids), made.tokens)

    return answer


def build(model: str, name: str) -> Any:
    """The ASGI application: /v1/models, /v1/chat/completions, /health."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    answer = answerer(model)
    one_at_a_time = threading.Lock()

    def complete(asked: ChatRequest) -> Said:
        with one_at_a_time:
            return answer(asked)

    def refuse(wrong: str) -> JSONResponse:
        return JSONResponse({"error": {"message": wrong, "type": "invalid_request_error"}}, 400)

    async def completions(request: Request) -> JSONResponse:
        try:
            asked = msgspec.json.decode(await request.body(), type=ChatRequest)
        except msgspec.DecodeError as error:
            return refuse(str(error))
        if not asked.messages or asked.stream:
            return refuse("stream is not served; send stream: false" if asked.stream else "messages is empty")
        try:
            said = await run_in_threadpool(complete, asked)
        except (TooLong, MetierError) as error:
            return refuse(str(error))
        choice = {
            "index": 0, "message": {"role": "assistant", "content": said.text}, "finish_reason": said.finish,
        }  # fmt: skip
        made = {"id": f"chatcmpl-{time.time_ns()}", "object": "chat.completion", "created": int(time.time())}
        usage = {
            "prompt_tokens": said.prompt, "completion_tokens": said.completion,
            "total_tokens": said.prompt + said.completion,
        }  # fmt: skip
        return JSONResponse({**made, "model": name, "choices": [choice], "usage": usage})

    async def models(request: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model", "owned_by": "metier"}]})

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", completions, methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
        ]
    )


def serve(model: str, host: str, port: int) -> None:
    """Serve until stopped; an error names the extra that is missing."""
    try:
        import uvicorn
    except ImportError:
        raise MetierError("serving needs the extra: pip install 'metier[serve,train]'") from None
    app = build(model, Path(model).name.removeprefix("asset:"))
    uvicorn.run(app, host=host, port=port, log_level="warning")

"""A model behind the OpenAI chat protocol, on this machine."""

import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from metier.records import Message, MetierError
from metier.serve.chat import replier


class ChatRequest(msgspec.Struct, frozen=True):
    """What a client sends to /v1/chat/completions; fields it does not know are ignored."""

    messages: tuple[Message, ...]
    model: str = ""
    max_tokens: int = 128
    temperature: float = 0.0
    stream: bool = False


def build(model: str, name: str) -> Any:
    """The ASGI application: /v1/models, /v1/chat/completions, /health."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    reply = replier(model)
    one_at_a_time = threading.Lock()

    def complete(asked: ChatRequest) -> str:
        with one_at_a_time:
            return reply(asked.messages, asked.max_tokens, asked.temperature)

    async def completions(request: Request) -> JSONResponse:
        try:
            asked = msgspec.json.decode(await request.body(), type=ChatRequest)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": {"message": str(error), "type": "invalid_request_error"}}, 400)
        if not asked.messages or asked.stream:
            wrong = "stream is not served; send stream: false" if asked.stream else "messages is empty"
            return JSONResponse({"error": {"message": wrong, "type": "invalid_request_error"}}, 400)
        text = await run_in_threadpool(complete, asked)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        made = {"id": f"chatcmpl-{time.time_ns()}", "object": "chat.completion", "created": int(time.time())}
        return JSONResponse({**made, "model": name, "choices": [choice]})

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

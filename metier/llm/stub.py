"""A scripted endpoint of the OpenAI chat protocol on this machine, with the faults of real ones, which counts what it
was asked: ``python -m metier.llm.stub --function module:function`` prints its address.

It speaks as much of HTTP/1.1 as clients of that protocol use, and little else, so that it costs next to nothing.
"""

import argparse
import asyncio
import contextlib
import hashlib
import inspect
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from random import Random
from typing import Any

import msgspec

from metier.llm.request import Reply, Request, Sampling, Tool, Usage
from metier.records import Config, Message, MetierError, ToolCall

Answer = Callable[[Request], str | Reply | Awaitable[str | Reply]]

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class Faults(Config, frozen=True):
    """What goes wrong, as shares of the requests; which, is drawn from the seed, the request and how often it came."""

    refused: float = 0.0
    """Answered with 429."""
    retry_after: float = 0.0
    """Seconds that every second 429 asks to wait; 0 asks nothing."""
    errors: float = 0.0
    """Answered with 500."""
    cut: float = 0.0
    """Connection closed in the middle of the reply."""
    malformed: float = 0.0
    """A 200 whose body breaks off."""
    slow: float = 0.0
    """Answered after slow_seconds."""
    slow_seconds: float = 1.0
    latency: float = 0.0
    """Seconds every reply takes."""
    per_second: float = 0.0
    """Requests a second beyond which it answers 429; 0 is no limit."""
    status: int = 200
    """Answer everything with this status."""
    key: str = ""
    """Bearer key that is asked for; a wrong one is told with 401 and repeated."""
    seed: int = 0


class Counts(msgspec.Struct):
    """What the endpoint saw."""

    requests: int = 0
    most_open: int = 0
    """Most requests that were under way at once."""
    longest_silence: float = 0.0
    """Most seconds between one request and the next."""
    asked: dict[str, int] = {}
    """How often each body came, by its hash."""
    outcomes: dict[str, int] = {}
    """How often each fault befell a request; ``limited`` is a 429 for going beyond the rate."""


class Stub:
    """The endpoint; ``url`` is its base_url."""

    def __init__(self, function: Answer, faults: Faults) -> None:
        self.function, self.faults = function, faults
        self.url = ""
        self.asked: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.open = self.most_open = 0
        self.silence, self._heard = 0.0, -1.0
        self._server: asyncio.Server | None = None
        self._room, self._filled = 1.0, 0.0
        self.connections: set[_Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def counts(self) -> Counts:
        """What it saw so far."""
        return Counts(self.asked.total(), self.most_open, self.silence, dict(self.asked), dict(self.outcomes))

    async def listen(self, port: int) -> None:
        """Begin to answer on the running loop."""
        loop = asyncio.get_running_loop()
        self._filled = loop.time()
        try:
            self._server = await loop.create_server(lambda: _Connection(self, loop), "127.0.0.1", port, backlog=1024)
        except OSError as error:
            raise MetierError(
                f"port {port}: cannot listen ({error.strerror}); name another, or 0 for a free one"
            ) from None
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def close(self) -> None:
        """Close every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self.tasks):
            task.cancel()
        for connection in list(self.connections):
            connection.transport.abort()

    def fault(self, mark: str, now: float) -> tuple[str, float]:
        """What befalls a request, and after how many seconds it is answered."""
        faults = self.faults
        if self._heard >= 0:
            self.silence = max(self.silence, now - self._heard)
        self._heard = now
        if faults.per_second:
            self._room = min(max(1.0, faults.per_second), self._room + (now - self._filled) * faults.per_second)
            self._filled = now
            if self._room < 1:
                return "limited", 0.0
            self._room -= 1
        drawn = Random(f"{faults.seed}:{mark}:{self.asked[mark]}")
        at = drawn.random()
        late = faults.slow_seconds if drawn.random() < faults.slow else faults.latency
        for name, share in (
            ("429", faults.refused),
            ("500", faults.errors),
            ("cut", faults.cut),
            ("malformed", faults.malformed),
        ):
            if at < share:
                return name, 0.0 if name == "429" else late
            at -= share
        return "reply", late

    async def reply(self, request: Request) -> Reply:
        """What the function answers."""
        said: Any = self.function(request)
        said = await said if inspect.isawaitable(said) else said
        if isinstance(said, Reply):
            return said
        read = sum(len(message.content.encode()) for message in request.messages)
        return Reply(said, "", Usage(read // 4 + 1, len(said.encode()) // 4 + 1))


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other."""

    transport: asyncio.Transport

    def __init__(self, stub: Stub, loop: asyncio.AbstractEventLoop) -> None:
        self.stub, self.loop = stub, loop
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.stub.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.stub.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.held = self.held + data if self.held else data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end]
            at = head.lower().find(b"\r\ncontent-length:")
            length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.held) < end + 4 + length:
                return
            content, self.held = self.held[end + 4 : end + 4 + length], self.held[end + 4 + length :]
            self._asked(head, content)

    def _asked(self, head: bytes, content: bytes) -> None:
        stub = self.stub
        verb, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0]
        if verb == b"GET" or not path.endswith(b"/chat/completions"):
            self._aside(path)
            return
        mark = hashlib.blake2b(content, digest_size=16).hexdigest()
        stub.asked[mark] += 1
        what, late = stub.fault(mark, self.loop.time())
        stub.outcomes[what] += 1
        stub.open += 1
        stub.most_open = max(stub.most_open, stub.open)
        if late:
            self.loop.call_later(late, self._begin, what, head, content)
        else:
            self._begin(what, head, content)

    def _aside(self, path: bytes) -> None:
        if path.endswith(b"/stub/counts"):
            self._write(200, msgspec.json.encode(self.stub.counts()))
        elif path.endswith(b"/models"):
            self._write(200, b'{"object":"list","data":[{"id":"stub","object":"model"}]}')
        elif path.endswith(b"/health"):
            self._write(200, b"{}")
        else:
            self._write(404, b'{"error":{"message":"no such address"}}')

    def _begin(self, what: str, head: bytes, content: bytes) -> None:
        stub, faults = self.stub, self.stub.faults
        stub.open -= 1
        if faults.key and f"authorization: bearer {faults.key}".encode().lower() not in head.lower():
            given = head.decode("latin-1").lower().partition("authorization:")[2].partition("\r\n")[0]
            self._write(
                401, msgspec.json.encode({"error": {"message": f"wrong key:{given}", "code": "invalid_api_key"}})
            )
        elif faults.status != 200:
            self._write(faults.status, b'{"error":{"message":"as told"}}')
        elif what in ("429", "limited"):
            asks = faults.retry_after and stub.outcomes["429"] % 2
            more = f"Retry-After: {faults.retry_after:g}\r\n" if asks else ""
            self._write(429, b'{"error":{"message":"too many requests"}}', more)
        elif what == "500":
            self._write(500, b'{"error":{"message":"internal error"}}')
        elif what == "cut":
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
            self.transport.close()
        else:
            task = self.loop.create_task(self._reply(what, content))
            stub.tasks.add(task)
            task.add_done_callback(stub.tasks.discard)

    async def _reply(self, what: str, content: bytes) -> None:
        try:
            request = read(content)
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            self._write(400, msgspec.json.encode({"error": {"message": f"not a chat request: {error!r}"}}))
            return
        try:
            sent = completion(request.model, await self.stub.reply(request))
        except Exception as error:  # told to the client, as a server would
            self._write(500, msgspec.json.encode({"error": {"message": f"{type(error).__name__}: {error}"}}))
            return
        self._write(200, sent[: len(sent) // 2] if what == "malformed" else sent)

    def _write(self, status: int, content: bytes, more: str = "") -> None:
        head = f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\nContent-Type: application/json\r\n{more}"
        self.transport.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)


def read(content: bytes) -> Request:
    """A request out of what a client sent."""
    sent = msgspec.json.decode(content)
    messages = tuple(_message(turn) for turn in sent["messages"])
    asked = sent.get("response_format") or {}
    tools = tuple(msgspec.convert(tool["function"], Tool) for tool in sent.get("tools") or ())
    stop = sent.get("stop") or ()
    sampling = Sampling(
        temperature=float(sent.get("temperature", 1.0)),
        top_p=float(sent.get("top_p", 1.0)),
        max_tokens=int(sent.get("max_tokens") or sent.get("max_completion_tokens") or 1024),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        thinking=(sent.get("chat_template_kwargs") or {}).get("enable_thinking"),
    )
    return Request(
        sent["model"], messages, sampling=sampling, schema=(asked.get("json_schema") or {}).get("schema"), tools=tools
    )


def _message(turn: dict[str, Any]) -> Message:
    calls = (call["function"] for call in turn.get("tool_calls") or ())
    content = turn.get("content") or ""
    return Message(turn["role"], content, tuple(ToolCall(call["name"], call["arguments"]) for call in calls))


def completion(model: str, reply: Reply) -> bytes:
    """A reply as the protocol writes it."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    if reply.tool_calls:
        message["tool_calls"] = [
            {"id": f"call_{number}", "type": "function", "function": call}
            for number, call in enumerate(reply.tool_calls)
        ]
    usage = {
        "prompt_tokens": reply.usage.prompt, "completion_tokens": reply.usage.completion,
        "total_tokens": reply.usage.prompt + reply.usage.completion,
    }  # fmt: skip
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if reply.tool_calls else reply.finish}
    return msgspec.json.encode(
        {"id": "stub", "object": "chat.completion", "created": 0, "model": model, "choices": [choice], "usage": usage}
    )


async def start(function: Answer, faults: Faults = Faults(), port: int = 0) -> Stub:
    """An endpoint on the running loop."""
    stub = Stub(function, faults)
    await stub.listen(port)
    return stub


@contextlib.contextmanager
def serving(function: Answer, faults: Faults = Faults(), port: int = 0) -> Iterator[Stub]:
    """An endpoint in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="metier-stub", daemon=True)
    thread.start()
    try:
        stub = asyncio.run_coroutine_threadsafe(start(function, faults, port), loop).result()
        try:
            yield stub
        finally:
            asyncio.run_coroutine_threadsafe(stub.close(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def main() -> int:
    """Answer until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--function", required=True, help="module:function")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", default="{}", help="JSON object of the fields of Faults")
    given = parser.parse_args()
    from metier.llm.scripted import find_function

    try:
        function = find_function("stub", given.function)
        faults = msgspec.json.decode(given.faults, type=Faults)
    except (MetierError, msgspec.DecodeError) as error:
        parser.error(str(error))

    async def answer() -> None:
        stub = await start(function, faults, given.port)
        print(stub.url, flush=True)
        await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(answer())
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What goes over the wire and what is made of what comes back, against a real server on the loopback."""

import asyncio
import contextlib
import json
import ssl
import subprocess
from pathlib import Path

import msgspec
import pytest

from metier.llm.backend import Cut, Malformed, Refused, Unreachable
from metier.llm.endpoint import Chat, authorities, body, connect, proxy
from metier.llm.request import Reply, Request, Sampling, Tool, Usage
from metier.llm.session import session
from metier.llm.spec import Endpoint, Limits
from metier.llm.stub import Faults, completion, read, serving
from metier.records import Message, MetierError, ToolCall
from tests.llm.teachers import echo

ASKED = Request("m", (Message("user", "abc"),))


def send(url: str, request: Request = ASKED) -> Reply:
    """One attempt at an endpoint."""

    async def run() -> Reply:
        backend = await connect("teacher", Endpoint(base_url=url, model=request.model))
        try:
            return await backend.answer(request)
        finally:
            await backend.close()

    return asyncio.run(run())


def answered(content: bytes) -> Reply:
    """What is made of the body of a 200."""

    async def run() -> Reply:
        chat = Chat("teacher", "http://127.0.0.1:1/v1/chat/completions", None)
        try:
            return chat._read(content)
        finally:
            await chat.close()

    return asyncio.run(run())


def test_a_reply_comes_with_its_usage() -> None:
    with serving(echo) as stub:
        assert send(stub.url) == Reply("cba", "", Usage(1, 1))
        assert send(stub.url + "/") == Reply("cba", "", Usage(1, 1))


def test_tools_schema_and_thinking_are_sent_and_come_back() -> None:
    seen = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        return Reply("", "", Usage(7, 8), "stop", (ToolCall("weigh", '{"grams": 3}'),), "let me think")

    asked = Request(
        "m", (Message("system", "s"), Message("user", "u"), Message("assistant", "", (ToolCall("weigh", "{}"),)),
              Message("tool", "4 grams"), Message("user", "and now?")),
        sampling=Sampling(0.5, 0.9, 77, ("\n\n",), thinking=True), schema={"type": "object"},
        tools=(Tool("weigh", "put on scales", {"type": "object"}),),
    )  # fmt: skip
    with serving(answer) as stub:
        assert send(stub.url, asked) == Reply(
            "", "", Usage(7, 8), "tool_calls", (ToolCall("weigh", '{"grams": 3}'),), "let me think"
        )
    assert seen == [asked]


def test_the_body_is_that_of_the_protocol() -> None:
    plain = json.loads(body(ASKED))
    assert plain == {
        "model": "m",
        "messages": [{"role": "user", "content": "abc"}],
        "temperature": 0.0,
        "max_tokens": 1024,
    }
    talk = (Message("assistant", "", (ToolCall("a"), ToolCall("b"))), Message("tool", "1"), Message("tool", "2"))
    turns = json.loads(body(Request("m", (*talk, *talk))))["messages"]
    assert [[call["id"] for call in turn.get("tool_calls", ())] for turn in turns[::3]] == [
        ["call_0", "call_1"], ["call_2", "call_3"],
    ]  # fmt: skip
    assert [turn.get("tool_call_id") for turn in turns] == [None, "call_0", "call_1", None, "call_2", "call_3"]
    assert json.loads(body(msgspec.structs.replace(ASKED, schema={"title": "T"})))["response_format"] == {
        "type": "json_schema", "json_schema": {"name": "T", "strict": True, "schema": {"title": "T"}},
    }  # fmt: skip
    assert read(body(ASKED)) == ASKED
    for thinking in (True, False):
        sent = json.loads(body(msgspec.structs.replace(ASKED, sampling=Sampling(thinking=thinking))))
        assert sent["chat_template_kwargs"] == {"enable_thinking": thinking}


def test_what_servers_write_differently_is_read() -> None:
    def reply(**message: object) -> bytes:
        return json.dumps({"choices": [{"message": message, "finish_reason": None}]}).encode()

    assert answered(reply(content="<think>hm</think>\n\nyes")).text == "yes"
    assert answered(reply(content="hm</think>yes")).thinking == "hm"
    assert answered(reply(content="yes", reasoning="hm")).thinking == "hm"
    assert answered(reply(content=[{"type": "text", "text": "y"}, {"type": "text", "text": "es"}])).text == "yes"
    assert answered(reply(content=None)) == Reply("", "")
    called = reply(content=None, tool_calls=[{"id": "x", "function": {"name": "f", "arguments": {"a": 1}}}])
    assert answered(called).tool_calls == (ToolCall("f", '{"a":1}'),)
    assert answered(completion("m", Reply("x", "", Usage(1, 2), "length"))) == Reply("x", "", Usage(1, 2), "length")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"<html>busy</html>", b'{"choices": []}', b'{"choices": [{}]}', b"\xff"]
)
def test_what_is_no_reply_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        answered(content)


def test_an_error_in_a_200_is_an_error() -> None:
    with pytest.raises(Refused) as caught:
        answered(b'{"error": {"message": "overloaded", "code": 503}}')
    assert (caught.value.status, caught.value.detail) == (503, "overloaded")


def test_an_error_beside_a_reply_is_an_error() -> None:
    choice = {"message": {"content": "half of"}, "finish_reason": "stop"}
    with pytest.raises(Refused, match="refused with 502: gone"):
        answered(json.dumps({"choices": [choice], "error": {"message": "gone", "code": 502}}).encode())
    with pytest.raises(Malformed, match=r"an error: .*gone"):
        answered(json.dumps({"choices": [choice], "error": "gone"}).encode())


@pytest.mark.parametrize("finish", ["error", "abort", "insufficient_system_resource"])
def test_a_reply_that_broke_off_is_none(finish: str) -> None:
    with pytest.raises(Malformed, match=f"ended with '{finish}'"):
        answered(completion("m", Reply("half of", "", Usage(1, 1), finish)))


@pytest.mark.parametrize("count", [-1, 2**63, 10**30, 2.5, "many", [], None])
def test_a_count_of_tokens_that_cannot_be_is_none(count: object) -> None:
    for usage in ({"prompt_tokens": count}, count):
        told = json.dumps({"choices": [{"message": {"content": "x"}}], "usage": usage})
        assert answered(told.encode()) == Reply("x", "")


@pytest.mark.parametrize("status", [307, 400, 401, 404, 429, 500, 503])
def test_an_error_status_is_told_with_what_was_said(status: int) -> None:
    with serving(echo, Faults(status=status)) as stub, pytest.raises(Refused) as caught:
        send(stub.url)
    assert (caught.value.status, caught.value.detail) == (status, "as told")


def test_retry_after_is_read() -> None:
    with serving(echo, Faults(refused=1, retry_after=3)) as stub, pytest.raises(Refused) as caught:
        send(stub.url)
    assert caught.value.retry_after == 3


def test_faults_of_the_line_are_told_apart() -> None:
    with serving(echo, Faults(cut=1)) as stub, pytest.raises(Cut):
        send(stub.url)
    with serving(echo, Faults(malformed=1)) as stub, pytest.raises(Malformed):
        send(stub.url)
    with serving(echo) as stub:
        gone = stub.url
    with pytest.raises(Unreachable):
        send(gone)


def test_a_reply_without_end_is_given_up() -> None:
    async def run() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"x" * (1 << 20))
                    await writer.drain()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        chat = Chat("teacher", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/chat/completions", None)
        try:
            with pytest.raises(Malformed, match="more than 64 MiB: xxx"):
                await chat.answer(ASKED)
        finally:
            await chat.close()
            server.close()

    asyncio.run(run())


def test_newer_names_of_a_field_are_learnt() -> None:
    async def run() -> tuple[list[Reply], int]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            with contextlib.suppress(asyncio.IncompleteReadError):
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                    sent, asked = json.loads(await reader.readexactly(length)), asked + 1
                    told = b'{"error":{"message":"Unsupported: use max_completion_tokens instead"}}'
                    said = told if "max_tokens" in sent else completion("m", Reply("yes", ""))
                    status = b"400 Bad" if "max_tokens" in sent else b"200 OK"
                    writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(said), said))

        asked = 0
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/chat/completions"
        chat = Chat("teacher", url, None)
        together = await asyncio.gather(*(chat.answer(ASKED) for _ in range(3)))
        reply = await chat.answer(ASKED)
        await chat.close()
        server.close()
        return [*together, reply], asked

    replies, asked = asyncio.run(run())
    assert [reply.text for reply in replies] == ["yes"] * 4
    assert asked == 7


def test_connections_are_kept_and_as_many_as_allowed(tmp_path: Path) -> None:
    with serving(echo, Faults(latency=0.02)) as stub:
        spec = Endpoint(base_url=stub.url, model="m", limits=Limits(concurrency=5))
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            writer = calls.llm("teacher")
            assert len(list(writer.map(range(40), lambda n: writer.ask((Message("user", str(n)),))))) == 40
            assert len(stub.connections) <= 5
        assert stub.most_open == 5


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(echo) as stub:
        monkeypatch.setenv("http_proxy", stub.url.removesuffix("/v1"))
        assert send("http://far.example/v1").text == "cba"  # the stub stands in for the proxy
        assert stub.counts().requests == 1
        monkeypatch.setenv("no_proxy", "far.example")
        assert proxy("teacher", "http", "far.example") is None
        monkeypatch.setenv("no_proxy", "far.example:8000")
        assert proxy("teacher", "http", "far.example", 8000) is None
        assert proxy("teacher", "http", "far.example", 80) == stub.url.removesuffix("/v1")
    monkeypatch.setenv("https_proxy", "socks5://user:pw@host:1")
    with pytest.raises(MetierError, match=r"proxy socks5://\[hidden\]@host:1 is not an http proxy"):
        proxy("teacher", "https", "other.example")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.0.1"])
def test_a_server_of_this_machine_is_asked_directly(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert proxy("teacher", "http", host, 8000) is None
    with serving(echo) as stub:
        assert send(stub.url).text == "cba"


def test_authorities_of_the_environment_are_trusted(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-keyout", str(key), "-out", str(cert), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
    ]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")

    async def ask(tls: ssl.SSLContext) -> Reply:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            said = completion("m", Reply("yes", ""))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))

        server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_tls.load_cert_chain(cert, key)
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_tls)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/chat/completions"
        chat = Chat("teacher", url, None, tls=tls)
        try:
            return await chat.answer(ASKED)
        finally:
            await chat.close()
            server.close()

    assert asyncio.run(ask(authorities("teacher", {"SSL_CERT_FILE": str(cert)}))).text == "yes"
    assert asyncio.run(ask(authorities("teacher", {"REQUESTS_CA_BUNDLE": str(cert)}))).text == "yes"
    with pytest.raises(Unreachable, match="SSL_CERT_FILE") as caught:
        asyncio.run(ask(authorities("teacher", {})))
    assert caught.value.reach == "model"
    with pytest.raises(MetierError, match=f"teacher: SSL_CERT_FILE={key} holds no certificates"):
        authorities("teacher", {"SSL_CERT_FILE": str(key)})


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000/v1",
        "ftp://host/v1",
        "http:///v1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://[::1/v1",
    ],
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(MetierError, match="is no http address"):
        send(url)


def test_a_key_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(MetierError, match=r"goes up to /v1, without .* a key belongs into api_key_env") as caught:
        send("https://host/v1?key=sk-4f9d2c71aa03")
    assert "sk-4f9d" not in str(caught.value)

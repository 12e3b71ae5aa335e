"""Any server of the OpenAI chat protocol (platform.openai.com/docs/api-reference/chat), over kept connections.

What a request says is sent, and what comes back is read strictly: nothing is believed that the protocol does not say.
"""

import asyncio
import os
from base64 import b64encode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from metier.llm.backend import Backend, Cut, Malformed, Refused, Unreachable
from metier.llm.request import Reply, Request, Usage
from metier.llm.secrets import Secret, redact, split_login
from metier.llm.spec import Endpoint
from metier.llm.thinking import split_thinking
from metier.records import Message, MetierError, ToolCall

if TYPE_CHECKING:
    import ssl

    import aiohttp
    import yarl

_DETAIL = 300
_LARGEST = 64 << 20
"""Bytes of a body beyond which it is no reply but a fault of the other side."""
_BROKEN = frozenset({"abort", "error", "insufficient_system_resource"})
"""What servers call the end of a reply that they did not bring to its end."""
_COUNT = 1 << 40
"""Tokens beyond which, or below nought, what an endpoint counts is no count."""
_encoder = msgspec.json.Encoder()


class _Function(msgspec.Struct):
    name: str
    arguments: str | dict[str, Any] | None = None


class _Call(msgspec.Struct):
    function: _Function


class _Part(msgspec.Struct):
    text: str = ""
    type: str = "text"


class _Said(msgspec.Struct):
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] = []
    usage: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Body)


async def connect(name: str, spec: Endpoint) -> Backend:
    """An endpoint of a recipe; its key has to be there before anything is sent."""
    try:
        url, login = split_login(spec.base_url)
    except ValueError:
        raise _no_address(f"models: {name}", spec.base_url) from None
    secret = Secret(spec.api_key_env, f"models: {name}: api_key_env") if spec.api_key_env else None
    if secret is not None:
        secret.value()
    return Chat(f"models: {name}", url.rstrip("/") + "/chat/completions", secret, login, spec.limits.concurrency)


class Chat:
    """A pool of connections to one server."""

    def __init__(
        self,
        place: str,
        url: str,
        secret: Secret | None,
        login: tuple[str, str] | None = None,
        width: int = 64,
        tls: "ssl.SSLContext | None" = None,
    ) -> None:
        import aiohttp

        self.place, self.secret, self._url = place, secret, _address(place, url)
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if login is not None:
            self._headers["Authorization"] = "Basic " + b64encode(":".join(map(unquote, login)).encode()).decode()
        self._tokens = "max_tokens"
        if tls is None and self._url.scheme == "https":
            tls = authorities(place, os.environ)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=width, keepalive_timeout=60, ssl=tls or True, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
            proxy=proxy(place, self._url.scheme, self._url.host or "", self._url.port),
        )

    async def answer(self, request: Request) -> Reply:
        """Send a request and read its reply."""
        tokens = self._tokens
        try:
            return await self._send(request, tokens)
        except Refused as error:
            if error.status != 400 or "max_completion_tokens" not in error.detail or tokens != "max_tokens":
                raise
            self._tokens = "max_completion_tokens"  # what newer models of OpenAI call it
            return await self._send(request, self._tokens)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _send(self, request: Request, tokens: str) -> Reply:
        import aiohttp

        headers = self._headers
        if self.secret is not None:
            headers = headers | {"Authorization": f"Bearer {self.secret.value()}"}
        try:
            async with self._session.post(
                self._url, data=body(request, tokens), headers=headers, allow_redirects=False
            ) as response:
                content = await _content(response)
                if response.status != 200:
                    raise self._refused(response, content)
        except aiohttp.ClientConnectorCertificateError as error:
            raise Unreachable(f"{self._said(error)}; name your authorities in SSL_CERT_FILE", lasting=True) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(self._said(error)) from None
        except aiohttp.InvalidURL as error:
            raise Unreachable(self._said(error), lasting=True) from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise Cut(self._said(error)) from None
        return self._read(content)

    def _read(self, content: bytes) -> Reply:
        """A reply out of the body of a 200."""
        if self.secret is not None:
            content = self.secret.hide(content)
        try:
            found = _decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Malformed(self._clean(f"{error}: {_text(content)}")) from None
        if found.error or not found.choices:
            code = found.error.get("code") if isinstance(found.error, dict) else None
            if isinstance(code, int) and code >= 400:
                raise Refused(code, self._clean(_message(content)))
            raise Malformed(self._clean(f"{'an error' if found.error else 'no choices'}: {_text(content)}"))
        said, finish = found.choices[0].message, found.choices[0].finish_reason or "stop"
        if finish in _BROKEN:
            raise Malformed(f"ended with {finish!r}")
        text = said.content if isinstance(said.content, str) else "".join(part.text for part in said.content or ())
        thinking = said.reasoning_content or said.reasoning or ""
        if not thinking and ("</think>" in text or text.startswith("<think>")):
            thinking, text = split_thinking(text)
        return Reply(
            text, "", _usage(found.usage), finish, tuple(_call(one) for one in said.tool_calls or ()), thinking
        )  # fmt: skip

    def _refused(self, response: "aiohttp.ClientResponse", content: bytes) -> Refused:
        wait = seconds(response.headers.get("Retry-After", ""), response.headers.get("Date", ""))
        return Refused(response.status, self._clean(_message(content)), wait)

    def _said(self, error: BaseException) -> str:
        return self._clean(str(error) or type(error).__name__)

    def _clean(self, text: str) -> str:
        text = self.secret.redact(text) if self.secret is not None else redact(text)
        return " ".join(text.split())[:_DETAIL]


def _address(place: str, url: str) -> "yarl.URL":
    """The address as a client takes it; MetierError where it is none, or may hold a key that logs would show."""
    import yarl

    try:
        address = yarl.URL(url)
        if address.scheme not in ("http", "https") or not address.host or not address.port:
            raise ValueError(url)
    except ValueError:
        raise _no_address(place, url) from None
    if address.raw_query_string or address.raw_fragment:
        raise MetierError(f"{place}: base_url goes up to /v1, without ? and #; a key belongs into api_key_env")
    return address


def _no_address(place: str, url: str) -> MetierError:
    return MetierError(f"{place}: base_url {redact(url)!r} is no http address; write it as http://host:port/v1")


def body(request: Request, tokens: str = "max_tokens") -> bytes:
    """What is sent for a request."""
    sampling = request.sampling
    sent: dict[str, Any] = {
        "model": request.model,
        "messages": _turns(request.messages),
        "temperature": sampling.temperature,
        tokens: sampling.max_tokens,
    }
    if sampling.top_p != 1.0:
        sent["top_p"] = sampling.top_p
    if sampling.stop:
        sent["stop"] = sampling.stop
    if sampling.thinking is not None:
        sent["chat_template_kwargs"] = {"enable_thinking": sampling.thinking}
    if request.tools:
        sent["tools"] = [{"type": "function", "function": tool} for tool in request.tools]
    if request.schema is not None:
        schema = {"name": str(request.schema.get("title", "reply")), "strict": True, "schema": request.schema}
        sent["response_format"] = {"type": "json_schema", "json_schema": schema}
    return _encoder.encode(sent)


def _turns(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Messages as the protocol writes them: calls have names of their own, and results say which call they answer."""
    turns: list[dict[str, Any]] = []
    made, answered = 0, 0
    for message in messages:
        turn: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            answered = made
            turn["tool_calls"] = [
                {"id": f"call_{made + number}", "type": "function", "function": call}
                for number, call in enumerate(message.tool_calls)
            ]
            made += len(message.tool_calls)
        elif message.role == "tool":
            turn["tool_call_id"] = f"call_{min(answered, max(made - 1, 0))}"
            answered += 1
        turns.append(turn)
    return turns


async def _content(response: "aiohttp.ClientResponse") -> bytes:
    """The body of a response; Malformed where it has no end."""
    pieces, size = [], 0
    while piece := await response.content.readany():
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST:
            raise Malformed(f"more than {_LARGEST >> 20} MiB: {_text(pieces[0])[:_DETAIL]}")
    return b"".join(pieces)


def _usage(told: Any) -> Usage:
    """The tokens that an endpoint counted; none where it tells none that can be: a reply is not lost for that."""
    if not isinstance(told, dict):
        return Usage()
    counts = [told.get(name) or 0 for name in ("prompt_tokens", "completion_tokens")]
    return Usage(*counts) if all(isinstance(count, int) and 0 <= count < _COUNT for count in counts) else Usage()


def _call(one: _Call) -> ToolCall:
    arguments = one.function.arguments
    return ToolCall(
        one.function.name, arguments if isinstance(arguments, str) else _encoder.encode(arguments or {}).decode()
    )


def _message(content: bytes) -> str:
    """What an error body says."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _text(content)
    error = found.get("error", found) if isinstance(found, dict) else found
    if not isinstance(error, dict):
        return str(error)
    said = next((str(error[name]) for name in ("message", "detail", "error_msg") if error.get(name)), _text(content))
    kind = error.get("code") or error.get("type")
    return f"{said} ({kind})" if isinstance(kind, str) else said


def _text(content: bytes) -> str:
    return content[: 4 * _DETAIL].decode("utf-8", "replace")


def seconds(after: str, date: str = "") -> float | None:
    """Seconds that a Retry-After header asks to wait, given as a number or a date (RFC 9110, 10.2.3).

    A date is held against the server's own clock where it tells its time.
    """
    try:
        return max(0.0, float(after))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(after)
    except (ValueError, TypeError):
        return None
    try:
        now = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        from datetime import UTC, datetime

        now = datetime.now(UTC)
    try:
        return max(0.0, (until - now).total_seconds())
    except TypeError:  # one of them names no time zone
        return None


def authorities(place: str, environment: Mapping[str, str]) -> "ssl.SSLContext":
    """The certificate authorities that are trusted: those of the environment, or else of the system."""
    import ssl

    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        if not (value := environment.get(name)):
            continue
        path = Path(value)
        try:
            if path.is_dir():
                return ssl.create_default_context(capath=value)
            return ssl.create_default_context(cafile=value)
        except (OSError, ssl.SSLError) as error:
            raise MetierError(f"{place}: {name}={value} holds no certificates ({error}); mend or unset it") from None
    return ssl.create_default_context()


def proxy(place: str, scheme: str, host: str, port: int | None = None) -> str | None:
    """The proxy that the environment names for a host (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY; NO_PROXY excepts).

    A server of this machine is asked directly: no proxy reaches it.
    """
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    address = proxies.get(scheme) or proxies.get("all")
    if not address or _here(host) or proxy_bypass(f"{host}:{port}" if port else host):
        return None
    address = address if "://" in address else f"http://{address}"
    if not address.startswith(("http://", "https://")):
        raise MetierError(
            f"{place}: the proxy {redact(address)} is not an http proxy; name one, or set NO_PROXY={host}"
        )
    return address


def _here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

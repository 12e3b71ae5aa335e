"""A function that answers in place of a model: for tests, dry runs, and teachers that are programs."""

import importlib
import inspect
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, cast

from metier.llm.backend import AttemptError, Backend, ReplyError
from metier.llm.request import Reply, Request, Usage
from metier.llm.spec import Endpoint, Scripted
from metier.records import MetierError

Answer = Callable[[Request], str | Reply | Awaitable[str | Reply]]


async def connect(name: str, spec: Scripted) -> Backend:
    """The function of a scripted model, called in this process or behind a server on the loopback."""
    answering = Answering(name, spec.function, find_function(name, spec.function))
    return await _behind_http(name, spec, answering) if spec.http else answering


def find_function(name: str, place: str) -> Answer:
    """The function at ``module:function``; MetierError where there is none."""
    module, _, function = place.partition(":")
    try:
        found = getattr(importlib.import_module(module), function, None)
    except ModuleNotFoundError as error:
        if error.name and not module.startswith(error.name):
            raise MetierError(f"model {name!r}: {place} needs {error.name!r}, which is not installed") from None
        raise MetierError(
            f"model {name!r}: no module {module!r} for {place}; is it in the working directory?"
        ) from None
    except SyntaxError as error:
        raise MetierError(f"{error.filename}:{error.lineno}: {error.msg}; mend the module of {place}") from None
    if not callable(found):
        raise MetierError(f"model {name!r}: {module} has no function {function!r}")
    return cast(Answer, found)


class Answering:
    """A function as a backend; whatever it raises, but for a refusal of its own, stops the run with its place."""

    def __init__(self, name: str, place: str, function: Answer) -> None:
        self.name, self.place, self.function = name, place, function
        self.broken: MetierError | None = None
        """What it did wrong, kept for those who see only a server's error."""

    async def answer(self, request: Request) -> Reply:
        """The function's answer; a plain text becomes a reply whose tokens are counted as a quarter of its bytes."""
        try:
            said: Any = self.function(request)
            said = await said if inspect.isawaitable(said) else said
        except (AttemptError, ReplyError):
            raise
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {error}"
            raise self._mistake(f"failed at {last.filename}:{last.lineno}: {what}") from error
        if isinstance(said, Reply):
            return said
        if not isinstance(said, str):
            raise self._mistake(f"gave {said!r}; it must give a text or a Reply")
        asked = sum(tokens(message.content) for message in request.messages)
        return Reply(said, "", Usage(asked, tokens(said)))

    def _mistake(self, what: str) -> MetierError:
        self.broken = MetierError(f"model {self.name!r}: {self.place} {what}")
        return self.broken

    async def close(self) -> None:
        """Nothing is held."""


def tokens(text: str) -> int:
    """About how many tokens a text has where no tokenizer says: one for four bytes of UTF-8."""
    return len(text.encode()) // 4 + 1


async def _behind_http(name: str, spec: Scripted, answering: Answering) -> Backend:
    from metier.llm import endpoint, stub

    server = await stub.start(answering.answer)
    try:
        asked = Endpoint(base_url=server.url, model=spec.called, limits=spec.limits)
        return BehindHttp(answering, server, await endpoint.connect(name, asked))
    except BaseException:
        await server.close()
        raise


class BehindHttp:
    """A function behind a server on the loopback, asked as any endpoint is."""

    def __init__(self, answering: Answering, server: Any, inner: Backend) -> None:
        self.answering, self.server, self.inner = answering, server, inner

    async def answer(self, request: Request) -> Reply:
        """The endpoint's answer; a mistake in the function stops the run, as it does without HTTP."""
        try:
            return await self.inner.answer(request)
        except AttemptError:
            if self.answering.broken is not None:
                raise self.answering.broken from None
            raise

    async def close(self) -> None:
        """Stop the server."""
        try:
            await self.inner.close()
        finally:
            await self.server.close()

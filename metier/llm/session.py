"""The models of one run: one cache, one event loop in a thread of its own, and what all of it cost."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from metier.llm.backend import Backend
from metier.llm.budget import Spent
from metier.llm.cache import Cache
from metier.llm.calls import Calls, Shared
from metier.llm.llm import LLM
from metier.llm.spec import Endpoint, Local, Model, Vllm
from metier.records import MetierError
from metier.text.suggest import did_you_mean

T = TypeVar("T")


class Session:
    """The models of a run by name."""

    def __init__(self, shared: Shared, desks: Mapping[str, Calls]) -> None:
        self._shared, self._desks = shared, desks

    def llm(self, name: str) -> LLM:
        """A model by its name in ``models:``."""
        if name not in self._desks:
            raise MetierError(f"models: no model {name!r}; {did_you_mean(name, self._desks)}")
        return LLM(name, self._desks[name])

    def spent(self) -> dict[str, Spent]:
        """What every model was asked in this session and what that cost."""
        return {name: desk.spent() for name, desk in self._desks.items()}

    def release(self, names: Iterable[str] | None = None) -> None:
        """Stop the servers that were started and let local models go; a later request starts them again."""
        self._run(_release([self._desks[name] for name in (self._desks if names is None else names)]))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._shared.loop).result()


@contextlib.contextmanager
def session(
    cache: Path,
    models: Mapping[str, Model],
    seed: int = 0,
    logs: Path | None = None,
) -> Iterator[Session]:
    """Open the cache and the models; nothing is connected before a request that the cache does not hold.

    ``seed`` draws the jitter of the waits between attempts.
    ``logs`` is where servers that are started here write theirs; by default beside the cache.
    """
    file = Cache(cache)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="metier-llm", daemon=True)
    thread.start()
    try:
        shared = Shared(file, loop, Random(f"{seed}:llm"))
        logs = logs or cache.parent
        desks = {name: Calls(name, spec, partial(connect, name, spec, logs), shared) for name, spec in models.items()}
        shared.desks.extend(desks.values())
        opened = Session(shared, desks)
        try:
            yield opened
        finally:
            opened._run(_stop(list(desks.values())))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        file.close()


async def connect(name: str, spec: Model, logs: Path) -> Backend:
    """What stands behind a model."""
    if isinstance(spec, Endpoint):
        from metier.llm import endpoint

        return await endpoint.connect(name, spec)
    if isinstance(spec, Vllm):
        from metier.llm import launch

        return await launch.connect(name, spec, logs / f"{name}.log")
    if isinstance(spec, Local):
        from metier.llm import local

        return await local.connect(name, spec)
    from metier.llm import scripted

    return await scripted.connect(name, spec)


async def _release(desks: list[Calls]) -> None:
    for desk in desks:
        await desk.release()


async def _stop(desks: list[Calls]) -> None:
    """Cancel what still runs, let the backends go and close the loop's helpers."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await _release(desks)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()

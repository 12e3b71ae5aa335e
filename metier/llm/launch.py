"""A server that is started for the steps that ask it: checked, its log kept, stopped with all that it started."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from metier.artefact import asset
from metier.llm import endpoint, watchdog
from metier.llm.backend import Backend, Cut
from metier.llm.gpus import Claim, claim
from metier.llm.request import Reply, Request
from metier.llm.spec import Endpoint, Vllm
from metier.model.adapters import is_adapter
from metier.records import MetierError

HOST = "127.0.0.1"


async def connect(name: str, spec: Vllm, log: Path) -> "Launched":
    """Start the server and wait until it names its model; MetierError quotes the end of its log where it does not."""
    held = claim(name, spec.gpus)
    try:
        port = _free_port()
        server = Server(name, command(name, spec, port), held, log, spec.stop_seconds)
    except BaseException:
        held.close()
        raise
    try:
        await server.ready(f"http://{HOST}:{port}/v1/models", spec.called, spec.start_seconds)
        asked = Endpoint(base_url=f"http://{HOST}:{port}/v1", model=spec.called, limits=spec.limits)
        return Launched(server, await endpoint.connect(name, asked))
    except BaseException:
        await server.stop()
        raise


def command(name: str, spec: Vllm, port: int) -> list[str]:
    """The words that start the server; MetierError where its program is not there."""
    program = shutil.which(spec.command[0]) if spec.command else None
    if program is None:
        wanted = spec.command[0] if spec.command else ""
        remedy = "install it, or name the program: command: [...]"
        raise MetierError(f"model {name!r}: there is no program {wanted!r} here; {remedy}")
    if is_adapter(spec.model):
        raise MetierError(f"model {name!r}: {spec.model} is an adapter; merge it first (train.merge) and ask that")
    weights = spec.model.removeprefix("hf:") if spec.model.startswith("hf:") else str(asset(spec.model))
    address = ["--host", HOST, "--port", str(port)]
    shape = ["--tensor-parallel-size", str(spec.gpus), "--served-model-name", spec.called]
    return [program, *spec.command[1:], weights, *address, *shape, *spec.arguments]


class Launched:
    """An endpoint with the server behind it."""

    def __init__(self, server: "Server", inner: Backend) -> None:
        self.server, self.inner = server, inner

    async def answer(self, request: Request) -> Reply:
        """The endpoint's answer; a server that has ended stops the run rather than drop every row."""
        try:
            return await self.inner.answer(request)
        except Cut:
            if self.server.ended:
                raise self.server.error("ended while it was asked") from None
            raise

    async def close(self) -> None:
        """Stop the server."""
        try:
            await self.inner.close()
        finally:
            await self.server.stop()


class Server:
    """The process group of a server, behind a watchdog that ends it when this process does."""

    def __init__(self, name: str, words: list[str], held: Claim, log: Path, grace: float) -> None:
        self.name, self.log, self.held, self.grace = name, log, held, grace
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = dict(os.environ)
        if held.ids:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(held.ids)
        with log.open("ab") as out:
            self.start = out.tell()
            self.process = subprocess.Popen(
                [sys.executable, str(watchdog.__file__), str(grace), *words],
                stdin=subprocess.PIPE, stdout=out, stderr=out, env=environment, pass_fds=held.handles,
                start_new_session=True,
            )  # fmt: skip

    @property
    def ended(self) -> bool:
        """Whether it is no more."""
        return self.process.poll() is not None

    async def ready(self, address: str, model: str, seconds: float) -> None:
        """Wait until it names the model; another program at the same address does not pass for it."""
        import aiohttp

        end = asyncio.get_running_loop().time() + seconds
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
            while not self.ended:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
                    async with client.get(address) as response:
                        if response.status == 200 and model in await response.text():
                            return
                if asyncio.get_running_loop().time() > end:
                    raise self.error(f"did not answer in {seconds:g} s (start_seconds)")
                await asyncio.sleep(0.1)
        raise self.error("ended before it answered")

    def error(self, what: str) -> MetierError:
        """What happened to it, with the end of its log."""
        with self.log.open("rb") as file:
            file.seek(max(self.start, self.log.stat().st_size - 2000))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
        said = " | ".join(lines[-6:])[-600:] or "it said nothing"
        return MetierError(f"model {self.name!r}: its server {what}; the end of {self.log}: {said}")

    async def stop(self) -> None:
        """End it and all that it started; the GPUs are free afterwards."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.grace + 5):
                while not self.ended:
                    await asyncio.sleep(0.02)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.held.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])

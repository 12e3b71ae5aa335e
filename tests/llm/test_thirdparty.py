"""Servers that others wrote, and our own, asked as any endpoint: what they keep to, and how they say no."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from metier.artefact import asset
from metier.llm.llm import Failed
from metier.llm.request import Reply, Sampling
from metier.llm.session import Session, session
from metier.llm.spec import Endpoint, Limits
from metier.records import Message, MetierError
from tests.command import CHECKOUT

PATIENCE = 180
"""Seconds after which a server that has not answered counts as broken."""
NEEDED = {"transformers": ("fastapi", "uvicorn", "pydantic", "openai"), "metier": ("starlette", "uvicorn")}
START = {
    "transformers": ("-c", "from transformers.cli.transformers import main; main()", "serve", "--device", "cpu"),
    "metier": ("-m", "metier.cli", "serve"),
}


@pytest.fixture(scope="module", params=["transformers", "metier"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Endpoint]]:
    """A running server of a small checkpoint: ``transformers serve``, or our own."""
    missing = [name for name in NEEDED[request.param] if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{request.param} serve needs {', '.join(missing)}: pip install 'metier[dev]'")
    place = tmp_path_factory.mktemp(request.param)
    model = shutil.copytree(asset("asset:nano"), place / "tiny")
    settings = model / "generation_config.json"
    # without it transformers serve takes any temperature with a 200, and draws nothing
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "do_sample": True}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, *START[request.param], str(model), "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "HF_HUB_OFFLINE": "1"}
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
    end = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < end, (place / "log").read_text()
                time.sleep(0.1)
        yield request.param, Endpoint(base_url=f"http://127.0.0.1:{port}/v1", model=str(model), revision="1")
    finally:
        process.terminate()
        process.wait()


def asked(calls: Session, text: str = "Who are you?", name: str = "own") -> Any:
    writer = calls.llm(name)

    async def one(said: str) -> Reply:
        return await writer.ask([Message("user", said)])

    return next(iter(writer.map([text], one)))[1]


def reply(place: Path, spec: Endpoint, text: str = "Who are you?", **sampling: Any) -> Any:
    given = msgspec.structs.replace(spec, sampling=Sampling(**sampling), limits=Limits(retries=0))
    with session(place / "replies.sqlite", {"own": given}) as calls:
        return asked(calls, text)


def test_it_answers(server: tuple[str, Endpoint], tmp_path: Path) -> None:
    said = reply(tmp_path, server[1])
    assert said.text == "I am a small language model." and said.finish == "stop"
    assert said.usage.prompt > 5 and said.usage.completion > 5
    assert reply(tmp_path / "anew", server[1]) == said, "temperature 0 repeats itself"


def test_it_is_cut_at_max_tokens_and_at_stop_texts(server: tuple[str, Endpoint], tmp_path: Path) -> None:
    short = reply(tmp_path, server[1], max_tokens=4)
    assert (short.finish, short.usage.completion) == ("length", 4)
    stopped = reply(tmp_path, server[1], stop=(" small",))
    assert stopped.finish == "stop" and stopped.text.startswith("I am a") and "language" not in stopped.text


def test_it_samples(server: tuple[str, Endpoint], tmp_path: Path) -> None:
    some = {reply(tmp_path / str(n), server[1], temperature=1.5, max_tokens=24, top_p=0.95).text for n in range(4)}
    own = server[0] == "metier"
    assert len(some) == 1 if own else len(some) > 1, "ours draws by the request's seed, theirs by chance"


def test_more_tokens_than_it_can_write_are_no_error(server: tuple[str, Endpoint], tmp_path: Path) -> None:
    assert reply(tmp_path, server[1], max_tokens=100_000).text == "I am a small language model."


def test_the_thinking_switch_is_taken(server: tuple[str, Endpoint], tmp_path: Path) -> None:
    assert reply(tmp_path, server[1], thinking=False).text == "I am a small language model."


def test_a_wrong_address_stops_the_run(server: tuple[str, Endpoint], tmp_path: Path) -> None:
    wrong = msgspec.structs.replace(server[1], base_url=server[1].base_url + "/nowhere")
    with pytest.raises(MetierError, match="404"):
        reply(tmp_path, wrong)


def test_an_unknown_model_is_refused(server: tuple[str, Endpoint], tmp_path: Path) -> None:
    if server[0] == "metier":
        pytest.skip("ours serves one model, whatever it is called")
    try:
        made = reply(tmp_path, msgspec.structs.replace(server[1], model="nobody/nothing"))
    except MetierError as error:
        assert "nobody/nothing" in str(error) and "\n" not in str(error)
    else:
        assert isinstance(made, Failed) and made.why == "refused with 400" and "nobody/nothing" in made.detail


class Named(msgspec.Struct):
    name: str


def test_a_schema_that_is_taken_with_a_200_and_ignored_is_not_believed(
    server: tuple[str, Endpoint], tmp_path: Path
) -> None:
    with session(tmp_path / "replies.sqlite", {"own": server[1]}) as calls:
        writer = calls.llm("own")

        async def one(text: str) -> Any:
            return await writer.keeps(), await writer.ask_for(Named, [Message("user", text)])

        made = next(iter(writer.map(["Who are you?"], one)))[1]
        assert isinstance(made, Failed) and made.why == "reply is not the JSON asked for"
        assert calls.spent()["own"].counts == {"unreadable replies": 3}

        async def keeps(_: str) -> Any:
            return await writer.keeps()

        kept = next(iter(writer.map([""], keeps)))[1]
        assert (kept.schema, kept.tools) == (False, False)

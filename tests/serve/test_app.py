"""A real server on the loopback, asked by plain HTTP and by ``metier chat URL``."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import CHECKOUT, metier

PATIENCE = 120
"""Seconds after which a server that has not answered counts as broken."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a running server of the base model."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "metier.cli", "serve", "asset:nano", "--port", str(port)]
    server = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, stderr=subprocess.PIPE)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
            break
        except OSError:
            assert server.poll() is None, server.stderr.read() if server.stderr else ""
            assert time.monotonic() < end
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/v1"
    server.terminate()
    server.wait()


def post(url: str, body: Any) -> tuple[int, Any]:
    """Status and JSON of a chat completion request."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(f"{url}/chat/completions", data=data, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_it_answers_in_the_openai_shape(url: str) -> None:
    status, body = post(url, {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 12})
    assert status == 200
    assert body["object"] == "chat.completion"
    message = body["choices"][0]["message"]
    assert message["role"] == "assistant" and message["content"].strip()
    again = post(url, {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 12})[1]
    assert again["choices"] == body["choices"], "greedy by default"


def test_it_names_its_model(url: str) -> None:
    with urllib.request.urlopen(f"{url}/models", timeout=30) as response:
        assert [one["id"] for one in json.load(response)["data"]] == ["nano"]


@pytest.mark.parametrize(
    "body", [b"{", {"messages": []}, {"messages": "hi"}, {"messages": [{"role": "king", "content": ""}]}]
)
def test_a_bad_request_is_400_with_a_reason(url: str, body: Any) -> None:
    status, answer = post(url, body)
    assert status == 400 and answer["error"]["message"]


def test_chat_talks_to_the_server(url: str, tmp_path: Path) -> None:
    said = metier("chat", url, "--max-tokens", "12", cwd=tmp_path, stdin="Hello!\n\n")
    assert said.code == 0, said
    assert (
        said.out.strip()
        == post(url, {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 12})[1]["choices"][0][
            "message"
        ]["content"]
    )


def test_chat_without_a_server_is_one_line(tmp_path: Path) -> None:
    said = metier("chat", "http://127.0.0.1:9/v1", cwd=tmp_path, stdin="Hello!\n")
    assert said.code == 2 and "is the server running" in said.last

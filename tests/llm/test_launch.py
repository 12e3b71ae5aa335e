"""A server that is started for those who ask it: with its arguments, checked, its log quoted, and gone afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from metier.llm.gpus import claim, visible
from metier.llm.llm import Failed
from metier.llm.request import Reply
from metier.llm.session import Session, session
from metier.llm.spec import Limits, Vllm
from metier.records import Message, MetierError
from tests.command import CHECKOUT
from tests.processes import runs

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))
PATIENCE = 60
"""Seconds after which what should have happened counts as missing."""


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in finds the package, and GPUs are what a test says."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "stub").mkdir()


def spec(tmp_path: Path, mode: str = "", **more: Any) -> Vllm:
    words = (*STAND_IN, mode) if mode else STAND_IN
    return Vllm(model=str(tmp_path / "stub"), revision="1", command=words, limits=Limits(retries=1), **more)


def ask(calls: Session, text: str, name: str = "big") -> Reply | Failed[str]:
    writer = calls.llm(name)

    async def one(said: str) -> Reply:
        return await writer.ask([Message("user", said)])

    return next(iter(writer.map([text], one)))[1]


def started(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "stub/started.json").read_text())
    return found


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_is_started_at_the_first_question_and_gone_after_the_last(tmp_path: Path) -> None:
    with session(tmp_path / "replies.sqlite", {"big": spec(tmp_path, arguments=("--dtype", "auto"))}) as calls:
        assert not (tmp_path / "stub/started.json").exists()
        reply = ask(calls, "hello")
        assert isinstance(reply, Reply) and reply.text == "stub says hello"
        told = started(tmp_path)
        assert told["words"][0] == str(tmp_path / "stub") and told["words"][-2:] == ["--dtype", "auto"]
        given = dict(zip(told["words"], told["words"][1:], strict=False))
        assert given["--tensor-parallel-size"] == "1" and given["--served-model-name"] == "stub"
        assert all(runs(pid) for pid in told["pids"])
        calls.release()
        assert not any(runs(pid) for pid in told["pids"]), "the worker goes with the server"
        assert ask(calls, "hello") == reply and started(tmp_path) == told, "known replies need no server"
        ask(calls, "again")
        again = started(tmp_path)["pids"]
        assert again != told["pids"] and all(runs(pid) for pid in again)
    assert not any(runs(pid) for pid in again)
    assert "loading weights" in (tmp_path / "big.log").read_text()


def test_one_that_dies_at_the_start_is_quoted(tmp_path: Path) -> None:
    with (
        session(tmp_path / "replies.sqlite", {"big": spec(tmp_path, "--die")}) as calls,
        pytest.raises(MetierError, match=r"model 'big': its server ended before it answered; the end of .*big\.log: "
                           r"loading weights \| CUDA out of memory: 80 GB wanted") as error,
    ):  # fmt: skip
        ask(calls, "hello")
    assert "\n" not in str(error.value)
    assert not any(runs(pid) for pid in started(tmp_path)["pids"])


def test_an_adapter_is_not_started(tmp_path: Path) -> None:
    (tmp_path / "stub" / "adapter_config.json").write_text("{}")
    with (
        session(tmp_path / "replies.sqlite", {"big": spec(tmp_path)}) as calls,
        pytest.raises(MetierError, match=r"model 'big': \S+stub is an adapter; merge it first \(train\.merge\)"),
    ):
        ask(calls, "hello")
    assert not (tmp_path / "stub/started.json").exists()


def test_one_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with (
        session(tmp_path / "replies.sqlite", {"big": spec(tmp_path, "--never", start_seconds=1.5)}) as calls,
        pytest.raises(MetierError, match=r"did not answer in 1.5 s \(start_seconds\); the end of .*loading weights"),
    ):
        ask(calls, "hello")
    assert not any(runs(pid) for pid in started(tmp_path)["pids"])


def test_one_that_dies_while_it_is_asked_stops_the_run(tmp_path: Path) -> None:
    with (
        session(tmp_path / "replies.sqlite", {"big": spec(tmp_path)}) as calls,
        pytest.raises(MetierError, match=r"its server ended while it was asked; the end of .*ended with code 3"),
    ):
        ask(calls, "die")


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = Vllm(model=str(tmp_path / "stub"), command=("vllm-of-nowhere", "serve"))
    with (
        session(tmp_path / "replies.sqlite", {"big": missing}) as calls,
        pytest.raises(MetierError, match=r"model 'big': there is no program 'vllm-of-nowhere' here; install it"),
    ):
        ask(calls, "hello")


OWNER = """
import sys
from pathlib import Path
from tests.llm.test_launch import ask, session, spec
place = Path(sys.argv[1])
with session(place / "replies.sqlite", {"big": spec(place, sys.argv[2], stop_seconds=0.5)}) as calls:
    print(ask(calls, "hello").text, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("mode", ["", "--deaf"])
def test_it_does_not_outlive_whoever_started_it(tmp_path: Path, mode: str) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None and owner.stdout.readline() == "stub says hello\n"
    pids = started(tmp_path)["pids"]
    assert all(runs(pid) for pid in pids)
    owner.kill()
    owner.communicate()
    wait_for(lambda: not any(runs(pid) for pid in pids))


def test_it_goes_when_the_user_stops_the_run_before_it_answered(tmp_path: Path) -> None:
    words = [sys.executable, "-c", OWNER, str(tmp_path), "--never"]
    owner = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for((tmp_path / "stub/started.json").exists)
    wait_for(lambda: bool((tmp_path / "stub/started.json").read_text()))
    pids = started(tmp_path)["pids"]
    owner.send_signal(signal.SIGINT)
    _, err = owner.communicate(timeout=PATIENCE)
    assert owner.returncode != 0 and "KeyboardInterrupt" in err
    assert not any(runs(pid) for pid in pids)


def test_a_server_has_its_gpus_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    models = {"big": spec(tmp_path, gpus=2), "other": spec(tmp_path, gpus=2), "huge": spec(tmp_path, gpus=4)}
    with session(tmp_path / "replies.sqlite", models) as calls:
        assert isinstance(ask(calls, "hello"), Reply)
        assert started(tmp_path)["gpus"] == "4,5"
        with pytest.raises(MetierError, match=r"model 'other': gpus is 2, but 1 of 3 are free"):
            ask(calls, "something else", "other")
        with pytest.raises(MetierError, match=r"model 'huge': gpus is 4, but only 3 can be used here: 4, 5, 6"):
            ask(calls, "something else again", "huge")
        calls.release()
        assert isinstance(ask(calls, "something else", "other"), Reply)


def test_gpus_that_are_held_elsewhere_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0, 1,GPU-8932f937-d72c")
    assert visible() == ("0", "1", "GPU-8932f937-d72c")
    first = claim("a", 2)
    second = claim("b", 1)
    assert (first.ids, second.ids) == (("0", "1"), ("GPU-8932f937-d72c",))
    with pytest.raises(MetierError, match="0 of 3 are free"):
        claim("c", 1)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=first.handles)
    first.close()
    with pytest.raises(MetierError, match="0 of 3 are free"):
        claim("c", 1)
    child.communicate(b"\n")
    assert claim("c", 1).ids == ("0",)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert claim("d", 8).ids == () and os.environ["CUDA_VISIBLE_DEVICES"] == ""

"""Two processes train as one does, go on after they were ended, alone or together, and say in one line what did it."""

import contextlib
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from metier.records import Checkpoint, MetierError
from metier.train.curves import losses
from metier.train.encode import Given
from metier.train.launch import SAID, cause
from metier.train.prepare import prepare
from metier.train.profiles import check_launch, command
from metier.train.resume import CHECKPOINTS, last_checkpoint, step_of
from metier.train.settings import Launch
from metier.train.sft import Sft, sft
from tests.processes import told
from tests.train.loops import talks, weights

QUICK = {"window": 128, "batch_tokens": 512, "device_tokens": 256, "learning_rate": 3e-3, "epochs": 15, "keep": 2}
COUNT = 43
"""Conversations: their windows fill no whole number of steps, nor of turns of two devices."""
TWO = Launch(processes=2)


@pytest.fixture(scope="module")
def alone(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes of the job."""
    out = tmp_path_factory.mktemp("alone")
    assert list(sft(base, 5, Sft(**QUICK), out, talks(COUNT))) == []
    return out


@contextlib.contextmanager
def once_saved(out: Path, act: Callable[[], None]) -> Iterator[None]:
    """Do something as soon as the training that goes on inside has made three steps and saved, well before its end."""
    over = threading.Event()

    def wait() -> None:
        while not over.wait(0.02):
            if any(step_of(one.parent) >= 3 for one in (out / CHECKPOINTS).glob("checkpoint-*/complete")):
                act()
                return

    waiting = threading.Thread(target=wait)
    waiting.start()
    try:
        yield
    finally:
        over.set()
        waiting.join()


def like(first: Path, second: Path) -> bool:
    """Whether two trainings went alike: every step on the same tokens, and losses and weights as close as sums are."""
    steps = [(line.step, line.tokens, pytest.approx(line.loss, abs=1e-3)) for line in losses(first)]
    models = [(weights(first / part), weights(second / part)) for part in (".", "kept/1")]
    return steps == [(line.step, line.tokens, line.loss) for line in losses(second)] and all(
        one.keys() == other.keys() and all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)
        for one, other in models
    )


def test_two_processes_that_are_ended_go_on_together_or_alone_as_one_process_trains(
    base: Checkpoint, alone: Path, tmp_path: Path
) -> None:
    together, back = tmp_path / "together", tmp_path / "back"
    settings = Sft(**QUICK, launch=TWO, save_seconds=0.0)
    end = partial(os.kill, os.getpid(), signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), once_saved(together, end):
        sft(base, 5, settings, together, talks(COUNT))
    assert told(str(together)) == [], "they end at once, as by kill -9, with the one that started them"
    assert not (together / "complete").exists()
    shutil.copytree(together, back)
    assert list(sft(base, 5, settings, together, talks(COUNT))) == []
    assert list(sft(base, 5, Sft(**QUICK), back, talks(COUNT))) == []
    for out in (together, back):
        assert like(alone, out)
        assert not (out / CHECKPOINTS).exists()
        assert not (out / SAID).exists()


def test_a_model_in_shards_goes_on_after_a_kill_and_ends_as_one_plain_directory(
    base: Checkpoint, alone: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    launch = Launch(profile="fsdp2", processes=2)
    list(prepare(base, 5, Sft(**QUICK, launch=launch, save_seconds=0.0), out, Given(talks(COUNT))))
    words = [*command(launch, 2, out)[:-2], "tests.train.sharded", str(out)]

    def kill_one() -> None:
        os.kill(max(told(str(out))), signal.SIGKILL)  # the launcher came first

    with once_saved(out, kill_one):
        ended = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert cause(ended.stderr, tmp_path).startswith("a process was killed by signal 9; "), ended.stderr
    assert told(str(out)) == []
    assert (last := last_checkpoint(out)) is not None
    assert len(list((last / "pytorch_model_fsdp_0").glob("*.distcp"))) == 2
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert like(alone, out)
    assert {file.name for file in out.glob("*")} == {file.name for file in alone.glob("*")}


@pytest.mark.parametrize("launch", [TWO, None])
def test_processes_that_outlived_their_run_are_not_joined_by_others(
    base: Checkpoint, tmp_path: Path, launch: Launch | None
) -> None:
    with (tmp_path / SAID).open("w") as said:
        fcntl.flock(said, fcntl.LOCK_EX)
        left = subprocess.Popen(["sleep", "600"], stdout=said)
    try:
        with pytest.raises(MetierError, match="an earlier run has left behind still train there; end them"):
            sft(base, 5, Sft(**QUICK, launch=launch), tmp_path, talks(COUNT))
    finally:
        left.kill()
        left.wait()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            "[rank1]: Traceback (most recent call last):\n"
            '[rank1]:   File "loop.py", line 80, in make_loop\n'
            "[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB\n"
            "E1122 21:39:18 1 torch/distributed/elastic/multiprocessing/api.py:1002] failed (exitcode: 1)\n"
            "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n",
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB; all that was said is in LOG",
        ),
        (
            "[rank0]: RuntimeError: [gloo/transport/tcp/pair.cc:537] Read error: Connection reset by peer\n"
            "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n"
            "Failures:\n[1]:\n  rank      : 0 (local_rank: 0)\n  exitcode  : -15 (pid: 6)  (SIGTERM)\n"
            "  traceback : Signal 15 (SIGTERM) received by PID 6\n"
            "Root Cause (first observed failure):\n[0]:\n  rank      : 1 (local_rank: 1)\n"
            "  exitcode  : -9 (pid: 7)  (SIGKILL)\n  traceback : Signal 9 (SIGKILL) received by PID 7\n",
            "a process was killed by signal 9; where memory was short, lower device_tokens; run again to go on",
        ),
        (
            "[rank0]: RuntimeError: [gloo/transport/tcp/pair.cc:537] Read error: Connection reset by peer\n"
            "[rank1]: ValueError: two of them\n"
            "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n"
            "Root Cause (first observed failure):\n[0]:\n  rank      : 1 (local_rank: 1)\n  exitcode  : 1 (pid: 7)\n",
            "ValueError: two of them; all that was said is in LOG",
        ),
        (
            "[rank1]: RuntimeError: Connection closed by peer\nmetier: training: the loss of step 1 is nan, on a, b\n",
            "training: the loss of step 1 is nan, on a, b",
        ),
        ("W1122 a warning\n", "no process said why; all that was said is in LOG"),
    ],
)
def test_the_cause_is_found_in_what_the_processes_say(said: str, why: str) -> None:
    assert cause(said, Path("LOG")) == why


def test_more_processes_than_windows_are_told_before_any_is_started(base: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(
        MetierError, match="4 processes for 1 windows of 128 tokens: some would have nothing to train on"
    ):
        list(sft(base, 5, Sft(window=128, batch_tokens=512, launch=Launch(processes=4)), tmp_path, talks(3)))
    assert not (tmp_path / SAID).exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"launch": Launch(processes=3)},
            "batch_tokens 512 is 4 windows of 128, which 3 processes cannot share evenly",
        ),
        ({"launch": Launch(processes=4, nodes=2)}, "which 8 processes cannot share evenly; give a multiple of 1024"),
        ({"launch": Launch(profile="zero3"), "parts": "new_tokens"}, "parts new_tokens: its rows cannot be told apart"),
    ],
)
def test_settings_that_cannot_be_launched_are_told_when_they_are_read(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Sft(window=128, batch_tokens=512, **settings)


def test_checkpoints_that_other_processes_wrote_are_not_gone_on_from(base: Checkpoint, tmp_path: Path) -> None:
    sharded = Sft(**QUICK, launch=Launch(profile="zero2", processes=2))
    list(prepare(base, 5, sharded, tmp_path, Given(talks(COUNT))))
    checkpoint = tmp_path / CHECKPOINTS / "checkpoint-3"
    checkpoint.mkdir(parents=True)
    (checkpoint / "complete").touch()
    with pytest.raises(MetierError, match=r"written by zero2 \(nodes 1, processes 2\), and ddp cannot go on from them"):
        list(sft(base, 5, Sft(**QUICK), tmp_path, talks(COUNT)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU to shard on")
def test_a_profile_that_needs_gpus_or_a_library_is_refused_at_once(base: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="fsdp2 shares a model out to GPUs, and here is none; take profile: ddp"):
        list(sft(base, 5, Sft(launch=Launch(profile="fsdp2")), tmp_path, talks()))
    missing = "needs deepspeed, which is not installed; pip install deepspeed, or take profile: fsdp2"
    if importlib.util.find_spec("deepspeed"):
        missing = "zero3 shares a model out to GPUs"
    with pytest.raises(MetierError, match=missing):
        list(sft(base, 5, Sft(launch=Launch(profile="zero3")), tmp_path, talks()))
    assert not list(tmp_path.iterdir())


def test_the_command_names_the_machine_and_its_processes() -> None:
    one = command(TWO, 2, Path("runs/x"), {})
    assert one == [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
        "-m", "metier.train.loop", "runs/x",
    ]  # fmt: skip
    many = Launch(nodes=3)
    first = ["--nnodes=3", "--node-rank=1", "--master-addr=first", "--master-port=29500", "--nproc-per-node=gpu"]
    there = {"NODE_RANK": "1", "MASTER_ADDR": "first", "MASTER_PORT": "29500"}
    assert command(many, None, Path("x"), there)[3:8] == first
    assert command(many, None, Path("x"), {})[4] == "--node-rank=$NODE_RANK"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NODE_RANK", "", "launch: 2 nodes, but the environment has no NODE_RANK; start the same command on each"),
        ("NODE_RANK", "2", "NODE_RANK is '2'; of 2 nodes it is 0 to 1"),
        ("MASTER_PORT", "http", "MASTER_PORT is 'http'; name a free port of the first machine, such as 29500"),
        ("MASTER_PORT", "0", "MASTER_PORT is '0'; name a free port"),
    ],
)
def test_an_environment_that_does_not_fit_is_told(name: str, value: str, said: str) -> None:
    there = {"NODE_RANK": "1", "MASTER_ADDR": "first", "MASTER_PORT": "29500"}
    check_launch(Launch(nodes=2), there)
    with pytest.raises(MetierError, match=said):
        check_launch(Launch(nodes=2), there | {name: value})

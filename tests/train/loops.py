"""What the tests of the training loop share: a quick job, and a run that is killed in the middle."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import torch
from safetensors.torch import load_file

from metier.records import Checkpoint, Conversation
from metier.train.encode import Given
from metier.train.loop import make_loop
from metier.train.prepare import Job, prepare
from metier.train.resume import CHECKPOINTS
from metier.train.settings import Train
from metier.train.trainer import Loop
from tests.train.conftest import conversation

QUICK = {"window": 128, "batch_tokens": 512, "learning_rate": 3e-3, "save_seconds": 600.0}


def talks(count: int = 40) -> list[Conversation]:
    """That many conversations."""
    return [conversation(number) for number in range(count)]


def prepared(base: Checkpoint, out: Path, settings: Train, given: Given | None = None) -> Job:
    """The job over forty conversations, or over what is given."""
    list(prepare(base, 5, settings, out, given or Given(talks())))
    return msgspec.json.decode((out / "job.json").read_bytes(), type=Job)


def loop_of(base: Checkpoint, out: Path, settings: Train) -> Loop:
    """The loop of a job over forty conversations, before its first step."""
    return make_loop(out, prepared(base, out, settings))


def kill_after(out: Path, sign: str) -> None:
    """Train a prepared job in a process of its own and kill it as soon as it has written what the glob names."""
    job = subprocess.Popen([sys.executable, "-m", "metier.train.loop", str(out)])
    end = time.monotonic() + 240
    while not list(out.glob(sign)) and time.monotonic() < end:
        assert job.poll() is None, f"the run ended before it wrote {sign}"
        time.sleep(0.02)
    job.send_signal(signal.SIGKILL)
    job.wait()
    assert list(out.glob(f"{CHECKPOINTS}/checkpoint-*/complete"))
    assert not (out / "complete").exists()


def weights(place: Path) -> dict[str, torch.Tensor]:
    """All weights in a model's directory."""
    found = {name: one for file in sorted(place.glob("*.safetensors")) for name, one in load_file(file).items()}
    assert found
    return found


def same_bits(first: Path, second: Path) -> bool:
    """Whether two models' directories hold the same weights to the last bit."""
    one, other = weights(first), weights(second)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)

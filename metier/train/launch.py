"""Run a training job: in this process for one device, under torchrun for several."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from metier import progress
from metier.records import Checkpoint, Dropped, MetierError
from metier.train.disk import writing
from metier.train.encode import Given
from metier.train.prepare import Job, prepare
from metier.train.settings import Train


def train(base: Checkpoint, seed: int, settings: Train, out: Path, given: Given) -> Iterator[Dropped]:
    """Prepare a job unless it is prepared, train it to its end from where it stopped, and say what was left out."""
    with writing(out):
        dropped = list(prepare(base, seed, settings, out, given))
        import torch

        devices = torch.cuda.device_count()
        if devices > 1:
            launch(out, devices)
        else:
            from metier.train.loop import run

            run(out)
    return iter(dropped)


def launch(out: Path, processes: int) -> None:
    """Train a prepared job with one process a device; the error of a process becomes a MetierError here."""
    total = msgspec.json.decode((out / "job.json").read_bytes(), type=Job).tokens
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        # what this process holds open for its children, the lock of the run directory, they hold with it
        job = subprocess.Popen(
            [*command, "-m", "metier.train.loop", str(out)], stdout=said, stderr=said, close_fds=False
        )
        while job.poll() is None:
            try:
                job.wait(1.0)
            except subprocess.TimeoutExpired:
                _report(out, total)
        if job.returncode:
            said.seek(0)
            lines = [line.strip() for line in said.read().splitlines() if line.strip()]
            told = next((line for line in lines if line.startswith("metier: ")), lines[-1] if lines else "no message")
            raise MetierError(f"training on {processes} devices failed: {told.removeprefix('metier: ')}")


def _report(out: Path, total: int) -> None:
    from metier.train.loop import last_loss

    if line := last_loss(out):
        progress.report(line.tokens, total, "tokens", f"loss {line.loss:.3f}")

"""Run a training by TRL: in this process for one device, under torchrun for several of one machine."""

from collections.abc import Iterator
from pathlib import Path

from metier import progress
from metier.records import Dropped
from metier.train.disk import writing
from metier.train.launch import shares, supervise
from metier.train.prepare import MARKER
from metier.train.profiles import alone, command
from metier.train.trl_lines import lines
from metier.train.trl_settings import Aligned
from metier.train.trl_task import Task, load

LOOP = "metier.train.trl_loop"


def train(dropped: list[Dropped], config: Aligned, out: Path) -> Iterator[Dropped]:
    """Train a prepared task to its end from where it stopped; what was left out of it is passed on."""
    import torch

    processes = shares(config.launch, torch.cuda.device_count())
    with writing(out):
        if processes == 1 and torch.cuda.device_count() < 2 and alone(config.launch):
            from metier.train.trl_loop import run

            run(out)
        else:
            task = load(out)
            if config.adapter is None and not (out / MARKER).exists():
                from metier.train.trl_trainers import whole

                whole(out, task.base)
            ordered = command(config.launch, processes, out, module=LOOP)
            supervise(ordered, config.launch, processes, out, lambda: _report(out, task))
    return iter(dropped)


def _report(out: Path, task: Task) -> None:
    """Say how far the processes are, by the last line of their curve."""
    for line in reversed(list(lines(out, task))):
        progress.report(line.step * task.per_line, task.steps, "steps", f"loss {line.loss:.3f}")
        return

"""Where a killed training goes on: its checkpoints, of which only those that are whole count."""

import shutil
from pathlib import Path

from metier.train.prepare import MARKER

CHECKPOINTS = "checkpoints"


def last_checkpoint(out: Path, clean: bool = True) -> Path | None:
    """The newest whole checkpoint; those that a kill cut short are removed."""
    last = None
    for checkpoint in sorted((out / CHECKPOINTS).glob("checkpoint-*"), key=step_of):
        if (checkpoint / MARKER).exists():
            last = checkpoint
        elif clean:
            shutil.rmtree(checkpoint)
    return last


def step_of(checkpoint: Path | None) -> int:
    """How many steps were made when a checkpoint was written; 0 where there is none."""
    return int(checkpoint.name.rsplit("-", 1)[-1]) if checkpoint else 0

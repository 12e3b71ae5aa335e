"""Say what a training will need of the disk before it begins, and tell a full disk from other trouble."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from metier.records import MetierError
from metier.train.settings import Train

SIGNS = ("no space left", "file too large", "write failed", "disk quota", "read-only file system")
OWN = ("checkpoints", "kept", "best")
"""What a training writes beside its data; a run that goes on has some of it already."""


class Need(msgspec.Struct, frozen=True):
    """What a training writes at most, in bytes."""

    model: int
    """One model: all weights, or an adapter's."""
    models: int
    """How many: the end, the snapshots, and what early stopping keeps."""
    checkpoint: int
    """One checkpoint: a model and the optimiser's two moments of what is trained."""
    checkpoints: int
    """How many: those that are kept, and the one being written."""

    @property
    def total(self) -> int:
        """All of it together."""
        return self.model * self.models + self.checkpoint * self.checkpoints


def need(model: Any, settings: Train, limit: int) -> Need:
    """What training a model needs where ``limit`` checkpoints are kept."""
    trained = sum(weight.numel() * weight.element_size() for weight in model.parameters() if weight.requires_grad)
    every = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    saved = every if settings.adapter is None else trained
    models = 1 + max(0, settings.keep - 1) + (2 if settings.stop is not None else 0)
    return Need(saved, models, saved + 2 * trained, limit + 1)


def check_room(out: Path, needed: Need, free: int) -> None:
    """MetierError where there is less room than a training needs."""
    if needed.total > free:
        models = "model" if needed.models == 1 else "models"
        raise MetierError(
            f"{out}: training needs up to {size(needed.total)} ({needed.checkpoints} checkpoints of "
            f"{size(needed.checkpoint)}, {needed.models} {models} of {size(needed.model)}), and {size(free)} are free; "
            "free some disk space, lower keep or (in trainer_args) save_total_limit, or run elsewhere"
        )


def room(out: Path) -> int:
    """Bytes that a training in this directory may fill: those that are free, and those that it has filled already."""
    own = (file for part in OWN for file in (out / part).rglob("*"))
    return shutil.disk_usage(out).free + sum(file.stat().st_size for file in own if file.is_file())


def size(count: int) -> str:
    """A number of bytes in the largest unit that fits."""
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= one:
            return f"{count / one:.1f} {unit}"
    return f"{count} bytes"


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn whatever a library says of a disk that cannot be written into one line with the place and the remedy."""
    try:
        yield
    except MetierError:
        raise
    except Exception as error:  # torch and safetensors raise types of their own
        said = str(error).strip().splitlines()
        if not any(sign in str(error).lower() for sign in SIGNS):
            raise
        raise MetierError(f"{out}: cannot be written ({said[-1][:200]}); free some disk space and run again") from None

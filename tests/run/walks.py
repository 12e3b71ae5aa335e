"""Stages that keep snapshots of a model and that say which they were given: ``tests.run.walks:walked``."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from metier.artefact import asset, snapshot_path, write_json
from metier.records import Checkpoint, Config


class Walk(Config):
    keep: int = 0
    """How many snapshots, the end included."""
    stop: int = 99
    """Stop before this one, if it is not the end."""


def walked(config: Walk, out: Path) -> None:
    """A checkpoint and the snapshots on the way to it: copies of the small model that ships."""
    shutil.copytree(asset("asset:nano"), out, dirs_exist_ok=True)
    for number in range(1, min(config.keep, config.stop)):
        shutil.copytree(asset("asset:nano"), snapshot_path(out, number))


def given(base: Checkpoint, out: Path) -> None:
    """Write down the checkpoint that was given."""
    write_json(out / "base.json", base)


def compared(models: Mapping[str, tuple[Checkpoint, ...]], out: Path) -> None:
    """Write down the checkpoints that were given by name."""
    write_json(out / "models.json", models)

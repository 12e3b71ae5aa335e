"""Train a job in shards on processors: accelerate shards over GPUs only, so it is told that these are some."""

import os
import sys
from pathlib import Path
from typing import Any

import torch
from accelerate.state import PartialState
from accelerate.utils import DistributedType

from metier.train.loop import run


def _several_gpus(*_: Any) -> tuple[str, DistributedType]:
    return "gloo", DistributedType.MULTI_GPU


def on_processors() -> None:
    """From here on accelerate takes the processors of this machine for GPUs, which speak by gloo."""
    os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"
    torch.distributed.init_process_group("gloo")
    PartialState._prepare_backend = _several_gpus


if __name__ == "__main__":
    on_processors()
    run(Path(sys.argv[1]))

"""How many processes train, what each of them holds, and the command that starts them."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metier.artefact import asset
from metier.records import MetierError
from metier.train.settings import Launch

RANK, ADDRESS, PORT = "NODE_RANK", "MASTER_ADDR", "MASTER_PORT"
"""What the environment of each of several machines says: which it is, from 0, and where the first one listens."""
EACH_GPU = "gpu"
"""The launcher's own word for one process on each GPU of a machine."""
DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Where none of these is there are no GPUs."""


def may_have_gpus() -> bool:
    """Whether this machine may have GPUs, without asking torch, which takes seconds to load."""
    return any(Path(driver).exists() for driver in DRIVERS)


def alone(launch: Launch | None) -> bool:
    """Whether a single device can be trained on in the process that is there already."""
    return launch is None or (launch.profile == "ddp" and launch.nodes == 1)


def parts(launch: Launch | None) -> str:
    """How the checkpoints of a training are written: only what is written alike can be gone on from."""
    if launch is None or launch.profile == "ddp":
        return "ddp"
    if launch.profile == "fsdp2":
        return "fsdp2"
    return f"{launch.profile} (nodes {launch.nodes}, processes {launch.processes or 'as there are GPUs'})"


def arguments(launch: Launch | None) -> dict[str, Any]:
    """What transformers' TrainingArguments are told of a profile: the file that ships for it."""
    profile = launch.profile if launch is not None else "ddp"
    if profile == "fsdp2":
        return {"fsdp": True, "fsdp_config": str(asset("asset:launch/fsdp2.json"))}
    if profile in ("zero2", "zero3"):
        return {"deepspeed": str(asset(f"asset:launch/{profile}.json"))}
    return {}


LOOP = "metier.train.loop"
"""The module that trains a prepared job of documents and conversations."""


def command(
    launch: Launch | None,
    processes: int | None,
    out: Path,
    at: Mapping[str, str] = os.environ,
    module: str = LOOP,
) -> list[str]:
    """The command that trains a prepared job on every device of this machine, as one of ``launch.nodes`` machines."""
    nodes = launch.nodes if launch is not None else 1
    many = ["--standalone"]
    if nodes > 1:
        many = [f"--nnodes={nodes}", f"--node-rank={at.get(RANK, f'${RANK}')}"]
        many += [f"--master-addr={at.get(ADDRESS, f'${ADDRESS}')}", f"--master-port={at.get(PORT, f'${PORT}')}"]
    each = f"--nproc-per-node={processes or EACH_GPU}"
    return [sys.executable, "-m", "torch.distributed.run", *many, each, "-m", module, str(out)]


def check_launch(launch: Launch | None, at: Mapping[str, str] = os.environ) -> None:
    """MetierError where a profile's library is missing, or the environment of one of several machines."""
    if launch is None:
        return
    if launch.profile.startswith("zero") and not importlib.util.find_spec("deepspeed"):
        remedy = "pip install deepspeed, or take profile: fsdp2, which needs nothing more"
        raise MetierError(f"launch: the profile {launch.profile} needs deepspeed, which is not installed; {remedy}")
    if launch.profile != "ddp":
        import torch

        if not torch.cuda.is_available():
            raise MetierError(
                f"launch: {launch.profile} shares a model out to GPUs, and here is none; take profile: ddp"
            )
    if launch.nodes > 1:
        for name in (RANK, ADDRESS, PORT):
            if not at.get(name):
                remedy = f"start the same command on each of them with {RANK}=0, 1, ..., {ADDRESS} and {PORT} set"
                raise MetierError(f"launch: {launch.nodes} nodes, but the environment has no {name}; {remedy}")
        if not at[RANK].isdecimal() or int(at[RANK]) >= launch.nodes:
            raise MetierError(f"{RANK} is {at[RANK]!r}; of {launch.nodes} nodes it is 0 to {launch.nodes - 1}")
        if not at[PORT].isdecimal() or not 0 < int(at[PORT]) < 1 << 16:
            raise MetierError(f"{PORT} is {at[PORT]!r}; name a free port of the first machine, such as 29500")


def follows(launch: Launch | None) -> bool:
    """Whether this machine is one of several and not the first, which alone makes everything but the training."""
    return launch is not None and launch.nodes > 1 and os.environ.get(RANK, "0") != "0"

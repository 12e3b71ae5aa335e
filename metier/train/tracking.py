"""Send the curves of a training to a tracker as well; the trackers' own libraries do the work."""

from importlib import import_module
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from metier.train.settings import Tracking
from metier.train.trainer import Loop


def track(loop: Loop, out: Path, tracking: Tracking) -> None:
    """Let a tracker hear what the Trainer logs; what it keeps as files stands in the artefact."""
    first, name = loop.is_world_process_zero(), loop.args.run_name or out.name
    loop.args.project, loop.args.run_name = tracking.project, name
    loop.add_callback(_callback(tracking, out, name) if first else TrainerCallback())


def _callback(tracking: Tracking, out: Path, name: str) -> Any:
    from transformers.integrations import TensorBoardCallback, TrackioCallback, WandbCallback

    if tracking.to == "tensorboard":
        from torch.utils.tensorboard import SummaryWriter

        return TensorBoardCallback(SummaryWriter(str(out / "tensorboard")))
    if tracking.to == "trackio":
        return TrackioCallback()
    import_module("wandb").init(project=tracking.project, name=name, dir=str(out), reinit=True)
    return WandbCallback()

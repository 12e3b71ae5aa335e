"""What happens along a training by TRL: its curve is written, its numbers are judged, its checkpoints are whole."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from transformers.trainer_utils import rotate_checkpoints

from metier import progress
from metier.records import MetierError
from metier.train.jsonl import append
from metier.train.prepare import MARKER
from metier.train.resume import CHECKPOINTS
from metier.train.trl_lines import curve, made
from metier.train.trl_task import Task


class Watch(TrainerCallback):  # type: ignore[misc]
    """After a step, or after those of a rollout: note the line, stop on what cannot be right, save when it is time."""

    def __init__(self, out: Path, task: Task, save_seconds: float) -> None:
        self.out, self.task, self.save_seconds = out, task, save_seconds
        self.begun = self.saved = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clocks."""
        self.begun = self.saved = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for a checkpoint when it is time and no reply is left that is not yet learnt from."""
        whole = state.global_step % self.task.per_line == 0 and state.global_step < state.max_steps
        if whole and self._agreed(time.monotonic() - self.saved >= self.save_seconds):
            control.should_save = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any) -> None:
        """Write a line; MetierError where the loss or the gradient is no number. It comes before a checkpoint."""
        state.log_history.clear()  # else every checkpoint repeats the whole curve, which we keep ourselves
        if "loss" not in logs:
            return
        step, now = int(state.global_step), time.monotonic()
        for name in ("loss", "grad_norm"):
            if not math.isfinite(float(logs[name])):
                remedy = f"lower learning_rate {self.task.settings['learning_rate']:g}, or max_norm"
                raise MetierError(f"training: the {name.replace('_', ' ')} of step {step} is {logs[name]}; {remedy}")
        if state.is_world_process_zero:
            append(self.out / curve(self.task), [made(self.task, step, round(now - self.begun, 3), logs)])
            progress.report(step, self.task.steps, "steps", f"loss {float(logs['loss']):.3f}")
        self.begun = now

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint as whole, and only then remove the one before: without the marker it does not count."""
        if state.is_world_process_zero:
            (self.out / CHECKPOINTS / f"checkpoint-{state.global_step}" / MARKER).touch()
            rotate_checkpoints(str(self.out / CHECKPOINTS), 1)
        self.saved = time.monotonic()

    def _agreed(self, wish: bool) -> bool:
        """The first process's wish, for all: they must save at the same step."""
        from accelerate.utils import broadcast_object_list

        told = [wish]
        broadcast_object_list(told)
        return told[0]

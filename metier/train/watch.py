"""What happens after every step: its loss is noted and judged, and it is decided whether a checkpoint is due."""

import statistics
import time
from collections import deque
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from transformers import TrainerCallback
from transformers.trainer_utils import rotate_checkpoints

from metier import progress
from metier.artefact import write_json
from metier.records import MetierError
from metier.train.curves import LOSSES, Line, append, losses
from metier.train.prepare import MARKER, Job
from metier.train.resume import CHECKPOINTS
from metier.train.trainer import Loop

STOPPED = "stopped.json"
RECENT, FEWEST = 50, 10
"""Steps whose median loss a spike is measured against, and the fewest that make one."""


class Stopped(msgspec.Struct, frozen=True):
    """``stopped.json``: the step that could not be right, and the ids of the records it was trained on, in order."""

    step: int
    records: list[str]


class Watch(TrainerCallback):  # type: ignore[misc]
    """After every step: note the loss, stop on one that cannot be right, and ask for a checkpoint when it is time."""

    def __init__(self, out: Path, job: Job, loop: Loop) -> None:
        self.out, self.job, self.loop, self.meter = out, job, loop, loop.meter
        used = np.load(out / "data" / "tokens.npy").astype(np.int64)
        self.spent = np.concatenate([[0], np.cumsum(used)])
        self.per_step = job.settings.batch_tokens // job.settings.window
        self.recent = deque[float](maxlen=RECENT)
        self.saved = self.before = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock of the checkpoints; remember the losses so far."""
        (self.out / STOPPED).unlink(missing_ok=True)
        self.saved = self.before = time.monotonic()
        self.recent.extend(line.loss for line in losses(self.out) if line.loss)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock of the step."""
        self.meter.step_begins()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Write a line of ``loss.jsonl``; MetierError where the loss is no number or a spike."""
        loss, step = round(self.loop.step_loss(), 6), int(state.global_step)
        self._judge(loss, step)
        done, total = self._tokens(step), int(self.spent[-1])
        self.meter.step_ends(done - self._tokens(step - 1))
        if state.is_world_process_zero:
            append(self.out / LOSSES, [Line(step, done, loss, self.loop.rate_used())])
            progress.report(done, total, "tokens", f"loss {loss:.3f}")
        now = time.monotonic()
        due = now - self.saved + (now - self.before) >= self.job.settings.save_seconds
        self.before = now
        if self.loop.agreed(due) and step < state.max_steps:
            control.should_save = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
        """MetierError where the gradient of the step is no number; it comes before that step's checkpoint.

        In float16 some steps are passed over by design, until their scale is low enough.
        """
        state.log_history.clear()  # else every checkpoint repeats the whole curve, which we keep ourselves
        norm = logs.get("grad_norm")
        if norm is not None and not np.isfinite(norm) and not self._passed_over():
            raise MetierError(self._said(f"the gradient of step {state.global_step} is {norm}", int(state.global_step)))

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint as whole, and only then remove older ones: without the marker it does not count."""
        self.loop.accelerator.wait_for_everyone()
        if state.is_world_process_zero:
            checkpoint = self.out / CHECKPOINTS / f"checkpoint-{state.global_step}"
            self.meter.write(checkpoint)
            (checkpoint / MARKER).touch()
            rotate_checkpoints(str(self.out / CHECKPOINTS), self.loop.checkpoints_kept)
        self.saved = self.before = time.monotonic()

    def _judge(self, loss: float, step: int) -> None:
        spike = self.job.settings.spike
        if not np.isfinite(loss):
            raise MetierError(self._said(f"the loss of step {step} is {loss}", step))
        if not loss:  # nothing was trained in this step
            return
        if spike is not None and len(self.recent) >= FEWEST:
            usual = statistics.median(self.recent)
            if loss > spike * usual:
                times = f"{loss / usual:.2f} times the median {usual:.4g} of the last {len(self.recent)}"
                raise MetierError(self._said(f"the loss of step {step} is {loss:.4g}, {times}", step, "or raise spike"))
        self.recent.append(loss)

    def _passed_over(self) -> bool:
        """Whether a step in float16 overflowed and was not made, and the next will be tried with half its scale."""
        scaler = self.loop.accelerator.scaler
        return bool(self.loop.accelerator.optimizer_step_was_skipped and (scaler is None or scaler.get_scale() >= 1))

    def _tokens(self, step: int) -> int:
        """Forward tokens up to a step."""
        return int(self.spent[min(step * self.per_step, len(self.spent) - 1)])

    def _said(self, what: str, step: int, remedy: str = "or clip harder") -> str:
        names = self._records(step)
        if self.loop.is_world_process_zero():
            write_json(self.out / STOPPED, Stopped(step, names))
        more = f" and {len(names) - 6} more, listed in {self.out / STOPPED}" if len(names) > 6 else ""
        return (
            f"training: {what}, on the records {', '.join(names[:6])}{more}; look at these, "
            f"lower learning_rate {self.job.settings.learning_rate:g}, {remedy}"
        )

    def _records(self, step: int) -> list[str]:
        """The ids of the records that a step was trained on, in their order."""
        import pyarrow.parquet as pq

        first, last = (step - 1) * self.per_step, step * self.per_step
        wanted = [("window", ">=", first), ("window", "<", last)]
        table = pq.read_table(self.out / "data" / "items.parquet", columns=["id"], filters=wanted)
        return list(dict.fromkeys(table.column("id").to_pylist()))

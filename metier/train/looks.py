"""Looks at the validation records along the way: the loss of every source, and whether it is time to stop."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import TrainerCallback

from metier.records import MetierError
from metier.train.curves import LOOKS, Look, append, looks, means
from metier.train.prepare import Job
from metier.train.settings import Stop
from metier.train.snapshots import put
from metier.train.trainer import Loop
from metier.train.windows import Windows

VALIDATION, BEST = "validation", "best"


def look_steps(steps: int, often: int) -> frozenset[int]:
    """After which steps the loss on the validation records is taken: before the first one, then evenly to the end."""
    return frozenset(round(number * steps / often) for number in range(often + 1)) if often else frozenset()


def best_step(lines: Iterable[Look], stop: Stop) -> int | None:
    """The look with the lowest loss: a later one only where it is lower by at least ``stop.least``."""
    best: tuple[int, float] | None = None
    for step, loss in means(lines).items():
        if best is None or (loss < best[1] and best[1] - loss >= stop.least):
            best = step, loss
    return best[0] if best else None


def time_to_stop(lines: Iterable[Look], stop: Stop) -> bool:
    """Whether ``stop.patience`` looks have passed since the best one."""
    some = list(lines)
    best = best_step(some, stop)
    return best is not None and sum(step > best for step in means(some)) >= stop.patience


class Looks(TrainerCallback):  # type: ignore[misc]
    """Take the loss on the validation records when it is time; keep the best weights where training may stop early."""

    def __init__(self, out: Path, job: Job, loop: Loop) -> None:
        self.out, self.job, self.loop, self.stop = out, job, loop, job.settings.stop
        self.steps = look_steps(job.steps, job.settings.looks)
        self.windows = Windows(out / VALIDATION, 1)
        self.pieces = Pieces(out / VALIDATION)
        self.trouble = ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The look before the first step, at the base itself."""
        if state.global_step == 0 and 0 in self.steps:
            self._look(0, control, int(state.max_steps))
            self.on_log(args, state, control)
            control.should_save = False

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The looks along the way."""
        if int(state.global_step) in self.steps:
            self._look(int(state.global_step), control, int(state.max_steps))

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """MetierError where the last look was no number, unless ``Watch``, which hears it before, had more to say."""
        if self.trouble:
            raise MetierError(self.trouble)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Forget weights that are no longer the best: from here on a killed run will not need them."""
        if self.stop is not None and state.is_world_process_zero:
            best = best_step(looks(self.out), self.stop)
            for place in (self.out / BEST).glob("[0-9]*"):
                if int(place.name) != best:
                    shutil.rmtree(place)

    def _look(self, step: int, control: Any, last: int) -> None:
        lines = self._losses(step)
        if odd := next((line for line in lines if not np.isfinite(line.loss)), None):
            self.trouble = (
                f"validation: after step {step} the loss on the records of {odd.source!r} is {odd.loss}; look at them, "
                f"lower learning_rate {self.job.settings.learning_rate:g}, or take another base"
            )
            control.should_log = True
            return
        if self.loop.is_world_process_zero():
            append(self.out / LOOKS, lines)
        self.loop.accelerator.wait_for_everyone()
        due = control.should_log
        self.loop.log({f"eval_loss_{line.source}": line.loss for line in lines} | {"eval_loss": means(lines)[step]})
        control.should_log = due  # the step itself is still to be logged
        if self.stop is None:
            return
        seen = list(looks(self.out))
        if best_step(seen, self.stop) == step and step < last:
            put(self.loop, self.out / BEST / str(step))
            control.should_save = True
        if time_to_stop(seen, self.stop):
            control.should_training_stop = True

    def _losses(self, step: int) -> list[Look]:
        """The lines of one look; every process takes its share of the windows."""
        model, device = self.loop.model_wrapped, self.loop.args.device
        sums = torch.zeros(2, len(self.pieces.sources), dtype=torch.float64)
        model.eval()
        with torch.no_grad():
            for numbers in self._batches():
                batch = self.windows.collate(numbers)
                given = {name: batch[name].to(device) for name in ("input_ids", "position_ids")}
                with self.loop.compute_loss_context_manager():
                    logits = model(**given, use_cache=False).logits
                for row, number in enumerate(numbers):
                    if number < len(self.windows):
                        sums += self._by_source(logits[row], batch["labels"][row].to(device), number)
        model.train()
        totals, counts = self.loop.added(sums)
        return [
            Look(step, source, round(float(total / count), 6), int(count))
            for source, total, count in zip(self.pieces.sources, totals, counts, strict=True)
            if count
        ]

    def _batches(self) -> Iterator[list[int]]:
        """The windows of this process, as many batches as every other has: numbers beyond the last are blank.

        With liger training never holds the logits of a whole batch, but a look needs them: it takes one at a time. So
        it does with flash attention, which keeps the items of a window apart only in a batch of one.
        """
        count, size = self.loop.accelerator.num_processes, self.loop.args.per_device_train_batch_size
        size = 1 if self.job.settings.liger or self.loop.train_dataset.flat else size
        for first in range(0, len(self.windows), count * size):
            start = first + self.loop.accelerator.process_index * size
            yield list(range(start, start + size))

    def _by_source(self, logits: torch.Tensor, labels: torch.Tensor, number: int) -> torch.Tensor:
        """Summed loss and number of the trained tokens of one window, by source (2 x sources)."""
        own = torch.nn.functional.cross_entropy(logits[:-1].float(), labels[1:], reduction="none").double().cpu()
        codes, trained = self.pieces.codes(number, self.windows.positions[number])[1:], labels[1:].cpu() != -100
        count = len(self.pieces.sources)
        sums = np.bincount(codes[trained], weights=own[trained], minlength=count)
        return torch.from_numpy(np.stack([sums, np.bincount(codes[trained], minlength=count)]).astype(np.float64))


class Pieces:
    """Which source every token of the validation windows is of."""

    def __init__(self, place: Path) -> None:
        import pyarrow.parquet as pq

        table = pq.read_table(place / "items.parquet", columns=["window", "source"])
        window, source = np.asarray(table.column("window")), table.column("source").combine_chunks()
        names = np.asarray(source.to_pylist(), dtype=object)
        self.sources: list[str] = sorted(set(names))
        by_window = np.argsort(window, kind="stable")
        self.numbers = np.searchsorted(self.sources, names[by_window].astype(str))
        self.first = np.searchsorted(window[by_window], np.arange(window.max(initial=-1) + 2))

    def codes(self, window: int, positions: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """The number of the source of every token of a window; positions begin anew with each piece and the padding."""
        own = np.append(self.numbers[self.first[window] : self.first[window + 1]], 0)
        return np.asarray(own[np.cumsum(positions == 0) - 1], np.int64)

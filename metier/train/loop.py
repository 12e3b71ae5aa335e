"""The training loop: ``python -m metier.train.loop OUT`` trains the job prepared in OUT from its last checkpoint.

It is transformers' Trainer over windows that are ordered and packed beforehand and read one after the other, so that a
resumed run sees exactly what an undisturbed one sees and ends with the same bits.
"""

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    get_cosine_schedule_with_warmup,
)

from metier import progress
from metier.model.load import load_tokenizer, load_weights, quiet
from metier.records import MetierError
from metier.train.disk import writing
from metier.train.prepare import MARKER, Job, check_window

CHECKPOINTS = "checkpoints"
LOSSES = "loss.jsonl"


class Line(msgspec.Struct, frozen=True):
    """One line of ``loss.jsonl``: what is trained after this step, and its mean loss per trained token."""

    step: int
    tokens: int
    loss: float
    lr: float


class Windows(torch.utils.data.Dataset[int]):  # type: ignore[misc]
    """The packed windows of a job, memory-mapped; blank ones at the end share the last step evenly over devices."""

    def __init__(self, data: Path, multiple: int) -> None:
        self.ids, self.trained, self.positions = (
            np.load(data / f"{name}.npy", mmap_mode="r") for name in ("ids", "trained", "positions")
        )
        self.size = -(-len(self.ids) // multiple) * multiple

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, number: int) -> int:
        return number

    def collate(self, numbers: Sequence[int]) -> dict[str, torch.Tensor]:
        """A batch of windows; no attention mask, as positions that restart are what isolates the items."""
        real = np.array([number for number in numbers if number < len(self.ids)], np.int64)
        blank = len(numbers) - len(real)
        ids = torch.from_numpy(self.ids[real].astype(np.int64))
        labels = ids.masked_fill(torch.from_numpy(~self.trained[real]), -100)
        positions = torch.from_numpy(self.positions[real].astype(np.int64))
        width = self.ids.shape[1]
        return {
            "input_ids": torch.cat([ids, torch.zeros(blank, width, dtype=torch.int64)]),
            "labels": torch.cat([labels, torch.full((blank, width), -100)]),
            "position_ids": torch.cat([positions, torch.arange(width).expand(blank, width)]),
        }


class Watch(TrainerCallback):  # type: ignore[misc]
    """After every step: note the loss, stop on one that is not a number, and ask for a checkpoint when it is time."""

    def __init__(self, out: Path, job: Job, loop: "Loop") -> None:
        self.out, self.job, self.loop = out, job, loop
        used = np.load(out / "data" / "tokens.npy").astype(np.int64)
        self.spent = np.concatenate([[0], np.cumsum(used)])
        self.per_step = job.settings.batch_tokens // job.settings.window
        self.saved = self.before = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock of the checkpoints."""
        self.saved = self.before = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Write a line of ``loss.jsonl``; MetierError where the loss is no number."""
        loss, step = self.loop.step_loss(), int(state.global_step)
        if not np.isfinite(loss):
            raise MetierError(self._broken(loss, step))
        if state.is_world_process_zero:
            done, total = int(self.spent[min(step * self.per_step, len(self.spent) - 1)]), int(self.spent[-1])
            line = Line(step, done, round(loss, 6), self.loop.rate_used())
            with (self.out / LOSSES).open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
            progress.report(done, total, "tokens", f"loss {loss:.3f}")
        now = time.monotonic()
        due = now - self.saved + (now - self.before) >= self.job.settings.save_seconds
        self.before = now
        if self.loop.agreed(due) and step < state.max_steps:
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint as whole: one without the marker was cut short and does not count."""
        self.loop.accelerator.wait_for_everyone()
        if state.is_world_process_zero:
            (self.out / CHECKPOINTS / f"checkpoint-{state.global_step}" / MARKER).touch()
        self.saved = self.before = time.monotonic()

    def _broken(self, loss: float, step: int) -> str:
        import pyarrow.parquet as pq

        table = pq.read_table(self.out / "data" / "items.parquet", columns=["window", "id"])
        first, last = (step - 1) * self.per_step, step * self.per_step
        pairs = zip(table.column("window").to_pylist(), table.column("id").to_pylist(), strict=True)
        names = list(dict.fromkeys(name for window, name in pairs if first <= window < last))
        more = f" and {len(names) - 6} more" if len(names) > 6 else ""
        return (
            f"training: the loss of step {step} is {loss}, on the records {', '.join(names[:6])}{more}; "
            f"look at these, or lower learning_rate {self.job.settings.learning_rate:g}"
        )


class Loop(Trainer):  # type: ignore[misc]
    """A Trainer that keeps the loss of every step and whose cosine outlasts the run."""

    def __init__(self, job: Job, *args: Any, **kwargs: Any) -> None:
        self.job, self.losses, self.rate = job, list[torch.Tensor](), 0.0
        self.lr_scheduler: Any = None
        super().__init__(*args, **kwargs)

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        """One forward and backward pass; its share of the step's mean loss per token is kept."""
        self.rate = self.optimizer.param_groups[0]["lr"]
        loss = super().training_step(*args, **kwargs)
        self.losses.append(loss.float())
        return loss

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Linear warm-up, then a cosine that would end ``cosine_extra`` epochs after the run."""
        settings, steps = self.job.settings, self.job.steps
        if self.lr_scheduler is None:
            self.lr_scheduler = get_cosine_schedule_with_warmup(
                optimizer or self.optimizer,
                num_warmup_steps=round(settings.warmup * steps),
                num_training_steps=round(steps * (self.job.epochs + settings.cosine_extra) / self.job.epochs),
            )
        return self.lr_scheduler

    def step_loss(self) -> float:
        """The mean loss per trained token of the step just made, over all devices; forgets it."""
        loss = torch.stack(self.losses).sum()
        self.losses.clear()
        return float(self.accelerator.reduce(loss, reduction="mean"))

    def rate_used(self) -> float:
        """The learning rate of the step just made."""
        return float(f"{self.rate:.6g}")

    def agreed(self, wish: bool) -> bool:
        """The first process's wish, for all: they must save at the same step."""
        if self.accelerator.num_processes == 1:
            return wish
        flag = torch.tensor(float(wish and self.accelerator.is_main_process), device=self.args.device)
        return bool(self.accelerator.reduce(flag, reduction="sum") > 0)


def run(out: Path) -> None:
    """Train the job in ``out`` to its end and leave a model directory there; what is finished is not done again."""
    if (out / MARKER).exists():
        shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
        return
    job = msgspec.json.decode((out / "job.json").read_bytes(), type=Job)
    with quiet():
        loop = make_loop(out, job)
        last = _last_checkpoint(out) if loop.is_world_process_zero() else None
        loop.accelerator.wait_for_everyone()
        last = last or _last_checkpoint(out, clean=False)
        if loop.is_world_process_zero():
            _truncate(out / LOSSES, _step(last) if last else 0)
        loop.train(resume_from_checkpoint=str(last) if last else None)
        if loop.is_world_process_zero():
            _finish(out, loop)


def make_loop(out: Path, job: Job) -> Loop:
    """The Trainer of a prepared job, before its first step."""
    settings = job.settings
    model = load_weights(job.base, torch.float32)
    check_window(settings.window, getattr(model.config, "max_position_embeddings", None), job.base)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable()
    args = _arguments(out, job)
    windows = Windows(out / "data", args.world_size)
    loop = Loop(job, model=model, args=args, train_dataset=windows, data_collator=windows.collate)
    loop.remove_callback(PrinterCallback)
    loop.add_callback(Watch(out, job, loop))
    return loop


def _arguments(out: Path, job: Job) -> TrainingArguments:
    """The Trainer's own settings: nothing is logged, shuffled, pushed or saved unless the job says so.

    Without a cache, or positions that restart would not isolate the items of a window.
    """
    settings, on_gpu = job.settings, torch.cuda.is_available()
    args = TrainingArguments(
        output_dir=str(out / CHECKPOINTS),
        seed=job.seed % (1 << 32),
        num_train_epochs=1,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        adam_beta1=settings.beta1,
        adam_beta2=settings.beta2,
        max_grad_norm=settings.clip,
        train_sampling_strategy="sequential",
        bf16=on_gpu and torch.cuda.is_bf16_supported(),
        use_cpu=not on_gpu,
        dataloader_pin_memory=on_gpu,
        dataloader_num_workers=0,
        remove_unused_columns=False,
        use_cache=False,
        logging_strategy="no",
        logging_nan_inf_filter=False,
        save_strategy="no",
        save_total_limit=2,
        report_to="none",
        ddp_find_unused_parameters=False,
        push_to_hub=False,
        disable_tqdm=True,
    )
    per_step, devices = settings.batch_tokens // settings.window, args.world_size
    if per_step % devices:
        raise MetierError(
            f"batch_tokens {settings.batch_tokens} is {per_step} windows of {settings.window}, which {devices} devices "
            f"cannot share evenly; give a multiple of {devices * settings.window}"
        )
    share, most = per_step // devices, max(1, settings.device_tokens // settings.window)
    args.per_device_train_batch_size = max(size for size in range(1, min(share, most) + 1) if share % size == 0)
    args.gradient_accumulation_steps = share // args.per_device_train_batch_size
    return args


def _checkpoints(out: Path) -> list[Path]:
    return sorted((out / CHECKPOINTS).glob("checkpoint-*"), key=_step)


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rsplit("-", 1)[-1])


def _last_checkpoint(out: Path, clean: bool = True) -> Path | None:
    """The newest whole checkpoint; those that a kill cut short are removed."""
    last = None
    for checkpoint in _checkpoints(out):
        if (checkpoint / MARKER).exists():
            last = checkpoint
        elif clean:
            shutil.rmtree(checkpoint)
    return last


def losses(out: Path) -> Iterator[Line]:
    """The lines of ``loss.jsonl`` that are whole."""
    if (out / LOSSES).exists():
        for raw in (out / LOSSES).read_bytes().splitlines():
            try:
                yield msgspec.json.decode(raw, type=Line)
            except msgspec.DecodeError:
                return


def last_loss(out: Path) -> Line | None:
    """How far training is, by the last line of ``loss.jsonl``."""
    return next(iter(reversed(list(losses(out)))), None)


def _truncate(path: Path, step: int) -> None:
    """Forget the losses of steps that will be made again."""
    kept = [line for line in losses(path.parent) if line.step <= step]
    scratch = path.with_suffix(".tmp")
    scratch.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in kept))
    scratch.replace(path)


def _finish(out: Path, loop: Loop) -> None:
    """The trained model with its tokenizer, as plain files; then the marker; only then go the checkpoints."""
    model = loop.accelerator.unwrap_model(loop.model)
    model.config.use_cache = True
    model.save_pretrained(out)
    load_tokenizer(loop.job.base).save_pretrained(out)
    (out / MARKER).touch()
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)


def main() -> int:
    """Train the job named on the command line; the exit code is 2 for an error that the user can mend."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m metier.train.loop OUT\n")
        return 2
    try:
        with writing(Path(sys.argv[1])):
            run(Path(sys.argv[1]))
    except MetierError as error:
        sys.stderr.write(f"metier: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""transformers' Trainer over windows that lie ready in their order, with the loss of every step at hand."""

from typing import Any

import torch
from transformers import Trainer, get_cosine_schedule_with_warmup

from metier.train.meter import Meter
from metier.train.prepare import Job


class Loop(Trainer):  # type: ignore[misc]
    """A Trainer that keeps the loss of every step and whose cosine outlasts the run."""

    def __init__(self, job: Job, *args: Any, **kwargs: Any) -> None:
        self.job, self.losses, self.rate = job, list[torch.Tensor](), 0.0
        self.lr_scheduler: Any = None
        self.meter = Meter()
        super().__init__(*args, **kwargs)
        # an old checkpoint goes once the new one has its marker; the Trainer would remove it before that
        self.checkpoints_kept, self.args.save_total_limit = int(self.args.save_total_limit), None

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: torch.Tensor | None = None) -> Any:
        """One forward and backward pass; its share of the step's mean loss per token is kept.

        A step may lie within a turn that is only read: its loss is 0, where 0 / 0 would be no number.
        """
        self.rate = self.optimizer.param_groups[0]["lr"]
        count = None if num_items_in_batch is None else num_items_in_batch.clamp(min=1)
        loss = super().training_step(model, inputs, count)
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

    def added(self, numbers: torch.Tensor) -> torch.Tensor:
        """The sum of a tensor over all devices."""
        if self.accelerator.num_processes == 1:
            return numbers
        return self.accelerator.reduce(numbers.to(self.args.device), reduction="sum").cpu()

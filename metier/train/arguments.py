"""What transformers' Trainer is told, from the settings of a job."""

import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from metier.records import MetierError
from metier.train import profiles
from metier.train.prepare import Job
from metier.train.resume import CHECKPOINTS
from metier.train.settings import Train, uneven


def arguments(out: Path, job: Job) -> TrainingArguments:
    """The Trainer's own settings: nothing is shuffled, pushed or saved unless the job says so.

    Without a cache, or positions that restart would not isolate the items of a window. Every step is logged, though
    nothing is printed: that is how its gradient's norm is seen.
    """
    settings = job.settings
    return _made(
        settings,
        output_dir=str(out / CHECKPOINTS),
        seed=job.seed % (1 << 32),
        num_train_epochs=1,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay if settings.parts == "all" else 0.0,
        adam_beta1=settings.beta1,
        adam_beta2=settings.beta2,
        max_grad_norm=settings.clip,
        use_liger_kernel=settings.liger,
        train_sampling_strategy="sequential",
        dataloader_num_workers=0,
        remove_unused_columns=False,
        use_cache=False,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        save_total_limit=2,
        report_to="none",
        ddp_find_unused_parameters=False,
        push_to_hub=False,
        disable_tqdm=True,
        **share_out(settings, int(os.environ.get("WORLD_SIZE", "1"))),
        **profiles.arguments(settings.launch),
    )


def check_values(settings: Train) -> None:
    """MetierError where transformers does not take what ``trainer_args`` gives."""
    if settings.trainer_args:
        with tempfile.TemporaryDirectory() as place:
            _made(settings, output_dir=place, report_to="none")


def _made(settings: Train, **decided: Any) -> TrainingArguments:
    on_gpu = torch.cuda.is_available()
    given = {
        "bf16": on_gpu and torch.cuda.is_bf16_supported() and not settings.trainer_args.get("fp16"),
        "use_cpu": not on_gpu,
        "dataloader_pin_memory": on_gpu,
    }
    try:
        return TrainingArguments(**decided | given | settings.trainer_args)
    except (ValueError, TypeError, ImportError, RuntimeError, KeyError) as error:
        if not settings.trainer_args:
            raise
        said = " ".join(str(error).split())[:300]
        raise MetierError(f"trainer_args: transformers does not take {settings.trainer_args} ({said})") from None


def share_out(settings: Train, devices: int) -> dict[str, int]:
    """How many windows a device takes at a time and how often, so that a step has its ``batch_tokens`` exactly.

    DeepSpeed reads both when the arguments are made, so they cannot be set afterwards.
    """
    if said := uneven(settings, devices):
        raise MetierError(said)
    share, most = settings.batch_tokens // settings.window // devices, max(1, settings.device_tokens // settings.window)
    size = max(size for size in range(1, min(share, most) + 1) if share % size == 0)
    return {"per_device_train_batch_size": size, "gradient_accumulation_steps": share // size}

"""TRL's trainers, made from a task: what they are told, what they are given, and what they must not do."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import torch

from metier.model.adapters import is_adapter
from metier.model.load import load_tokenizer, load_weights, quiet
from metier.records import MetierError
from metier.train import adapter, profiles
from metier.train.dpo import Dpo
from metier.train.plain import stop_at_turns, write_plain
from metier.train.prepare import MARKER
from metier.train.resume import CHECKPOINTS
from metier.train.rloo import Rloo
from metier.train.trl_points import points
from metier.train.trl_settings import Aligned
from metier.train.trl_task import Task, rows
from metier.train.trl_tokens import Numbers

BASE = ".base"
"""Where the base is written as a whole where it is an adapter: TRL reads its reference from a directory."""


def settings(task: Task) -> Dpo | Rloo:
    """The settings of a task as its stage declares them."""
    if task.method in ("dpo", "kto"):
        return msgspec.convert(task.settings, type=Dpo)
    return msgspec.convert(task.settings, type=Rloo)


def make(out: Path, task: Task) -> Any:
    """The trainer of a task, before its first step; MetierError where TRL does not take what ``trainer_args`` gives."""
    config = settings(task)
    tokenizer = load_tokenizer(task.base)
    given: dict[str, Any] = {
        "model": policy(out, task, config, tokenizer),
        "processing_class": Numbers(tokenizer),
        "train_dataset": dataset(out),
    }
    try:
        if isinstance(config, Dpo):
            return _of_pairs(out, task, config, given)
        return _of_rollouts(out, task, config, given)
    except (ValueError, TypeError, ImportError, RuntimeError, KeyError) as error:
        if not config.trainer_args:
            raise
        said = " ".join(str(error).split())[:300]
        raise MetierError(f"trainer_args: TRL does not take {config.trainer_args} ({said})") from None


def policy(out: Path, task: Task, config: Aligned, tokenizer: Any) -> Any:
    """The weights that are trained, in float32; of an adapter its base in its own precision where a GPU has half."""
    if config.adapter is not None:
        half = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
        model = adapter.load_base(task.base, config.adapter, "auto" if half else torch.float32)
    else:
        model = load_weights(whole(out, task.base), torch.float32)
    stop_at_turns(model, tokenizer)
    if config.adapter is not None:
        model = adapter.attach(model, config.adapter, task.base, task.seed)
    return model


def dataset(out: Path) -> Any:
    """The rows of a task as TRL takes them."""
    from datasets import Dataset

    return Dataset(rows(out))


def whole(out: Path, base: str) -> str:
    """A path from which the base can be loaded as it is, with all its weights: TRL loads the reference from there.

    An adapter is written there under its base; of several processes none may begin before that is done.
    """
    if not is_adapter(base):
        return base
    place = out / BASE
    if not (place / MARKER).exists():
        write_plain(load_weights(base, torch.float32), load_tokenizer(base), "base", place)
    return str(place)


def _of_pairs(out: Path, task: Task, config: Dpo, given: dict[str, Any]) -> Any:
    shared = {
        **_size(config.batch_pairs, config.device_pairs, "batch_pairs", 2 if config.loss == "kto" else 1),
        "beta": config.beta,
        "max_length": None,
        "train_sampling_strategy": "sequential",
    }
    if config.loss == "kto":
        from trl import KTOConfig, KTOTrainer

        class Kto(KTOTrainer):  # type: ignore[misc]
            """TRL's, without a model card beside every checkpoint."""

            def create_model_card(self, *_: Any, **__: Any) -> None:
                """Nothing: what a model is stands in our own card."""

        return Kto(args=arguments(KTOConfig, out, task, config, **shared), **given)
    from trl import DPOConfig, DPOTrainer

    class Pairs(DPOTrainer):  # type: ignore[misc]
        """TRL's, without a model card beside every checkpoint."""

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Nothing: what a model is stands in our own card."""

    return Pairs(
        args=arguments(DPOConfig, out, task, config, label_smoothing=config.label_smoothing, **shared), **given
    )


def _of_rollouts(out: Path, task: Task, config: Rloo, given: dict[str, Any]) -> Any:
    size = _size(config.chunk or config.rollout, config.device_replies, "chunk")
    devices, server = int(os.environ.get("WORLD_SIZE", "1")), config.vllm not in (None, "colocate")
    shared = {
        **size,
        "steps_per_generation": config.rollout // (size["per_device_train_batch_size"] * devices),
        "num_generations": config.generations,
        "num_iterations": config.epochs,
        "beta": config.kl,
        "epsilon": config.clip,
        "temperature": config.temperature,
        "max_completion_length": config.max_tokens,
        "shuffle_dataset": False,
        "disable_dropout": True,
        "use_vllm": config.vllm is not None,
        "vllm_mode": "server" if server else "colocate",
        "vllm_server_base_url": config.vllm if server else None,
    }
    given["reward_funcs"] = points(task.reward, given["model"].generation_config.eos_token_id, config)
    if config.method == "grpo":
        from trl import GRPOConfig, GRPOTrainer

        class Groups(GRPOTrainer):  # type: ignore[misc]
            """TRL's, without a model card beside every checkpoint."""

            def create_model_card(self, *_: Any, **__: Any) -> None:
                """Nothing: what a model is stands in our own card."""

        return Groups(args=arguments(GRPOConfig, out, task, config, **shared), **given)
    from trl import RLOOConfig, RLOOTrainer

    class Others(RLOOTrainer):  # type: ignore[misc]
        """TRL's, without a model card beside every checkpoint."""

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Nothing: what a model is stands in our own card."""

    return Others(args=arguments(RLOOConfig, out, task, config, **shared), **given)


def arguments(kind: Any, out: Path, task: Task, config: Aligned, **decided: Any) -> Any:
    """A configuration of TRL from the settings.

    Nothing is shuffled, pushed, printed or saved by itself: rows lie in their order, and checkpoints are asked for.
    """
    on_gpu = torch.cuda.is_available()
    own = {
        "output_dir": str(out / CHECKPOINTS),
        "seed": task.seed % (1 << 32),
        "max_steps": task.steps,
        "learning_rate": config.learning_rate,
        "warmup_steps": round(config.warmup * task.steps),
        "lr_scheduler_type": "constant_with_warmup" if config.schedule == "constant" else config.schedule,
        "max_grad_norm": config.max_norm,
        "gradient_checkpointing": config.gradient_checkpointing,
        "logging_strategy": "steps",
        "logging_steps": task.per_line,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "push_to_hub": False,
        "disable_tqdm": True,
        "ddp_find_unused_parameters": False,
        "use_cpu": not on_gpu,
        "bf16": on_gpu and torch.cuda.is_bf16_supported() and not config.trainer_args.get("fp16"),
        "dataloader_pin_memory": on_gpu,
        **profiles.arguments(config.launch),
    }
    return kind(**own | decided | config.trainer_args)


def _size(whole: int, most: int, setting: str, of: int = 1) -> dict[str, int]:
    """How many rows a device takes at a time and how often, so that a step has them all; ``of`` rows are one unit."""
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    if whole % devices:
        raise MetierError(f"{setting} {whole} cannot be shared evenly by {devices} processes; give a multiple of them")
    share = whole // devices
    size = max(size for size in range(1, min(share, most) + 1) if share % size == 0)
    return {"per_device_train_batch_size": size * of, "gradient_accumulation_steps": share // size}


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Keep TRL from telling its makers that it runs, and libraries from showing bars and advice of their own."""
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from huggingface_hub import constants

    told, hidden = constants.HF_HUB_DISABLE_TELEMETRY, are_progress_bars_disabled()
    constants.HF_HUB_DISABLE_TELEMETRY = True
    disable_progress_bars()
    try:
        with quiet():
            yield
    finally:
        constants.HF_HUB_DISABLE_TELEMETRY = told
        if not hidden:
            enable_progress_bars()

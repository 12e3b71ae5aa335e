"""Which arguments of transformers' TrainingArguments a recipe may give, and which it says in words of its own."""

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metier.text.suggest import did_you_mean

DECIDED = {
    "epochs or tokens": "num_train_epochs max_steps",
    "learning_rate": "learning_rate",
    "warmup": "warmup_steps warmup_ratio",
    "cosine_extra": "lr_scheduler_type lr_scheduler_kwargs",
    "weight_decay": "weight_decay",
    "beta1": "adam_beta1",
    "beta2": "adam_beta2",
    "clip": "max_grad_norm",
    "batch_tokens and device_tokens": "per_device_train_batch_size gradient_accumulation_steps auto_find_batch_size",
    "priorities": "train_sampling_strategy length_column_name",
    "gradient_checkpointing": "gradient_checkpointing gradient_checkpointing_kwargs activation_checkpointing "
    "activation_checkpointing_kwargs",
    "liger": "use_liger_kernel",
    "looks": "do_eval eval_strategy eval_steps eval_delay eval_on_start per_device_eval_batch_size "
    "prediction_loss_only eval_do_concat_batches eval_use_gather_object eval_accumulation_steps "
    "include_for_metrics batch_eval_metrics bf16_full_eval fp16_full_eval",
    "stop": "load_best_model_at_end metric_for_best_model greater_is_better",
    "save_seconds": "save_strategy save_steps",
    "launch": "fsdp fsdp_config deepspeed accelerator_config parallelism_config local_rank ddp_find_unused_parameters",
    "tracking": "report_to project logging_strategy logging_steps logging_first_step",
    "seed": "seed data_seed",
}
"""Setting -> the arguments that it decides."""
FIXED = {
    "output_dir", "do_train", "do_predict", "resume_from_checkpoint", "ignore_data_skip", "save_only_model",
    "remove_unused_columns", "label_names", "use_cache", "dataloader_drop_last", "dataloader_in_order",
    "average_tokens_across_devices", "disable_tqdm", "logging_nan_inf_filter",
    "restore_callback_states_from_checkpoint", "save_on_each_node", "push_to_hub", "hub_token", "hub_private_repo",
    "hub_model_id", "hub_strategy", "hub_always_push", "hub_revision",
}  # fmt: skip
"""Arguments that no setting decides: what they would change is what the loop relies on, or another stage's work."""
_BY = {name: setting for setting, names in DECIDED.items() for name in names.split()}


def check_names(given: Mapping[str, Any]) -> None:
    """ValueError at the first argument that a setting decides, that no one may change, or that there is not."""
    kept = given.get("save_total_limit", 1)
    if not isinstance(kept, int) or kept < 1:
        raise ValueError(f"trainer_args: save_total_limit is {kept!r}, but at least 1 checkpoint has to be kept")
    for name in given:
        if setting := _BY.get(name):
            raise ValueError(f"trainer_args: {name} is decided by {setting}; set that, and take {name} out")
        if name in FIXED:
            raise ValueError(f"trainer_args: {name} cannot be changed: the training loop decides it; take it out")
        if (known := declared("transformers", "training_args.py")) and name not in known:
            free = known - _BY.keys() - FIXED
            raise ValueError(f"trainer_args: TrainingArguments has no {name!r}; {did_you_mean(name, free)}")


def declared(package: str, *files: str) -> set[str]:
    """The names of all arguments that files of a package declare, read from their source: its import takes seconds.

    Nothing where it is not installed.
    """
    found = importlib.util.find_spec(package)
    home = Path(found.origin).parent if found and found.origin else None
    sources = [home / file for file in files if (home / file).is_file()] if home is not None else []
    texts = [source.read_text(encoding="utf-8") for source in sources]
    return {name for text in texts for name in re.findall(r"^    (\w+): [^\n]* = field\(", text, re.MULTILINE)}

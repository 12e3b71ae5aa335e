"""What every training by TRL can be told."""

from typing import Annotated, Any, Literal

import msgspec

from metier.records import Config
from metier.train.settings import Above, Launch, Lora, Share

DECIDED = frozenset(
    [
        "output_dir",
        "seed",
        "data_seed",
        "learning_rate",
        "warmup_steps",
        "warmup_ratio",
        "lr_scheduler_type",
        "max_grad_norm",
        "max_steps",
        "num_train_epochs",
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "gradient_checkpointing",
        "logging_strategy",
        "logging_steps",
        "save_strategy",
        "save_steps",
        "save_total_limit",
        "report_to",
        "push_to_hub",
        "disable_tqdm",
        "train_sampling_strategy",
        "remove_unused_columns",
        "resume_from_checkpoint",
        "max_length",
        "loss_type_kto",
        "beta",
        "label_smoothing",
        "num_generations",
        "generation_batch_size",
        "steps_per_generation",
        "num_iterations",
        "temperature",
        "max_completion_length",
        "shuffle_dataset",
        "use_vllm",
        "vllm_mode",
        "vllm_server_base_url",
    ]
)
"""Arguments of TRL that the settings decide."""


class Aligned(Config, frozen=True, kw_only=True):
    """How fast, on what, and what is kept on the way."""

    learning_rate: Above = 1e-6
    """Peak learning rate of AdamW."""
    warmup: Share = 0.1
    """Share of the steps in which the learning rate rises."""
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    """How it goes on: as it is, or down to zero."""
    max_norm: Above = 1.0
    """Largest norm of the gradient."""
    adapter: Lora | None = None
    """Train an adapter, which is its own reference when it is switched off; none: all weights."""
    gradient_checkpointing: bool = False
    """Whether to compute activations twice to save memory."""
    trainer_args: dict[str, Any] = msgspec.field(default_factory=dict)
    """Further arguments of TRL's own configuration, by their names there; those that this table decides are refused."""
    launch: Annotated[Launch | None, msgspec.Meta(extra={"launch": True})] = None
    """Devices of this machine; none given: every GPU, each holding all."""
    save_seconds: Annotated[float, msgspec.Meta(ge=0, extra={"launch": True})] = 60.0
    """Longest time between two checkpoints, from which a killed run resumes."""

    def __post_init__(self) -> None:
        for name in self.trainer_args:
            if name in DECIDED:
                raise ValueError(f"trainer_args: {name} is decided by the settings of this step; take it out")
        if self.launch is not None and self.launch.nodes > 1:
            raise ValueError(f"launch: nodes {self.launch.nodes}: this training runs on one machine; leave nodes out")

"""What every training by TRL can be told."""

from typing import Annotated, Any, Literal

import msgspec

from metier.records import Config
from metier.text.suggest import did_you_mean
from metier.train.settings import Above, Launch, Lora, Share
from metier.train.trainer_args import DECIDED as BY_TRAINING
from metier.train.trainer_args import FIXED, declared

GROUPS = ("looks", "stop", "launch", "tracking", "seed", "save_seconds", "epochs or tokens", "clip")
"""Settings of any training whose arguments no recipe gives to these either."""
OWN = {
    "learning_rate", "warmup_steps", "warmup_ratio", "lr_scheduler_type", "per_device_train_batch_size",
    "gradient_accumulation_steps", "gradient_checkpointing", "train_sampling_strategy", "save_total_limit",
    "max_length", "beta", "label_smoothing", "num_generations", "generation_batch_size", "steps_per_generation",
    "num_iterations", "epsilon", "temperature", "max_completion_length", "shuffle_dataset", "use_vllm", "vllm_mode",
    "vllm_server_base_url",
}  # fmt: skip
"""Arguments that the settings of these trainings decide."""
DECIDED = OWN | FIXED | {name for group in GROUPS for name in BY_TRAINING[group].split()}
"""Arguments of TRL that a recipe cannot give: the settings decide them, or what surrounds the training."""


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
                raise ValueError(f"trainer_args: {name} is decided by this step; take it out")
            if (known := _known()) and name not in known:
                raise ValueError(f"trainer_args: TRL has no {name!r}; {did_you_mean(name, known - DECIDED)}")
        if self.launch is not None and self.launch.nodes > 1:
            raise ValueError(f"launch: nodes {self.launch.nodes}: this training runs on one machine; leave nodes out")


def _known() -> set[str]:
    """The names of all arguments of TRL's configurations and of what they extend; nothing without both packages."""
    own = declared("trl", *(f"trainer/{name}_config.py" for name in ("base", "dpo", "kto", "rloo", "grpo")))
    theirs = declared("transformers", "training_args.py")
    return own | theirs if own and theirs else set()

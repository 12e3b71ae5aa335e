"""What every trainer can be told."""

from typing import Annotated

import msgspec

from metier.records import Config, MetierError
from metier.text.suggest import did_you_mean

Whole = Annotated[int, msgspec.Meta(ge=1)]
Above = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


class Train(Config, frozen=True, kw_only=True):
    """How long, in what order and how fast to train."""

    epochs: Above | dict[str, Above] = 1.0
    """Passes over the data, each in an order of its own; or source -> copies of each of its items in a single pass,
    where a source that is not named has one copy. A number cannot be given together with `tokens`."""
    tokens: Whole | None = None
    """Budget of forward tokens, padding not counted: the order is cut there, or passes are added until it is spent."""
    priorities: dict[str, Above] | None = None
    """Source -> priority; items are drawn by it without replacement. Every source needs one. None shuffles evenly."""
    answers_only: bool = True
    """Whether the loss of a conversation counts only what the assistant says; a document always counts whole."""
    thinking: bool | None = None
    """The chat template's switch for thinking (enable_thinking), as the model will be asked; None leaves it alone."""
    window: Annotated[int, msgspec.Meta(ge=32)] = 512
    """Length in tokens of the windows that items are packed into."""
    batch_tokens: Whole = 8192
    """Tokens in a step over all devices, padding included; a whole number of windows."""
    device_tokens: Whole = 16384
    """Tokens that one device takes at a time; smaller parts of a step are accumulated."""
    learning_rate: Above = 1e-4
    """Peak learning rate of AdamW."""
    warmup: Share = 0.05
    """Share of the steps in which the learning rate rises."""
    cosine_extra: Annotated[float, msgspec.Meta(ge=0)] = 0.35
    """The cosine reaches zero this many epochs after the end: with .35, one epoch without warm-up ends at 15.7% of the
    peak, one with a warm-up of .05 at 16.8%."""
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.1
    """Weight decay of AdamW."""
    beta1: Share = 0.9
    """First moment decay of AdamW."""
    beta2: Share = 0.999
    """Second moment decay of AdamW."""
    clip: Above = 1.0
    """Largest norm of the gradient."""
    gradient_checkpointing: bool = False
    """Whether to compute activations twice to save memory."""
    save_seconds: Annotated[float, msgspec.Meta(ge=0, extra={"launch": True})] = 60.0
    """Longest time between two checkpoints, from which a killed run resumes exactly."""

    def __post_init__(self) -> None:
        if self.batch_tokens % self.window:
            near = max(1, round(self.batch_tokens / self.window)) * self.window
            raise ValueError(f"batch_tokens {self.batch_tokens} is not a multiple of window {self.window}; use {near}")
        if self.tokens is not None and not isinstance(self.epochs, dict) and self.epochs != 1:
            raise ValueError(f"epochs {self.epochs:g} and tokens {self.tokens}: give epochs or tokens, not both")
        if isinstance(self.epochs, dict) and self.priorities is not None:
            for name in self.epochs:
                if name not in self.priorities:
                    hint = did_you_mean(name, self.priorities)
                    raise ValueError(f"epochs names the source {name!r}, which has no priority; {hint}")


def copies_per_source(config: Train, sources: list[str]) -> list[float]:
    """How often each source's items are in one pass; one named in ``epochs`` that is not in the data is an error."""
    if not isinstance(config.epochs, dict):
        return [1.0] * len(sources)
    for name in config.epochs:
        if name not in sources:
            raise MetierError(f"epochs: no item has the source {name!r}; the sources are {', '.join(sorted(sources))}")
    return [config.epochs.get(source, 1.0) for source in sources]

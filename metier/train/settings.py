"""What every trainer can be told."""

from typing import Annotated, Any, Literal

import msgspec

from metier.records import Config, MetierError
from metier.text.suggest import did_you_mean

Whole = Annotated[int, msgspec.Meta(ge=1)]
Above = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


class Group(Config, frozen=True):
    """Several sources that are drawn together: the priority of the whole, and how its sources share it."""

    weight: Above
    """Priority of an average item of the group."""
    sources: dict[str, Above]
    """Source -> its priority within the group, relative to the group's other sources."""


class Lora(Config, frozen=True):
    """A low-rank adapter that is trained in place of the base's own weights."""

    rank: Whole = 16
    """Rank of the two matrices of a layer."""
    alpha: Above = 32.0
    """The adapter's output is scaled by alpha / rank."""
    targets: tuple[str, ...] = ()
    """Names of the linear layers that get one; none given: every linear layer but the output."""
    dropout: Share = 0.0
    """Dropout before the adapter."""
    quantize: Literal["4bit", "8bit"] | None = None
    """Precision that the base is held in; it needs a GPU and bitsandbytes."""


class Launch(Config, frozen=True):
    """On how many devices and machines, and how the model is shared among them."""

    profile: Literal["ddp", "zero2", "zero3", "fsdp2"] = "ddp"
    """What every device holds: all of it (ddp), a part of the optimiser and gradients (zero2), of the weights too."""
    processes: Whole | None = None
    """Processes on each machine, one a device; none given: one for each GPU."""
    nodes: Whole = 1
    """Machines; each runs the same recipe with NODE_RANK, MASTER_ADDR and MASTER_PORT in its environment."""


class Stop(Config, frozen=True):
    """When to stop before the budget is spent, by the loss on the records of `validation`."""

    patience: Whole = 3
    """Looks without a lower loss after which training stops; the best weights so far are kept."""
    least: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """A loss counts as lower where it is lower by at least this."""


class Tracking(Config, frozen=True):
    """A tracker that the curves are sent to beside our own report."""

    to: Literal["trackio", "tensorboard", "wandb"]
    """Which; its package has to be installed."""
    project: str = "metier"
    """Name of the project there."""


class Train(Config, frozen=True, kw_only=True):
    """How long, in what order and how fast to train."""

    epochs: Above | dict[str, Above] = 1.0
    """Passes over the data, each in an order of its own; or source -> copies of each of its items in a single pass,
    where a source that is not named has one copy. A number cannot be given together with `tokens`."""
    tokens: Whole | None = None
    """Budget of forward tokens, padding not counted: the order is cut there, or passes are added until it is spent."""
    priorities: dict[str, Above | Group] | None = None
    """Source -> priority; items are drawn by it without replacement. Every source needs one, its own or in a group
    `{weight, sources}` under a name of its own. None shuffles evenly."""
    sequential: tuple[str, ...] = ()
    """Sources to train one after the other in this order, each shuffled in itself; not together with `priorities`."""
    caps: dict[str, Whole] | None = None
    """Source -> most items of it in a pass, drawn by the seed."""
    temperature: Above = 1.0
    """Above 1 evens the sources out: a source of n items has copies in proportion to n^(1/T), their total unchanged."""
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
    liger: bool = False
    """Whether to use the fused kernels of liger-kernel; it needs a GPU and that package."""
    adapter: Lora | None = None
    """Train an adapter and leave the base as it is; none: all weights."""
    parts: Literal["all", "new_tokens"] = "all"
    """Which weights are trained: all, or only the rows of the tokens that `train.extend` added."""
    keep: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Snapshots of the model along the way, evenly spaced in steps, the end included: `STEP@1`, ... name them."""
    looks: Annotated[int, msgspec.Meta(ge=0)] = 10
    """How often the loss on the records of `validation` is taken, evenly spaced, where there are any."""
    stop: Stop | None = None
    """When to stop early; it needs records of `validation`. None trains to the end."""
    spike: Annotated[float, msgspec.Meta(gt=1)] | None = None
    """Stop with the records of the step where its loss is this many times the median of the last 50; None goes on."""
    launch: Annotated[Launch | None, msgspec.Meta(extra={"launch": True})] = None
    """Devices and machines; none given: every GPU of this machine, each holding all."""
    tracking: Annotated[Tracking | None, msgspec.Meta(extra={"launch": True})] = None
    """A tracker to send the curves to; ours stand in the report always."""
    trainer_args: dict[str, Any] = msgspec.field(default_factory=dict)
    """Further arguments of transformers' TrainingArguments, by their names there; those that this table decides are
    refused."""
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

"""What every trainer can be told."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec.structs import fields

from metier.records import Config
from metier.text.suggest import did_you_mean
from metier.train.trainer_args import check_names

Whole = Annotated[int, msgspec.Meta(ge=1)]
Above = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
LARGEST = 1e9
"""What a priority, temperature or number of copies may be at most; its inverse is the least."""


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
    """Machines, which share the runs directory; each is given the same command, with NODE_RANK from 0 on, MASTER_ADDR
    and MASTER_PORT in its environment. The first makes all else."""


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
    """Source -> most items of it in a pass, before they have copies; other passes draw others."""
    temperature: Above = 1.0
    """Above 1 evens the sources out: one of n items has copies in proportion to n^(1/T), their total unchanged. It
    cannot be given together with `epochs` by source."""
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
    """Which weights are trained: all, or only the rows of the tokens that `train.extend` added, these without decay."""
    keep: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Snapshots of the model along the way, evenly spaced in steps, the end included: `STEP@1`, ... name them."""
    looks: Annotated[int, msgspec.Meta(ge=0)] = 10
    """How often the loss on the records of `validation` is taken, evenly to the end, where there are any; once more
    before the first step."""
    stop: Stop | None = None
    """When to stop early; it needs records of `validation`. None trains to the end."""
    spike: Annotated[Annotated[float, msgspec.Meta(gt=1)] | None, msgspec.Meta(extra={"launch": True})] = None
    """Stop with the records of the step where its loss is this many times the median of the last 50; None goes on.
    Raised after a stop, training goes on from its last checkpoint."""
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
        check_names(self.trainer_args)
        if self.adapter is not None and self.parts != "all":
            raise ValueError(f"parts {self.parts} and adapter: an adapter leaves the base as it is; give one of them")
        if self.batch_tokens % self.window:
            near = max(1, round(self.batch_tokens / self.window)) * self.window
            raise ValueError(f"batch_tokens {self.batch_tokens} is not a multiple of window {self.window}; use {near}")
        if self.tokens is not None and not isinstance(self.epochs, dict) and self.epochs != 1:
            raise ValueError(f"epochs {self.epochs:g} and tokens {self.tokens}: give epochs or tokens, not both")
        _check_mixing(self)
        if self.launch is not None:
            _check_launch(self, self.launch)


def own_priorities(priorities: Mapping[str, float | Group]) -> dict[str, float]:
    """Source -> its own priority, within its group where it is in one."""
    return {
        source: number
        for name, given in priorities.items()
        for source, number in (given.sources.items() if isinstance(given, Group) else ((name, given),))
    }


def uneven(config: Train, processes: int) -> str:
    """Why so many processes cannot share the windows of a step evenly; empty where they can."""
    steps, window = config.batch_tokens // config.window, config.window
    if not steps % processes:
        return ""
    shared = f"is {steps} windows of {window}, which {processes} processes cannot share evenly"
    return f"batch_tokens {config.batch_tokens} {shared}; give a multiple of {processes * window}"


def _check_launch(config: Train, launch: Launch) -> None:
    """ValueError where the processes cannot share the windows of a step evenly, or what is trained cannot be shared."""
    if said := uneven(config, (launch.processes or 1) * launch.nodes):
        raise ValueError(said)
    if launch.profile in ("zero3", "fsdp2"):
        if config.parts == "new_tokens":
            raise ValueError(
                f"parts new_tokens: its rows cannot be told apart once {launch.profile} shares them out; use ddp"
            )
        if config.adapter is not None and config.adapter.quantize:
            raise ValueError(f"quantize {config.adapter.quantize}: such weights cannot be shared out; use profile ddp")


def _check_mixing(config: Train) -> None:
    """ValueError where the settings of a mixture contradict each other, or one names a source that takes no part."""
    _check_priorities(config.priorities or {})
    _check_numbers("epochs", config.epochs.values() if isinstance(config.epochs, dict) else [config.epochs])
    _check_numbers("temperature", [config.temperature])
    if config.sequential and config.priorities is not None:
        raise ValueError("priorities and sequential both say which source is next; give one of them")
    if config.temperature != 1 and isinstance(config.epochs, dict):
        raise ValueError("temperature and epochs by source both say how many copies there are; give one of them")
    if twice := _twice(config.sequential):
        raise ValueError(f"sequential names {twice!r} twice; name it once")
    own, turns = own_priorities(config.priorities or {}), frozenset(config.sequential)
    for setting, given in (("epochs", config.epochs), ("caps", config.caps)):
        for name in given if isinstance(given, dict) else ():
            if config.priorities is not None and name not in own:
                raise ValueError(
                    f"{setting} names the source {name!r}, which has no priority; {did_you_mean(name, own)}"
                )
            if turns and name not in turns:
                hint = did_you_mean(name, turns)
                raise ValueError(f"{setting} names the source {name!r}, which is not in sequential; {hint}")


def _check_priorities(priorities: Mapping[str, float | Group]) -> None:
    """ValueError where a source has two priorities, a group has no sources, or a number is beyond bounds."""
    groups = {name: one for name, one in priorities.items() if isinstance(one, Group)}
    alone = [name for name in priorities if name not in groups]
    if twice := _twice([*alone, *(source for group in groups.values() for source in group.sources)]):
        raise ValueError(
            f"priorities: the source {twice!r} stands there twice; give it one priority, of its own or in one group"
        )
    if empty := [name for name, group in groups.items() if not group.sources]:
        raise ValueError(f"priorities: the group {empty[0]!r} has no sources; name some, or take it out")
    _check_numbers("priorities", own_priorities(priorities).values())
    _check_numbers("priorities", [group.weight for group in groups.values()])


def _check_numbers(setting: str, numbers: Iterable[float]) -> None:
    """ValueError where a number of a mixture is not one that can be meant, infinity for one."""
    for number in numbers:
        if not 1 / LARGEST <= number <= LARGEST:
            raise ValueError(f"{setting}: {number:g} is not between {1 / LARGEST:g} and {LARGEST:g}; mend it")


def _twice(names: Iterable[str]) -> str | None:
    """The first name that comes more than once."""
    return next((name for name, times in Counter(names).items() if times > 1), None)


def launch_settings(kind: type[Config] = Train) -> frozenset[str]:
    """The settings that say how a training is run and change nothing of what it learns."""
    metas = {field.name: get_args(field.type)[1:] for field in fields(kind) if get_origin(field.type) is Annotated}
    return frozenset(name for name, some in metas.items() if any((one.extra or {}).get("launch") for one in some))

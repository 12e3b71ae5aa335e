"""Merge adapters into the base that they share: a plain model, which needs neither them nor peft."""

import math
from collections.abc import Mapping
from pathlib import Path

import msgspec

from metier.artefact import write_json
from metier.model.adapters import check_adapter, is_adapter
from metier.records import Checkpoint, Config, MetierError
from metier.text.suggest import did_you_mean
from metier.train.plain import Precision


class Merge(Config, frozen=True):
    """How much of each adapter is added."""

    weights: dict[str, float] = msgspec.field(default_factory=dict)
    """Adapter -> how much of it is added to the base; one that is not named is added whole (1), and a weight below 0
    takes away what it learnt."""
    dtype: Precision = "base"
    """Type of the numbers in the weights."""

    def __post_init__(self) -> None:
        for name, weight in self.weights.items():
            if not math.isfinite(weight):
                raise ValueError(f"weights: {name} is {weight}; give a finite number")


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What was merged into what."""

    base: str
    adapters: dict[str, float]
    """Adapter -> how much of it was added."""
    parameters: int
    numbers: str
    """Their type."""


def merge(adapters: Mapping[str, tuple[Checkpoint, ...]], config: Merge, out: Path) -> None:
    """Write the model that adapters make of the base they share, each added to its weights as much as is said.

    The sum is exact up to the rounding of the weights' own type. MetierError where one is no adapter, or belongs to
    another base than the first.
    """
    named = _named(adapters, config)
    base = _base(named)
    from metier.model.adapters import check_base, merged
    from metier.model.load import load_tokenizer, quiet
    from metier.train.disk import writing
    from metier.train.plain import load_as, write_plain

    model = load_as(base, config.dtype)
    for path in named.values():
        check_base(path, base)
    amounts = {name: config.weights.get(name, 1.0) for name in named}
    with quiet(), writing(out):
        model = merged(model, {path: amounts[name] for name, path in named.items()})
        write_plain(model, load_tokenizer(next(iter(named.values()))), config.dtype, out)
    numbers = str(model.dtype).removeprefix("torch.")
    notes = Notes(base=base, adapters=amounts, parameters=model.num_parameters(), numbers=numbers)
    write_json(out / "notes.json", notes)


def _named(adapters: Mapping[str, tuple[Checkpoint, ...]], config: Merge) -> dict[str, str]:
    """The directory of every adapter by its name in the recipe."""
    for name in config.weights:
        if name not in adapters:
            raise MetierError(f"weights: there is no adapter {name!r}; {did_you_mean(name, adapters)}")
    found: dict[str, str] = {}
    for name, some in adapters.items():
        if len(some) != 1:
            raise MetierError(f"adapters: {name!r} is {len(some)} checkpoints; give each a name of its own")
        path = some[0].path
        if not is_adapter(path):
            raise MetierError(
                f"adapters: {name!r} ({path}) is a whole model, not an adapter; train it with adapter: {{rank: ...}}"
            )
        if path in found.values():
            raise MetierError(f"adapters: {name!r} ({path}) is named twice; give it a weight instead")
        found[name] = path
    return found


def _base(named: Mapping[str, str]) -> str:
    """The base that all adapters share."""
    bases = {name: check_adapter(path) for name, path in named.items()}
    first = next(iter(bases))
    for name, base in bases.items():
        if base != bases[first]:
            raise MetierError(
                f"adapters: {name!r} belongs to {base}, {first!r} to {bases[first]}; adapters are merged over one base"
            )
    return bases[first]

"""Adapters: low-rank weights in a directory of their own, which name the model they belong to and know it again."""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from metier.artefact import MANIFEST, asset, write_json
from metier.model.identity import REMOTE, identity
from metier.records import MetierError

CONFIG, WEIGHTS, BASE = "adapter_config.json", "adapter_model.safetensors", "base.json"
WHOLE = ("use_dora", "modules_to_save", "trainable_token_indices", "bias", "lora_bias")
"""Settings of peft under which an adapter is more than a sum of products, so that no part of it can be added."""
T = TypeVar("T")


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """The model that an adapter was trained on; an adapter made elsewhere has no such file."""

    path: str
    """Relative to the adapter's directory where that model too was made by a run: runs move as a whole."""
    weights: str
    tokenizer: str


class PeftConfig(msgspec.Struct, frozen=True):
    """What peft says of an adapter, as far as it is read here."""

    peft_type: str = ""
    base_model_name_or_path: str | None = None


def is_adapter(path: str) -> bool:
    """Whether a model's directory holds an adapter, rather than all weights."""
    if path.startswith(REMOTE):
        return False
    place = asset(path)
    return (place / CONFIG).is_file() and not (place / "config.json").is_file()


def check_adapter(path: str) -> str:
    """The path of the model that an adapter belongs to; MetierError where either is not whole. It imports no torch."""
    if not importlib.util.find_spec("peft"):
        raise MetierError(f"{path}: an adapter, which needs peft; install the extra: pip install 'metier[train]'")
    place = asset(path)
    said = peft_config(path)
    if said.peft_type != "LORA":
        raise MetierError(f"{path}: an adapter of the kind {said.peft_type or '?'}; only LORA adapters can be loaded")
    if not (place / WEIGHTS).is_file():
        raise MetierError(f"{path}: an adapter without its weights ({WEIGHTS}); fetch or train it again")
    return base_path(path)


def peft_config(path: str) -> PeftConfig:
    """The adapter's configuration."""
    return _decode(asset(path) / CONFIG, PeftConfig)


def base_path(path: str) -> str:
    """Where the model lies that an adapter belongs to: where the adapter says, or else where it was at first."""
    place, held, first = asset(path), _held(path), peft_config(path).base_model_name_or_path
    named = [held.path] if held else []
    for name in [*named, *([first] if first else [])]:
        if name.startswith((REMOTE, "asset:")):
            return name
        if (place / name).is_dir():
            return str((place / name).resolve())
    if held is None and first and not Path(first).is_absolute():
        return first if Path(first).is_dir() else REMOTE + first
    missing = " and ".join(dict.fromkeys([*named, *([first] if first else [])])) or "no model is named"
    raise MetierError(f"{path}: the model that this adapter belongs to is not there ({missing}); put it back")


def check_base(path: str, base: str) -> None:
    """MetierError where a model is not the one that an adapter was trained on; every byte of it is read."""
    held = _held(path)
    if held is None:
        return
    found = identity(base)
    for what, before, now in (
        ("weights", held.weights, found.weights),
        ("tokenizer", held.tokenizer, found.tokenizer),
    ):
        if before != now:
            raise MetierError(
                f"{path}: an adapter for another base: the {what} of {base} are not those that it was trained on; "
                "put that model back, or train the adapter again"
            )


def name_base(out: Path, base: str) -> None:
    """Write down in an adapter's directory which model it belongs to."""
    found, named = identity(base), base
    if not base.startswith((REMOTE, "asset:")):
        place = Path(base).resolve()
        run = any((home / MANIFEST).is_file() for home in (place, *place.parents[:2]))  # a snapshot lies two deeper
        named = os.path.relpath(place, out.resolve()) if run else str(place)
    write_json(out / BASE, Base(path=named, weights=found.weights, tokenizer=found.tokenizer))


def merged(model: Any, adapters: Mapping[str, float]) -> Any:
    """A model with adapters added to its own weights, in place: path of an adapter -> how much of it (1 is all).

    The sum is exact: each layer's weight plus the weighted sum of the products of its low-rank matrices (peft's
    combination ``cat``). The adapters of every layer must fit; weights that are missing or left over are a MetierError.
    What comes out may be trained on: peft leaves the weights below an adapter frozen.
    """
    try:
        return _merged(model, adapters).requires_grad_(True)
    except (RuntimeError, ValueError, TypeError) as error:  # an adapter made elsewhere may ask for what peft refuses
        raise MetierError(f"{', '.join(adapters)}: cannot be merged into the base ({_last(error)})") from None


def _merged(model: Any, adapters: Mapping[str, float]) -> Any:
    from peft import LoraConfig, get_peft_model

    weighted, shared = None, _shared(model)
    names = [f"adapter_{number}" for number in range(len(adapters))]  # no plain numbers: layers have them
    for name, path in zip(names, adapters, strict=True):
        config = LoraConfig.from_pretrained(str(asset(path)))
        config.inference_mode, config.base_model_name_or_path = True, model.name_or_path
        odd = [setting for setting in WHOLE if getattr(config, setting) not in (None, False, "none", [])]
        if odd and list(adapters.values()) != [1.0]:
            raise MetierError(f"{path}: an adapter with {odd[0]} can only be added whole and alone")
        if weighted is None:
            weighted = get_peft_model(model, config, adapter_name=name)
        else:
            weighted.add_adapter(name, config)
        if both := sorted(shared & set(weighted.base_model.targeted_module_names)):
            raise MetierError(
                f"{path}: an adapter of {both[0]}, whose weights the base uses twice; it cannot be merged"
            )
        _fill(weighted, path, name)
    if weighted is None:
        return model
    if list(adapters.values()) == [1.0]:
        return weighted.merge_and_unload()
    weighted.peft_config[names[0]].use_rslora = False  # the layers have their scales; that of the sum is 1
    weighted.add_weighted_adapter(names, list(adapters.values()), "sum", combination_type="cat")
    return weighted.merge_and_unload(adapter_names=["sum"])


def _shared(model: Any) -> set[str]:
    """The input and the output embedding where they are the same weights: what is added to one would move the other."""
    ends = [one for one in (model.get_input_embeddings(), model.get_output_embeddings()) if one is not None]
    if len(ends) < 2 or ends[0].weight is not ends[1].weight:
        return set()
    return {name for name, one in model.named_modules() if any(one is end for end in ends)}


def _fill(model: Any, path: str, name: str) -> None:
    """Read the weights of one adapter; none is made up, none is passed over."""
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    try:
        held = load_file(asset(path) / WEIGHTS)
        wanted = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
        if odd := sorted(wanted.keys() ^ held.keys()):
            why = "its file has no weights for" if odd[0] in wanted else "there is no place for"
            raise MetierError(f"{path}: the adapter does not fit its base: {why} {odd[0]} ({len(odd)} such)")
        set_peft_model_state_dict(model, held, adapter_name=name)
    except (OSError, RuntimeError) as error:
        raise MetierError(f"{path}: the adapter does not fit its base ({_last(error)})") from None
    except Exception as error:  # the safetensors library raises a type of its own
        if type(error).__name__ != "SafetensorError":
            raise
        raise MetierError(f"{path}: the adapter's weights are damaged ({error}); fetch or train it again") from None


def _last(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip()[:200] if lines else type(error).__name__


def _held(path: str) -> Base | None:
    place = asset(path) / BASE
    return _decode(place, Base) if place.is_file() else None


def _decode(file: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise MetierError(f"{file}: damaged ({error}); fetch or train the adapter again") from None

"""Load a causal language model and its tokenizer from a directory, a shipped asset or a named public repository."""

import contextlib
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metier.artefact import asset
from metier.model.adapters import check_adapter, check_base, is_adapter, merged
from metier.model.identity import REMOTE
from metier.records import MetierError

WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")


@dataclass(frozen=True)
class Loaded:
    """A model in evaluation mode with its tokenizer."""

    model: Any
    tokenizer: Any
    path: str = ""

    @property
    def device(self) -> Any:
        """Where the model's inputs have to be."""
        return self.model.device


def check_model(path: str) -> None:
    """Say what a model directory lacks, without importing torch: MetierError names the first missing file.

    Of an adapter the model that it belongs to is checked too.
    """
    if path.startswith(REMOTE):
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", path.removeprefix(REMOTE)):
            raise MetierError(f"{path}: not the name of a public model; write hf:organisation/name")
        return
    home = asset(path)
    remedy = "name a directory that transformers can load, asset:nano, or hf:organisation/name"
    if not home.is_dir():
        raise MetierError(f"{path}: no such model directory; {remedy}")
    if is_adapter(path):
        base = check_adapter(path)
        try:
            check_model(base)
        except MetierError as error:
            raise MetierError(f"{path}: the model that this adapter belongs to is not whole: {error}") from None
        return
    _check_config(home / "config.json", path, remedy)
    found = [name for name in WEIGHTS if (home / name).is_file()]
    if not found:
        raise MetierError(f"{path}: not a model, it has no weights (model.safetensors); {remedy}")
    for shard in _shards(home / found[0]):
        if not (home / shard).is_file():
            raise MetierError(f"{path}: the weights are not whole, {shard} is missing; fetch the model again")
    if not any((home / name).is_file() for name in TOKENIZERS):
        raise MetierError(f"{path}: not a model, it has no tokenizer (tokenizer.json); {remedy}")


def _check_config(file: Path, path: str, remedy: str) -> None:
    try:
        config = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise MetierError(f"{path}: not a model, it has no config.json; {remedy}") from None
    except ValueError as error:
        raise MetierError(f"{file}: damaged ({error}); fetch the model again") from None
    if not isinstance(config, dict) or not config.get("model_type"):
        raise MetierError(f"{file}: names no model_type, so this is not a model; {remedy}")


def _shards(weights: Path) -> list[str]:
    if not weights.name.endswith(".index.json"):
        return []
    try:
        return sorted(set(json.loads(weights.read_bytes())["weight_map"].values()))
    except (ValueError, KeyError, AttributeError) as error:
        raise MetierError(f"{weights}: damaged ({error!r}); fetch the model again") from None


def architectures(path: str) -> list[str]:
    """What the config.json of a model directory calls the model; nothing where it has none, as an adapter."""
    try:
        held = json.loads((asset(path) / "config.json").read_bytes()).get("architectures")
    except (OSError, ValueError, AttributeError):
        return []
    return [str(name) for name in held or ()]


def check_writer(path: str) -> None:
    """MetierError where a directory holds a model that gives points to texts and cannot write any."""
    if not path.startswith(REMOTE) and any(name.endswith("ForSequenceClassification") for name in architectures(path)):
        raise MetierError(f"{path}: a reward model, which gives points and cannot write; name a model that writes")


def positions(path: str) -> int | None:
    """How many tokens a model in a directory can read at most, by its config.json; None where that is not said."""
    if path.startswith(REMOTE):
        return None
    if is_adapter(path):
        return positions(check_adapter(path))
    config = json.loads((asset(path) / "config.json").read_bytes())
    longest = config.get("max_position_embeddings") or (config.get("text_config") or {}).get("max_position_embeddings")
    return longest if isinstance(longest, int) else None


def load(path: str) -> Loaded:
    """A model ready to be asked: fp32 on a CPU, in its own precision on a GPU.

    A path that is not a model, or whose weights do not fit its configuration, is a MetierError. Only a name that starts
    with ``hf:`` may be fetched from the network.
    """
    check_model(path)
    import torch

    on_gpu = torch.cuda.is_available()
    model = load_weights(path, "auto" if on_gpu else torch.float32)
    model = model.to("cuda") if on_gpu else model
    return Loaded(model.eval(), load_tokenizer(path), path)


def load_weights(path: str, dtype: Any, quantization: Any = None) -> Any:
    """The model alone, every weight read from the checkpoint and none made up; an adapter is merged into its base.

    ``quantization`` is transformers' configuration of a model held in fewer bits; an adapter's base cannot be. An
    adapter for another base is a MetierError.
    """
    if is_adapter(path):
        return _merged(path, dtype, quantization)
    check_writer(path)
    from transformers import AutoModelForCausalLM

    how = {"dtype": dtype, "quantization_config": quantization}
    with quiet():
        try:
            model, seen = AutoModelForCausalLM.from_pretrained(**named(path), **how, output_loading_info=True)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise MetierError(f"{path}: cannot be loaded as a causal language model ({_first(error)})") from None
        except Exception as error:  # the safetensors library raises a type of its own
            if type(error).__name__ != "SafetensorError":
                raise
            raise MetierError(f"{path}: the weights are damaged ({_first(error)}); fetch the model again") from None
    if getattr(model, "_hf_peft_config_loaded", False):
        name = path.removeprefix(REMOTE)
        raise MetierError(f"{path}: an adapter; fetch it (hf download {name} --local-dir DIR) and name its directory")
    if missing := sorted(seen.get("missing_keys", ())):
        raise MetierError(f"{path}: the weights lack {missing[0]} and {len(missing) - 1} more; fetch the model again")
    return model


def _merged(path: str, dtype: Any, quantization: Any) -> Any:
    if quantization is not None:
        raise MetierError(f"{path}: an adapter cannot be held in fewer bits as a base; merge it first (train.merge)")
    base = check_adapter(path)
    model = load_weights(base, dtype)
    check_base(path, base)
    with quiet():
        return merged(model, {path: 1.0})


def load_tokenizer(path: str) -> Any:
    """The tokenizer alone, with a padding token; an adapter without one has that of its base."""
    from transformers import AutoTokenizer

    if is_adapter(path) and not any((asset(path) / name).is_file() for name in TOKENIZERS):
        return load_tokenizer(check_adapter(path))
    with quiet():
        try:
            tokenizer = AutoTokenizer.from_pretrained(**named(path))
        except (OSError, ValueError, KeyError) as error:
            raise MetierError(f"{path}: its tokenizer cannot be loaded ({_first(error)})") from None
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def named(path: str) -> dict[str, Any]:
    """How transformers is told to load what is at a path: from the disk alone unless it begins with ``hf:``."""
    if path.startswith(REMOTE):
        return {"pretrained_model_name_or_path": path.removeprefix(REMOTE)}
    return {"pretrained_model_name_or_path": str(asset(path)), "local_files_only": True}


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own progress bars and advice off the terminal, and what it says of its versions to come."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def free() -> None:
    """Give back the memory of a GPU that forgotten weights still hold."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

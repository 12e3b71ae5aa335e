"""Write a model as plain files that every library can load: weights, configuration, tokenizer and template."""

from pathlib import Path
from typing import Any, Literal

from metier.train.prepare import MARKER

Precision = Literal["base", "float32", "bfloat16", "float16"]
"""The type of the numbers that weights are written in; ``base``: the one that they were read in."""


def load_as(path: str, precision: Precision) -> Any:
    """The weights of a model to be written in a precision: read in their own, or in float32 where that is asked for."""
    import torch

    from metier.model.load import load_weights

    return load_weights(path, torch.float32 if precision == "float32" else "auto")


def write_plain(model: Any, tokenizer: Any, precision: Precision, out: Path, shard: str = "5GB") -> None:
    """Write a model and its tokenizer into a directory in the precision asked for, and mark it as complete."""
    import torch

    if precision != "base":
        model = model.to(getattr(torch, precision))
    model.config.use_cache = True
    stop_at_turns(model, tokenizer)
    model.save_pretrained(out, max_shard_size=shard)
    tokenizer.save_pretrained(out)
    (out / MARKER).touch()


def stop_at_turns(model: Any, tokenizer: Any) -> None:
    """Let a model's generation configuration name every token that ends its turns, so that any server stops there."""
    from metier.model.generate import end_tokens
    from metier.model.load import Loaded

    ends = end_tokens(Loaded(model, tokenizer))
    model.generation_config.eos_token_id = ends[0] if len(ends) == 1 else ends or None

"""Adapters whose matrices are drawn at random, as training would leave them, without the training."""

from pathlib import Path

import torch

from metier.model.load import load_tokenizer, load_weights, quiet
from metier.train import adapter
from metier.train.settings import Lora


def draw(base: str, out: Path, lora: Lora, seed: int) -> None:
    """An adapter over a base, its matrices drawn at random, as training would leave one."""
    with quiet():
        model = adapter.attach(load_weights(base, torch.float32), lora, base, seed)
    draws = torch.Generator().manual_seed(seed)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data.normal_(generator=draws, std=0.1)
    adapter.save(model, base, out)
    load_tokenizer(base).save_pretrained(out)

"""Write text with a model, many prompts at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from metier.model.load import Loaded
from metier.records import MetierError

BATCH = 64
"""Prompts of a batch."""


def generate(loaded: Loaded, prompts: Sequence[list[int]], max_tokens: int, temperature: float, seed: int) -> list[str]:
    """What the model says after each prompt, up to its end of turn or ``max_tokens``, special tokens left out.

    Temperature 0 takes the likeliest token. Otherwise the draws of a prompt depend on the seed and the prompt's number
    alone, not on the prompts beside it.
    """
    if temperature < 0 or max_tokens < 1:
        raise MetierError(
            f"generate: temperature {temperature} must not be negative, max_tokens {max_tokens} at least 1"
        )
    if any(not prompt for prompt in prompts):
        raise MetierError("generate: a prompt is empty; give at least one token")
    texts = [""] * len(prompts)
    numbers = sorted(range(len(prompts)), key=lambda number: (len(prompts[number]), number))
    for first in range(0, len(numbers), BATCH):
        batch = numbers[first : first + BATCH]
        draws = [np.random.default_rng([seed % (1 << 64), number]) for number in batch] if temperature else []
        said = _write(loaded, [prompts[number] for number in batch], max_tokens, (temperature, draws))
        for number, ids in zip(batch, said, strict=True):
            texts[number] = loaded.tokenizer.decode(ids, skip_special_tokens=True)
    return texts


def _write(
    loaded: Loaded, prompts: Sequence[list[int]], max_tokens: int, chance: tuple[float, list[np.random.Generator]]
) -> list[list[int]]:
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    width, pad = max(map(len, prompts)), loaded.tokenizer.pad_token_id or 0
    ids = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    stops = _stops(loaded)
    config = GenerationConfig(max_new_tokens=max_tokens, do_sample=False, eos_token_id=stops or None, pad_token_id=pad)
    with torch.inference_mode():
        out = loaded.model.generate(
            input_ids=ids.to(loaded.device),
            attention_mask=mask.to(loaded.device),
            generation_config=config,
            logits_processor=LogitsProcessorList([_noise(*chance)] if chance[0] else []),
        )
    return [_until(row[width:], stops) for row in out.tolist()]


def _noise(temperature: float, draws: list[np.random.Generator]) -> Any:
    """Gumbel noise on the logits: the likeliest token is then a draw at that temperature."""
    import torch

    def add(_: Any, scores: Any) -> Any:
        noise = np.stack([draw.gumbel(size=scores.shape[1]) for draw in draws])
        return scores / temperature + torch.from_numpy(noise).to(scores)

    return add


def _stops(loaded: Loaded) -> list[int]:
    configured = loaded.model.generation_config.eos_token_id
    some = configured if isinstance(configured, list) else [configured]
    return [one for one in dict.fromkeys([*some, loaded.tokenizer.eos_token_id]) if one is not None]


def _until(ids: list[int], stops: Sequence[int]) -> list[int]:
    return ids[: next((place for place, token in enumerate(ids) if token in stops), len(ids))]

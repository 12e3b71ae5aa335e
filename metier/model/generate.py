"""Write text with a model, many prompts at a time."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metier.model.load import Loaded
from metier.model.template import turn_ends
from metier.records import MetierError

BATCH = 64
"""Prompts of a batch."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be written after one prompt; its draws depend on ``seed`` alone, not on the prompts beside it."""

    prompt: list[int]
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: tuple[int, ...] = (0,)
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote: ``finish`` is ``stop`` at its end of turn or at a stop text, ``length`` at ``max_tokens``."""

    text: str
    tokens: int
    finish: str
    ids: tuple[int, ...] = ()
    """The tokens as they were drawn, the one that ends the turn included; beyond a stop text there may be some."""


def generate(loaded: Loaded, prompts: Sequence[list[int]], max_tokens: int, temperature: float, seed: int) -> list[str]:
    """What the model says after each prompt, up to its end of turn or ``max_tokens``, special tokens left out.

    Temperature 0 takes the likeliest token. Otherwise the draws of a prompt depend on the seed and the prompt's number
    alone, not on the prompts beside it.
    """
    seeds = [(seed % (1 << 64), number) for number in range(len(prompts))]
    wishes = [Wish(prompt, max_tokens, temperature, seed=own) for prompt, own in zip(prompts, seeds, strict=True)]
    _check(max_tokens, temperature)
    return [one.text for one in write(loaded, wishes)]


def write(loaded: Loaded, wishes: Sequence[Wish], batch: int = BATCH) -> list[Written]:
    """What the model writes after each prompt, special tokens left out; a stop text is left out too."""
    if any(not wish.prompt for wish in wishes):
        raise MetierError("generate: a prompt is empty; give at least one token")
    for wish in wishes:
        _check(wish.max_tokens, wish.temperature)
    found: dict[int, Written] = {}
    numbers = sorted(range(len(wishes)), key=lambda number: (len(wishes[number].prompt), number))
    stops = end_tokens(loaded) if wishes else []
    for first in range(0, len(numbers), batch):
        some = numbers[first : first + batch]
        said = _write(loaded, [wishes[number] for number in some], stops)
        found |= {number: _cut(loaded, wishes[number], ids, stops) for number, ids in zip(some, said, strict=True)}
    return [found[number] for number in range(len(wishes))]


def _check(max_tokens: int, temperature: float) -> None:
    if not temperature >= 0 or max_tokens < 1:  # what is no number compares with none
        raise MetierError(
            f"generate: temperature {temperature} must not be negative, max_tokens {max_tokens} at least 1"
        )


def _write(loaded: Loaded, wishes: Sequence[Wish], stops: list[int]) -> list[list[int]]:
    """The new tokens of each prompt, whatever follows its end included."""
    import torch
    from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

    width, pad = max(len(wish.prompt) for wish in wishes), loaded.tokenizer.pad_token_id or 0
    most = max(wish.max_tokens for wish in wishes)
    ids = torch.tensor([[pad] * (width - len(wish.prompt)) + wish.prompt for wish in wishes])
    mask = torch.tensor([[0] * (width - len(wish.prompt)) + [1] * len(wish.prompt) for wish in wishes])
    config = GenerationConfig(max_new_tokens=most, do_sample=False, eos_token_id=stops or None, pad_token_id=pad)
    drawn = any(wish.temperature for wish in wishes)
    early = any(wish.stop or wish.max_tokens < most for wish in wishes)
    with torch.inference_mode():
        out = loaded.model.generate(
            input_ids=ids.to(loaded.device),
            attention_mask=mask.to(loaded.device),
            generation_config=config,
            logits_processor=LogitsProcessorList([_noise(wishes)] if drawn else []),
            stopping_criteria=StoppingCriteriaList([_early(loaded, wishes, width)] if early else []),
        )
    return [row[width:] for row in out.tolist()]


def _noise(wishes: Sequence[Wish]) -> Any:
    """Gumbel noise on the logits: the likeliest token is then a draw at that temperature, from the top_p likeliest."""
    import torch

    drawn = [row for row, wish in enumerate(wishes) if wish.temperature]
    draws = [np.random.default_rng(list(wishes[row].seed)) for row in drawn]
    cut = [(row, wishes[row].top_p) for row in drawn if wishes[row].top_p < 1]
    heat = torch.tensor([wishes[row].temperature for row in drawn])[:, None]

    def add(_: Any, scores: Any) -> Any:
        scores, noise = scores.clone(), np.stack([draw.gumbel(size=scores.shape[1]) for draw in draws])
        scores[drawn] /= heat.to(scores)
        for row, share in cut:
            scores[row] = _likeliest(scores[row], share)
        scores[drawn] += torch.from_numpy(noise).to(scores)
        return scores

    return add


def _likeliest(scores: Any, share: float) -> Any:
    """Scores of one row, minus infinity but for the likeliest that make up a share (nucleus; Holtzman et al. 2020)."""
    if share >= 1:
        return scores
    ordered, places = scores.softmax(-1).sort(descending=True)
    beyond = ordered.cumsum(-1) - ordered >= share
    beyond[0] = False
    return scores.masked_fill(beyond.scatter(0, places, beyond), float("-inf"))


def _early(loaded: Loaded, wishes: Sequence[Wish], width: int) -> Any:
    """Which rows are done before the longest is: at their own ``max_tokens``, or when a stop text stands there."""
    import torch

    def done(ids: Any, *_: Any, **__: Any) -> Any:
        new = ids[:, width:]
        over = [
            new.shape[1] >= wish.max_tokens or _says(loaded, wish, row) for wish, row in zip(wishes, new, strict=True)
        ]
        return torch.tensor(over, device=ids.device)

    return done


def _says(loaded: Loaded, wish: Wish, ids: Any) -> bool:
    """Whether a stop text stands in what was written last."""
    if not wish.stop:
        return False
    tail = loaded.tokenizer.decode(ids[-64:], skip_special_tokens=True)
    return any(text in tail for text in wish.stop)


def _cut(loaded: Loaded, wish: Wish, ids: list[int], stops: list[int]) -> Written:
    """One row up to its end of turn, its stop text or its ``max_tokens``."""
    ids = ids[: wish.max_tokens]
    end = next((place for place, token in enumerate(ids) if token in stops), len(ids))
    finish, written = "stop" if end < len(ids) else "length", ids[: end + 1]

    def said(count: int) -> str:
        return str(loaded.tokenizer.decode(ids[:count], skip_special_tokens=True))

    def stopped(count: int) -> bool:
        return any(one in said(count) for one in wish.stop)

    text = said(end)
    if stopped(end):
        end = bisect.bisect_left(range(end + 1), True, key=stopped)
        text = said(end)
        text, finish = text[: min(place for one in wish.stop if (place := text.find(one)) >= 0)], "stop"
    return Written(text, end, finish, tuple(written))


def end_tokens(loaded: Loaded) -> list[int]:
    """What ends a turn: by the model's own configuration, and by the template that it may have been trained with since.

    A base that was never in a dialogue knows the end of a text alone.
    """
    configured = loaded.model.generation_config.eos_token_id
    some = configured if isinstance(configured, list) else [configured]
    ends = [*some, loaded.tokenizer.eos_token_id, *turn_ends(loaded.tokenizer)]
    return [one for one in dict.fromkeys(ends) if one is not None]

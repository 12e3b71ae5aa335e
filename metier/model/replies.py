"""Replies drawn by a model's probabilities alone, and the log-probability of each of their tokens under any model."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from metier.model.generate import Wish, end_tokens, write
from metier.model.load import Loaded
from metier.records import MetierError

PASS_TOKENS = 1 << 13
"""Tokens run at a time, padding included."""
PASS_LOGITS = 1 << 25
"""Logits held at a time: tokens of replies times the vocabulary."""
Floats = npt.NDArray[np.float64]


def draw(loaded: Loaded, wishes: Sequence[Wish]) -> list[list[int]]:
    """The tokens of a reply to every wish, the one that ends the turn included."""
    with plainly(loaded.model, end_tokens(loaded)):
        return [list(one.ids) for one in write(loaded, wishes)]


@contextlib.contextmanager
def plainly(model: Any, stops: Sequence[int]) -> Iterator[None]:
    """Let a model write by its probabilities alone, up to one of the tokens that end a turn.

    Its own configuration may hold a penalty for repeating itself or a share of tokens to draw from; what is drawn so is
    not drawn from its probabilities, and its divergence cannot be told from it. So none of that is heeded.
    """
    from transformers import GenerationConfig

    inner = model.get_base_model() if hasattr(model, "peft_config") else model
    own = inner.generation_config
    inner.generation_config = GenerationConfig(eos_token_id=list(stops) or None, pad_token_id=own.pad_token_id)
    try:
        yield
    finally:
        inner.generation_config = own


def token_logs(
    loaded: Loaded, prompts: Sequence[list[int]], replies: Sequence[list[int]], temperature: float = 1.0
) -> list[Floats]:
    """For every reply the natural log-probability of each of its tokens after its prompt, at a temperature.

    Rows are padded on the right, so that padding is never looked at. MetierError where a prompt is empty: nothing says
    how likely the first token of a text is.
    """
    import torch

    if not all(prompts):
        raise MetierError("token_logs: a prompt is empty; give at least one token")
    found: dict[int, Floats] = {}
    words = int(loaded.model.get_output_embeddings().weight.shape[0])
    sizes = [(len(before), len(said)) for before, said in zip(prompts, replies, strict=True)]
    with torch.inference_mode():
        for some in _passes(sizes, words):
            rows = [[*prompts[number], *replies[number]] for number in some]
            width, first = max(map(len, rows)), min(sizes[number][0] for number in some) - 1
            ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
            mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
            out = loaded.model(
                input_ids=ids.to(loaded.device),
                attention_mask=mask.to(loaded.device),
                use_cache=False,
                logits_to_keep=width - first,
            )
            for place, number in enumerate(some):
                before, said = sizes[number]
                own = out.logits[place, before - 1 - first : before - 1 - first + said].double() / temperature
                chosen = torch.tensor(replies[number], device=own.device)[:, None]
                found[number] = own.log_softmax(-1).gather(1, chosen)[:, 0].cpu().numpy()
    return [found[number] for number in range(len(sizes))]


def _passes(sizes: Sequence[tuple[int, int]], words: int) -> Iterator[list[int]]:
    """Numbers of rows that are run together, those of like length, long ones first."""
    some = list[int]()
    for number in sorted(range(len(sizes)), key=lambda number: (-sum(sizes[number]), number)):
        count, width = len(some) + 1, sum(sizes[some[0]]) if some else 0
        least = min([sizes[one][0] for one in some] + [sizes[number][0]])
        if some and (count * width > PASS_TOKENS or count * (width - least + 1) * words > PASS_LOGITS):
            yield some
            some = []
        some.append(number)
    if some:
        yield some

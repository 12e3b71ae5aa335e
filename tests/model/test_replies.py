"""Replies are drawn by a model's probabilities alone, and every token's probability is that of one plain pass."""

import pytest
import torch
from transformers import GenerationConfig

from metier.model.generate import Wish, end_tokens
from metier.model.load import Loaded
from metier.model.replies import draw, plainly, token_logs
from metier.records import MetierError

PROMPTS = [[9, 10, 11], [12], [13, 14, 15, 16, 17]]


def test_what_a_model_is_configured_to_avoid_is_drawn_all_the_same(loaded: Loaded) -> None:
    wishes = [Wish(ids, 8, 1.0, seed=(number,)) for number, ids in enumerate(PROMPTS)]
    free, own = draw(loaded, wishes), loaded.model.generation_config
    shy = GenerationConfig(**{**own.to_dict(), "repetition_penalty": 5.0, "suppress_tokens": [free[0][0]]})
    loaded.model.generation_config = shy
    try:
        assert draw(loaded, wishes) == free and loaded.model.generation_config is shy
        with pytest.raises(KeyError), plainly(loaded.model, end_tokens(loaded)):
            raise KeyError
        assert loaded.model.generation_config is shy
    finally:
        loaded.model.generation_config = own


def test_a_token_is_as_likely_as_one_pass_says(loaded: Loaded) -> None:
    replies = [[20, 21, 22, 23], [24, 25], []]
    found = token_logs(loaded, PROMPTS, replies, 2.0)
    for ids, said, logs in zip(PROMPTS, replies, found, strict=True):
        with torch.inference_mode():
            spread = (loaded.model(torch.tensor([[*ids, *said]])).logits[0].double() / 2.0).log_softmax(-1)
        wanted = [float(spread[len(ids) - 1 + place, token]) for place, token in enumerate(said)]
        assert logs.tolist() == pytest.approx(wanted, abs=1e-5)


def test_the_first_token_of_a_text_has_no_probability(loaded: Loaded) -> None:
    with pytest.raises(MetierError, match="prompt is empty"):
        token_logs(loaded, [[], [9]], [[9], [10]])

"""How far a model has moved from its base: measured on its own replies, true to what can be counted out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from metier.evals.kl import Kl, kl
from metier.model.generate import Wish
from metier.model.load import load
from metier.model.replies import draw, token_logs
from metier.model.template import prompt
from metier.records import Checkpoint, Conversation, Message, MetierError, Score

TALKS = [
    Conversation(f"c{n}", (Message("user", f"How often {n}?"), Message("assistant", "At night.")),
                 source="left" if n % 2 else "right")
    for n in range(6)
]  # fmt: skip


def measure(base: Checkpoint, models: dict[str, tuple[Checkpoint, ...]], **config: Any) -> list[Score]:
    return list(kl(TALKS, models, base, "t", 7, Kl(**config)))


def find(scores: list[Score], metric: str, model: str = "m", **by: str) -> Score:
    (found,) = [one for one in scores if (one.metric, one.model, one.by) == (metric, model, by)]
    return found


def exact(model: Checkpoint, base: Checkpoint, temperature: float) -> float:
    """The divergence of the first token of a reply, summed over the vocabulary, mean over the prompts."""
    both, found = [load(one.path) for one in (model, base)], []
    for talk in TALKS:
        ids = torch.tensor([prompt(both[0].tokenizer, talk.prompt)])
        with torch.inference_mode():
            p, q = ((one.model(ids).logits[0, -1].double() / temperature).log_softmax(-1) for one in both)
        found.append(float((p.exp() * (p - q)).sum()))
    return sum(found) / len(found)


def test_a_model_is_nowhere_from_itself(drawn: Checkpoint) -> None:
    scores = measure(drawn, {"m": (drawn,)}, max_tokens=8)
    assert [(one.metric, one.value, one.n) for one in scores] == [
        ("kl", 0.0, 6), ("kl_estimate", 0.0, 6), ("kl_per_token", 0.0, 6)
    ]  # fmt: skip


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_both_estimates_come_to_the_divergence_that_is_counted_out(
    drawn: Checkpoint, taught: Checkpoint, temperature: float
) -> None:
    scores = measure(taught, {"m": (drawn,)}, max_tokens=1, n=100, temperature=temperature)
    truth, k1, k3 = exact(drawn, taught, temperature), find(scores, "kl"), find(scores, "kl_estimate")
    assert truth > 0.1
    for one in (k1, k3):
        assert one.n == 600 and abs(one.value - truth) < 1.5 * (one.high - one.low) and one.high - one.low < truth
    assert find(scores, "kl_per_token").value == pytest.approx(k1.value)


def test_the_numbers_are_those_of_the_replies(drawn: Checkpoint, uniform: Checkpoint) -> None:
    scores = measure(uniform, {"m": (drawn,)}, max_tokens=6, n=3, by=("source",))
    total, tokens = find(scores, "kl"), find(scores, "kl_per_token")
    mean_length = total.value / tokens.value
    assert 1 <= mean_length <= 6 and total.value > 0 and total.low < total.value < total.high
    halves = [find(scores, "kl", source=name) for name in ("left", "right")]
    assert [one.n for one in halves] == [9, 9] and total.n == 18
    assert sum(one.value for one in halves) / 2 == pytest.approx(total.value)
    several = measure(uniform, {"m": (drawn, uniform)}, max_tokens=6)
    assert find(several, "kl", seed="2").value == pytest.approx(0, abs=1e-6)
    assert find(several, "kl").value == pytest.approx(find(several, "kl", seed="1").value / 2, rel=1e-6)
    assert len(measure(uniform, {"m": (drawn,)}, max_tokens=6, limit=4)) == 3
    assert find(measure(uniform, {"m": (drawn,)}, max_tokens=6, limit=4), "kl").n == 4


def test_token_by_token_log_probabilities(taught: Checkpoint, uniform: Checkpoint) -> None:
    loaded = load(taught.path)
    prompts = [prompt(loaded.tokenizer, talk.prompt) for talk in TALKS]
    replies = draw(loaded, [Wish(ids, 10, 1.0, seed=(number,)) for number, ids in enumerate(prompts)])
    assert len({len(one) for one in replies}) > 1
    for temperature in (1.0, 2.0):
        for ids, said, found in zip(prompts, replies, token_logs(loaded, prompts, replies, temperature), strict=True):
            with torch.inference_mode():
                logits = loaded.model(torch.tensor([[*ids, *said]])).logits[0, len(ids) - 1 : -1].double()
            logs = (logits / temperature).log_softmax(-1)
            assert found == pytest.approx(logs[np.arange(len(said)), said].numpy(), abs=1e-5)
    flat = load(uniform.path)
    whole = token_logs(flat, prompts, replies)
    assert np.concatenate(whole) == pytest.approx(-np.log(len(flat.tokenizer)), abs=1e-5)


def test_a_penalty_in_the_models_own_configuration_is_not_heeded(
    fresh: Callable[[int], Any], saved: Callable[[Any, str], Checkpoint]
) -> None:
    plain, bound = fresh(5), fresh(5)
    bound.generation_config.repetition_penalty = 5.0
    bound.generation_config.do_sample = True
    bound.generation_config.top_k = 2
    both = [load(saved(one, name).path) for one, name in ((plain, "plain"), (bound, "bound"))]
    wishes = [Wish(prompt(both[0].tokenizer, TALKS[0].prompt), 12, 1.0, seed=(number,)) for number in range(4)]
    assert draw(both[0], wishes) == draw(both[1], wishes)
    assert both[1].model.generation_config.repetition_penalty == 5.0


def test_what_cannot_be_compared_is_an_error(drawn: Checkpoint) -> None:
    with pytest.raises(MetierError, match="asset:nano has another tokenizer than the base"):
        measure(drawn, {"m": (Checkpoint("asset:nano"),)}, max_tokens=4)
    with pytest.raises(MetierError, match=r"c0: its prompt leaves no room for 90 tokens in 96 positions \(6 such"):
        measure(drawn, {"m": (drawn,)}, max_tokens=90)
    with pytest.raises(MetierError, match="t: no model to measure; name some under models"):
        measure(drawn, {})
    with pytest.raises(MetierError, match="t: no prompt to reply to"):
        list(kl([], {"m": (drawn,)}, drawn, "t", 7, Kl()))
    with pytest.raises(MetierError, match=r"t: c asks nothing, its reply aside \(1 such\); leave it out"):
        list(kl([Conversation("c", (Message("assistant", "Yes."),))], {"m": (drawn,)}, drawn, "t", 7, Kl()))

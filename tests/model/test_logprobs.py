"""Packed scoring equals one plain pass over each text."""

import random

import pytest
import torch

from metier.model.load import Loaded
from metier.model.logprobs import continuation, options
from metier.records import MetierError


def plain(loaded: Loaded, prompt: list[int], target: list[int]) -> float:
    with torch.inference_mode():
        logs = loaded.model(torch.tensor([prompt + target]), use_cache=False).logits[0, :-1].log_softmax(-1)
    rows = logs[len(prompt) - 1 :]
    return float(sum(rows[place, token] for place, token in enumerate(target)))


def draw(rng: random.Random, size: int) -> list[int]:
    return [rng.randrange(300) for _ in range(size)]


def test_options_equal_one_pass_an_option(loaded: Loaded) -> None:
    rng = random.Random(1)
    prompts = [draw(rng, rng.randint(1, 60)) for _ in range(40)]
    some = [[draw(rng, rng.randint(1, 9)) for _ in range(rng.randint(2, 5))] for _ in prompts]
    found = options(loaded, prompts, some)
    for prompt, choices, values in zip(prompts, some, found, strict=True):
        assert values == pytest.approx([plain(loaded, prompt, one) for one in choices], abs=1e-4)


def test_options_do_not_depend_on_what_is_asked_beside_them(loaded: Loaded) -> None:
    rng = random.Random(2)
    prompts = [draw(rng, size) for size in (5, 90, 31)]
    some = [[draw(rng, 3), draw(rng, 12)] for _ in prompts]
    together = options(loaded, prompts, some)
    alone = [options(loaded, [prompt], [one])[0] for prompt, one in zip(prompts, some, strict=True)]
    assert together == [pytest.approx(values, abs=1e-4) for values in alone]
    assert options(loaded, [], []) == []


def test_a_short_continuation_is_one_pass(loaded: Loaded) -> None:
    rng = random.Random(3)
    pairs = [(draw(rng, rng.randint(1, 40)), draw(rng, rng.randint(1, 80))) for _ in range(20)]
    found = continuation(loaded, [p for p, _ in pairs], [t for _, t in pairs], 128)
    assert found == pytest.approx([plain(loaded, *pair) for pair in pairs], abs=2e-4)


@pytest.mark.parametrize(
    ("asked", "said", "window"), [(10, 300, 64), (3, 65, 64), (50, 40, 64), (100, 100, 64), (70, 3, 64)]
)
def test_a_long_continuation_scores_every_token_once(loaded: Loaded, asked: int, said: int, window: int) -> None:
    rng = random.Random(asked)
    prompt, target = draw(rng, asked), draw(rng, said)
    begin = prompt[-max(window // 2, window + 1 - said) :] if asked + said - 1 > window else prompt
    done, expected = 0, 0.0
    while done < said:
        again = target[max(0, done - (window - len(begin)) // 2) : done]
        fresh = target[done : done + window + 1 - len(begin) - len(again)]
        assert len(begin) + len(again) + len(fresh) - 1 <= window
        expected += plain(loaded, begin + again, fresh)
        done += len(fresh)
    assert continuation(loaded, [prompt], [target], window) == [pytest.approx(expected, abs=1e-3)]


def test_nothing_to_start_from_is_an_error(loaded: Loaded) -> None:
    with pytest.raises(MetierError, match="empty prompt"):
        options(loaded, [[]], [[[1]]])
    with pytest.raises(MetierError, match="empty prompt"):
        continuation(loaded, [[]], [[1]], 64)

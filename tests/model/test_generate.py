"""Text is written the same whatever is asked beside it."""

import pytest

from metier.model.generate import Wish, generate, write
from metier.model.load import Loaded, load
from metier.model.template import prompt
from metier.records import Message, MetierError


def asked(loaded: Loaded) -> list[list[int]]:
    texts = ["Who?", "Who came home before noon?", "Was the spoon on the table when Ada came home?"]
    return [prompt(loaded.tokenizer, [Message("user", text)]) for text in texts]


def test_greedy_text_does_not_depend_on_the_batch(loaded: Loaded) -> None:
    prompts = asked(loaded)
    together = generate(loaded, prompts, 12, 0.0, 1)
    assert together == [generate(loaded, [one], 12, 0.0, 1)[0] for one in prompts]
    assert generate(loaded, [], 12, 0.0, 1) == []


def test_draws_repeat_with_the_seed_and_differ_without_it(loaded: Loaded) -> None:
    prompts = asked(loaded)
    first = generate(loaded, prompts, 12, 1.0, 1)
    assert first == generate(loaded, prompts, 12, 1.0, 1)
    assert first != generate(loaded, prompts, 12, 1.0, 2)
    assert first[0] == generate(loaded, prompts[:1], 12, 1.0, 1)[0]


def test_an_empty_prompt_is_an_error(loaded: Loaded) -> None:
    with pytest.raises(MetierError, match="prompt is empty"):
        generate(loaded, [[]], 3, 0.0, 1)
    with pytest.raises(MetierError, match="max_tokens 0"):
        generate(loaded, [[1]], 0, 0.0, 1)
    for cold in (-0.5, float("nan")):
        with pytest.raises(MetierError, match=f"temperature {cold} must not be negative"):
            generate(loaded, [[1]], 3, cold, 1)


def test_a_base_that_knows_no_turns_stops_where_its_template_ends_them() -> None:
    loaded = load("asset:nano")
    wish = Wish(prompt(loaded.tokenizer, [Message("user", "Where does Ada live?")]), 40)
    known = write(loaded, [wish])
    loaded.model.generation_config.eos_token_id = loaded.tokenizer.eos_token_id
    assert write(loaded, [wish]) == known
    assert known[0].finish == "stop" and known[0].tokens < 40

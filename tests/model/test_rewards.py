"""A reward model reads a conversation to the end of its last turn, and padding changes nothing of what it says."""

import copy
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from metier.model.load import Loaded, load, load_tokenizer
from metier.model.rewards import (
    encode_pair,
    encode_pairs,
    is_reward,
    load_reward,
    pad_number,
    points,
    reward_weights,
    rewards,
)
from metier.model.template import Refused, prompt
from metier.records import Message, MetierError

ASKED = (Message("system", "Be brief."), Message("user", "Who came home?"))
LINED = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def rewarding(home: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The directory of a reward model with a random head."""
    place = tmp_path_factory.mktemp("rewarding")
    model, tokenizer = reward_weights(home, torch.float32), load_tokenizer(home)
    torch.nn.init.normal_(model.score.weight, generator=torch.Generator().manual_seed(3))
    model.config.pad_token_id = pad_number(tokenizer)
    model.save_pretrained(place)
    tokenizer.save_pretrained(place)
    return str(place)


def test_a_row_is_the_prompt_the_reply_and_its_end(loaded: Loaded) -> None:
    row = encode_pair(loaded.tokenizer, ASKED, "Ada.")
    asked = prompt(loaded.tokenizer, ASKED)
    assert row[: len(asked)] == asked
    assert loaded.tokenizer.decode(row[len(asked) :]) == "Ada.<|end|>"


def test_what_a_template_writes_behind_the_end_is_left_out(loaded: Loaded) -> None:
    tokenizer = copy.deepcopy(loaded.tokenizer)
    tokenizer.chat_template = LINED
    one, earlier = encode_pairs(tokenizer, [(ASKED, "Ada."), ((*ASKED, Message("assistant", "Ada."), ASKED[1]), "No.")])
    assert not isinstance(one, Refused)
    assert not isinstance(earlier, Refused)
    assert tokenizer.decode(one.ids).endswith("Ada.<|end|>")
    assert tokenizer.decode(one.prompt).endswith("<|assistant|>")
    assert tokenizer.decode(earlier.reply) == "No.<|end|>"


def test_padding_and_company_change_nothing(rewarding: str) -> None:
    loaded = load_reward(rewarding)
    said = ("", "Ada.", "The spoon was on the table when Ada came home.", "Nobody knows who.")
    rows = [encode_pair(loaded.tokenizer, ASKED, reply) for reply in said]
    alone = [rewards(loaded, [row])[0] for row in rows]
    assert rewards(loaded, rows) == pytest.approx(alone, abs=1e-4)
    assert rewards(loaded, rows[::-1] * 3) == pytest.approx(alone[::-1] * 3, abs=1e-4)
    assert len({round(value, 3) for value in alone}) == len(said)


def test_the_reward_is_that_of_transformers(rewarding: str) -> None:
    loaded = load_reward(rewarding)
    rows = [encode_pair(loaded.tokenizer, ASKED, reply) for reply in ("Ada.", "Nobody.")]
    theirs = AutoModelForSequenceClassification.from_pretrained(rewarding).eval()
    with torch.inference_mode():
        plain = [float(theirs(torch.tensor([row])).logits) for row in rows]
    assert rewards(loaded, rows) == pytest.approx(plain, abs=1e-4)


def test_the_head_says_something_at_every_token(rewarding: str) -> None:
    loaded = load_reward(rewarding)
    row = encode_pair(loaded.tokenizer, ASKED, "Ada.")
    with torch.inference_mode():
        every = points(loaded.model, torch.tensor([row]), torch.ones(1, len(row), dtype=torch.long))
    assert every.shape == (1, len(row))
    whole = [rewards(loaded, [row[: end + 1]])[0] for end in range(len(row))]
    assert every[0].tolist() == pytest.approx(whole, abs=1e-4)


def test_a_fresh_head_says_nothing_and_leaves_the_body_as_it_was(home: str, loaded: Loaded) -> None:
    model = reward_weights(home, torch.float32)
    assert rewards(Loaded(model.eval(), loaded.tokenizer), [[1, 2, 3], [4, 5]]) == [0.0, 0.0]
    own, base = model.base_model.state_dict(), loaded.model.base_model.state_dict()
    assert own.keys() == base.keys()
    assert all(torch.equal(own[name], base[name]) for name in base)


def test_padding_is_never_what_ends_a_turn(loaded: Loaded) -> None:
    tokenizer = copy.deepcopy(loaded.tokenizer)
    assert pad_number(tokenizer) == tokenizer.pad_token_id
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    tokenizer.pad_token = "<|end|>"
    assert pad_number(tokenizer) not in (end, tokenizer.eos_token_id)


def test_a_row_that_cannot_be_read_is_an_error(rewarding: str) -> None:
    loaded = load_reward(rewarding)
    for row in ([], [1] * 257):
        with pytest.raises(MetierError, match=rf"rewards 1 to 256 tokens, and a row has {len(row)}"):
            rewards(loaded, [[1, 2], row])


def test_a_model_that_writes_and_one_that_rewards_are_told_apart(home: str, rewarding: str, tmp_path: Path) -> None:
    assert is_reward(rewarding)
    assert not is_reward(home)
    assert not is_reward(str(tmp_path / "nothing"))
    assert not is_reward("hf:nobody/nothing")
    with pytest.raises(MetierError, match=r"a model that writes, not one that rewards; name one that train\.reward"):
        load_reward(home)
    with pytest.raises(MetierError, match="a reward model, which gives points and cannot write; name a model that"):
        load(rewarding)


def test_a_model_of_several_outputs_is_no_reward_model(rewarding: str, tmp_path: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(rewarding, num_labels=3, ignore_mismatched_sizes=True)
    model.save_pretrained(tmp_path)
    load_tokenizer(rewarding).save_pretrained(tmp_path)
    with pytest.raises(MetierError, match="a reward model has one output at its last token, and this has 3 outputs"):
        load_reward(str(tmp_path))

"""Conversations become tokens by the model's own template, and the mask holds what the assistant says."""

import copy

import pytest

from metier.model.load import Loaded
from metier.model.template import encode, encode_many, encode_text, prompt
from metier.records import Message, MetierError, ToolCall

TALK = (
    Message("system", "Be brief."),
    Message("user", "Who came home?"),
    Message("assistant", "I look.", (ToolCall("find", '{"who": "Ada"}'),)),
    Message("tool", "Ada, at 9"),
    Message("assistant", "Ada came home."),
)
UNMARKED = (
    "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def spoken(loaded: Loaded, talk: tuple[Message, ...]) -> str:
    encoded = encode(loaded.tokenizer, talk)
    return str(loaded.tokenizer.decode([i for i, m in zip(encoded.ids, encoded.mask, strict=True) if m]))


def test_the_mask_holds_every_assistant_turn_with_its_end(loaded: Loaded) -> None:
    said = spoken(loaded, TALK)
    assert said.startswith("I look.<|tool|>")
    assert '"name": "find"' in said
    assert said.endswith("<|end|>Ada came home.<|end|>")
    assert "Ada, at 9" not in said


def test_a_conversation_renders_turn_by_turn(loaded: Loaded) -> None:
    text = loaded.tokenizer.decode(encode(loaded.tokenizer, TALK[:2]).ids)
    assert text == "<|bos|><|system|>Be brief.<|end|><|user|>Who came home?<|end|>"
    assert loaded.tokenizer.decode(prompt(loaded.tokenizer, TALK[:2])) == f"{text}<|assistant|>"


def test_the_prompt_is_what_training_saw_before_the_answer(loaded: Loaded) -> None:
    whole = encode(loaded.tokenizer, TALK[1:2] + TALK[4:])
    asked = prompt(loaded.tokenizer, TALK[1:2])
    assert whole.ids[: len(asked)] == asked
    assert whole.mask.index(1) == len(asked)


def test_many_at_once_equal_one_at_a_time(loaded: Loaded) -> None:
    talks = [TALK, TALK[1:2] + TALK[4:], TALK[:2]]
    assert encode_many(loaded.tokenizer, talks) == [encode(loaded.tokenizer, talk) for talk in talks]
    assert encode_many(loaded.tokenizer, []) == []


def test_a_template_without_markers_gives_the_same_mask(loaded: Loaded) -> None:
    talk = TALK[:2] + TALK[4:] + TALK[1:2] + TALK[4:]
    plain = copy.deepcopy(loaded.tokenizer)
    plain.chat_template = UNMARKED
    marked, unmarked = encode(loaded.tokenizer, talk), encode(plain, talk)
    assert unmarked.ids == marked.ids
    assert unmarked.mask == marked.mask


def test_a_tokenizer_without_template_is_an_error(loaded: Loaded) -> None:
    bare = copy.deepcopy(loaded.tokenizer)
    bare.chat_template = None
    with pytest.raises(MetierError, match="no chat template"):
        encode(bare, TALK)


def test_a_document_lies_between_its_marks(loaded: Loaded) -> None:
    encoded = encode_text(loaded.tokenizer, "Ada <|end|> home")
    text = loaded.tokenizer.decode(encoded.ids)
    assert text == "<|bos|>Ada <|end|> home<|eos|>"
    assert loaded.tokenizer.convert_tokens_to_ids("<|end|>") not in encoded.ids
    assert encoded.mask == [0] + [1] * (len(encoded.ids) - 1)

"""Whatever the shape of a template, what is trained is what the assistant says and the end of its turn, no more."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metier.model.load import Loaded
from metier.model.template import Encoded, encode, encode_many, prompt, turn_ends
from metier.records import Message, ToolCall
from tests.model.shapes import SAID, TOKENS, byte_level, shaped, talks

FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", params=["byte fallback", "byte level"])
def tokenizers(request: pytest.FixtureRequest, loaded: Loaded) -> dict[str, Any]:
    """A tokenizer of every shape, of each of the two usual ways to spell what the vocabulary lacks."""
    own = loaded.tokenizer if request.param == "byte fallback" else byte_level()
    return {shape: shaped(own, shape) for shape in TOKENS}


def trained(tokenizer: Any, encoded: Encoded) -> list[str]:
    """The text of every run of trained tokens, of the whole and of its earlier turns."""
    runs: list[list[int]] = []
    for view in (encoded, *encoded.earlier):
        before = 0
        for token, counted in zip(view.ids, view.mask, strict=True):
            if counted and not before:
                runs.append([])
            if counted:
                runs[-1].append(token)
            before = counted
    return [tokenizer.decode(run) for run in runs]


def ends(shape: str, talk: tuple[Message, ...]) -> list[str]:
    """Every assistant turn as its shape writes it, by hand."""
    made = []
    for number, message in enumerate(talk):
        if message.role != "assistant":
            continue
        following = talk[number + 1].role if number + 1 < len(talk) else ""
        made.append(
            {
                "chatml": f"{message.content}<|im_end|>",
                "chatml_marked": f"{message.content}<|im_end|>",
                "qwen3": f"<think>\n\n</think>\n\n{message.content}<|im_end|>",
                "llama3": f"{message.content}<|eot_id|>",
                "chatglm": f"\n{message.content}<|{following or 'endoftext'}|>",
                "phi3": f"{message.content}<|end|>",
                "alternating": f" {message.content}</s>",
                "colon": f"{message.content}</s>",
            }[shape]
        )
    return made


@pytest.mark.parametrize("shape", TOKENS)
@given(data=st.data())
@FEW
def test_what_is_trained_is_what_the_assistant_says(tokenizers: dict[str, Any], shape: str, data: Any) -> None:
    talk = data.draw(talks(system=shape != "alternating"))
    encoded = encode(tokenizers[shape], talk)
    assert sorted(trained(tokenizers[shape], encoded)) == sorted(ends(shape, talk))
    assert len(encoded.ids) == len(encoded.mask)


@pytest.mark.parametrize(
    ("shape", "thinking"), [*((shape, None) for shape in TOKENS), ("qwen3", True), ("qwen3", False)]
)
@given(data=st.data())
@FEW
def test_every_turn_is_trained_after_exactly_what_the_model_is_asked_with(
    tokenizers: dict[str, Any], shape: str, thinking: bool | None, data: Any
) -> None:
    tokenizer = tokenizers[shape]
    talk = data.draw(talks(system=shape != "alternating", tools=shape in ("qwen3", "llama3", "chatglm")))
    encoded = encode(tokenizer, talk, thinking)
    turns = [number for number, message in enumerate(talk) if message.role == "assistant"]
    places = [
        (view, place)
        for view in (encoded, *encoded.earlier)
        for place in range(len(view.ids))
        if view.mask[place] and not view.mask[place - 1]
    ]
    asked = [prompt(tokenizer, talk[:turn], thinking) for turn in turns]
    assert sorted(view.ids[:place] for view, place in places) == sorted(asked)


@given(talk=talks(tools=False))
@FEW
def test_markers_around_the_words_alone_train_the_end_too(
    tokenizers: dict[str, Any], talk: tuple[Message, ...]
) -> None:
    assert encode(tokenizers["chatml_marked"], talk) == encode(tokenizers["chatml"], talk)


@given(heard=SAID, said=SAID, thought=SAID)
@FEW
def test_thinking_is_trained_where_the_model_would_think(
    tokenizers: dict[str, Any], heard: str, said: str, thought: str
) -> None:
    tokenizer = tokenizers["qwen3"]
    first = (Message("user", heard), Message("assistant", f"<think>\n{thought}\n</think>\n\n{said}"))
    again = (*first, Message("user", heard), Message("assistant", said))
    encoded = encode(tokenizer, again, thinking=True)
    assert trained(tokenizer, encoded) == [
        f"<think>\n\n</think>\n\n{said}<|im_end|>",
        f"<think>\n{thought}\n</think>\n\n{said}<|im_end|>",
    ]
    assert encode(tokenizer, first, thinking=True) in encoded.earlier
    assert tokenizer.decode(encoded.ids).count("<think>") == 1, "earlier thinking is dropped where it is past"


def test_an_answer_without_a_thought_follows_the_empty_one_it_is_asked_with(tokenizers: dict[str, Any]) -> None:
    tokenizer = tokenizers["qwen3"]
    talk = (Message("user", "Who?"), Message("assistant", "Ada."))
    assert trained(tokenizer, encode(tokenizer, talk, thinking=False)) == ["Ada.<|im_end|>"]
    assert tokenizer.decode(prompt(tokenizer, talk[:1], thinking=False)).endswith("<think>\n\n</think>\n\n")


@pytest.mark.parametrize(
    ("shape", "call"),
    [
        ("qwen3", 'I look.\n<tool_call>\n{"name": "find", "arguments": {"who": "Ada"}}\n</tool_call><|im_end|>'),
        ("llama3", 'I look.{"name": "find", "parameters": {"who": "Ada"}}<|eot_id|>'),
        ("chatglm", '\nI look.<|assistant|>find\n{"who": "Ada"}<|observation|>'),
    ],
)
def test_tool_calls_are_trained_and_what_the_tool_says_is_read(
    tokenizers: dict[str, Any], shape: str, call: str
) -> None:
    talk = (
        Message("system", "Be brief."),
        Message("user", "Who came home?"),
        Message("assistant", "I look.", (ToolCall("find", '{"who": "Ada"}'),)),
        Message("tool", "Ada, at 9"),
        Message("assistant", "Ada came home."),
    )
    found = trained(tokenizers[shape], encode(tokenizers[shape], talk))
    thought = "<think>\n\n</think>\n\n" if shape == "qwen3" else ""
    assert sorted(found) == sorted([thought + call, *ends(shape, talk[4:])])
    assert "Ada, at 9" in tokenizers[shape].decode(encode(tokenizers[shape], talk).ids)


@pytest.mark.parametrize("shape", ["qwen3", "llama3", "chatglm"])
def test_a_special_token_in_a_tool_call_is_plain_characters(tokenizers: dict[str, Any], shape: str) -> None:
    tokenizer, spelt = tokenizers[shape], "".join(TOKENS[shape][0])
    call, plain = (ToolCall("find", f'{{"{word}": ["{word}", {{"to": "{word}"}}]}}') for word in (spelt, "Ada"))
    found, like = (
        encode(tokenizer, (Message("user", "Who?"), Message("assistant", "I look.", (one,)))) for one in (call, plain)
    )
    special = [[token for token in one.ids if token in tokenizer.all_special_ids] for one in (found, like)]
    assert special[0] == special[1]
    assert tokenizer.decode(found.ids).count(spelt) == 3


@pytest.mark.parametrize("shape", ["chatml", "chatml_marked"])
def test_an_answer_without_words_is_trained_to_end(tokenizers: dict[str, Any], shape: str) -> None:
    talk = (Message("user", "Who?"), Message("assistant", ""), Message("user", "Well?"), Message("assistant", "Ada."))
    assert trained(tokenizers[shape], encode(tokenizers[shape], talk)) == ends(shape, talk)


def test_a_call_without_words_ends_where_its_own_marks_do(tokenizers: dict[str, Any]) -> None:
    tokenizer = shaped(tokenizers["chatml_marked"], "chatml_marked")
    tokenizer.chat_template = (
        "{% for m in messages %}{% if m.role == 'assistant' %}"
        "{% for call in m.tool_calls or [] %}{% generation %}!{{ call.function.name }}<|im_end|>{% endgeneration %}"
        "{% endfor %}{% generation %}{{ m.content }}{% if m.content %}<|im_end|>{% endif %}{% endgeneration %}"
        "{% else %}<|im_start|>{{ m.content }}\n{% endif %}{% endfor %}"
    )
    call = Message("assistant", "", (ToolCall("find", "{}"),))
    talk = (Message("user", "Who?"), call, Message("tool", "Ada"), Message("assistant", "Ada."))
    assert trained(tokenizer, encode(tokenizer, talk)) == ["!find<|im_end|>", "Ada.<|im_end|>"]


def test_thoughts_between_special_tokens_are_the_assistants_own_alone(tokenizers: dict[str, Any]) -> None:
    special = shaped(tokenizers["qwen3"], "qwen3", ("<think>", "</think>"))
    said = "<think>\nHm.\n</think>\n\nAda."
    encoded = encode(special, (Message("user", "Who </think>?"), Message("assistant", said)), thinking=True)
    assert trained(special, encoded) == [f"{said}<|im_end|>"]
    assert encoded.ids.count(special.convert_tokens_to_ids("</think>")) == 1


@pytest.mark.parametrize("shape", TOKENS)
def test_an_assistant_that_speaks_first_is_trained_on_its_words(tokenizers: dict[str, Any], shape: str) -> None:
    talk = (Message("assistant", "Hello."), Message("user", "Who?"), Message("assistant", "Ada."))
    found = encode_many(tokenizers[shape], [talk])[0]
    if shape == "alternating":
        assert not isinstance(found, Encoded)
        return
    assert isinstance(found, Encoded)
    assert sorted(trained(tokenizers[shape], found)) == sorted(ends(shape, talk))


@pytest.mark.parametrize("shape", TOKENS)
def test_the_ends_of_turns_are_those_that_are_trained(tokenizers: dict[str, Any], shape: str) -> None:
    ends = tokenizers[shape].convert_ids_to_tokens(turn_ends(tokenizers[shape]))
    unlike = {"chatglm": ["<|endoftext|>", "<|user|>", "<|observation|>"], "phi3": ["<|end|>"]}
    assert ends == unlike.get(shape, [TOKENS[shape][1]])


def test_a_text_that_ends_behind_the_last_turn_is_trained_up_to_that_turn(tokenizers: dict[str, Any]) -> None:
    talk = (Message("user", "Who?"), Message("assistant", "Ada.")) * 2
    encoded = encode(tokenizers["phi3"], talk)
    assert not encoded.earlier
    assert tokenizers["phi3"].decode(encoded.ids).endswith("Ada.<|end|>\n<|endoftext|>")
    assert encoded.mask[-1] == 0

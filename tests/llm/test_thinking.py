"""What a model thinks is told apart from what it answers, and one switch reaches the template."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.llm.thinking import split_thinking
from metier.model.load import load
from metier.model.template import encode, prompt
from metier.records import Message


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("Yes.", "", "Yes."),
        ("  Yes. ", "", "  Yes. "),
        ("<think>Is it?\nIt is.</think>\n\nYes.", "Is it?\nIt is.", "Yes."),
        ("<think>\n\n</think>\n\nYes.", "", "Yes."),
        ("Is it?</think>Yes.", "Is it?", "Yes."),
        ("<think>Is it? I wonder", "Is it? I wonder", ""),
        ("<think>a</think>Yes.<think>b</think> No.", "a\n\nb", "Yes.No."),
        ("<think>a</think>Yes. <think>b", "a\n\nb", "Yes."),
        ("</think>是的。", "", "是的。"),
    ],
)
def test_thinking_is_told_apart(text: str, thinking: str, answer: str) -> None:
    assert split_thinking(text) == (thinking, answer)


@given(st.text(), st.text())
def test_what_was_put_together_comes_apart(thinking: str, answer: str) -> None:
    if "think>" in thinking + answer:
        return
    assert split_thinking(f"<think>{thinking}</think>{answer}") == (thinking.strip(), answer.strip())


def test_the_switch_reaches_the_template() -> None:
    tokenizer = copy.deepcopy(load("asset:nano").tokenizer)
    tokenizer.chat_template += (
        "{%- if add_generation_prompt and enable_thinking is defined and not enable_thinking -%}no{%- endif -%}"
    )
    talk = [Message("user", "Who?")]
    plain, on, off = (prompt(tokenizer, talk, thinking) for thinking in (None, True, False))
    assert plain == on
    assert tokenizer.decode(off) == tokenizer.decode(plain) + "no"
    whole = [*talk, Message("assistant", "Ada.")]
    assert encode(tokenizer, whole, thinking=False) == encode(tokenizer, whole), "a switch for prompts alone"
    tokenizer.chat_template = "{{ enable_thinking }}" + tokenizer.chat_template
    assert encode(tokenizer, whole, thinking=False) != encode(tokenizer, whole, thinking=True)

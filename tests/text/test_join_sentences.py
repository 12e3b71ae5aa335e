"""Sentences set behind each other are found again, with the spaces that their script writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.text.joined import join
from metier.text.sentences import sentences

SENTENCES = [
    "这是一句话。",
    "真的吗？",
    "他说：“好。”",
    "太好了！",
    "هل هذا صحيح؟",
    "هذه جملة قصيرة.",
    "This is one.",
    "Is it?",
]


@pytest.mark.parametrize(
    ("some", "text"),
    [
        ([], ""),
        (["One."], "One."),
        (["One.", "Is it?"], "One. Is it?"),
        (["真的吗？", "是的。"], "真的吗？是的。"),
        (["他说：“好。”", "她走了。"], "他说：“好。”她走了。"),
        (["هل هذا صحيح؟", "نعم."], "هل هذا صحيح؟ نعم."),
        (["没有句号", "下一句。"], "没有句号 下一句。"),
    ],
)
def test_the_space_between_sentences(some: list[str], text: str) -> None:
    assert join(some) == text


@given(st.lists(st.sampled_from(SENTENCES)))
def test_joined_sentences_are_found_again(some: list[str]) -> None:
    assert sentences(join(some)) == some

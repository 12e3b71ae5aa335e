"""Sentences of a text that is still being written: told as soon as they can be, and never taken back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.text.sentences import starts
from metier.text.streamed import AHEAD, first_end, joined

PIECES = st.sampled_from(
    [
        "Take it", "with 2.5 mg", "e.g.", "No. 5", "U.S. Army", "A", "drug", "加入", "头孢曲松", "静滴", "خذ الدواء",
        "مع", ".", ". ", "! ", "?", "？", "。", "。”", "）", "，", "، ", "\n", "\n\n", "\r\n", "- ", "2. ", "(3) ",
        "| a | b |", "```", "# ", "**bold.** ", "**", "…", "……", " ", "\t", "\u200b", "e\u0301", "\u064b", "\U0001f600",
        "x" * 30,
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=24).map("".join)


def pieces(text: str, longest: int = 60) -> list[str]:
    found = []
    while end := first_end(text, longest):
        found.append(text[:end])
        text = text[end:]
    return [*found, text] if text else found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("One thing. Another", ["One thing.", " Another"]),
        ("Give 2.5 mL, e.g. in water. Then stop", ["Give 2.5 mL, e.g. in water.", " Then stop"]),
        ("See No. 5 of Dr. Ames. Go", ["See No. 5 of Dr. Ames.", " Go"]),
        ("Yes! 好的", ["Yes!", " 好的"]),
        ("**Do not.** It harms", ["**Do not.**", " It harms"]),
        ("好。**注意：**不可。后", ["好。", "**注意：**不可。", "后"]),
        ("**不可。**后", ["**不可。**", "后"]),
        ("好。他说：“不行。”然后", ["好。", "他说：“不行。”", "然后"]),
        ("真的？！不", ["真的？！", "不"]),
        ("（见下。）后文", ["（见下。）", "后文"]),
        ("هل يجوز؟ لا يجوز", ["هل يجوز؟", " لا يجوز"]),
        ("one\n\ntwo", ["one\n", "\ntwo"]),
        ("broken\noff. Next", ["broken\noff.", " Next"]),
        ("把甲\n加入乙。再", ["把甲\n加入乙。", "再"]),
        ("Orders:\n- one\n- two", ["Orders:\n", "- one\n", "- two"]),
        ("1. one\n2. two\n12) x", ["1. one\n", "2. two\n", "12) x"]),
        ("| a | b |\n|---|---|\n| c | d |", ["| a | b |\n", "|---|---|\n", "| c | d |"]),
        ("- one\n  more\n- two\nThen", ["- one\n  more\n", "- two\n", "Then"]),
        ("- eat fruit,\nnuts\n# Then\nno", ["- eat fruit,\nnuts\n", "# Then\n", "no"]),
        ("give 5 mL (1 g)\nin water", ["give 5 mL (1 g)\nin water"]),
        ("```\nx = 1;\ny\n```\nSo", ["```\n", "x = 1;\n", "y\n", "```\n", "So"]),
    ],
)
def test_where_sentences_end(text: str, wanted: list[str]) -> None:
    assert pieces(text) == wanted


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(20, 80))
def test_what_is_told_of_a_text_holds_for_every_longer_one(text: str, longest: int) -> None:
    whole = first_end(text, longest)
    for stop in range(len(text)):
        told = first_end(text[:stop], longest)
        assert told in (0, whole)
        assert told <= stop


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_nothing_is_lost_and_no_sentence_is_longer_than_the_bound(text: str) -> None:
    found = pieces(text)
    assert "".join(found) == text
    assert all(len(one) <= 60 + AHEAD for one in found[:-1])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Take it. ", "用水送服。", "خذه؟ ", "Is it so? ", "用法：", "每日2.5片，", "e.g. water "]),
        max_size=12,
    )
)
def test_a_sentence_is_never_cut_where_sentences_of_a_whole_text_are_not(some: list[str]) -> None:
    text = "".join(some)
    ends, at = [], 0
    for one in pieces(text, 10_000)[:-1]:
        at += len(one)
        ends.append(at + len(text[at:]) - len(text[at:].lstrip()))
    assert set(ends) <= {*starts(text), len(text)}


def test_a_sentence_that_does_not_end_is_cut_at_its_last_pause() -> None:
    assert first_end("word " * 30, 60) == 60
    assert first_end("很长，" * 40, 60) == 60
    assert first_end("a" * 59 + " " + "b" * 40, 70) == 60
    assert first_end("x" * 200, 60) == 60
    assert first_end("x" * 59 + "e\u0301" + "x" * 60, 60) == 59


def test_halves_of_a_character_are_joined() -> None:
    assert joined("a\ud83d\ude00b") == "a\U0001f600b"
    assert joined("a\ud83d") == "a\ud83d"

"""What sentences say of things that do not go together: hand-written sentences in three languages, and laws."""

import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.rules.firing import Mention, Stance
from metier.rules.stance import read, state
from metier.rules.stance_sentence import Context

HOME = Path(__file__).parent / "stance"
NAMED = re.compile(r"\[([^\]]+)\]")


def marked(text: str) -> tuple[str, list[Mention]]:
    """A text without its brackets, and a mention for each."""
    plain, mentions, at = "", [], 0
    for found in NAMED.finditer(text):
        plain += text[at : found.start()]
        mentions.append(Mention(found[1], len(plain), len(plain) + len(found[1])))
        plain += found[1]
        at = found.end()
    return plain + text[at:], mentions


def cases() -> list[tuple[str, str, str]]:
    lines = [line for path in sorted(HOME.glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    split = [line.split(": ", 2) for line in lines if line and not line.startswith("#")]
    return [(context, stance, sentence) for context, stance, sentence in split]


@pytest.mark.parametrize(("context", "stance", "sentence"), cases())
def test_a_sentence_is_read_as_it_is_meant(context: Context, stance: Stance, sentence: str) -> None:
    assert context in get_args(Context) and stance in get_args(Stance)
    asked, arrow, said = sentence.rpartition(" => ")
    text, mentions = marked(said)
    assert read(text, mentions, (marked(asked)[0],) if arrow else (), context).stance == stance


@pytest.mark.parametrize(
    ("sentence", "meeting"),
    [
        ("Add [A] and [B] to the same bag.", "mixed"),
        ("将[A]与[B]加入同一瓶液体静滴。", "mixed"),
        ("ضع [A] و[B] في كيس واحد.", "mixed"),
        ("Take [A] in the morning and [B] at night.", "together"),
        ("早上吃[A]，晚上吃[B]。", "together"),
        ("خذ [A] صباحاً و[B] مساءً.", "together"),
        ("Infuse [A] and [B] through separate lines.", "apart"),
        ("[A]与[B]应分开输注。", "apart"),
        ("يعطى [A] و[B] في خطين منفصلين.", "apart"),
    ],
)
def test_how_things_meet(sentence: str, meeting: str) -> None:
    text, mentions = marked(sentence)
    assert read(text, mentions).meeting == meeting


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("I take [A] every morning.", "given"),
        ("He got [A] an hour ago.", "given"),
        ("I used to take [A] but stopped last year.", "stopped"),
        ("Stop [A] today.", "stopped"),
        ("[A] must not be given.", "refused"),
        ("Can I take [A]?", "mentioned"),
        ("What is [A]?", "mentioned"),
        ("我在吃[A]。", "given"),
        ("[A]上个月停了。", "stopped"),
        ("我以前吃[A]，上个月医生让停了。", "stopped"),
        ("不要吃[A]。", "refused"),
        ("[A]能吃吗？", "mentioned"),
        ("أتناول [A] منذ سنة.", "given"),
        ("توقفت عن [A].", "stopped"),
        ("لا تأخذ [A].", "refused"),
        ("هل آخذ [A]؟", "mentioned"),
    ],
)
def test_how_one_thing_stands(sentence: str, expected: str) -> None:
    text, (mention,) = marked(sentence)
    assert state(text, mention) == expected


@pytest.mark.parametrize("disguise", ["zero-width", "full-width", "vowels", "traditional", "spaced"])
def test_a_cue_in_disguise_is_read(disguise: str) -> None:
    sentence = {
        "zero-width": "Do n\u200bot m\u200bix [A] with [B].",
        "full-width": "Ｄｏ ｎｏｔ ｍｉｘ [A] ｗｉｔｈ [B].",
        "vowels": "لَا يَجُوزُ خَلْطُ [A] مَعَ [B].",
        "traditional": "[A]不應與[B]混合，會產生沉澱。",
        "spaced": "[A] 不 能 与 [B] 混 合。",
    }[disguise]
    text, mentions = marked(sentence)
    assert read(text, mentions).stance == "warns"


def test_more_of_the_text_may_be_named_without_a_change() -> None:
    text, mentions = marked("Give [A] with [B], but never with digoxin.")
    assert read(text, mentions).stance == "asserts"
    text, mentions = marked("Give [A] with amoxicillin, but never with [B].")
    assert read(text, mentions).stance == "warns"


@given(st.text(max_size=80), st.integers(0, 80), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(text: str, start: int, size: int) -> None:
    start = min(start, max(0, len(text) - 1))
    mentions = [Mention("a", start, min(len(text), start + size))] if text else []
    assert read(text, mentions, (text,)).stance in get_args(Stance)
    assert read(text, mentions, (text,)) == read(text, mentions, (text,))
    for mention in mentions:
        assert state(text, mention) in ("given", "stopped", "refused", "mentioned")


@pytest.mark.parametrize("sentence", ["[A] and [B] are drugs.", "[A]和[B]。", "[A] و[B] دواءان."])
def test_a_mere_mention_is_open(sentence: str) -> None:
    text, mentions = marked(sentence)
    assert read(text, mentions).stance == "unknown"

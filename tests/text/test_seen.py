"""A text as a reader sees it, with every character's place in the text as written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.text.seen import seen

HIDDEN = st.sampled_from("\u200b\u200c\u200d\u200e\u200f\u00ad\u2060\u202a\u202e\u0640\u064e\u0301\ufe0f\ufeff")
PLAIN = st.text(st.sampled_from("abc XYZ09.,?维生素，。؟ فيتامين\n"), max_size=30)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Do not mix.", "Do not mix."),
        ("Ｄｏ\u3000ｎｏｔ　ｍｉｘ１０％．", "Do not mix10%."),
        ("n\u200bo\u00adt", "not"),
        ("nоt саlcium", "not calcium"),
        ("не молоко", "не молоко"),
        ("β-blocker", "β-blocker"),
        ("不能，可以吗？", "不能，可以吗？"),
        ("لا تَخْلِطـــ الدواء", "لا تخلط الدواء"),
        ("أحمد إلى آخره", "أحمد إلى آخره"),
        ("𝐧𝐨𝐭 a", "not a"),
        ("a\u00a0b", "a b"),
    ],
)
def test_what_is_not_seen_is_left_out(written: str, shown: str) -> None:
    assert seen(written).text == shown


@given(st.text(max_size=60))
def test_every_character_knows_its_place(text: str) -> None:
    shown = seen(text)
    assert len(shown.at) == len(shown.text) + 1
    assert shown.at[-1] == len(text)
    assert list(shown.at) == sorted(shown.at)
    for char, at in zip(shown.text, shown.at, strict=False):
        folded = unicodedata.normalize("NFKC", text[at])
        assert char == text[at] or char in folded or ord(text[at]) in range(0x370, 0x530) or text[at].isspace()


@given(PLAIN, st.lists(st.tuples(st.integers(0, 30), HIDDEN), max_size=8))
def test_hidden_characters_change_nothing(text: str, signs: list[tuple[int, str]]) -> None:
    written = text
    for at, sign in signs:
        written = written[:at] + sign + written[at:]
    shown = seen(written)
    assert shown.text == text
    assert "".join(written[at] for at in shown.at[:-1]) == text

"""The bare form of a text: what characters count as when names are looked up, and where each came from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.text.bare import bare, bare_text, solid


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Vitamin-C", "vitamin c"),
        ("ＫＣｌ", "kcl"),
        ("ÄRZTE ﬁx Œdem", "arzte fix oedem"),
        ("сеftriахоnе", "ceftriaxone"),  # Cyrillic
        ("αspirιn ϲ", "aspirin c"),  # Greek
        ("ⲥⲟⲁ ꮯꭼꮖ ꓚꓳꓮ օոս", "coa cei coa onu"),  # Coptic, Cherokee, Lisu, Armenian
        ("ᴄᴇꜰᴛʀɪᴀxᴏɴᴇ 🅚🅒🅛 🅺", "ceftriaxone kcl k"),
        ("𝓀𝒸𝓁 Ⓚ", "kcl k"),
        ("B₁₂ Ca²⁺ ½", "b12 ca2  1 2"),
        ("a\u200bb\u00adc\u202ed\ufe0fe\x08f", "abcdef"),
        ("a\u0301 á", "a a"),
        ("كِتَـابٌ أإآٱ ة ى ﻼ", "كتاب اااا ه ي لا"),
        ("فيتامين ۱٢3", "فيتامين 123"),
        ("ڤیکپ", "فيكب"),
        ("維他命鈣鹼", "维他命钙碱"),
        ("Rocephin®™", "rocephin  "),
        ("a\n\tb", "a  b"),
        ("㎎", "mg"),
    ],
)
def test_disguises_are_taken_off(text: str, plain: str) -> None:
    assert bare_text(text) == plain


@given(st.text())
def test_every_character_knows_where_it_came_from(text: str) -> None:
    form = bare(text)
    assert len(form.at) == len(form.text)
    assert list(form.at) == sorted(form.at)
    assert all("".join(bare_text(text[at]) for at in sorted(set(form.at))) == form.text for _ in (0,))


@given(st.text(), st.text())
def test_texts_are_bare_piece_by_piece(one: str, other: str) -> None:
    assert bare_text(one + other) == bare_text(one) + bare_text(other)


@given(st.text())
def test_what_is_bare_stays_as_it_is(text: str) -> None:
    once = bare_text(text)
    assert bare_text(once) == once


@given(st.lists(st.text(max_size=8)))
def test_many_at_once_are_as_each_alone(texts: list[str]) -> None:
    assert solid(texts) == [bare_text(text).replace(" ", "") for text in texts]

"""Misspelt names: which edits are forgiven, in which words, and what is right as it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.records import Entity, Name
from metier.rules.names import Names
from metier.rules.spelling import Spelling, within

ENTITIES = (
    Entity("ceftriaxone", (Name("en", "ceftriaxone"), Name("zh", "头孢曲松"), Name("ar", "سيفترياكسون"))),
    Entity("cefotaxime", (Name("en", "cefotaxime"),)),
    Entity("potassium_chloride", (Name("en", "potassium chloride"), Name("ar", "كلوريد البوتاسيوم"))),
    Entity("warfarin", (Name("en", "warfarin"), Name("ar", "وارفارين"))),
    Entity("retinol", (Name("en", "retinol"),)),
    Entity("sulfate", (Name("en", "zinc sulfate"),)),
    Entity("iron", (Name("en", "iron"),)),
    Entity("adrenaline", (Name("zh", "肾上腺素"),)),
    Entity("sildenafil", (Name("zh", "西地那非"),)),
    Entity("tadalafil", (Name("zh", "他达那非", ("希爱力",)),)),
    Entity("calcium", (Name("en", "calcium"),)),
    Entity("calcium_gluconate", (Name("en", "calcium gluconate"),)),
    Entity("nifedipine", (Name("en", "nifedipine"),)),
    Entity("nimodipine", (Name("en", "nimodipine"),)),
)
ONE, TWO = Names(ENTITIES, distance=1), Names(ENTITIES, distance=2)


def found(text: str, names: Names = ONE) -> list[tuple[str, str, str]]:
    return [(one.entity, text[one.start : one.end], one.way) for one in names.find(text)]


@pytest.mark.parametrize(
    ("text", "entity", "piece"),
    [
        ("cefriaxone", "ceftriaxone", "cefriaxone"),  # one missing
        ("ceftriaxxone", "ceftriaxone", "ceftriaxxone"),  # one too many
        ("ceftriaxome", "ceftriaxone", "ceftriaxome"),  # another
        ("ceftrixaone", "ceftriaxone", "ceftrixaone"),  # two swapped
        ("c3ftr1ax0ne", "ceftriaxone", "c3ftr1ax0ne"),  # digits for letters
        ("c€ftri@xone", "ceftriaxone", "c€ftri@xone"),  # signs for letters
        ("静滴cefriaxone2g", "ceftriaxone", "cefriaxone"),
        ("сеfriахоne", "ceftriaxone", "сеfriахоne"),  # Cyrillic letters, and one missing
        ("potasium chloride", "potassium_chloride", "potasium chloride"),
        ("Potassium  Cloride", "potassium_chloride", "Potassium  Cloride"),
        ("warfarine", "warfarin", "warfarine"),
        ("سفترياكسون", "ceftriaxone", "سفترياكسون"),
        ("والسيفترياكزون", "ceftriaxone", "سيفترياكزون"),
        ("头袍曲送", "ceftriaxone", "头袍曲送"),
        ("西地那菲片", "sildenafil", "西地那菲"),
        ("西 地\u200b那啡", "sildenafil", "西 地\u200b那啡"),
        ("بكلوريد البوتسيوم", "potassium_chloride", "كلوريد البوتسيوم"),
    ],
)
def test_one_edit_is_forgiven(text: str, entity: str, piece: str) -> None:
    assert found(text) == [(entity, piece, "misspelt")]
    assert Names(ENTITIES).find(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "iran", "irom", "retinal", "zinc sulfite", "beftriaxone", "cefrtiaxome", "warfare",
        "头孢曲", "肾上腺素能", "西爱力", "西地纳非片", "cefotriaxime", "warf4r1n3s",
    ],
)  # fmt: skip
def test_another_word_is_no_misspelling(text: str) -> None:
    """Short words, other substances, another first letter, two edits, ordinary words, other characters."""
    assert found(text) == []


def test_two_edits_are_forgiven_in_long_words_where_they_are_asked_for() -> None:
    assert found("ceftraixome", TWO) == [("ceftriaxone", "ceftraixome", "misspelt")]
    assert found("wafarim", TWO) == []
    assert found("ceftraixome", ONE) == []


def test_the_name_of_another_entity_is_never_a_misspelling() -> None:
    assert found("nifedipine", TWO) == [("nifedipine", "nifedipine", "name")]
    assert found("nidedipine", TWO) == [("nifedipine", "nidedipine", "misspelt")]
    assert found("nifodipine", TWO) == []  # one edit from either


def test_two_spellings_of_one_name_may_be_as_near() -> None:
    names = Names([Entity("x", (Name("ar", "سيفترياكسون", ("سيفترايكسون",)),))], distance=1)
    assert found("السيفتراكسون", names) == [("x", "سيفتراكسون", "misspelt")]  # an edit from either


def test_a_right_name_beside_a_wrong_one_stays_as_it_is() -> None:
    assert found("ceftriaxone with warfarine") == [
        ("ceftriaxone", "ceftriaxone", "name"), ("warfarin", "warfarine", "misspelt"),
    ]  # fmt: skip


def test_a_longer_name_with_a_misspelt_word_goes_before_a_shorter_one() -> None:
    assert found("calcium gluconat") == [("calcium_gluconate", "calcium gluconat", "misspelt")]
    assert found("calcium and gluconat") == [("calcium", "calcium", "name")]
    assert found("calcium glycerate, warfarine") == [
        ("calcium", "calcium", "name"), ("warfarin", "warfarine", "misspelt"),
    ]  # fmt: skip


def distance(one: str, other: str) -> int:
    """Optimal string alignment, by its definition."""
    rows = [[at + to if at * to == 0 else 0 for to in range(len(other) + 1)] for at in range(len(one) + 1)]
    for at in range(1, len(one) + 1):
        for to in range(1, len(other) + 1):
            same = one[at - 1] == other[to - 1]
            rows[at][to] = min(rows[at - 1][to] + 1, rows[at][to - 1] + 1, rows[at - 1][to - 1] + (not same))
            if at > 1 and to > 1 and one[at - 2 : at] == other[to - 2 : to][::-1]:
                rows[at][to] = min(rows[at][to], rows[at - 2][to - 2] + 1)
    return rows[-1][-1]


WORDS = st.text("abc", min_size=0, max_size=9)


@given(WORDS, WORDS, st.integers(0, 3))
def test_within_is_the_distance(one: str, other: str, limit: int) -> None:
    assert within(one, other, limit) == (distance(one, other) <= limit)


@given(st.lists(st.text("xyz", min_size=6, max_size=9), max_size=12), st.text("xyz", min_size=6, max_size=10))
def test_every_word_one_edit_away_is_looked_at(known: list[str], word: str) -> None:
    near = {one for one in known if distance(one, word) == 1 and one[0] == word[0]}
    expected = near.pop() if len(near) == 1 and word not in known else ""
    assert Spelling(known, 1).nearest(word) == expected


@given(st.text("uvwxyz", min_size=12, max_size=14), st.data())
def test_two_edits_in_one_half_are_found(known: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(7, 10))
    word = known[:at] + "qq" + known[at + 2 :]
    assert Spelling([known], 2).nearest(word) == known

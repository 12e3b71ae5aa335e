"""Text made to slip past the rules, and tables that cannot be: caught, or refused in one line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.records import Entity, Message, MetierError, Name, Rule
from metier.rules.check import Checker
from metier.rules.table import Table, read
from tests.rules.tables import ENTITIES, RULES, TABLE

CHECKER = Checker(TABLE)
FORBIDDEN = (
    "Mix velorin with tessium chloride in one bag.",
    "维洛林与氯化泰西加入同一瓶静滴。",
    "اخلط فيلورين مع كلوريد التيسيوم في كيس واحد.",
)
WARNED = (
    "Velorin must not be mixed with tessium chloride.",
    "维洛林禁止与氯化泰西混合。",
    "لا تخلط فيلورين مع كلوريد التيسيوم.",
)


def stances(text: str) -> dict[str, str]:
    return {one.rule.id: one.stance for one in CHECKER.text(text)}


def wide(text: str) -> str:
    """Full-width letters, digits and blanks, as Chinese keyboards write them."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text).replace(" ", "\u3000")


def spread(sign: str) -> dict[str, str]:
    """Both words of a forbidden and a warning sentence with a sign between every two letters."""
    words = ("velorin", "tessium", "维洛林", "氯化泰西", "فيلورين", "التيسيوم")
    return {word: sign.join(word) for word in words}


def disguised(text: str, words: dict[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(word, other).replace(word.capitalize(), other)
    return text


ALIKE = {"velorin": "vеlоrin", "Velorin": "Vеlоrin", "tessium": "tеѕѕium"}
"""Cyrillic letters among the Latin ones."""
DISGUISES = {
    "zero-width": spread("\u200b"),
    "soft hyphen": spread("\u00ad"),
    "direction": spread("\u200f"),
    "joiner": spread("\u2060"),
    "look-alikes": ALIKE,
    "accents": {"velorin": "vélorïn", "tessium": "téssium"},
    "Arabic vowels": {"فيلورين": "فِيلُورِين", "التيسيوم": "التِّيسيوم"},
    "Arabic stretched": {"فيلورين": "فيلـــورين", "التيسيوم": "التيسـيوم"},
    "capitals": {"velorin": "VELORIN", "tessium": "TESSIUM"},
    "letters apart": {"velorin": "v e l o r i n", "维洛林": "维 洛 林", "氯化泰西": "氯 化 泰 西"},
    "misspelt": {"velorin": "velorrin", "tessium chloride": "tesium chloride"},
}


@pytest.mark.parametrize("name", DISGUISES)
@pytest.mark.parametrize(("texts", "stance"), [(FORBIDDEN, "asserts"), (WARNED, "warns")], ids=["forbidden", "warned"])
def test_names_in_disguise_are_found(name: str, texts: tuple[str, ...], stance: str) -> None:
    for text in texts:
        assert stances(disguised(text, DISGUISES[name])) == {"velorin_brine": stance}, disguised(text, DISGUISES[name])


@pytest.mark.parametrize(("texts", "stance"), [(FORBIDDEN, "asserts"), (WARNED, "warns")], ids=["forbidden", "warned"])
def test_a_whole_text_in_disguise_says_what_it_says(texts: tuple[str, ...], stance: str) -> None:
    english, chinese, arabic = texts
    vowelled = arabic.replace("ل", "لِ").replace("ت", "تُ")
    for text in (wide(english), wide(chinese), vowelled, *("\u200b".join(text) for text in texts), english.upper()):
        assert stances(text) == {"velorin_brine": stance}, text


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Mix 维洛林 with tessium chloride in one bag.", "asserts"),
        ("把velorin与氯化泰西混合静滴。", "asserts"),
        ("اخلط velorin مع كلوريد التيسيوم في كيس واحد.", "asserts"),
        ("维洛林不能与tessium chloride混合。", "warns"),
        ("Do not mix فيلورين with 氯化泰西.", "warns"),
    ],
)
def test_scripts_may_be_mixed(text: str, stance: str) -> None:
    assert stances(text) == {"velorin_brine": stance}


def test_a_firing_s_places_are_in_the_text_as_written() -> None:
    text = disguised(FORBIDDEN[0], DISGUISES["zero-width"])
    (firing,) = CHECKER.text(text)
    assert [text[one.start : one.end].replace("\u200b", "") for one in firing.places] == ["velorin", "tessium chloride"]


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    for firing in CHECKER.check([Message("user", text), Message("assistant", text)]):
        assert 0 <= firing.start <= firing.end <= len(text)


@pytest.mark.parametrize("text", ["\ud83d", "velorin \udc00 tessium chloride", "\x00velorin\x00", "\n\n\n", "- ", "1."])
def test_broken_text_is_read(text: str) -> None:
    assert all(firing.end <= len(text) for firing in CHECKER.text(text))


def test_a_class_that_nothing_belongs_to_is_met_by_its_name() -> None:
    table = Table(
        (*ENTITIES, Entity("ash", (Name("en", "ash salt"),), "class")), [*RULES, Rule("a", ("velorin", "ash"))]
    )
    assert [one.rule.id for one in Checker(table).text("Velorin with ash salt.")] == ["a"]


def test_an_alias_of_two_things_fires_for_both_but_never_as_a_pair() -> None:
    twice = (Entity("one", (Name("en", "dorol"),)), Entity("two", (Name("en", "dorol"),)))
    rules = [Rule("pair", ("one", "two")), Rule("first", ("one", "velorin")), Rule("second", ("two", "velorin"))]
    checker = Checker(Table((*ENTITIES, *twice), rules))
    assert [one.rule.id for one in checker.text("Take dorol with velorin daily.")] == ["first", "second"]


ENTITY_HEAD = "id,kind,language,name,aliases,brands,salts,classes\n"
RULE_HEAD = "id,members,context,severity,when,source,message_en,remedy_en,fires,silent\n"


@pytest.mark.parametrize(
    ("entities", "rules", "told"),
    [
        ("a,class,en,ayes,,,,b\nb,class,en,bees,,,,a\n", "", "contains itself"),
        ("a,thing,en,ay,,,,\n", "r,a|c,mixed,caution,,s,m,,,\n", "'c'"),
        ("a,thing,en,ay,,,,nowhere\n", "", "'nowhere'"),
        ("a,thing,en,ay,,,,\nb,thing,en,bee,,,,\n", "r,a|b,blended,caution,,s,m,,,\n", "blended"),
    ],
)
def test_a_table_that_cannot_be_is_refused(tmp_path: Path, entities: str, rules: str, told: str) -> None:
    (tmp_path / "entities.csv").write_text(ENTITY_HEAD + entities, encoding="utf-8")
    (tmp_path / "rules.csv").write_text(RULE_HEAD + rules, encoding="utf-8")
    with pytest.raises(MetierError, match=told) as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)

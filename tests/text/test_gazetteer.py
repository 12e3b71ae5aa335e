"""The names that belong to a culture, of those that ship and of one's own."""

from pathlib import Path

import pytest

from metier.records import MetierError
from metier.text.gazetteer import cultures, gazetteer, spoken


def test_the_cultures_that_ship() -> None:
    assert {culture: spoken(culture) for culture in cultures()} == {"luoming": ("en", "zh"), "tilmara": ("ar", "en")}


@pytest.mark.parametrize(("culture", "own"), [("tilmara", "ar"), ("luoming", "zh")])
def test_names_in_one_language_and_in_all(culture: str, own: str) -> None:
    native, english, both = gazetteer(culture, own), gazetteer(culture, "en"), gazetteer(culture)
    assert list(both) == ["persons", "places", "organisations"]
    for kind, least in (("persons", 40), ("places", 40), ("organisations", 20)):
        assert len(native[kind]) == len(english[kind]) >= least
        assert sorted(both[kind]) == sorted({*native[kind], *english[kind]})
        assert not set(native[kind]) & set(english[kind])
        assert all(name.isascii() for name in english[kind])
        assert not any(letter.isascii() and letter.isalpha() for name in native[kind] for letter in name)


def test_no_name_is_of_two_cultures() -> None:
    one, other = ({name for names in gazetteer(culture).values() for name in names} for culture in cultures())
    assert not one & other


def test_a_gazetteer_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "names.yaml"
    path.write_text("persons: [Ada Amberly, Jose\u0301]\nplaces:\n  a: [Alderby, city]\nother: 3\n", "utf-8")
    found = gazetteer(str(path))
    assert found == {"persons": ("Ada Amberly", "José"), "places": ("Alderby",), "organisations": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("persons: Ada\n", "persons: entry 1 is no name"),
        ("persons: [Ada, 3]\n", "persons: entry 2 is no name"),
        ("people: [Ada]\n", "names no persons, places, organisations"),
        ("persons: [Ada\n", "mend the file"),
        ("[Ada]\n", "names no persons"),
    ],
)
def test_a_gazetteer_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "names.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(MetierError, match=f"{path}: .*{said}") as caught:
        gazetteer(str(path))
    assert "\n" not in str(caught.value)


def test_a_culture_or_language_that_is_not_there() -> None:
    with pytest.raises(MetierError, match=r"no 'tilmar'; did you mean 'tilmara'\?"):
        gazetteer("tilmar")
    with pytest.raises(MetierError, match="tilmara is not told in 'zh'; known: ar, en"):
        gazetteer("tilmara", "zh")
    with pytest.raises(MetierError, match="cannot be read"):
        gazetteer("missing.yaml")

"""Rules as documents, and the documents that a dialogue needs."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from metier.artefact import Artefact
from metier.corpus.from_rules import FromRules, from_rules
from metier.recipe import load
from metier.records import Advice, Document, Dropped, Message, Rule
from metier.rules.check import Checker
from metier.rules.documents import relevant
from metier.rules.tables_write import write as write_table
from metier.run.make import run
from tests.corpus.helpers import write
from tests.rules.tables import ENTITIES, RULES, TABLE

RECIPE = """\
name: told
steps:
  table: {use: rules.read, paths: ["table/entities.csv", "table/rules.csv"]}
  texts: {use: corpus.from_rules, from: {rules: table, table: table}, languages: [en]}
"""


@pytest.fixture(name="table")
def table_of_two_files(tmp_path: Path) -> Path:
    write_table(ENTITIES, RULES, tmp_path / "table")
    return tmp_path / "table"


def documents(table: Path, *rules: Rule, **settings: Any) -> list[Document | Dropped]:
    return list(from_rules(iter(rules or RULES), table, FromRules(**settings)))


def texts(table: Path) -> list[Document]:
    return [one for one in documents(table) if isinstance(one, Document)]


def test_a_rule_is_a_document_in_every_language_that_it_is_told_in(table: Path) -> None:
    made = texts(table)
    assert [one.id for one in made[:3]] == ["velorin_brine.en", "velorin_brine.zh", "velorin_brine.ar"]
    assert len(made) == 3 * len(RULES)
    first, second, third = made[:3]
    said = "velorin_brine (en)\nKeep them apart.\n[velorin_brine: The test's own.]"
    assert first.text == f"velorin (Velox) + brine salt\n{said}"
    assert second.text.splitlines()[0] == "维洛林 (Velox) + 卤盐液"
    assert third.text.splitlines()[0] == "فيلورين (Velox) + ملح البرين"
    assert (first.kind, first.language, first.parent, first.source) == (
        "rule",
        "en",
        "velorin_brine",
        "The test's own.",
    )
    assert first.meta == {
        "rule": "velorin_brine",
        "members": "velorin|brine",
        "context": "mixed",
        "severity": "forbidden",
    }


def test_languages_and_names_are_chosen_and_nothing_is_lost_without_a_reason(table: Path) -> None:
    assert [one.id for one in documents(table, RULES[0], languages=("ar",))] == ["velorin_brine.ar"]
    (one,) = documents(table, RULES[0], languages=("en",), names=1)
    assert isinstance(one, Document) and one.text.startswith("velorin + brine salt\n")
    assert documents(table, RULES[0], languages=("sw",)) == [Dropped("velorin_brine", "not told in these languages")]
    assert documents(table, Rule("mute", ("velorin",))) == [Dropped("mute", "tells nothing")]
    assert documents(table, Rule("mute", ("velorin",), advice=(Advice("en", ""),))) == [
        Dropped("mute", "tells nothing")
    ]
    with pytest.raises(msgspec.ValidationError, match=r"`int` >= 1 - at `\$.names`"):
        msgspec.convert({"names": 0}, FromRules)


def test_a_recipe_makes_documents_of_a_table(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "recipe.yaml", RECIPE)
    run(load("./recipe.yaml"), tmp_path / "runs")
    step = Artefact(tmp_path / "runs" / "told" / "texts")
    assert [one.meta["rule"] for one in step.records(Document)] == [rule.id for rule in RULES]


CHECKER = Checker(TABLE)


def found(table: Path, *said: str, **how: Any) -> list[str]:
    roles = ("user", "assistant")
    messages = [Message(roles[place % 2], text) for place, text in enumerate(said)]  # type: ignore[arg-type]
    return [one.id for one in relevant(CHECKER, texts(table), messages, **how)]


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        (("May velorin run with tessium chloride?",), ["velorin_brine.en"]),
        (("Velox和氯化泰西能混合吗？",), ["velorin_brine.zh"]),
        (("هل أخلط فيلورين مع ملح البرين؟",), ["velorin_brine.ar"]),
        (("May I have velorin?",), []),
        (("How are you?",), []),
        (("I take nadorax.", "Good.", "And quintalide as well?"), ["nadorax_quintal.en"]),
        (("Sorbixin?",), ["sorbix_pregnant.en"]),
        (("I am pregnant. Sorbixin?",), ["sorbix_pregnant.en"]),
        (("I am not pregnant. Sorbixin?",), []),
        (("Sorbixin, nadorax and quintalide?",), ["nadorax_quintal.en", "sorbix_pregnant.en"]),
        (("brine salt with ossium gluconate?",), []),
        (("Velorin, maritalol and tessium chloride in one bag?",), ["velorin_brine.en", "triple.en"]),
        (("Velorin with tessium chloride?", "No.", "And nadorax with quintalide?"),
         ["nadorax_quintal.en", "velorin_nadorax.en", "velorin_brine.en"]),
        ((), []),
    ],
)  # fmt: skip
def test_the_rules_whose_members_are_all_named_are_fetched(table: Path, said: tuple[str, ...], ids: list[str]) -> None:
    assert found(table, *said) == ids


def test_rules_that_are_touched_in_part_come_after_and_only_if_wanted(table: Path) -> None:
    assert found(table, "Velorin with tessium chloride?", partly=True) == [
        "velorin_brine.en", "triple.en", "velorin_nadorax.en",
    ]  # fmt: skip
    assert found(table, "Velorin with tessium chloride?", partly=True, most=1) == ["velorin_brine.en"]

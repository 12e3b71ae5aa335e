"""Documents that bring together what a table of rules keeps apart are dropped or marked; warnings stay."""

import json
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact, write_records
from metier.corpus.guard import Guard, guard
from metier.recipe import load
from metier.records import Document, MetierError, Record
from metier.rules.tables_write import write as write_table
from metier.run.make import run
from tests.corpus.helpers import batch, texts, write
from tests.rules.tables import ENTITIES, RULES

BAD = "Rest well. Take nadorax together with quintalide every morning."
WARNS = "Nadorax must never be taken with quintalide."
PLAIN = "Nadorax is for fever. Drink enough."


@pytest.fixture(name="table")
def table_of_two_files(tmp_path: Path) -> Path:
    write_table(ENTITIES, RULES, tmp_path / "table")
    return tmp_path / "table"


def guarded(table: Path, *some: str, **settings: Any) -> Any:
    return guard(batch(*some), table, Guard(**settings))


def test_a_document_that_breaks_a_rule_is_dropped_and_one_that_warns_stays(table: Path) -> None:
    out = guarded(table, BAD, WARNS, PLAIN, "纳多拉与昆他利一起服用。", "")
    assert texts(out) == [WARNS, PLAIN, ""]
    assert out.dropped() == [("d0", "breaks a rule"), ("d3", "breaks a rule")]
    details = out.lost()["detail"].to_pylist()
    assert details[0] == "nadorax_quintal: Take nadorax together with quintalide every morning."


def test_a_document_may_be_marked_instead(table: Path) -> None:
    out = guarded(table, BAD, PLAIN, flag="mark", column="rule")
    assert [json.loads(meta) for meta in out.values("meta")] == [{"rule": "nadorax_quintal"}, {}]
    assert texts(guarded(table, PLAIN, flag="mark")) == [PLAIN]


def test_only_rules_of_some_severities_count(table: Path) -> None:
    assert texts(guarded(table, BAD, severities=("note",))) == [BAD]
    assert texts(guarded(table, BAD, severities=("forbidden",))) == []


def test_a_table_may_come_from_a_step_or_ship_with_a_domain(tmp_path: Path) -> None:
    records: list[Record] = [*ENTITIES, *RULES]
    write_records(tmp_path / "step", records)
    assert texts(guarded(tmp_path / "step", BAD, PLAIN)) == [PLAIN]
    write_records(tmp_path / "none", records[:1])
    with pytest.raises(MetierError, match="holds 1 entities and 0 rules; feed a step that makes both"):
        guarded(tmp_path / "none", BAD)


def test_a_recipe_filters_documents(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "pages.txt", "\n".join((BAD, WARNS, PLAIN)))
    recipe = """\
name: guarded
steps:
  rules: {use: rules.read, paths: "table/*.csv"}
  pages: {use: corpus.read, paths: pages.txt, split: line}
  safe: {use: corpus.guard, from: {batch: pages, table: rules}}
  files: {use: corpus.guard, from: {batch: pages, table: ./table}, flag: mark}
"""
    write(tmp_path / "recipe.yaml", recipe)
    run(load("./recipe.yaml"), tmp_path / "runs")
    safe = Artefact(tmp_path / "runs" / "guarded" / "safe")
    assert [one.text for one in safe.records(Document)] == [WARNS, PLAIN]
    assert [one.why for one in safe.dropped()] == ["breaks a rule"]

"""Dialogues whose assistant brings together what a table of rules keeps apart are dropped; warnings stay."""

import json
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact
from metier.instruct.guard import Guard, guard
from metier.recipe import load
from metier.records import Conversation, Dropped, Message
from metier.rules.tables_write import write as write_table
from metier.run.make import run
from tests.corpus.helpers import write
from tests.rules.tables import ENTITIES, RULES

ASKED = "May I take nadorax together with quintalide?"
BAD = "Rest well. Take nadorax together with quintalide every morning."
WARNS = "No, never take nadorax with quintalide."


def talk(id: str, *said: str) -> Conversation:
    roles = ("user", "assistant") * len(said)
    return Conversation(id, tuple(Message(role, text) for role, text in zip(roles, said, strict=False)))  # type: ignore[arg-type]


@pytest.fixture(name="table")
def table_of_two_files(tmp_path: Path) -> Path:
    write_table(ENTITIES, RULES, tmp_path / "table")
    return tmp_path / "table"


def guarded(table: Path, *said: str, **settings: Any) -> Conversation | Dropped:
    [record] = guard(iter([talk("c", *said)]), table, Guard(**settings), table)
    return record


def listed(table: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (table / "broken.jsonl").read_text("utf-8").splitlines()]


def test_a_conversation_is_dropped_for_what_the_assistant_says(table: Path) -> None:
    said = "Take nadorax together with quintalide every morning."
    assert guarded(table, ASKED, BAD) == Dropped("c", "breaks a rule", f"turn 1: nadorax_quintal: {said}")
    assert listed(table) == [{"id": "c", "why": "breaks a rule", "turn": 1, "rule": "nadorax_quintal", "said": said}]
    assert json.loads((table / "notes.json").read_text()) == {
        "breaks a rule": {"nadorax_quintal": 1}, "does not warn": {}
    }  # fmt: skip


@pytest.mark.parametrize("said", [(ASKED, WARNS), (BAD, WARNS), ("How are you?", "Well."), (ASKED,), ()])
def test_a_warning_stays_whatever_the_user_says(table: Path, said: tuple[str, ...]) -> None:
    assert guarded(table, *said, silent=True) == talk("c", *said)
    assert listed(table) == []


def test_the_other_member_may_stand_in_an_earlier_turn(table: Path) -> None:
    record = guarded(table, "I take nadorax every day.", "Good.", "And for my cough?", "Take quintalide as well.")
    assert isinstance(record, Dropped)
    assert record.detail == "turn 3: nadorax_quintal: Take quintalide as well."


def test_a_reply_that_does_not_warn_may_count_too(table: Path) -> None:
    assert guarded(table, ASKED, "Rest well.") == talk("c", ASKED, "Rest well.")
    record = guarded(table, ASKED, "Rest well.", silent=True)
    assert record == Dropped("c", "does not warn", "turn 1: nadorax_quintal: Rest well.")


def test_what_is_listed_may_be_kept_and_severities_chosen(table: Path) -> None:
    assert guarded(table, ASKED, BAD, flag="list") == talk("c", ASKED, BAD)
    assert [row["rule"] for row in listed(table)] == ["nadorax_quintal"]
    assert guarded(table, ASKED, BAD, severities=("note",)) == talk("c", ASKED, BAD)


def test_a_recipe_filters_conversations(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = [(ASKED, BAD), (ASKED, WARNS)]
    rows = [{"id": str(n), "messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}
            for n, (q, a) in enumerate(pairs)]  # fmt: skip
    write(tmp_path / "talk.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    recipe = """\
name: guarded
steps:
  talk: {use: instruct.read, paths: talk.jsonl, source: doctor}
  safe: {use: instruct.guard, from: {conversations: talk, table: ./table}}
"""
    write(tmp_path / "recipe.yaml", recipe)
    run(load("./recipe.yaml"), tmp_path / "runs")
    safe = Artefact(tmp_path / "runs" / "guarded" / "safe")
    assert [one.messages[1].content for one in safe.records(Conversation)] == [WARNS]
    assert [one.why for one in safe.dropped()] == ["breaks a rule"]

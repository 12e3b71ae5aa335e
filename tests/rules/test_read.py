import json
import tempfile
from pathlib import Path

import pytest

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Document, Dropped, Entity, MetierError, Rule
from metier.rules.lint import lint
from metier.rules.read import Read, read
from metier.rules.table import read as read_table
from metier.run.make import run
from metier.run.plan import plan
from metier.run.whole import scale, whole
from tests.rules.labels import label
from tests.rules.test_lint import ENTITIES, RULES, table
from tests.rules.test_pairs import DDINTER

RECIPE = """
name: rules
steps:
  all: {{use: rules.read, paths: [{0}/entities.csv, {0}/rules.csv, {0}/ddinter.csv, "{0}/*.xml"]}}
  revised: {{use: rules.write, from: {{rules: all, entities: all}}}}
"""


def test_a_recipe_joins_tables_and_writes_what_people_revise(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    (tmp_path / "ddinter.csv").write_text(DDINTER.replace("Velorin", "Xanor"))
    (tmp_path / "a.xml").write_text(label("s1", ("ZETAR", "ZETAR"), brand="Zet"))
    (tmp_path / "recipe.yaml").write_text(RECIPE.format(tmp_path))
    run(load(str(tmp_path / "recipe.yaml")), tmp_path / "runs")
    read_step = Artefact(tmp_path / "runs/rules/all")
    notes = json.loads((read_step.path / "notes.json").read_text())["files"]
    assert notes[2] == {"file": "ddinter.csv", "format": "pairs", "entities": 2, "rules": 2, "dropped": 5}
    written = read_table(tmp_path / "runs/rules/revised/files")
    assert list(written.rules) == list(read_step.records(Rule))
    assert list(written.entities.values()) == list(read_step.records(Entity))
    assert len(written.rules) == 2 + 2 + 7
    assert len(list(read_step.dropped())) == 5 + 4
    found = lint(tmp_path / "runs/rules/revised/files", imported=True)
    assert [one.line() for one in found if one.level == "error"] == []


TRIAL = """
name: trial
steps:
  table: {{use: rules.read, paths: [{0}/entities.csv, {0}/rules.csv]}}
  pages: {{use: corpus.from_rules, from: {{rules: table, table: table}}}}
  back: {{use: rules.write, from: {{rules: table, entities: table}}}}
"""


def test_a_trial_keeps_the_table_whole_and_tries_its_first_rules(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    (tmp_path / "recipe.yaml").write_text(TRIAL.format(tmp_path))
    runs = tmp_path / "runs"
    trial = run(load(str(tmp_path / "recipe.yaml"), limit=1), runs)
    kept = Artefact(trial.root / "table")
    assert len(list(kept.records(Rule))) == 2 and len(list(kept.records(Entity))) == 5
    assert {one.meta["rule"] for one in Artefact(trial.root / "pages").records(Document)} == {"R1"}
    assert [one.id for one in read_table(trial.root / "back/files").rules] == ["R1"]
    full = plan(load(str(tmp_path / "recipe.yaml")), runs)
    assert scale([whole(trial, full, "table")]) == 2
    both = plan(load(str(tmp_path / "recipe.yaml"), run="trial-limit1"), runs)
    assert [step for step, one in both.steps.items() if one.why] == ["table", "pages", "back"], "a trial is no full run"


def test_an_imported_name_means_the_entity_that_goes_by_it(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    (tmp_path / "ddinter.csv").write_text(DDINTER)
    (tmp_path / "a.xml").write_text(label("s1", ("VELORIN SODIUM", "VELORIN")))
    paths = tuple(str(tmp_path / name) for name in ("entities.csv", "rules.csv", "ddinter.csv", "a.xml"))
    found = some(paths=paths)
    members = {one.id: one.members for one in found if isinstance(one, Rule)}
    assert members["velorin+nadorax"] == ("velorin", "nadorax")
    assert members["s1:pregnant"] == ("velorin",) and "s1:tessium" in members
    assert members["s1:brine"] == ("velorin", "brine")
    assert Dropped("s1:nadorax", "told before", "as velorin+nadorax") in found
    with pytest.raises(MetierError, match=r"entities.csv:2: the entity 'velorin' was told before; name tables first"):
        some(paths=paths[::-1])


def some(**config: object) -> list[Entity | Rule | Dropped]:
    with tempfile.TemporaryDirectory() as out:
        return list(read(Read(**config), Path(out)))  # type: ignore[arg-type]


def test_a_table_comes_as_it_is_read(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    known = read_table(tmp_path)
    found = some(paths=(str(tmp_path / "rules.csv"), str(tmp_path / "entities.csv")))
    assert found == [*known.rules, *known.entities.values()]


def test_the_table_that_ships_is_read_by_its_name() -> None:
    known = read_table("domain:medicine")
    found = some(paths=("domain:medicine/entities.csv", "domain:medicine/rules.csv"))
    assert found == [*known.entities.values(), *known.rules]


def test_a_table_at_fault_stops_the_run_at_its_line(tmp_path: Path) -> None:
    table(tmp_path, [*ENTITIES, "x,tings,en,xanor,,,,"], RULES)
    with pytest.raises(MetierError, match=r"entities.csv:9: kind 'tings' is unknown"):
        some(paths=str(tmp_path / "entities.csv"))


def test_the_format_may_be_said(tmp_path: Path) -> None:
    (tmp_path / "label.txt").write_text(label("s1", ("ZETAR", "ZETAR")))
    assert some(paths=str(tmp_path / "label.txt"), format="openfda")[0].id == "zetar"
    with pytest.raises(MetierError, match="the name does not tell the format"):
        some(paths=str(tmp_path / "label.txt"))
    (tmp_path / "pairs.csv").write_text("id,name,drug1,drug2\n1,x,Xanor,Yarox\n")
    assert [one.id for one in some(paths=str(tmp_path / "pairs.csv"), format="pairs")] == [
        "xanor", "yarox", "xanor+yarox",
    ]  # fmt: skip
    with pytest.raises(MetierError, match="column 'drug1' is none of this table's"):
        some(paths=str(tmp_path / "pairs.csv"))


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "label.xml")
        paths[-1].write_text("<nothing/>")
    assert [one.id for one in some(paths=tuple(map(str, paths)))] == [str(path) for path in paths]


def test_a_table_is_csv(tmp_path: Path) -> None:
    (tmp_path / "rules.jsonl").write_text('{"id": "R", "members": "a|b"}\n')
    with pytest.raises(MetierError, match=r"rules.jsonl: a table of entities or rules is a CSV file; save it as CSV"):
        some(paths=str(tmp_path / "rules.jsonl"))

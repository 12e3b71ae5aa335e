"""The verbs, each run as a user runs it."""

import json
from pathlib import Path

import pytest

from metier.recipe import load
from metier.run.probe import before_training
from tests.command import metier

VERBS = ["new", "stages", "plan", "run", "probe", "look", "compare", "chat", "serve", "rules", "gc"]


def test_help_names_every_verb(tmp_path: Path) -> None:
    said = metier("--help", cwd=tmp_path)
    assert said.code == 0
    for verb in VERBS:
        assert f"\n  {verb} " in said.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(tmp_path: Path, verb: str) -> None:
    said = metier(verb, "--help", cwd=tmp_path)
    assert said.code == 0 and f"{verb}" in said.out and len(said.out) > 80


def test_a_mistyped_verb_is_named(tmp_path: Path) -> None:
    said = metier("rnu", "quickstart", cwd=tmp_path)
    assert said.code == 2 and "Did you mean 'run'?" in said.err


def test_a_mistyped_option_is_named(tmp_path: Path) -> None:
    said = metier("run", "quickstart", "--limt", "3", cwd=tmp_path)
    assert said.code == 2 and "--limit" in said.err


def test_stages_lists_them_and_describes_one(tmp_path: Path) -> None:
    said = metier("stages", cwd=tmp_path)
    assert said.code == 0
    for name in ("world.write", "corpus.read", "corpus.dedup", "instruct.extract", "train.one_stage", "evals.report"):
        assert f"\n{name} " in said.out
    one = metier("stages", "corpus.clean", cwd=tmp_path)
    assert "min_chars: int = " in one.out and "batch (Document)" in one.out
    wrong = metier("stages", "corpus.claen", cwd=tmp_path)
    assert wrong.code == 2 and "did you mean 'corpus.clean'" in wrong.last


def test_new_writes_a_recipe_that_runs_up_to_training(tmp_path: Path) -> None:
    assert metier("new", "mine", "--domain", "medicine", cwd=tmp_path).code == 0
    assert (tmp_path / "mine" / "domain" / "terms.txt").exists()
    again = metier("new", "mine", cwd=tmp_path)
    assert again.code == 2 and "not empty" in again.last
    planned = metier("plan", "./recipe.yaml", cwd=tmp_path / "mine")
    assert planned.code == 0 and "6 of 6 steps to make in runs/mine" in planned.out
    probed = metier("probe", "./recipe.yaml", cwd=tmp_path / "mine")
    assert probed.code == 0, probed
    assert "exact duplicate" in probed.out and (tmp_path / "mine" / "runs" / "mine-limit50" / "facts").is_dir()
    wrong = metier("new", "other", "--domain", "medcine", cwd=tmp_path)
    assert wrong.code == 2 and "did you mean 'medicine'" in wrong.last


def test_probe_stays_before_all_training() -> None:
    assert before_training(load("quickstart")) == ["drugs", "general", "clean", "passages", "unique", "facts"]
    light = before_training(load("one-vs-two"))
    assert light[-1] == "drugs_unasked" and not any("stage" in name or "read_" in name for name in light)


def test_new_makes_a_name_that_a_recipe_may_have(tmp_path: Path) -> None:
    assert "cd 'my project'" in metier("new", "my project", cwd=tmp_path).out
    assert metier("plan", "./recipe.yaml", cwd=tmp_path / "my project").code == 0


def test_look_shows_records_drops_and_lineage(tmp_path: Path) -> None:
    metier("new", "mine", cwd=tmp_path)
    place = tmp_path / "mine"
    metier("run", "./recipe.yaml", "--to", "facts", cwd=place)
    shown = metier("look", "runs/mine/facts", "-n", "2", cwd=place)
    assert "user: How much is one dose of Zelpine?" in shown.out and "assistant: 15 mg" in shown.out
    dropped = metier("look", "runs/mine/unique", "--dropped", cwd=place)
    assert "exact duplicate" in dropped.out
    back = metier("look", "runs/mine/facts", "--lineage", "pages.jsonl:1?0", cwd=place)
    assert back.code == 0, back
    assert "pages" in back.out and "pages.jsonl:1 " in back.out
    some = metier("look", "runs/mine/unique", "--why", "nothing of the kind", cwd=place)
    assert some.code == 0 and "exact duplicate" not in some.out.split("\n", 2)[-1]


def test_gc_drops_what_no_step_owns(tmp_path: Path) -> None:
    metier("new", "mine", cwd=tmp_path)
    place = tmp_path / "mine"
    metier("run", "./recipe.yaml", "--to", "facts", cwd=place)
    recipe = (place / "recipe.yaml").read_text()
    (place / "recipe.yaml").write_text(
        recipe.replace("  facts:", "  pairs:").replace("conversations: facts", "conversations: pairs")
    )
    (place / "runs/mine/.facts.0000.partial").mkdir()
    said = metier("gc", "./recipe.yaml", cwd=place)
    assert said.out.split() == [".facts.0000.partial", "facts"]
    assert (place / "runs/mine/unique").is_dir()


def test_compare_joins_on_the_key(tmp_path: Path) -> None:
    score = {"task": "t", "model": "m", "metric": "accuracy", "by": {}, "value": 0.5, "n": 10, "low": 0.2, "high": 0.8}
    for name, value in (("a", 0.5), ("b", 0.75)):
        (tmp_path / name).mkdir()
        only = {**score, "task": f"only_{name}"}
        (tmp_path / name / "scores.json").write_text(json.dumps([{**score, "value": value}, only]))
    said = metier("compare", "a", "b", cwd=tmp_path)
    assert said.code == 0
    assert "+0.2500" in said.out and "only in a" in said.out and "only in b" in said.out

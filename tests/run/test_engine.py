"""The engine through its front door: recipes with a user's own stages, run, rerun, changed, broken and looked into."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Conversation, Document, MetierError
from metier.run.account import AccountError
from metier.run.gc import sweep
from metier.run.lineage import lineage
from metier.run.make import run
from metier.run.plan import plan
from tests.command import CHECKOUT

RECIPE = """
name: tiny
seed: 3
steps:
  letters: {use: "tests.run.steps:letters", count: 10}
  shout: {use: "tests.run.steps:shout"}
  odd: {use: "tests.run.steps:odd"}
  greet: {use: "tests.run.steps:greet"}
  files: {use: "tests.run.steps:files"}
  count: {use: "tests.run.steps:count", from: greet}
"""


TINY = "shard_mb=0.000001"
"""Every batch a shard of its own."""


def write(tmp_path: Path, text: str = RECIPE) -> str:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    return str(file)


def make(tmp_path: Path, text: str = RECIPE, change: tuple[str, ...] = (), **more: Any) -> list[str]:
    """Run a recipe; the names of the steps that were made now."""
    found = load(write(tmp_path, text), change, more.pop("limit", 0))
    todo = [step.name for unit in plan(found, tmp_path / "runs", more.get("to", ())).todo() for step in unit.steps]
    run(found, tmp_path / "runs", **more)
    return todo


def ids(tmp_path: Path, step: str, kind: Any = Document) -> list[str]:
    return [record.id for record in Artefact(tmp_path / "runs" / "tiny" / step).records(kind)]


def test_runs_then_stands_then_makes_only_what_changed(tmp_path: Path) -> None:
    assert make(tmp_path) == ["letters", "shout", "odd", "greet", "files", "count"]
    assert ids(tmp_path, "odd") == ["a0", "a2", "a4", "a6", "a8"]
    assert ids(tmp_path, "greet", Conversation) == ["a2?", "a4?", "a6?", "a8?"]
    assert make(tmp_path) == []
    assert make(tmp_path, change=("seed=4",)) == ["greet", "files", "count"]
    assert make(tmp_path, change=("seed=4", "steps.count.why=x")) == ["count"]


def test_fused_steps_keep_their_drops_not_their_records(tmp_path: Path) -> None:
    make(tmp_path)
    root = tmp_path / "runs" / "tiny"
    inner, last = Artefact(root / "shout").manifest, Artefact(root / "odd").manifest
    assert inner is not None and last is not None
    assert inner.inner and not list((root / "shout").glob("document/*"))
    assert last.dropped == {"odd": 5} and [one.id for one in last.examples["odd"]] == ["a1", "a3", "a5", "a7", "a9"]
    assert [(one.id, one.why) for one in Artefact(root / "odd").dropped()][:2] == [("a1", "odd"), ("a3", "odd")]
    assert last.count_in == 10 and last.counts == {"document": 5}


def test_keep_writes_an_inner_step(tmp_path: Path) -> None:
    make(tmp_path, RECIPE.replace('shout"}', 'shout", keep: true}'))
    assert len(ids(tmp_path, "shout")) == 10


def test_shards_make_no_difference(tmp_path: Path) -> None:
    make(tmp_path)
    whole = list(Artefact(tmp_path / "runs/tiny/odd").records(Document))
    make(tmp_path, change=("name=cut", TINY))
    cut = Artefact(tmp_path / "runs/cut/odd")
    assert len(cut.parts(Document)) == 3
    assert list(cut.records(Document)) == whole


def test_a_broken_source_leaves_no_artefact_and_goes_on_from_the_finished_shards(tmp_path: Path) -> None:
    text = RECIPE.replace("count: 10", "count: 10, fail_at: 9")
    with pytest.raises(RuntimeError):
        make(tmp_path, text, change=(TINY,))
    root = tmp_path / "runs" / "tiny"
    assert not (root / "odd").exists()
    shards = [json.loads(line) for line in (root / "log.jsonl").read_text().splitlines()]
    assert [one["shard"] for one in shards] == [0, 1]
    with pytest.raises(RuntimeError):
        make(tmp_path, text, change=(TINY,))
    assert len((root / "log.jsonl").read_text().splitlines()) == 2, "a finished shard was made again"


def test_a_step_that_gains_a_second_reader_is_written(tmp_path: Path) -> None:
    make(tmp_path)
    text = RECIPE + '  again: {use: "tests.run.steps:odd", from: shout}\n'
    assert make(tmp_path, text) == ["letters", "shout", "again"]
    assert len(ids(tmp_path, "shout")) == 10


def test_to_stops_after_a_step_and_the_rest_follows_later(tmp_path: Path) -> None:
    assert make(tmp_path, to=("greet",)) == ["letters", "shout", "odd", "greet"]
    assert make(tmp_path) == ["files", "count"]


def test_limit_cuts_every_source_and_writes_elsewhere(tmp_path: Path) -> None:
    make(tmp_path, limit=3)
    limited = Artefact(tmp_path / "runs" / "tiny-limit3" / "odd").manifest
    assert limited is not None and limited.count_in == 3
    assert not (tmp_path / "runs" / "tiny").exists()


def test_the_content_of_a_named_file_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("salaam")
    text = RECIPE.replace('greet"}', f'greet", words: {words}}}')
    make(tmp_path, text)
    assert make(tmp_path, text) == []
    words.write_text("ni hao!")
    found = plan(load(write(tmp_path, text)), tmp_path / "runs")
    assert found.steps["greet"].why == f"{words} changed"
    assert make(tmp_path, text) == ["greet", "files", "count"]


def test_plan_says_why(tmp_path: Path) -> None:
    make(tmp_path)
    found = plan(load(write(tmp_path), ("steps.shout.mark=X",)), tmp_path / "runs")
    assert {name: one.why for name, one in found.steps.items()} == {
        "letters": "read again for shout: its records are passed on, not kept",
        "shout": "mark ! → X",
        "odd": "made from shout, which changed",
        "greet": "made from odd, which changed",
        "files": "made from greet, which changed",
        "count": "made from greet, which changed",
    }


def test_a_barrier_decides_once_over_all_shards(tmp_path: Path) -> None:
    text = (
        RECIPE.replace("count: 10", "count: 25")
        .replace('shout"}', 'shout", mark: ""}')
        .replace(
            "  greet: {use",
            '  unlike: {use: "tests.run.unlike:unlike"}\n  halves: {use: "tests.run.steps:halves"}\n  greet: {use',
        )
    )
    make(tmp_path, text, change=(TINY,))
    manifest = Artefact(tmp_path / "runs/tiny/unlike").manifest
    assert manifest is not None and manifest.inner and manifest.dropped == {"seen": 8}
    assert ids(tmp_path, "halves") == [f"a{n}#{k}" for n in (0, 2, 4, 6, 8) for k in (0, 1)]
    assert make(tmp_path, text, change=(TINY,)) == []
    assert not list((tmp_path / "runs/tiny").glob(".*.partial"))


def test_barriers_in_a_row_are_carried_out_together(tmp_path: Path) -> None:
    rows = """
name: tiny
steps:
  letters: {use: "tests.run.steps:letters", count: 120, size: 7}
  lengths: {use: "tests.run.unlike:unlike", by: length, why: same length, KEEP}
  shout: {use: "tests.run.steps:shout"}
"""
    rows = rows.replace("  lengths:", '  ends: {use: "tests.run.unlike:unlike", why: same end, KEEP}\n  lengths:')
    rows = rows.replace("ends: {use", 'odd: {use: "tests.run.steps:odd"}\n  ends: {use')
    seen = []
    for name, keep in (("together", "keep: false"), ("apart", "keep: true")):
        home = tmp_path / name
        home.mkdir()
        make(home, rows.replace("KEEP", keep), change=(TINY,))
        steps = {step: Artefact(home / "runs/tiny" / step) for step in ("odd", "ends", "lengths", "shout")}
        manifests = [one.manifest for one in steps.values()]
        seen.append(
            (
                [list(one.dropped()) for one in steps.values()],
                [record.text for record in steps["shout"].records(Document)],
                [(m.count_in, m.counts, m.dropped) for m in manifests if m],
                [(steps[step].path / "keys.txt").read_text() for step in ("ends", "lengths")],
            )
        )
        assert not list((home / "runs/tiny").glob(".*.partial"))
    assert seen[0] == seen[1]
    assert seen[0][1] == ["TEXT 0!"] and seen[0][0][1][0].detail == "key 0"
    inner = Artefact(tmp_path / "together/runs/tiny/ends").manifest
    assert inner is not None and inner.inner


def test_a_barrier_at_the_end_of_a_chain(tmp_path: Path) -> None:
    text = (
        RECIPE.replace('  shout: {use: "tests.run.steps:shout"}\n', "")
        .replace("  greet: {use", '  unlike: {use: "tests.run.unlike:unlike"}\n  greet: {use')
        .replace("count: 10", "count: 30")
    )
    make(tmp_path, text)
    assert ids(tmp_path, "unlike") == ["a0", "a2", "a4", "a6", "a8"]


@pytest.mark.parametrize(
    ("stage", "what"),
    [
        ("loses", "lost 1 records without a reason"),
        ("same_id", "with the id 'x'"),
        ("forgets", "lost 1 of 10 docs without a reason"),
    ],
)
def test_a_stage_that_loses_or_doubles_a_record_is_stopped(tmp_path: Path, stage: str, what: str) -> None:
    letters = '  letters: {use: "tests.run.steps:letters"}'
    text = f'name: tiny\nsteps:\n{letters}\n  bad: {{use: "tests.run.steps:{stage}"}}\n'
    with pytest.raises(AccountError, match=what):
        make(tmp_path, text)
    assert not (tmp_path / "runs/tiny/bad").exists()


def test_a_step_that_keeps_nothing_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    text = RECIPE.replace("count: 10", "count: 1")
    with pytest.raises(MetierError, match=r"recipe.yaml:8: step 'greet' .* keeps none of 1 records: 1 'the first'"):
        make(tmp_path, text)
    assert not (tmp_path / "runs/tiny/greet").exists()


def test_lineage_leads_back_through_fused_steps(tmp_path: Path) -> None:
    make(tmp_path)
    found = lineage(tmp_path / "runs" / "tiny", "greet", "a4?")
    assert [(one.step, one.id) for one in found] == [("greet", "a4?"), ("odd", "a4"), ("letters", "a4")]
    with pytest.raises(MetierError, match="holds no record 'a5'"):
        lineage(tmp_path / "runs" / "tiny", "odd", "a5")


def test_scores_and_notes_come_to_the_top(tmp_path: Path) -> None:
    make(tmp_path)
    scores = json.loads((tmp_path / "runs/tiny/scores.json").read_text())
    assert scores == [
        {"task": "greet", "model": "nobody", "metric": "count", "by": {}, "value": 4.0, "n": 4, "low": 4.0, "high": 4.0}
    ]
    manifest = Artefact(tmp_path / "runs/tiny/files").manifest
    assert manifest is not None and manifest.notes == {"said": "done"}


def test_the_same_run_twice_is_the_same_to_the_byte(tmp_path: Path) -> None:
    make(tmp_path)
    make(tmp_path, change=("name=other",))
    for part in (tmp_path / "runs/tiny").rglob("*.parquet"):
        twin = tmp_path / "runs/other" / part.relative_to(tmp_path / "runs/tiny")
        assert part.read_bytes() == twin.read_bytes()


def test_to_keeps_the_scores_that_stand_and_the_records_that_others_read(tmp_path: Path) -> None:
    text = RECIPE + '  again: {use: "tests.run.steps:odd", from: shout}\n'
    make(tmp_path, text)
    scores = (tmp_path / "runs/tiny/scores.json").read_text()
    assert "count" in scores
    make(tmp_path, text, change=("steps.odd.why=other",), to=("odd",))
    assert len(ids(tmp_path, "shout")) == 10, "a step with two readers stays written"
    make(tmp_path, text, to=("again",))
    assert (tmp_path / "runs/tiny/scores.json").read_text() == scores


def test_two_sources_with_one_id_are_an_error(tmp_path: Path) -> None:
    two = '  more: {use: "tests.run.steps:letters", count: 3}\n'
    two += '  unlike: {use: "tests.run.unlike:unlike", from: [letters, more]}\n'
    text = RECIPE.split("  shout")[0] + two
    with pytest.raises(AccountError, match="two of its sources hold the id 'a0'"):
        make(tmp_path, text)
    with pytest.raises(AccountError, match="the id 'a0' comes twice"):
        make(tmp_path, text.replace("run.unlike:unlike", "run.steps:odd"))
    assert not (tmp_path / "runs/tiny/unlike").exists()


def test_a_barrier_over_shards_that_keep_nothing(tmp_path: Path) -> None:
    text = (
        RECIPE.split("  shout")[0]
        + '  odd: {use: "tests.run.steps:odd", keep: true}\n  unlike: {use: "tests.run.unlike:unlike"}\n'
    )
    make(tmp_path, text, change=(TINY, "steps.letters.size=1"))
    assert ids(tmp_path, "unlike") == ["a0", "a2", "a4", "a6", "a8"]


def test_a_kernel_may_take_a_seed(tmp_path: Path) -> None:
    text = RECIPE.replace('shout: {use: "tests.run.steps:shout"}', 'shout: {use: "tests.run.steps:salted", seed: 5}')
    make(tmp_path, text)
    assert Artefact(tmp_path / "runs/tiny/odd").records(Document).__next__().text == "text 0 5"


def test_a_renamed_file_is_another_input(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("salaam")
    text = RECIPE.replace('greet"}', f'greet", words: {tmp_path}/data/a.txt}}')
    make(tmp_path, text)
    (tmp_path / "data" / "a.txt").rename(tmp_path / "data" / "b.txt")
    assert make(tmp_path, text.replace("a.txt", "b.txt")) == ["greet", "files", "count"]


def test_scratch_that_a_step_would_go_on_from_survives_gc(tmp_path: Path) -> None:
    text = RECIPE.replace("count: 10", "count: 10, fail_at: 9")
    with pytest.raises(RuntimeError):
        make(tmp_path, text, change=(TINY,))
    found = plan(load(write(tmp_path, text), (TINY,)), tmp_path / "runs")
    (tmp_path / "runs/tiny/.odd.0123.partial").mkdir()
    assert sweep(found) == [".odd.0123.partial"]
    assert list((tmp_path / "runs/tiny").glob(".odd.*.partial/shards/*.json"))


def test_the_code_hash_follows_relative_and_neighbouring_imports(tmp_path: Path) -> None:
    package = tmp_path / "followed_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "steps.py").write_text("from .helper import word\nfrom . import other\n")
    (package / "helper.py").write_text("import json\nfrom .deeper import thing\n")
    for name in ("deeper", "other", "unused"):
        (package / f"{name}.py").write_text("")
    (tmp_path / "followed_flat.py").write_text("import followed_beside\n")
    (tmp_path / "followed_beside.py").write_text("")
    script = "from metier.stage import code_files\nfor m in ('followed_package.steps', 'followed_flat'):\n"
    script += "    print([p.name for p in code_files(m)])"
    environment = {"PYTHONPATH": f"{tmp_path}:{CHECKOUT}", "PATH": ""}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == [
        "['__init__.py', 'deeper.py', 'helper.py', 'other.py', 'steps.py']",
        "['followed_beside.py', 'followed_flat.py']",
    ]

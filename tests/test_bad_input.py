"""Whatever a user gets wrong: one last line with cause, place and remedy, exit code 2, nothing half-written."""

import gzip
import json
from pathlib import Path

import pytest

from metier.artefact import Artefact
from metier.run.lock import locked
from tests.command import Said, metier

RECIPE = """\
name: tiny
steps:
  pages: {use: corpus.read, paths: pages.jsonl}
  clean: {use: corpus.clean, min_chars: 10}
  unique: {use: corpus.dedup}
  facts: {use: instruct.extract, question: q, answer: text}
"""
ROWS = [{"text": f"A sentence of some length, number {n}.", "q": f"What is {n}?"} for n in range(6)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a recipe that runs."""
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "pages.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS) + "\n")
    return tmp_path


def run(place: Path, *words: str, before: str = "") -> Said:
    return metier("run", "./recipe.yaml", *words, cwd=place, before=before)


def refused(said: Said, *parts: str) -> None:
    """One line that says all this, exit code 2, no traceback."""
    assert said.code == 2, said
    assert "Traceback" not in said.err
    assert said.last.startswith("metier: ")
    for part in parts:
        assert part in said.last, said.last


def nothing_half_written(place: Path) -> None:
    """Every artefact is finished; what is half-made lies in scratch directories that the next run goes on from."""
    for step in (place / "runs" / "tiny").iterdir():
        assert step.is_file() or Artefact(step).manifest is not None or step.name.endswith(".partial")


def test_the_recipe_itself_runs(place: Path) -> None:
    said = run(place)
    assert said.code == 0, said
    assert "facts: 6 conversations" in said.err
    assert "scores: runs/tiny/scores.json" in said.out


def test_missing_file(place: Path) -> None:
    (place / "pages.jsonl").unlink()
    refused(run(place), "recipe.yaml:3", "pages.jsonl: no such file", str(place))
    assert not (place / "runs" / "tiny").exists()


def test_no_match(place: Path) -> None:
    refused(run(place, "--set", "steps.pages.paths=data/*.jsonl"), "recipe.yaml:3", "data/*.jsonl: no file matches")


def test_empty_file(place: Path) -> None:
    (place / "pages.jsonl").write_text("")
    refused(run(place), "recipe.yaml:3", "pages.jsonl: the file is empty")


def test_file_of_blank_lines(place: Path) -> None:
    (place / "pages.jsonl").write_text("\n\n\n")
    refused(run(place), "pages.jsonl")
    nothing_half_written(place)


def test_malformed_line_is_filed_with_its_place(place: Path) -> None:
    with (place / "pages.jsonl").open("a") as file:
        file.write('{"text": "cut off\n')
    said = run(place)
    assert said.code == 0, said
    shown = metier("look", "runs/tiny/pages", "--dropped", cwd=place)
    assert "pages.jsonl:7: " in shown.out and "JSON" in shown.out


def test_malformed_line_is_fatal_when_strict(place: Path) -> None:
    with (place / "pages.jsonl").open("a") as file:
        file.write('{"text": "cut off\n')
    refused(run(place, "--set", "steps.pages.strict=true"), "pages.jsonl:7", "JSON")
    nothing_half_written(place)


def test_wrong_encoding(place: Path) -> None:
    (place / "pages.jsonl").write_bytes(b'{"text": "\xff\xfe\x80\x81 is no text"}\n')
    refused(run(place), "pages.jsonl")
    nothing_half_written(place)


def test_damaged_archive(place: Path) -> None:
    whole = gzip.compress((place / "pages.jsonl").read_bytes() * 50)
    (place / "pages.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    refused(run(place, "--set", "steps.pages.paths=pages.jsonl.gz"), "pages.jsonl.gz")
    nothing_half_written(place)


def test_column_that_is_not_there(place: Path) -> None:
    refused(run(place, "--set", "steps.facts.question=qq"), "'qq'", "did you mean 'q'")
    refused(run(place, "--set", "steps.pages.text=txt"), "'txt'", "did you mean 'text'")


def test_a_step_that_keeps_nothing(place: Path) -> None:
    said = run(place, "--set", "steps.clean.min_chars=1000")
    refused(said, "recipe.yaml:4", "step 'clean'", "keeps none of 6 records", "fewer than 1000 characters")
    nothing_half_written(place)


def test_unwritable_directory(place: Path) -> None:
    (place / "runs").write_text("a file stands where the directory should")
    refused(run(place), "runs/tiny", "--runs")


@pytest.mark.parametrize("runs", ["/proc", "/proc/nowhere/deep"])
def test_a_place_where_nothing_can_be_made(place: Path, runs: str) -> None:
    refused(run(place, "--runs", runs), f"{runs}/tiny", "cannot be written", "--runs")
    refused(metier("new", f"{runs}/mine", cwd=place), "cannot be made")


def test_an_error_inside_a_stage_names_its_step(place: Path) -> None:
    refused(run(place, "--set", "steps.clean.also=[qq]"), "recipe.yaml:4: step 'clean'", "'qq'", "did you mean 'q'")


def test_a_checkpoint_step_that_makes_none(place: Path) -> None:
    words = "  words: {use: train.vocab, from: {docs: clean}, size: 512}\n"
    train = "  student: {use: train.sft, from: {conversations: facts, base: words}}\n"
    (place / "recipe.yaml").write_text(RECIPE.replace("clean, min", "clean, keep: true, min") + words + train)
    refused(run(place), "step 'student'", "words", "not a model")


def test_a_path_that_is_no_model(place: Path) -> None:
    train = "  student: {use: train.sft, from: {conversations: facts, base: ./nothing}}\n"
    (place / "recipe.yaml").write_text(RECIPE + train)
    refused(run(place), "recipe.yaml:7", "step 'student'", "nothing")
    (place / "nothing").mkdir()
    refused(run(place), "recipe.yaml:7", "step 'student'", "config.json")
    assert not (place / "runs" / "tiny").exists(), "known before anything ran"


def test_two_runs_in_one_directory(place: Path) -> None:
    with locked(place / "runs" / "tiny"):
        refused(run(place), "runs/tiny", "is running there", "--name")
    assert run(place).code == 0


def test_a_disk_that_fills(place: Path) -> None:
    with (place / "pages.jsonl").open("a") as file:
        for n in range(20000):
            file.write(json.dumps({"text": f"{n * 7919 % 104729:x} {n:o} a longer sentence {n}", "q": f"{n}?"}) + "\n")
    said = run(place, before="ulimit -f 64")
    refused(said, "recipe.yaml:", "File too large", "make room", "run again")
    nothing_half_written(place)
    assert run(place).code == 0, "goes on when there is room"


def test_debug_shows_the_traceback(place: Path) -> None:
    said = run(place, "--set", "steps.pages.paths=nowhere.jsonl", "--debug")
    assert said.code != 0 and "Traceback" in said.err


def test_look_names_what_is_there(place: Path) -> None:
    run(place)
    refused(metier("look", "runs/tiny/claen", cwd=place), "did you mean 'clean'")
    refused(metier("look", "runs/nowhere", cwd=place), "no finished step there")
    refused(metier("look", "runs/tiny/facts", "--lineage", "x", cwd=place), "holds no record 'x'")


def test_compare_needs_runs(place: Path) -> None:
    refused(metier("compare", "runs/a", "runs/b", cwd=place), "runs/a: no scores.json")

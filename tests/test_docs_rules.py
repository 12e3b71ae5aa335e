"""The guide of the rules room: what it says is printed is printed, its recipes are whole, and its examples run."""

import json
import re
import shlex
from pathlib import Path

import pytest

from metier.recipe import load
from metier.run.make import run
from metier.run.plan import plan
from metier.stage import names
from tests.command import CHECKOUT, metier

GUIDE = (CHECKOUT / "docs" / "rules.md").read_text("utf-8")
BLOCKS = [(found[1], found[2]) for found in re.finditer(r"^```(\w+)\n(.*?)^```$", GUIDE, re.M | re.S)]
RECIPES = {text.partition("\n")[0].removeprefix("name: "): text for kind, text in BLOCKS if kind == "yaml"}
TABLES = {text.partition(",")[2].partition(",")[0]: text for kind, text in BLOCKS if kind == "csv"}
COMMANDS = [text for kind, text in BLOCKS if kind == "text" and text.startswith("$ ")]
PROGRAMS = [
    (text, told) for (kind, text), (_, told) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True) if kind == "python"
]
FILES = {
    "house/entities.csv": TABLES["kind"],
    "house/rules.csv": TABLES["members"],
    "data/pairs.csv": "DDInterID_A,Drug_A,DDInterID_B,Drug_B,Level\nD1,Melbudor,D2,Quonulex,Major\n",
    "data/notes.jsonl": '{"id": "n1", "text": "Zelvorane is taken at noon."}\n',
    "data/dialogues.jsonl": json.dumps(
        {"messages": [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Good day."}]}
    ),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files that the guide prints or names, where its reader would stand."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    for name, text in RECIPES.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.partition("\n")[0])
def test_a_command_prints_what_the_guide_says(place: Path, block: str) -> None:
    command, _, printed = block.removeprefix("$ metier ").partition("\n")
    said = metier(*shlex.split(command), cwd=place)
    assert said.code == 0 and said.out.strip() == printed.strip()


@pytest.mark.parametrize(("text", "printed"), PROGRAMS, ids=range(len(PROGRAMS)))
def test_a_program_prints_what_the_guide_says(
    place: Path, capsys: pytest.CaptureFixture[str], text: str, printed: str
) -> None:
    exec(compile(text, "docs/rules.md", "exec"), {})
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_of_the_guide_runs(place: Path, name: str) -> None:
    recipe = load(f"./{name}.yaml")
    assert [step.name for step in plan(recipe, place / "runs").recipe.steps.values()] == list(recipe.steps)
    run(recipe, place / "runs")


def test_the_two_doctors_are_found_to_do_what_the_guide_says(place: Path) -> None:
    run(load("./measured.yaml"), place / "runs")
    rows = json.loads((place / "runs/measured/scores.json").read_text("utf-8"))
    found = {(one["model"], one["by"]["way"], one["metric"]): one["value"] for one in rows}
    for metric in ("violations", "answered"):
        assert (found["naive", "none", metric], found["wary", "none", metric]) == (1, 0)
    assert found["naive", "guard", "violations"] == found["wary", "guard", "violations"] == 0


def test_the_guide_names_no_stage_link_or_benchmark_that_is_not_there() -> None:
    named = re.findall(r"(?<!metier\.)\b((?:corpus|instruct|evals|world|rules)\.[a-z_]+)\b(?!\.)", GUIDE)
    assert set(named) - {"rules.csv"} <= set(names())
    headings = {
        re.sub(r"[^\w -]", "", line[3:]).lower().replace(" ", "-") for line in GUIDE.splitlines() if line[:3] == "## "
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) == headings
    benchmarks = re.findall(r"python -m ([\w.]+)", GUIDE)
    assert benchmarks and all((CHECKOUT / f"{name.replace('.', '/')}.py").exists() for name in benchmarks)

"""The guide of the instruct room: its recipes are whole, and what it says they print is what they do."""

import re
from pathlib import Path

import pytest

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Conversation
from metier.run.make import run
from metier.run.plan import plan
from metier.stage import names
from tests.command import CHECKOUT, metier

GUIDE = (CHECKOUT / "docs" / "instruct.md").read_text("utf-8")
BLOCKS = [(found[1], found[2]) for found in re.finditer(r"^```(\w+)\n(.*?)^```$", GUIDE, re.M | re.S)]
RECIPES = {
    text.partition("\n")[0].removeprefix("name: "): text for kind, text in BLOCKS if kind == "yaml" and "steps:" in text
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files that the guide prints, where its reader would stand."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/leaflets.jsonl").write_text(next(text for kind, text in BLOCKS if kind == "jsonl"), "utf-8")
    for name, text in RECIPES.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_of_the_guide_is_whole(place: Path, name: str) -> None:
    recipe = load(f"./{name}.yaml")
    assert recipe.name == name
    assert [step.name for step in plan(recipe, place / "runs").recipe.steps.values()] == list(recipe.steps)


def test_the_first_recipe_prints_what_the_guide_says(place: Path) -> None:
    said = metier("run", "./first.yaml", cwd=place)
    assert said.code == 0, said
    lines = [re.sub(r" \([\d.]+ s\)", "", line) for line in said.err.replace("\r", "\n").splitlines()]
    printed = next(text for kind, text in BLOCKS if kind == "text" and text.startswith("pages:"))
    assert [line for line in printed.splitlines() if line not in lines] == []
    shown = metier("look", "runs/first/unified", cwd=place).out
    assert next(text for kind, text in BLOCKS if kind == "text" and text.startswith("b1?0")) in shown
    gone = [(one.id, one.why) for one in Artefact(place / "runs/first/unified").dropped()]
    assert gone == [("b3", "no question to ask")]
    way = metier("look", "runs/first/unified", "--lineage", "b1?0", cwd=place).out
    assert "request" in way and "metier.instruct.extractive:write" in way and "pages" in way


def test_the_dialogues_are_made(place: Path) -> None:
    run(load("./dialogues.yaml"), place / "runs")
    made = {
        step: len(list(Artefact(place / "runs/dialogues" / step).records(Conversation)))
        for step in ("polished", "consultations", "localized", "mixed")
    }
    assert all(made.values()) and made["mixed"] == sum(made.values()) - made["mixed"]


def test_the_guide_names_no_stage_link_or_benchmark_that_is_not_there() -> None:
    assert set(re.findall(r"\b(?:corpus|instruct|evals|world)\.[a-z]+\b(?!\.|:)", GUIDE)) <= set(names())
    headings = {
        re.sub(r"[^\w -]", "", line[3:]).lower().replace(" ", "-") for line in GUIDE.splitlines() if line[:3] == "## "
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) == headings
    benchmarks = re.findall(r"python -m ([\w.]+)", GUIDE)
    assert benchmarks and all((CHECKOUT / f"{name.replace('.', '/')}.py").exists() for name in benchmarks)

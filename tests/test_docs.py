"""The guide of the corpus room: its recipes are whole, and what it says they print is what they do."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Document
from metier.run.make import run
from metier.run.plan import plan
from metier.stage import names
from tests.command import CHECKOUT

GUIDE = (CHECKOUT / "docs" / "corpus.md").read_text("utf-8")
BLOCKS = [(found[1], found[2]) for found in re.finditer(r"^```(\w+)\n(.*?)^```$", GUIDE, re.M | re.S)]
RECIPES = {
    text.partition("\n")[0].removeprefix("name: "): text for kind, text in BLOCKS if kind == "yaml" and "steps:" in text
}
LINE = '{"id": "x", "text": "Zelvorane is taken in the morning."}\n'
FILES = {
    "data/answers.csv": "title,text\nZelvorane,Taken in the morning.\n",
    "data/mixed.txt": "A first line.\n",
    "data/pages.xml": "<Page><Focus>Zelvorane</Focus><QA><Answer>At noon.</Answer></QA></Page>",
    "books/one.txt": "<篇名>甲方\n内容：每服三钱。\n",
    "ours.txt": "Ward 7 newsletter\n",
    "names.txt": "# ours\nZelvorane\n",
    "seed/medicine.jsonl": LINE,
    "seed/other.jsonl": LINE,
    "crawl/one.jsonl": LINE,
    "exams/ward.jsonl": '{"id": "q1", "stem": "When?", "options": {"A": "At noon", "B": "At six"}, "key": "A"}\n',
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files that the guide prints or names, where its reader would stand."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    with zipfile.ZipFile(tmp_path / "data/scans.zip", "w") as archive:
        archive.writestr("one.jsonl", LINE)
    (tmp_path / "data/leaflets.jsonl").write_text(next(text for kind, text in BLOCKS if kind == "jsonl"), "utf-8")
    for text in (text for kind, text in BLOCKS if kind == "python"):
        (tmp_path / text.partition("\n")[0].removeprefix("# ")).write_text(text, "utf-8")
    for name, text in RECIPES.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_the_guide_has_a_recipe_for_every_topic() -> None:
    recipes = "first reading cleaning domain personal leaks near passages sides own"
    assert list(RECIPES) == recipes.split()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_of_the_guide_is_whole(place: Path, name: str) -> None:
    recipe = load(f"./{name}.yaml")
    assert recipe.name == name
    assert [step.name for step in plan(recipe, place / "runs").recipe.steps.values()] == list(recipe.steps)


def test_the_first_recipe_does_what_the_guide_says(place: Path) -> None:
    run(load("./first.yaml"), place / "runs")
    made = place / "runs/first"
    unique = Artefact(made / "unique")
    assert [(one.id, one.why, one.detail) for one in unique.dropped()] == [
        ("a2", "near duplicate", "of a1, similarity 0.783")
    ]
    assert [one.id for step in ("pages", "clean") for one in Artefact(made / step).dropped()] == [
        "leaflets.jsonl:6",
        "a5",
    ]
    conflict = (made / "unique/conflicts.jsonl").read_text("utf-8")
    assert conflict in GUIDE and json.loads(conflict)["documents"] == ["a1", "a3"]
    passages = {one.id: one for one in Artefact(made / "passages").records(Document)}
    assert list(passages) == ["a1#0", "a1#1", "a3#0", "a3#1", "a4#0", "a4#1"]
    masked = re.findall(r"Ms\. \w+ \w+|\d+ \w+ \d{4}|\S+@\S+|\d{3}-\d{3}-\d{4}", passages["a4#0"].text)
    assert len(masked) == 4 and all(value in GUIDE for value in masked)
    written = [json.loads(line) for line in (made / "files/files/part-00000.jsonl").read_text("utf-8").splitlines()]
    assert [list(row) for row in written] == 6 * [["id", "text", "parent", "title"]]
    assert (made / "report.html").exists()


def test_a_kernel_and_a_barrier_of_ones_own_drop_what_the_guide_says(place: Path) -> None:
    run(load("./own.yaml"), place / "runs")
    gone = {step: list(Artefact(place / "runs/own" / step).dropped()) for step in ("ready", "few")}
    assert [(one.id, one.why) for one in gone["ready"]] == [("a4", "marked as a draft")]
    assert [(one.id, one.why, one.detail) for one in gone["few"]] == [("a3", "too many of one title", "Zelvorane")]


def test_the_guide_names_no_stage_link_or_benchmark_that_is_not_there() -> None:
    stages = set(re.findall(r"\b(?:corpus|evals|world)\.[a-z]+\b(?!\.(?:md|yaml))", GUIDE))
    assert stages <= set(names())
    headings = {
        re.sub(r"[^\w -]", "", line[3:]).lower().replace(" ", "-") for line in GUIDE.splitlines() if line[:3] == "## "
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) == headings
    assert all((CHECKOUT / "docs" / name).exists() for name in re.findall(r"\]\(([\w.]+)\)", GUIDE))
    assert all(
        (CHECKOUT / f"{name.replace('.', '/')}.py").exists() for name in re.findall(r"python -m ([\w.]+)", GUIDE)
    )

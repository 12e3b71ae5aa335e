"""The guide of preferences and alignment: its recipes are whole and run, and what it names is there."""

import re
from pathlib import Path

import pytest

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Preference, Verdict
from metier.run.make import run
from metier.stage import names
from metier.train.ppo_findings import CHECKS
from tests.command import CHECKOUT

GUIDE = (CHECKOUT / "docs" / "alignment.md").read_text("utf-8")
BLOCKS = [(found[1], found[2]) for found in re.finditer(r"^```(\w+)\n(.*?)^```$", GUIDE, re.M | re.S)]
RECIPES = {text.partition("\n")[0].removeprefix("name: "): text for kind, text in BLOCKS if kind == "yaml"}
FILES = {"jsonl": "pairs.jsonl", "csv": "votes.csv"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files that the guide prints, where its reader would stand."""
    (tmp_path / "data").mkdir()
    for kind, text in BLOCKS:
        if kind in FILES:
            (tmp_path / "data" / FILES[kind]).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(place: Path, name: str) -> Path:
    (place / f"{name}.yaml").write_text(RECIPES[name], "utf-8")
    run(load(f"./{name}.yaml"), place / "runs")
    return place / "runs" / name


def test_the_first_recipe_goes_from_prompts_to_a_policy_and_its_page(place: Path) -> None:
    steps = made(place, "first")
    page = (steps / "report.html").read_text("utf-8")
    assert 'id="alignment"' in page and "16 replies in 2 rollouts" in page
    assert {"ppo.jsonl", "ppo_start.json", "findings.json"} <= {file.name for file in (steps / "policy").iterdir()}
    asked, practice = ({one.id for one in Artefact(steps / name).dropped()} for name in ("asked", "practice"))
    assert asked and practice and not asked >= practice


def test_published_pairs_are_read_mixed_and_trained_on(place: Path) -> None:
    steps = made(place, "published")
    assert [one.id for one in Artefact(steps / "pairs").dropped()] == ["pairs.jsonl:2"]
    assert [one.winner for one in Artefact(steps / "votes").records(Verdict)] == ["left", "tie"]
    assert len(list(Artefact(steps / "mixed").records(Preference))) == 3
    assert (steps / "direct" / "dpo.jsonl").read_text("utf-8").count("\n") == 6


def test_a_policy_trains_by_groups_of_replies(place: Path) -> None:
    steps = made(place, "grouped")
    assert (steps / "policy" / "rloo.jsonl").read_text("utf-8").count("\n") == 1
    assert Artefact(steps / "best").manifest is not None


def test_the_guide_names_what_is_there() -> None:
    rooms = "preferences|train|evals|instruct|world"
    named = set(re.findall(rf"`((?:{rooms})\.[a-z_]+)`", GUIDE))
    assert len(named) > 12 and named <= set(names())
    assert {name for name in names() if name.startswith("preferences.")} - named == set()
    headings = [line.lstrip("# ") for line in GUIDE.splitlines() if line.startswith("## ")]
    links = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) == links
    files = (f"{name.replace('.', '/')}.py" for name in re.findall(r"python -m ([\w.]+)", GUIDE))
    assert all((CHECKOUT / file).exists() for file in files)


def test_the_guide_tells_every_finding() -> None:
    source = (CHECKOUT / "metier/train/ppo_findings.py").read_text("utf-8")
    called = re.findall(r'PpoFinding\(\s*"([^"]+)"', source)
    assert len(set(called)) >= len(CHECKS)
    assert set(re.findall(r"^\| `([^`]+)` \| ", GUIDE.split("## 8.")[1].split("## 9.")[0], re.M)) == set(called)

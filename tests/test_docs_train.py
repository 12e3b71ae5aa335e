"""The guide of the train room: its recipes are whole, and what it says they print and leave is what they do."""

import json
import re
from pathlib import Path

import pytest

from metier.artefact import Artefact
from metier.recipe import load, shipped
from metier.records import Conversation, Document, Dropped, Message, MetierError
from metier.run.describe import outlook
from metier.run.make import run
from metier.run.plan import plan
from metier.run.preview import preview
from metier.stage import names
from metier.train.pretrain import Pretrain
from metier.train.settings import Train
from metier.train.sft import Sft
from tests.command import CHECKOUT, metier

GUIDE = (CHECKOUT / "docs" / "train.md").read_text("utf-8")
BLOCKS = [(found[1], found[2]) for found in re.finditer(r"^```(\w+)\n(.*?)^```$", GUIDE, re.M | re.S)]
RECIPES = {
    text.partition("\n")[0].removeprefix("name: "): text for kind, text in BLOCKS if kind == "yaml" and "steps:" in text
}
PRINTED = [text for kind, text in BLOCKS if kind == "text"]
FILES = dict(
    zip(
        re.findall(r"`(data/\w+\.jsonl)`[^`]*?```jsonl", re.sub(r"is empty on purpose\.", "", GUIDE)),
        (text for kind, text in BLOCKS if kind == "jsonl"),
        strict=True,
    )
)
EXAM = [("Zelvorane", "How often is it taken?"), ("Zelvorane", "What is it for?"), ("Melbudor", "How does it come?")]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files that the guide prints or names, where its reader would stand."""
    (tmp_path / "data").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    rows = [
        {"id": f"q{number}", "drug": drug, "stem": stem, "options": {"A": "once a day", "B": "as drops"}, "key": "A"}
        for number, (drug, stem) in enumerate(EXAM)
    ]
    (tmp_path / "data/exam.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    for name, text in RECIPES.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    (tmp_path / "recipe.yaml").write_text(RECIPES["first"], "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def block(beginning: str) -> list[str]:
    """The lines that the guide says are printed, without the command and what it leaves out."""
    text = next(text for text in PRINTED if text.startswith(beginning))
    return [line for line in text.splitlines() if not line.startswith("$ ") and line != "..."]


def test_the_guide_has_a_recipe_for_every_topic() -> None:
    assert list(RECIPES) == ["first", "two", "mixing", "choosing", "adapters", "words", "tax", "machines", "passed"]
    assert list(FILES) == ["data/talks.jsonl", "data/held.jsonl", "data/leaflets.jsonl"]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_of_the_guide_is_whole(place: Path, name: str) -> None:
    recipe = load(f"./{name}.yaml")
    assert recipe.name == name
    assert [step.name for step in plan(recipe, place / "runs").recipe.steps.values()] == list(recipe.steps)


def test_the_first_recipe_prints_and_leaves_what_the_guide_says(place: Path) -> None:
    run(load("./recipe.yaml"), place / "runs", ["leaflets", "talks"])
    planned = metier("plan", "./recipe.yaml", cwd=place)
    assert [line for line in block("$ metier run ./recipe.yaml --to") if line not in planned.out.splitlines()] == []
    said = metier("run", "./recipe.yaml", cwd=place)
    assert said.code == 0, said
    lines = [re.sub(r" \([\d.]+ s\)", "", line) for line in (said.err + said.out).replace("\r", "\n").splitlines()]
    made = {"leaflets: 2 documents", "talks: 5 conversations, 1 dropped"}  # these stood already
    assert [line for line in block("leaflets: 2") if line not in lines and line not in made] == []
    shown = metier("look", "runs/first/student", "--tokens", "-n", "3", cwd=place).out.splitlines()
    assert [line for line in block("$ metier look") if line not in shown] == []
    student, there = place / "runs/first/student", re.findall(r"^\| [^|]+ \| `([\w.]+)/?` \|$", GUIDE, re.M)
    assert len(there) == 6 and all((student / name).exists() for name in there if name != "kept")
    talks = [(one.id, one.why) for one in Artefact(place / "runs/first/talks").dropped()]
    assert talks == [("talks.jsonl:6", "an empty turn")]
    notes = json.loads((student / "notes.json").read_bytes())
    assert notes["disk_bytes"] * 3 == notes["checkpoint_bytes"] * 10, "three checkpoints of three models, and one model"


def test_a_trial_tells_what_the_whole_will_take(place: Path) -> None:
    run(load("./recipe.yaml", limit=100), place / "runs", ["student"])
    told = preview(plan(load("./recipe.yaml"), place / "runs"))
    form = re.escape(block("about ")[0]).replace(re.escape("1,781"), r"[\d,]+")
    form = re.sub(r"\d+\\\.\d", r"[\\d.]+", form).replace("MB", "[MG]B")  # of a process that did more before
    assert re.search(form, told), told


def test_the_best_of_several_is_picked_and_adapters_become_a_model(place: Path) -> None:
    run(load("./choosing.yaml"), place / "runs")
    notes = json.loads((place / "runs/choosing/best/notes.json").read_bytes())
    assert [one["model"] for one in notes["tried"]] == ["early", "later", "end"]
    run(load("./adapters.yaml"), place / "runs")
    card = (place / "runs/adapters/model/README.md").read_text("utf-8")
    assert "# Ward model" in card and "0.5 × `reading`" in card and "CC BY 4.0" in card
    assert (place / "runs/adapters/talking/base.json").exists()


def test_the_command_of_several_processes_is_the_one_that_is_printed(place: Path) -> None:
    form = re.escape(block("student: PYTHON")[0]).replace("PYTHON", r"\S+").replace("FINGERPRINT", r"\w+")
    assert re.search(form.replace("runs/", r"\S*runs/"), outlook(plan(load("./machines.yaml"), place / "runs")))


def why(settings: Train, *records: Conversation | Document) -> list[str]:
    """Why records cannot be trained on by the shipped base."""
    from metier.model.load import load_tokenizer
    from metier.train.encode import Given, encode

    talks = [one for one in records if isinstance(one, Conversation)]
    pages = [one for one in records if isinstance(one, Document)]
    home = Path(f"encoded-{settings.window}")
    encode(load_tokenizer("asset:nano"), Given(talks, pages), settings, home)
    return [one.why for one in Artefact(home).records(Dropped)]


def test_records_are_dropped_for_the_reasons_that_the_guide_names(place: Path) -> None:
    asked = Message("user", "What is Zelvorane for? " * 20)
    bad = [
        Conversation("a", ()),
        Conversation("b", (asked,)),
        Conversation("c", (asked, Message("assistant", "Cough."))),
        Document("d", " "),
    ]
    found = why(Sft(window=64, batch_tokens=64), *bad)
    said = ["no messages", "no assistant turn to train on", "longer than the window of 64 tokens", "empty text"]
    assert found == said
    assert all(f"`{reason.replace('64', 'N')}`" in GUIDE for reason in said)
    assert why(Pretrain(window=512, batch_tokens=512), bad[1]) == []


def test_settings_that_contradict_are_refused_as_the_guide_says(place: Path) -> None:
    for change, said in (
        ("steps.in_turn.priorities={book: 1}", "priorities and sequential both say"),
        ("steps.evened.epochs={book: 2}", "temperature and epochs by source both say"),
    ):
        with pytest.raises(MetierError, match=said):
            load("./mixing.yaml", (change,))
    with pytest.raises(MetierError, match="learning_rate is decided by learning_rate; set that"):
        load("./passed.yaml", ("steps.student.trainer_args={learning_rate: 1}",))
    with pytest.raises(MetierError, match="did you mean 'optim'"):
        load("./passed.yaml", ("steps.student.trainer_args={optm: adafactor}",))


def test_the_guide_names_no_stage_link_or_benchmark_that_is_not_there() -> None:
    stages = set(re.findall(r"\b(?:train|corpus|instruct|evals|world)\.[a-z_]+\b(?!\.|:)", GUIDE))
    assert stages - {"train.loop"} <= set(names())
    headings = {
        re.sub(r"[^\w -]", "", line[3:]).lower().replace(" ", "-") for line in GUIDE.splitlines() if line[:3] == "## "
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) == headings
    benchmarks = re.findall(r"python -m\s+(benchmarks\.\w+)", GUIDE)
    assert len(benchmarks) >= 5 and all((CHECKOUT / f"{name.replace('.', '/')}.py").exists() for name in benchmarks)
    assert set(re.findall(r"`metier run (\w[\w-]*)`", GUIDE)) <= set(shipped())
    told = set(re.findall(r"`(\w+)(?::[^`]*)?`", GUIDE))
    assert set(Sft.__struct_fields__) - told <= {
        "learning_rate", "warmup", "cosine_extra", "weight_decay", "beta1", "beta2", "clip", "answers_only"
    }  # fmt: skip

"""Before training begins, a plan says what it will see and take: by the records themselves, or by a trial of them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from metier.artefact import Artefact, Manifest, finish, scratch_path
from metier.recipe import load
from metier.records import Checkpoint, Conversation, Document
from metier.run.make import run
from metier.run.plan import plan
from metier.run.preview import preview
from metier.train.encode import Given
from metier.train.mixing import Mixture
from metier.train.prepare import prepare
from tests.command import CHECKOUT

RECIPE = """
name: mine
seed: 3
steps:
  pages: {use: corpus.read, paths: "pages.jsonl", source: web}
  talks: {use: instruct.read, paths: "talks.jsonl", source_column: from}
  student:
    use: train.one_stage
    from: {docs: pages, conversations: talks, base: "asset:nano"}
    priorities: {web: 8, advice: {weight: 1, sources: {desk: 3, clinic: 1}}}
    window: 64
    batch_tokens: 256
    epochs: 2
  second:
    use: train.one_stage
    from: {docs: pages, conversations: talks, base: student}
    priorities: {web: 8, advice: {weight: 1, sources: {desk: 3, clinic: 1}}}
    window: 64
    batch_tokens: 256
    epochs: 2
  other:
    use: train.sft
    from: {conversations: talks, base: "asset:nano"}
    tokens: 5000
    window: 64
    batch_tokens: 256
"""


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the raw files of the recipe, to stand in."""
    pages = [{"id": f"p{n}", "text": f"Ada met Ben at noon, {n} times. " * (1 + n % 9)} for n in range(90)]
    asked = [
        {"messages": [turn("user", f"Who came {n}?"), turn("assistant", "Ada. " * (n % 7 + 1))], "from": desk}
        for n, desk in enumerate(["clinic", "desk", "desk"] * 40)
    ]
    for name, rows in (("pages", pages), ("talks", asked)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def seen(change: tuple[str, ...] = (), limit: int = 0, to: tuple[str, ...] = ()) -> str:
    return preview(plan(load("./recipe.yaml", change, limit), Path("runs"), to))


def made(*steps: str, limit: int = 0) -> None:
    run(load("./recipe.yaml", (), limit), Path("runs"), list(steps))


def shares(text: str, source: str) -> list[float]:
    row = next(line for line in text.splitlines() if line.startswith(source))
    return [float(word) for word in row.split()[-10:]]


def figures(text: str) -> list[int]:
    """Items, tokens and steps as they are told."""
    found = re.search(r"about ([\d,]+) items, ([\d,]+) tokens, ([\d,]+) steps of 256", text)
    assert found is not None
    return [int(number.replace(",", "")) for number in found.groups()]


def test_before_anything_is_made_it_says_what_has_to_be(place: Path) -> None:
    text = seen()
    assert text == (
        "what student, second, other will see is known once talks, pages are made, or after a trial: "
        "metier run recipe.yaml --limit 100"
    )
    made("talks")
    text = seen()
    assert text.startswith("other (train.sft), of 120 records, as in mine/talks")
    assert "what student, second will see is known once pages is made" in text
    assert seen(to=("pages",)) == ""


def test_it_is_what_preparing_finds(place: Path) -> None:
    made("pages", "talks")
    text = seen()
    assert text.count("student, second (train.one_stage), of 210 records, as in mine/talks, mine/pages") == 1
    root = Path("runs/mine")
    given = Given(Artefact(root / "talks").records(Conversation), Artefact(root / "pages").records(Document))
    settings = load("./recipe.yaml").steps["student"].config
    assert settings is not None
    list(prepare(Checkpoint("asset:nano"), 3, settings, place / "out", given))  # type: ignore[arg-type]
    found = json.loads((place / "out" / "mixture.json").read_text())
    mixture, notes = Mixture(**found), json.loads((place / "out" / "notes.json").read_text())
    for number, source in enumerate(mixture.sources):
        expected = [tenth[number] for tenth in mixture.token_expected]
        assert shares(text, source) == pytest.approx(expected, abs=0.0051)
        assert f" {mixture.items[source] // 2:,} " in next(
            line for line in text.splitlines() if line.startswith(source)
        )
    items, tokens, steps = figures(text)
    assert items == notes["items"]
    assert tokens == pytest.approx(notes["tokens"], rel=0.05)
    assert steps == pytest.approx(notes["steps"], rel=0.05)


def test_a_budget_of_tokens_is_the_size(place: Path) -> None:
    made("talks")
    text = seen()
    assert re.search(r"about [\d,]+ items, 5,000 tokens, 20 steps of 256", text)
    assert "hours, memory and disk are known after a trial: metier run recipe.yaml --limit 100" in text


def test_a_trial_stands_for_what_is_not_made(place: Path) -> None:
    made("pages", "talks", limit=30)
    text = seen(to=("student",))
    assert "of about 210 records, as in mine-limit30/talks, mine-limit30/pages" in text
    trial = shares(text, "web")
    made("pages", "talks")
    text = seen(to=("student",))
    assert "of 210 records, as in mine/talks, mine/pages" in text
    assert trial == pytest.approx(shares(text, "web"), abs=0.1)


def test_a_trial_of_the_recipe_as_it_was_is_told_and_one_of_another_is_not_used(place: Path) -> None:
    made("pages", "talks", limit=30)
    assert "made otherwise" not in seen(to=("other",))
    text = seen(("steps.talks.language=en",), to=("other",))
    assert "mine-limit30/talks (made otherwise: language  → en)" in text
    read = '{use: instruct.read, paths: "talks.jsonl", source_column: from}'
    Path("recipe.yaml").write_text(RECIPE.replace(read, "{use: world.write, subject: general}"))
    assert seen(to=("other",)).startswith("what other will see is known once talks is made, or after a trial")


def test_what_the_trainer_leaves_out_or_reads_again_is_counted_so(place: Path) -> None:
    asked = [("Who? " * (n % 9 * 4 + 1), "Ada. " * (n % 5 * 40 + 1)) for n in range(90)]
    rows = [{"messages": [turn("user", one), turn("assistant", two)], "from": "desk"} for one, two in asked]
    rows += [{"messages": [turn("user", "Is there nobody?")], "from": "desk"}] * 30
    (place / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made("talks")
    for whole in ("true", "false"):
        changed = ("steps.other.tokens=null", f"steps.other.answers_only={whole}")
        settings = load("./recipe.yaml", changed).steps["other"].config
        records = Artefact(Path("runs/mine/talks")).records(Conversation)
        list(prepare(Checkpoint("asset:nano"), 3, settings, place / whole, Given(records)))  # type: ignore[arg-type]
        notes = json.loads((place / whole / "notes.json").read_text())
        assert notes["dropped"] > 20 and notes["continued"] > 50
        items, tokens = figures(seen(changed, to=("other",)))[:2]
        assert items == notes["items"]
        assert tokens == pytest.approx(notes["tokens"], rel=0.08)


def test_items_of_a_budget_are_those_of_the_sources_it_reaches(place: Path) -> None:
    made("pages", "talks")
    changed = ("steps.student.epochs=1", "steps.student.tokens=2000")
    settings = load("./recipe.yaml", changed).steps["student"].config
    root = Path("runs/mine")
    given = Given(Artefact(root / "talks").records(Conversation), Artefact(root / "pages").records(Document))
    list(prepare(Checkpoint("asset:nano"), 3, settings, place / "out", given))  # type: ignore[arg-type]
    notes = json.loads((place / "out" / "notes.json").read_text())
    assert figures(seen(changed, to=("student",)))[0] == pytest.approx(notes["items"], rel=0.1)


def test_stretches_of_a_step_count_by_their_records(place: Path) -> None:
    asked = [("Who?", "Ada. " * (100 if n >= 2048 else 1)) for n in range(2100)]
    rows = [{"messages": [turn("user", one), turn("assistant", two)], "from": "desk"} for one, two in asked]
    (place / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made("talks")
    changed = ("steps.other.tokens=null", "steps.other.window=512", "steps.other.batch_tokens=512")
    settings = load("./recipe.yaml", changed).steps["other"].config
    records = Artefact(Path("runs/mine/talks")).records(Conversation)
    list(prepare(Checkpoint("asset:nano"), 3, settings, place / "out", Given(records)))  # type: ignore[arg-type]
    tokens = int(re.search(r"items, ([\d,]+) tokens", seen(changed, to=("other",)))[1].replace(",", ""))  # type: ignore[index]
    assert tokens == pytest.approx(json.loads((place / "out" / "notes.json").read_text())["tokens"], rel=0.05)


def test_hours_memory_and_disk_come_from_a_trial(place: Path) -> None:
    made("pages", "talks", limit=30)
    root = Path("runs/mine-limit30")
    notes = {"tokens_per_second": 10.0, "peak_bytes": 3_000_000_000, "disk_bytes": 7_000_000_000, "seconds": 9.0}
    trial = plan(load("./recipe.yaml", (), 30), Path("runs"))
    for step, mark in (("student", trial.mark("student")), ("other", "older")):
        scratch = scratch_path(root / step, mark)
        scratch.mkdir()
        manifest = Manifest(step=step, stage=f"train.{step}", fingerprint=mark, notes=notes, config={"window": 32})
        finish(scratch, root / step, manifest)
    text = seen()
    student, other = text.split("\n\n")[0], text.split("\n\n")[-1]
    assert re.search(
        r"about \d+\.\d minutes, 3\.0 GB of memory, 7\.0 GB of disk at most; reckoned from mine-limit30", student
    )
    assert "(10 tokens a second)" in student
    assert "about 8.3 minutes" in other, "5,000 tokens at 10 a second"
    assert "made otherwise: was train.other, is train.sft" in other


def test_a_mixture_that_cannot_be_made_is_told_before(place: Path) -> None:
    made("pages", "talks")
    text = seen(("steps.student.priorities={web: 8, desks: 3, clinic: 1}",), to=("student",))
    assert text.startswith("student (train.one_stage) would stop: priorities: the source 'desk' has none")
    assert "did you mean 'desks'?" in text


def test_without_a_tokenizer_at_hand_items_are_counted(place: Path) -> None:
    made("talks")
    text = seen(("steps.other.from.base=hf:some/model",), to=("other",))
    assert "about 120 items; shares are of the items of each tenth; the tokenizer is not known yet" in text


def test_a_plan_never_imports_torch(place: Path) -> None:
    made("pages", "talks")
    code = (
        "import sys; from pathlib import Path; from metier.recipe import load; from metier.run.plan import plan\n"
        "from metier.run.preview import preview; text = preview(plan(load('./recipe.yaml'), Path('runs')))\n"
        "assert 'steps of 256' in text, text; assert 'torch' not in sys.modules and 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env={"PYTHONPATH": str(CHECKOUT), "PATH": ""})


def test_with_nothing_to_show_it_imports_nothing_heavy(place: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from metier.recipe import load; from metier.run.plan import plan\n"
        "from metier.run.preview import preview; text = preview(plan(load('./recipe.yaml'), Path('runs')))\n"
        "assert 'known once' in text and not {'torch', 'numba', 'transformers', 'tokenizers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env={"PYTHONPATH": str(CHECKOUT), "PATH": ""})

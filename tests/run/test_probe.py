"""A trial on the first rows: what each step keeps and why not, what the whole would cost, and what was said."""

from pathlib import Path
from typing import Any

import pytest

from metier.llm.budget import Spent
from metier.llm.spec import Limits, Local, Scripted
from metier.llm.stub import serving
from metier.recipe import load
from metier.run.make import run
from metier.run.plan import plan
from metier.run.probe import asked, before_training, findings, seconds
from metier.run.whole import scale, whole
from tests.command import metier
from tests.run.steps import echo

RECIPE = """
name: tried
models:
  teacher: {kind: scripted, function: "tests.run.steps:echo", price: {prompt: 1000, completion: 2000}}
  own: {kind: local, model: files}
steps:
  pages: {use: corpus.read, paths: pages.jsonl, split: line}
  answers: {use: "tests.run.steps:answers", writer: teacher}
  judged: {use: "tests.run.steps:judged", from: answers, doctor: teacher}
  files: {use: "tests.run.steps:files"}
  again: {use: "tests.run.steps:answers", from: pages, writer: own}
"""


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand pages of one size, of which some are refused."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    rows = (f'{{"text": "page {n:04d} says that it is page {n:04d}"}}\n' for n in range(1000))
    (tmp_path / "pages.jsonl").write_text("".join(rows))


def tried(*change: str, rows: int = 40) -> Any:
    found = load("./recipe.yaml", change, rows)
    return run(found, Path("runs"), before_training(found)), plan(load("./recipe.yaml", change), Path("runs"))


def test_it_stays_before_training_and_before_models_that_are_trained() -> None:
    assert before_training(load("./recipe.yaml")) == ["pages", "answers", "judged"]


def test_the_whole_is_reckoned_from_the_rows_of_the_file() -> None:
    trial, full = tried()
    one = asked(trial)[0]
    spent = one.spent["teacher"]
    assert (one.manifest.count_in, one.kept, spent.replies) == (40, 27, 27), "those with a 3 are refused"
    source = whole(trial, full, "pages")
    assert (source.tried, source.rows, source.about) == (40, 1000, False)
    assert scale([source]) == 25
    said = findings(trial, full, 2)
    assert f"answers    teacher  1,000     1,000  {(spent.prompt + spent.completion) * 25:,}" in said
    assert "USD; < 0.01 hours of replies. Reckoned from 1,000 rows of pages (40 tried)." in said
    cost = float(said.partition("\nin all ")[2].split()[0])
    assert cost == pytest.approx(spent.cost * 25, rel=1e-3)
    assert "answers  refused" in said and "32.5%  20.1% - 48.0%" in said, "13 of 40 by Wilson's interval"
    assert said.count("user: Say: page") == 4, "two conversations of each step that asks"


def test_a_second_trial_asks_nothing_and_reckons_the_same() -> None:
    trial, full = tried()
    before = findings(trial, full, 0).splitlines()
    again, full = tried("steps.answers.about='Say: '", "name=again")
    assert asked(again)[0].spent["teacher"].replies == 0
    after = findings(again, full, 0).splitlines()
    reckoned = [
        [line.split()[:6] for line in lines if line.startswith("answers    teacher")] for lines in (before, after)
    ]
    assert reckoned[0] == reckoned[1] and len(reckoned[0]) == 1
    assert "how long is not known" in after[-1]


def test_a_source_that_is_not_cut_is_known() -> None:
    trial, full = tried(rows=5000)
    assert whole(trial, full, "pages").rows == 1000 == whole(trial, full, "pages").tried


def test_a_source_that_cannot_be_counted_is_said(tmp_path: Path) -> None:
    text = RECIPE.replace("corpus.read, paths: pages.jsonl, split: line", '"tests.run.steps:letters", count: 300')
    (tmp_path / "recipe.yaml").write_text(text)
    trial, full = tried()
    assert "is not known without reading pages: the figures are for 1,000 rows" in findings(trial, full, 0)
    run(load("./recipe.yaml"), Path("runs"), ["pages"])
    assert "Reckoned from 300 rows of pages (40 tried)." in findings(trial, full, 0), "known once it was read"


@pytest.mark.parametrize(
    ("limits", "hours"),
    [
        (Limits(concurrency=10), 100 * 2.0 / 10),
        (Limits(concurrency=1), 100 * 2.0),
        (Limits(concurrency=10, requests_per_minute=60), 100.0),
        (Limits(concurrency=10, tokens_per_minute=600), 1000 / 10),
    ],
)
def test_how_long_it_takes_follows_from_the_limits(limits: Limits, hours: float) -> None:
    spent = Spent(sent=50, replies=50, cached=50, prompt=500, cached_prompt=500, seconds=100.0, busy=10.0)
    assert seconds(Scripted(function="a:b", limits=limits), spent) == pytest.approx(hours)


def test_a_checkpoint_here_is_no_faster_for_being_asked_more_at_once() -> None:
    spent = Spent(sent=50, replies=50, seconds=100.0, busy=10.0)
    assert seconds(Local(model="asset:nano", limits=Limits(concurrency=256)), spent) == pytest.approx(10.0)
    assert seconds(Local(model="asset:nano"), Spent(cached=50)) == 0, "not known where all came from the cache"


def test_an_endpoint_is_tried_and_what_it_keeps_to_is_shown() -> None:
    with serving(echo) as stub:
        kind = f'{{kind: openai, base_url: "{stub.url}", model: m, sampling: {{thinking: false}}}}'
        Path("recipe.yaml").write_text(RECIPE.replace(RECIPE.splitlines()[3].partition(": ")[2], kind))
        said = findings(*tried("models.teacher.limits={retries: 0}"), 0).splitlines()
        head = next(n for n, line in enumerate(said) if line.startswith("endpoint"))
        assert said[head + 2].split() == ["teacher", "no", "no", "no"]
        before = stub.counts().requests
        findings(*tried("models.teacher.limits={retries: 0}"), 0)
        assert stub.counts().requests == before, "tried once"


def test_from_the_command_line(tmp_path: Path) -> None:
    said = metier("probe", "./recipe.yaml", "--rows", "20", "-n", "1", cwd=tmp_path)
    assert said.code == 0, said
    assert "Reckoned from 1,000 rows of pages (20 tried)" in said.out and "assistant: Say: page 0000" in said.out
    back = metier("look", "runs/tried-limit20/judged", "--lineage", "pages.jsonl:1?", cwd=tmp_path)
    assert back.code == 0, back
    assert "pages.jsonl:1 " in back.out and "corpus.read" in back.out
    assert "of answers to tests.run.steps:echo, revision " in back.out and "temperature 0.0" in back.out
    assert "    user: Say: page 0000 says" in back.out and "    replied: Say: page 0000" in back.out
    (tmp_path / "runs/replies.sqlite").unlink()
    back = metier("look", "runs/tried-limit20/judged", "--lineage", "pages.jsonl:1?", cwd=tmp_path)
    assert "is not kept here any more" in back.out and "corpus.read" in back.out

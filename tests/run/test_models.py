"""Steps that ask models: what changes a step's fingerprint, what a run spends, and that nothing is asked twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact, Manifest, asset
from metier.llm.cache import Cache
from metier.llm.stub import Faults, serving
from metier.recipe import load
from metier.records import Conversation, MetierError
from metier.run.describe import outlook
from metier.run.make import run
from metier.run.plan import plan
from tests.command import CHECKOUT, metier
from tests.processes import runs
from tests.run.steps import echo

PATIENCE = 120
"""Seconds after which a run that asks nothing counts as stuck."""
RECIPE = """
name: asks
models:
  teacher: {kind: scripted, function: "tests.run.steps:echo", price: {prompt: 1000, completion: 2000}}
  other: {kind: scripted, function: "tests.run.steps:echo", revision: other}
steps:
  letters: {use: "tests.run.steps:letters", count: 10}
  answers: {use: "tests.run.steps:answers", writer: teacher}
  judged: {use: "tests.run.steps:judged", doctor: teacher}
"""


def write(tmp_path: Path, text: str = RECIPE) -> str:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    return str(file)


def todo(tmp_path: Path, *change: str, text: str = RECIPE) -> list[str]:
    found = plan(load(write(tmp_path, text), change), tmp_path / "runs")
    return [step.name for unit in found.todo() for step in unit.steps]


def make(tmp_path: Path, *change: str, text: str = RECIPE, **more: Any) -> None:
    run(load(write(tmp_path, text), change), tmp_path / "runs", **more)


def manifest(tmp_path: Path, step: str = "answers", name: str = "asks") -> Manifest:
    found = Artefact(tmp_path / "runs" / name / step).manifest
    assert found is not None
    return found


def test_a_run_asks_once_and_says_what_it_spent(tmp_path: Path) -> None:
    make(tmp_path)
    said = list(Artefact(tmp_path / "runs/asks/answers").records(Conversation))
    assert [one.messages[-1].content for one in said][:2] == ["Say: text 0 (0.0)", "Say: text 1 (0.0)"]
    found = manifest(tmp_path)
    assert found.dropped == {"refused": 1} and found.examples["refused"][0].id == "a3"
    spent = found.notes["models"]["teacher"]
    assert (spent["sent"], spent["cached"], spent["replies"], spent["failed"]) == (10, 0, 9, 1)
    assert spent["cost"] == pytest.approx((spent["prompt"] * 1000 + spent["completion"] * 2000) / 1e6)
    assert "models" not in manifest(tmp_path, "letters").notes
    make(tmp_path, "name=again", "steps.answers.about='Say: '")
    again = manifest(tmp_path, name="again").notes["models"]["teacher"]
    assert (again["cached"], again["replies"], again["cost"]) == (9, 0, 0), "replies are kept for every run"


def test_every_conversation_names_its_request(tmp_path: Path) -> None:
    make(tmp_path)
    cache = Cache(tmp_path / "runs/replies.sqlite")
    for one in Artefact(tmp_path / "runs/asks/answers").records(Conversation):
        asked = cache.request(one.request)
        assert asked is not None and asked.messages == one.messages[:1]
    cache.close()


@pytest.mark.parametrize(
    "change",
    [
        "models.teacher.limits={concurrency: 3}", "models.teacher.price={prompt: 3}", "models.teacher.http=true",
        "models.other.revision=x", "models.other.sampling={temperature: 1}", "replies=elsewhere.sqlite",
    ],
)  # fmt: skip
def test_what_cannot_change_an_answer_changes_no_fingerprint(tmp_path: Path, change: str) -> None:
    make(tmp_path)
    assert todo(tmp_path, change) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("models.teacher.sampling={temperature: 1.0}", "writer: temperature 0.0 → 1.0"),
        ("models.teacher.sampling={thinking: false}", "writer: thinking unset → False"),
        ("models.teacher.revision=v2", "writer: revision "),
        ("steps.answers.writer=other", "writer: revision "),
    ],
)
def test_what_can_change_an_answer_makes_the_step_again(tmp_path: Path, change: str, why: str) -> None:
    make(tmp_path)
    assert todo(tmp_path, change) == ["answers", "judged"]
    found = plan(load(write(tmp_path), [change]), tmp_path / "runs")
    assert why in found.steps["answers"].why


def test_a_model_may_take_another_name(tmp_path: Path) -> None:
    make(tmp_path)
    assert todo(tmp_path, text=RECIPE.replace("teacher", "master")) == []


def test_the_code_of_a_scripted_model_is_its_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "master_of_tests.py"
    module.write_text("def answer(request):\n    return 'yes'\n")
    text = RECIPE.replace("tests.run.steps:echo", "master_of_tests:answer", 1)
    make(tmp_path, text=text)
    assert todo(tmp_path, text=text) == []
    module.write_text("def answer(request):\n    return 'no'\n")
    assert todo(tmp_path, text=text) == ["answers", "judged"]


def test_plan_shows_the_models_that_are_asked(tmp_path: Path) -> None:
    said = outlook(plan(load(write(tmp_path)), tmp_path / "runs"))
    line = next(line for line in said.splitlines() if line.startswith("teacher"))
    assert "scripted" in line and "tests.run.steps:echo" in line and "answers, judged" in line
    assert "\nother" not in said


def test_the_optional_model_is_there_where_it_is_named(tmp_path: Path) -> None:
    make(tmp_path)
    make(tmp_path, "name=both", "steps.judged.judge=other")
    for name, models in (("asks", "teacher"), ("both", "teacher, other")):
        first = next(iter(Artefact(tmp_path / "runs" / name / "judged").records(Conversation)))
        assert first.messages[-1].content == models


def test_replies_lie_where_the_recipe_or_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, f"replies={tmp_path}/here.sqlite")
    assert (tmp_path / "here.sqlite").exists() and not (tmp_path / "runs/replies.sqlite").exists()
    monkeypatch.setenv("METIER_REPLIES", str(tmp_path / "there.sqlite"))
    make(tmp_path, f"replies={tmp_path}/here.sqlite", "name=again")
    assert (tmp_path / "there.sqlite").exists()


def test_a_run_that_asks_nothing_opens_nothing(tmp_path: Path) -> None:
    make(tmp_path, to=["letters"])
    assert not (tmp_path / "runs/replies.sqlite").exists()


def test_a_mistake_in_a_scripted_model_stops_the_run_in_one_line(tmp_path: Path) -> None:
    for http in ("false", "true"):
        with pytest.raises(MetierError, match=r"recipe.yaml:8: step 'answers': model 'teacher': tests.run.steps:breaks "
                           r"failed at .*steps.py:\d+: ZeroDivisionError") as error:  # fmt: skip
            make(tmp_path, f"models.teacher.http={http}", text=RECIPE.replace("steps:echo", "steps:breaks", 1))
        assert "\n" not in str(error.value)


def test_a_spent_budget_stops_and_goes_on_later(tmp_path: Path) -> None:
    small = "models.teacher.sampling={max_tokens: 8}"
    with pytest.raises(MetierError, match=r"step 'answers': models: teacher: .* of a budget of 0.08"):
        make(tmp_path, small, "models.teacher.budget=0.08", "models.teacher.limits={concurrency: 1}")
    assert not (tmp_path / "runs/asks/answers").exists()
    make(tmp_path, small)
    spent = manifest(tmp_path).notes["models"]["teacher"]
    assert spent["cached"] >= 1 and spent["cached"] + spent["replies"] == 9


def test_an_interrupted_run_asks_only_what_was_not_answered(tmp_path: Path) -> None:
    text = RECIPE.replace("steps:echo", "steps:slow_echo", 1).replace("count: 10", "count: 60")
    text = text.replace("price: {prompt: 1000, completion: 2000}", "limits: {concurrency: 4}")
    command = [sys.executable, "-m", "metier.cli", "run", write(tmp_path, text)]
    started = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, stderr=subprocess.PIPE, text=True
    )
    asked, end = tmp_path / "asked.txt", time.monotonic() + PATIENCE
    while not (asked.exists() and len(asked.read_text().splitlines()) >= 12):
        assert started.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=PATIENCE)
    assert started.returncode == 130 and "stopped; the same command goes on from here" in err, err
    assert "Traceback" not in err
    before = len(asked.read_text().splitlines())
    said = metier("run", "./recipe.yaml", cwd=tmp_path)
    assert said.code == 0, said
    found = manifest(tmp_path)
    spent = found.notes["models"]["teacher"]
    assert spent["cached"] >= before - 4, "only what was under way is asked again"
    assert spent["cached"] + spent["replies"] == found.counts["conversation"] == 60
    assert len(asked.read_text().splitlines()) == before + spent["sent"]


OWN = """
name: own
models:
  own: {kind: local, model: copied, sampling: {max_tokens: 6}}
steps:
  letters: {use: "tests.run.steps:letters", count: 4}
  copied: {use: "tests.run.steps:copied"}
  answers: {use: "tests.run.steps:answers", from: letters}
"""


def test_a_checkpoint_of_a_step_answers_and_feeds_the_step_that_asks_it(tmp_path: Path) -> None:
    make(tmp_path, text=OWN, to=["answers"])
    found, copied = manifest(tmp_path, name="own"), manifest(tmp_path, "copied", "own")
    assert found.models["writer"]["revision"] == copied.fingerprint and found.models["writer"]["model"] == "copied"
    assert found.notes["models"]["own"]["replies"] == found.counts["conversation"] == 4
    assert todo(tmp_path, "steps.copied.note=x", text=OWN) == ["copied", "answers"]
    assert todo(tmp_path, text=OWN.replace("model: copied", f"model: {tmp_path}/runs/own/copied")) == []
    make(tmp_path, "steps.copied.note=x", text=OWN)
    again = manifest(tmp_path, name="own").notes["models"]["own"]
    assert (again["cached"], again["replies"]) == (0, 4), "another checkpoint is another model"


SERVED = """
name: served
models:
  big: {{kind: vllm, model: {model}, revision: "1", command: [{command}]}}
steps:
  letters: {{use: "tests.run.steps:letters", count: 4}}
  answers: {{use: "tests.run.steps:answers", from: letters}}
  loads: {{use: "tests.run.steps:loads", from: {{base: "asset:nano"}}, pid_file: {model}/started.json}}
  later: {{use: "tests.run.steps:answers", from: letters, about: "Now say: "}}
"""


def test_a_server_is_stopped_before_a_step_that_loads_weights_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    model = tmp_path / "stub"
    shutil.copytree(asset("asset:nano"), model)
    command = f'"{sys.executable}", "{CHECKOUT}/tests/llm/stand_in.py"'
    make(tmp_path, text=SERVED.format(model=model, command=command))
    assert (tmp_path / "runs/served/loads/running.txt").read_text() == "0"
    said = [one.messages[-1].content for one in Artefact(tmp_path / "runs/served/later").records(Conversation)]
    assert said[0] == "stub says Now say: text 0"
    assert (tmp_path / "runs/served/big.log").read_text().count("loading weights") == 2
    pids = json.loads((model / "started.json").read_text())["pids"]
    assert not any(map(runs, pids)), "nothing is left when the run ends"


def test_no_key_is_in_what_a_run_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "sk-very-secret")
    with serving(echo, Faults(key="sk-very-secret")) as stub:
        kind = f'{{kind: openai, base_url: "{stub.url}", model: m, api_key_env: TEACHER_KEY}}'
        text = f"name: asks\nmodels:\n  teacher: {kind}\n" + RECIPE[RECIPE.index("steps:\n") :]
        make(tmp_path, "models.teacher.limits={retries: 0}", text=text)
        files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
        assert len(files) > 5
        for path in files:
            assert b"very-secret" not in path.read_bytes(), path
        monkeypatch.setenv("TEACHER_KEY", "sk-quite-wrong")
        with pytest.raises(MetierError) as error:
            make(tmp_path, "steps.answers.about=x", text=text)
        assert "quite-wrong" not in str(error.value) and "401" in str(error.value)

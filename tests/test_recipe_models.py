"""The models table: every kind, what a step may name, and every mistake with its place and remedy."""

from pathlib import Path

import pytest

from metier.llm.request import Sampling
from metier.llm.spec import Endpoint, Local, Price, Scripted, Vllm
from metier.recipe import RecipeError, load

GOOD = """\
name: tiny
models:
  teacher: {kind: openai, base_url: "http://localhost:1/v1", model: big, revision: "1", api_key_env: KEY}
  echo: {kind: scripted, function: "tests.run.steps:echo", sampling: {temperature: 0.5}}
  own: {kind: local, model: files}
steps:
  letters: {use: "tests.run.steps:letters", count: 10}
  answers: {use: "tests.run.steps:answers", writer: teacher}
  files: {use: "tests.run.steps:files"}
  judged: {use: "tests.run.steps:judged", from: answers, doctor: own, judge: echo}
"""

MISTAKES = {
    "models:": {
        "modles:": ":2: unknown key 'modles'; did you mean 'models'?",
    },
    "kind: openai,": {
        "": ":3: model 'teacher': it does not say its kind; write kind: openai or vllm or local or scripted",
        "kind: opnai,": ":3: model 'teacher': no kind of model 'opnai'; did you mean 'openai'?",
        "kind: vllm,": ":3: model 'teacher': kind vllm has no setting 'base_url'",
        "kind: [openai],": ":3: model 'teacher': no kind of model ['openai']",
    },
    "api_key_env: KEY": {
        "api_kye_env: KEY": ":3: model 'teacher': kind openai has no setting 'api_kye_env'; did you mean "
        "'api_key_env'?",
        "api_key: KEY": ":3: model 'teacher': a recipe holds no 'api_key'; name the variable of the environment",
        "limits: {concurrency: 0}": ":3: model 'teacher': limits.concurrency is 0: expected `int` >= 1",
        "limits: {concurency: 1}": ":3: model 'teacher': limits of kind openai has no setting 'concurency'; "
        "did you mean 'concurrency'?",
        "sampling: {stop: [1]}": ":3: model 'teacher': sampling.stop is [1]: expected `str`, got `int`",
        "budget: much": ":3: model 'teacher': budget is 'much': expected `float`, got `str`",
    },
    'base_url: "http://localhost:1/v1", ': {
        "": ":3: model 'teacher': kind openai needs the setting 'base_url'; "
        "write it there, or --set models.teacher.base_url=VALUE",
        "base_url: localhost, ": ":3: model 'teacher': base_url is no URL",
    },
    "  echo: {": {"  e cho: {": ":4: model 'e cho': a model is named with letters"},
    "function: ": {"fnction: ": ":4: model 'echo': kind scripted has no setting 'fnction'; did you mean 'function'?"},
    "tests.run.steps:echo": {
        "tests.run.steps.echo": ":4: model 'echo': function is 'tests.run.steps.echo'; write it as module:function",
        "tests.run.steps:ecoh": ":4: model 'echo': tests.run.steps has no function 'ecoh'",
        "tests.run.stepz:echo": ":4: model 'echo': no module 'tests.run.stepz'",
    },
    "{kind: local, model: files}": {
        "{kind: local, model: ./nowhere}": ":5: model 'own': ./nowhere: no such model directory",
        "{kind: local, model: fils}": ":10: step 'judged': the model 'own' is made by no step 'fils' above; "
        "did you mean 'files'?",
        "{kind: local, model: answers}": ":10: step 'judged': the model 'own' is no checkpoint: step 'answers'",
    },
    "writer: teacher": {
        "writer: techer": ":8: step 'answers': writer is 'techer': the recipe has no such model; "
        "did you mean 'teacher'?",
        "writer: 3": ":8: step 'answers': writer is 3: the recipe has no such model; known: echo, own, teacher",
        "about: x": ":8: step 'answers': tests.run.steps:answers asks a model as 'writer'; name one of teacher, echo, "
        "own: writer: MODEL",
        "writer: own": ":8: step 'answers': the model 'own' is made by no step 'files' above",
        "writer: teacher, judge: echo": ":8: step 'answers': tests.run.steps:answers has no setting 'judge'",
        "writer: teacher, from: {writer: echo}": ":8: step 'answers': 'writer' is a model, not fed by a step",
    },
    'use: "tests.run.steps:files"': {
        'use: "tests.run.steps:files", writer: echo': ":9: step 'files': tests.run.steps:files asks no model 'writer'"
    },
}


def write(tmp_path: Path, text: str) -> str:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize(
    ("old", "new", "said"), [(old, new, said) for old, some in MISTAKES.items() for new, said in some.items()]
)
def test_a_mistake_is_named_with_its_place_and_remedy(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(RecipeError) as error:
        load(write(tmp_path, GOOD.replace(old, new, 1)))
    assert f"recipe.yaml{said}" in str(error.value)
    assert "\n" not in str(error.value)


def test_every_kind_is_read(tmp_path: Path) -> None:
    text = GOOD.replace("steps:\n", '  big: {kind: vllm, model: "hf:a/b", gpus: 2, price: {prompt: 1}}\nsteps:\n', 1)
    recipe = load(write(tmp_path, text), ["models.teacher.budget=3"])
    teacher, echo, own, big = (recipe.models[name] for name in ("teacher", "echo", "own", "big"))
    assert isinstance(teacher, Endpoint) and teacher.budget == 3 and teacher.called == "big"
    assert isinstance(echo, Scripted) and echo.sampling == Sampling(temperature=0.5)
    assert isinstance(own, Local) and isinstance(big, Vllm)
    assert big.price == Price(prompt=1) and big.called == "a/b"
    assert recipe.steps["answers"].asks == {"writer": "teacher"}
    assert recipe.steps["judged"].asks == {"doctor": "own", "judge": "echo"}
    assert recipe.behind(recipe.steps["judged"]) == ["answers", "files"]


def test_the_only_model_is_asked_where_none_is_named_but_not_in_an_optional_place(tmp_path: Path) -> None:
    head, _, _ = GOOD.partition("  echo:")
    steps = (
        GOOD[GOOD.index("\nsteps:") + 1 :].replace(", writer: teacher", "").replace(", doctor: own, judge: echo", "")
    )
    recipe = load(write(tmp_path, head + steps))
    assert recipe.steps["answers"].asks == {"writer": "teacher"}
    assert recipe.steps["judged"].asks == {"doctor": "teacher"}


def test_models_is_a_table(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"recipe.yaml:1: models is \['teacher'\]; write models: "):
        load(write(tmp_path, "models: [teacher]\nsteps:\n  letters: {use: 'tests.run.steps:letters'}\n"))


def test_a_key_is_never_repeated(tmp_path: Path) -> None:
    for line in ("api_key_env: sk-12345", "api_key: sk-12345", "token: sk-12345"):
        with pytest.raises(RecipeError) as error:
            load(write(tmp_path, GOOD.replace("api_key_env: KEY", line)))
        assert "12345" not in str(error.value)

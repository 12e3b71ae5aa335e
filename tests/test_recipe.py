"""Every mistake in a recipe is one line with the place, the value and the remedy, before anything runs."""

from pathlib import Path

import pytest

from metier.recipe import RecipeError, load, shipped
from tests.command import metier

GOOD = """\
name: tiny
seed: 3
steps:
  letters: {use: "tests.run.steps:letters", count: 10}
  odd: {use: "tests.run.steps:odd"}
  greet: {use: "tests.run.steps:greet"}
  count: {use: "tests.run.steps:count", from: greet}
"""

MISTAKES = {
    "name: tiny": {
        "nam: tiny": ":1: unknown key 'nam'; did you mean 'name'?",
        "name: a/b": ":1: name is 'a/b'; begin with a letter",
        "name: [": ":3: not YAML",
        "name: tiny\nname: tiny": ":2: the key 'name' stands twice; remove one",
        "name: ${METIER_NOT_SET}": ":1: the environment has no METIER_NOT_SET; set it: export METIER_NOT_SET=...",
    },
    "seed: 3": {"seed: three": ":2: seed is 'three'; it must be a whole number", "seed: yes": ":2: seed is 'yes'"},
    "count: 10": {
        "cuont: 10": ":4: step 'letters': tests.run.steps:letters has no setting 'cuont'; did you mean 'count'?",
        'count: "10"': ":4: step 'letters': count is '10': expected `int`, got `str`",
        "count: 1.5": ":4: step 'letters': count is 1.5: expected `int`, got `float`",
        "seed: 4": ":4: step 'letters': tests.run.steps:letters draws nothing at random and takes no seed",
        "keep: maybe": ":4: step 'letters': keep is 'maybe'; it must be true or false",
        "from: odd": ":4: step 'letters': tests.run.steps:letters takes nothing from other steps; remove 'from'",
    },
    'use: "tests.run.steps:odd"': {
        "use: corpus.claen": ":5: step 'odd': no stage 'corpus.claen'; did you mean 'corpus.clean'?",
        'use: "tests.run.steps:odder"': ":5: step 'odd': tests.run.steps has no function 'odder'",
        'use: "tests.run.stepz:odd"': ":5: step 'odd': no module 'tests.run.stepz'",
        'us: "tests.run.steps:odd"': ":5: step 'odd' does not say which stage it uses",
        'use: "tests.run.steps:odd", from: lettres': ":5: step 'odd': no step 'lettres' above it; "
        "did you mean 'letters'?",
        'use: "tests.run.steps:odd", from: odd': ":5: step 'odd': batch is fed by the step itself",
        'use: "tests.run.steps:odd", from: {bach: letters}': ":5: step 'odd': tests.run.steps:odd has no input 'bach'",
        'use: "tests.run.steps:odd", from: nowhere/x': ":5: step 'odd': batch: nowhere/x: no such file or directory",
    },
    "from: greet": {
        "from: letters": ":7: step 'count': conversations takes Conversation, "
        "but step 'letters' (tests.run.steps:letters) "
        "yields Document; feed it from 'greet'",
        "from: []": ":7: step 'count': conversations takes at least one source",
    },
    "steps:": {"stepps:": ":1: a recipe needs a 'steps:' table with at least one step"},
}


@pytest.mark.parametrize(
    ("old", "new", "said"), [(old, new, said) for old, some in MISTAKES.items() for new, said in some.items()]
)
def test_a_mistake_is_named_with_its_place_and_remedy(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    file = tmp_path / "recipe.yaml"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(RecipeError) as error:
        load(str(file))
    assert f"{file}{said}" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("steps.letters.cout=3", "has no setting 'cout'; did you mean 'count'?"),
        ("letters.count=3", "did you mean steps.letters.count?"),
        ("steps.leters.count=3", "steps has no table 'leters'; did you mean 'letters'?"),
        ("steps.letters.count", "write it as --set steps.STEP.SETTING=VALUE"),
        ("sede=3", "a recipe has no 'sede'; did you mean 'seed'?"),
        ("steps.letters.count=[", "not YAML"),
    ],
)
def test_a_mistake_in_set_is_named(tmp_path: Path, override: str, said: str) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(GOOD)
    with pytest.raises(RecipeError) as error:
        load(str(file), [override])
    assert said in str(error.value)


def test_set_is_yaml(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(GOOD)
    recipe = load(str(file), ["steps.letters.count=7", "steps.odd.why=no", "seed=9"])
    assert recipe.steps["letters"].config.count == 7  # type: ignore[union-attr]
    assert recipe.steps["odd"].config.why == "no", "YAML 1.2: no is a word"  # type: ignore[union-attr]
    assert recipe.seed == 9


def test_the_environment_fills_in(tmp_path: Path) -> None:
    text = GOOD.replace("name: tiny", "name: run-${METIER_TEST_NAME}").replace("seed: 3", "seed: ${METIER_TEST_SEED}")
    (tmp_path / "recipe.yaml").write_text(text)
    said = metier("plan", "./recipe.yaml", cwd=tmp_path, before="export METIER_TEST_NAME=seven METIER_TEST_SEED=7")
    assert said.code == 0, said
    assert "in runs/run-seven" in said.out, "a value that is one variable is YAML: the seed is a number"


@pytest.mark.parametrize("name", ["2024", "true", "1e5", "2024-05-01"])
def test_any_word_names_a_run(tmp_path: Path, name: str) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(GOOD)
    assert load(str(file), run=name).name == name


@pytest.mark.parametrize("name", ["..", "../x", ".hidden", "a b"])
def test_a_run_stays_in_its_place(tmp_path: Path, name: str) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(GOOD)
    with pytest.raises(RecipeError, match="name is"):
        load(str(file), run=name)


def test_exponents_are_numbers(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(GOOD.replace("count: 10", "count: 1e1"))
    with pytest.raises(RecipeError, match=r"count is 10\.0"):
        load(str(file))


def test_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean 'quickstart'"):
        load("quikstart")


def test_every_shipped_recipe_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BOOKS", "LITERATURE", "ENCYCLOPEDIA", "WEB", "GENERAL", "EXAM"):
        monkeypatch.setenv(name, "x.jsonl")
    assert {"quickstart", "nano-base", "one-vs-two", "medquad"} <= set(shipped())
    paths = {"medquad": ["pages"], "instruct-real": ["pages", "replies"]}
    for name in shipped():
        assert load(name, [f"steps.{step}.paths=x.jsonl" for step in paths.get(name, ())]).steps
    with pytest.raises(RecipeError, match="needs the setting 'paths'"):
        load("medquad")


def test_a_typo_inside_a_table_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    text = "name: x\nsteps:\n  pages: {use: corpus.read, paths: a.txt}\n  unique:\n    use: corpus.dedup\n"
    file.write_text(text + "    near:\n      similarty: 0.8\n")
    with pytest.raises(RecipeError, match=r"recipe.yaml:7: .*near of corpus.dedup has no setting 'similarty'"):
        load(str(file))
    with pytest.raises(RecipeError, match="did you mean 'similarity'"):
        load(str(file))
    file.write_text("name: x\nsteps:\n  pairs:\n    use: preferences.read\n    paths: a.txt\n    columns: {chosn: a}\n")
    with pytest.raises(RecipeError, match=r"recipe.yaml:6: .*columns of .* no setting 'chosn'; did you mean 'chosen'"):
        load(str(file))

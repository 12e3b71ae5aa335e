"""``STEP@N`` is the N-th snapshot that a step keeps, wherever a checkpoint is taken, with a fingerprint of its own."""

from pathlib import Path

import msgspec
import pytest

from metier.artefact import Artefact
from metier.recipe import RecipeError, load
from metier.records import Checkpoint, MetierError
from metier.run.find_model import find_model
from metier.run.make import run
from metier.run.plan import Plan, plan

RECIPE = """\
name: walks
models:
  own: {kind: local, model: walk@2}
steps:
  letters: {use: "tests.run.steps:letters", count: 4}
  walk: {use: "tests.run.walks:walked", keep: 3}
  given: {use: "tests.run.walks:given", from: {base: walk@1}}
  compared: {use: "tests.run.walks:compared", from: {models: {all: [walk@1, walk@2, walk@3], end: walk}}}
"""
ASKS = '  answers: {use: "tests.run.steps:answers", from: letters, writer: own}\n'


def write(tmp_path: Path, old: str = "walks", new: str = "walks", more: str = "") -> str:
    assert old in RECIPE
    file = tmp_path / "recipe.yaml"
    file.write_text(RECIPE.replace(old, new, 1) + more)
    return str(file)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    tmp_path = tmp_path_factory.mktemp("walks")
    return run(load(write(tmp_path)), tmp_path / "runs")


def test_a_snapshot_is_a_checkpoint_of_its_own(made: Plan) -> None:
    own = made.mark("walk")
    first = msgspec.json.decode((made.root / "given" / "base.json").read_bytes(), type=Checkpoint)
    assert first == Checkpoint(str(made.root / "walk" / "kept" / "1"), base="walk@1", fingerprint=f"{own}@1")
    models = msgspec.json.decode(
        (made.root / "compared" / "models.json").read_bytes(), type=dict[str, list[Checkpoint]]
    )
    end = Checkpoint(str(made.root / "walk"), base="walk", fingerprint=own)
    second = Checkpoint(str(made.root / "walk" / "kept" / "2"), base="walk@2", fingerprint=f"{own}@2")
    assert models == {"all": [first, second, end], "end": [end]}


def test_another_snapshot_makes_a_step_again_and_the_last_one_is_the_step(made: Plan) -> None:
    home = made.root.parents[1]

    def late(base: str) -> list[str]:
        found = plan(load(write(home, "base: walk@1", f"base: {base}")), home / "runs")
        return [f"{step.name}: {found.steps[step.name].why}" for unit in found.todo() for step in unit.steps]

    assert late("walk@1") == []
    assert late("walk@2") == ["given: made from walk@2, which changed"]
    assert plan(load(write(home, "base: walk@1", "base: walk@3")), home / "runs").mark("given") == plan(
        load(write(home, "base: walk@1", "base: walk")), home / "runs"
    ).mark("given")


def test_a_manifest_names_the_snapshot_and_the_step_behind_it_is_found(made: Plan) -> None:
    manifest = Artefact(made.root / "given").manifest
    assert manifest is not None
    assert manifest.sources == {"base": ["walk@1"]}
    assert manifest.inputs == {"walk@1": f"{made.mark('walk')}@1"}
    for step in ("walk", "given"):
        (made.root / step / "complete").touch()
    assert find_model(str(made.root)) == str(made.root / "given"), "it stands behind walk, and so was trained after it"


def test_a_model_that_is_asked_may_be_a_snapshot(tmp_path: Path) -> None:
    found = plan(load(write(tmp_path, more=ASKS)), tmp_path / "runs")
    assert found.models["own"].model == str(tmp_path / "runs" / "walks" / "walk" / "kept" / "2")  # type: ignore[union-attr]
    assert found.models["own"].revision == f"{found.mark('walk')}@2"
    assert found.recipe.behind(found.recipe.steps["answers"]) == ["letters", "walk"]


def test_a_snapshot_is_named_on_the_command_line_as_in_the_recipe(made: Plan) -> None:
    walk = made.root / "walk"
    assert find_model(f"{walk}@2") == str(walk / "kept" / "2")
    assert find_model(f"{walk}@3") == str(walk), "the last one is the step itself"
    for name, said in (
        ("walk@4", "walk keeps walk@1 to walk@3"),
        ("walk@", "walk keeps walk@1 to walk@3"),
        ("given@1", "given keeps no snapshots"),
        ("wolk@1", "there is no finished step"),
    ):
        with pytest.raises(MetierError, match=said):
            find_model(str(made.root / name))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "base: walk@1",
            "base: walk@4",
            "keeps walk@1 to walk@3; name one of these, or change its keep: 3",
        ),
        ("base: walk@1", "base: walk@0", "step 'walk' keeps walk@1 to walk@3"),
        ("base: walk@1", "base: walk@last", "walk@last: step 'walk' keeps walk@1 to walk@3"),
        ("base: walk@1", "base: wolk@1", "no step 'wolk' above it; did you mean 'walk'?"),
        ("base: walk@1", "base: given@1", "base is fed by the step itself"),
        (", keep: 3", "", "(tests.run.walks:walked) keeps no snapshots; write keep: 2 in step 'walk' (its end is the"),
        (", keep: 3", ", keep: true", "step 'walk': keep is True: expected `int`"),
        ("base: walk@1", "base: letters@1", "base takes a directory, but step 'letters'"),
        ("model: walk@2", "model: walk@7", "the model 'own': walk@7: step 'walk' keeps walk@1 to walk@3"),
    ],
)
def test_a_snapshot_that_is_not_kept_is_told_when_the_recipe_is_read(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(RecipeError) as error:
        load(write(tmp_path, old, new, ASKS))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_records_have_no_snapshots(tmp_path: Path) -> None:
    more = '  odd: {use: "tests.run.steps:odd", from: letters@1}\n'
    with pytest.raises(RecipeError, match="letters@1 is a model, and batch takes records; write letters"):
        load(write(tmp_path, more=more))


def test_a_snapshot_that_a_training_never_came_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="walk@2: step 'walk' stopped before it; name an earlier snapshot"):
        run(load(write(tmp_path, "keep: 3", "keep: 3, stop: 2")), tmp_path / "runs")

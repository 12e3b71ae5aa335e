"""The shipped recipe of localisation in small: every step runs, and what it measures before and after is there."""

import json
from pathlib import Path

from metier.artefact import Artefact
from metier.records import Conversation, Preference, Question, Verdict
from tests.command import metier
from tests.test_recipes import change

SMALL = {
    "policy__tokens": 4096,
    "everyday__draws": 1,
    "replies__limit": 40,
    "replies__temperature": 1.5,
    "replies__max_tokens": 4,
    "known__limit": 8,
    "known__max_tokens": 4,
    "judge_of_home__epochs": 1,
    "judge_of_home__least_accuracy": 0,
    "localised_policy__samples": 8,
    "localised_policy__rollout": 4,
    "localised_policy__chunk": 4,
    "localised_policy__epochs": 1,
    "localised_policy__learning_rate": 0.01,
    "localised_policy__max_tokens": 8,
    "localised_policy__probe_prompts": 2,
    "said__limit": 8,
    "said__max_tokens": 8,
    "duels__limit": 60,
    "duels__temperature": 1.5,
    "duels__max_tokens": 4,
    "moved__limit": 8,
    "moved__max_tokens": 8,
}


def test_rlaif_quickstart_in_small(tmp_path: Path) -> None:
    said = metier("run", "rlaif-quickstart", *change(**SMALL), cwd=tmp_path)
    assert said.code == 0, said
    place = tmp_path / "runs" / "rlaif-quickstart"
    scores = json.loads((place / "scores.json").read_text())
    found = {(one["model"], one["metric"]) for one in scores}
    both = {(model, metric) for model in ("sft", "rlaif") for metric in ("macro_f1", "accuracy", "names_any")}
    assert both | {("rlaif", "win_rate"), ("rlaif", "kl"), ("rlaif", "tax")} <= found
    cells = {tuple(one["by"].items()) for one in scores if one["metric"] == "macro_f1"}
    assert {(("land", "unnamed"), ("heard", heard)) for heard in ("yes", "no")} <= cells
    prompts = [
        {one.prompt for one in Artefact(place / step).records(Conversation)} for step in ("to_label", "to_train")
    ]
    stems = {one.stem for one in Artefact(place / "exam").records(Question) if one.labels["land"] == "unnamed"}
    asked = [{turn.content for one in some for turn in one} for some in prompts]
    assert all(asked) and not asked[0] & asked[1] and not (asked[0] | asked[1]) & stems
    notes = json.loads((place / "localised" / "notes.json").read_text())
    assert notes["asked"] and notes["before"] and notes["first_wins"]["value"] > 0.5
    kept = list(Artefact(place / "mixed").records(Preference))
    assert {one.source for one in kept} >= {"localised"} and all(one.chosen != one.rejected for one in kept)
    assert all(one.rater == "human" for one in Artefact(place / "people").records(Verdict))

"""The shipped recipe of mixed feedback in small: every step runs, and what it measures is there."""

import json
from pathlib import Path

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Conversation, Preference
from metier.run.make import run

SMALL = {
    "drugs__drugs": 4,
    "seen__drugs": 4,
    "seen__each": 4,
    "sft__tokens": 2000,
    "sft__epochs": 1,
    "patients__drugs": 4,
    "patients__each": 12,
    "sampled__limit": 6,
    "sampled__max_tokens": 12,
    "preferences__margin": 0,
    "preferences__keep": "all",
    "reward__epochs": 1,
    "reward__least_accuracy": 0,
    "strangers__drugs": 4,
    "strangers__each": 4,
    "tries__n": 2,
    "tries__max_tokens": 12,
    "probes__margin": 0,
    "probes__keep": "all",
    "ppo__samples": 8,
    "ppo__rollout": 4,
    "ppo__chunk": 4,
    "ppo__epochs": 1,
    "ppo__max_tokens": 8,
    "ppo__probe_prompts": 2,
    "others__drugs": 4,
    "others__each": 6,
    "replies__max_tokens": 8,
    "aspects__drugs": 4,
    "kl__max_tokens": 8,
}


def test_rlmf_quickstart_in_small(tmp_path: Path) -> None:
    small = [f"steps.{key.replace('__', '.')}={value}" for key, value in SMALL.items()]
    run(load("rlmf-quickstart", small), tmp_path / "runs")
    place = tmp_path / "runs" / "rlmf-quickstart"
    scores = json.loads((place / "scores.json").read_text())
    found = {(one["model"], one["metric"]) for one in scores}
    assert {("ppo", "win_rate"), ("ppo", "points"), ("sft", "points"), ("ppo", "kl"), ("ppo", "tax")} <= found
    exams = {one["model"] for one in scores if (one["task"], one["metric"]) == ("choices", "accuracy")}
    assert exams == {"base", "sft", "ppo"}
    prompts = {
        step: list(Artefact(place / step).records(Conversation)) for step in ("seen", "asked", "policy", "unseen")
    }
    texts = [{one.prompt for one in some} for some in prompts.values()]
    assert all(texts) and len(set.union(*texts)) == sum(map(len, texts)), "no prompt has two uses"
    assert all(one.chosen != one.rejected for one in Artefact(place / "preferences").records(Preference))
    assert (place / "ppo" / "ppo.jsonl").read_text().count("\n") == 2

"""The shipped recipes of the instruct room in small."""

import json
from pathlib import Path

import pytest

from metier.artefact import Artefact
from metier.records import Conversation
from tests.command import CHECKOUT, metier
from tests.test_recipes import DATA, change

TOYHOM = CHECKOUT.parent / "shared" / "data" / "dialogue" / "toyhom_sample_gb18030.csv"


def test_instruct_quickstart_in_small(tmp_path: Path) -> None:
    small = change(drugs__drugs=4, cases__drugs=4, zh__drugs=2, ar__drugs=2, specialist__tokens=20000)
    said = metier("run", "instruct-quickstart", *small, cwd=tmp_path)
    assert said.code == 0, said
    place = tmp_path / "runs" / "instruct-quickstart"
    scores = {
        (one["task"], one["model"], one["metric"])
        for one in json.loads((place / "scores.json").read_text())
        if not one["by"]
    }
    told = {(f"{language}unified", "conversations", "facts_told") for language in ("", "zh_", "ar_")}
    exams = {(task, model, "accuracy") for task in ("choices", "general") for model in ("base", "specialist")}
    assert told | exams | {("general", "specialist", "tax")} <= scores
    steps = ("unified", "zh_unified", "ar_unified", "polished", "consultations", "localized")
    made = {step: list(Artefact(place / step).records(Conversation)) for step in steps}
    assert all(made.values()) and all(one.request for step in steps[:3] for one in made[step])
    again = metier("run", "instruct-quickstart", *small, cwd=tmp_path)
    assert again.code == 0 and again.err.count(": stands") == again.err.count("\n"), again.err


@pytest.mark.skipif(not (DATA.exists() and TOYHOM.exists()), reason="../shared/data is absent")
def test_real_text_is_unified_and_polished(tmp_path: Path) -> None:
    files = change(pages__paths=DATA, replies__paths=TOYHOM)
    said = metier("run", "instruct-real", *files, "--limit", "20", cwd=tmp_path)
    assert said.code == 0, said
    scores = json.loads((tmp_path / "runs" / "instruct-real-limit20" / "scores.json").read_text())
    told = {one["metric"]: one["value"] for one in scores if not one["by"]}
    assert told["facts_told"] > 0.9 and told["sentences_told"] > 0.9

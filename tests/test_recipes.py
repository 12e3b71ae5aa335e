"""The shipped recipes in small, from the command line to scores and report."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import CHECKOUT, metier

DATA = CHECKOUT.parent / "shared" / "data" / "corpus" / "medquad_qa.jsonl.gz"


def change(**settings: Any) -> list[str]:
    """``step__setting=value`` as --set options."""
    return [word for key, value in settings.items() for word in ("--set", f"steps.{key.replace('__', '.')}={value}")]


def keys(place: Path) -> set[tuple[str, str, str]]:
    """(task, model, metric) of every score."""
    scores = json.loads((place / "scores.json").read_text())
    assert all(one["n"] > 0 and one["low"] <= one["value"] <= one["high"] for one in scores)
    return {(one["task"], one["model"], one["metric"]) for one in scores}


def test_quickstart_in_small(tmp_path: Path) -> None:
    small = change(drugs__drugs=8, specialist__tokens=20000, samples__limit=10)
    said = metier("run", "quickstart", *small, cwd=tmp_path)
    assert said.code == 0, said
    place = tmp_path / "runs" / "quickstart"
    tasks = {(task, model, "accuracy") for task in ("drugs", "general") for model in ("base", "specialist")}
    assert keys(place) == tasks | {("general", "specialist", "tax")}
    page = (place / "report.html").read_text()
    assert "specialist" in page and "exact duplicate" in page and "<script" not in page
    for task, model, _ in tasks:
        assert task in said.out and model in said.out
    again = metier("run", "quickstart", *small, cwd=tmp_path)
    assert again.code == 0 and again.err.count(": stands") == again.err.count("\n"), again.err
    compared = metier("compare", "runs/quickstart", "runs/quickstart", cwd=tmp_path)
    assert compared.code == 0 and "+0.0000" in compared.out
    marked = metier("look", "runs/quickstart/specialist", "--tokens", "-n", "2", cwd=tmp_path)
    assert marked.code == 0 and "<|assistant|>[" in marked.out
    answer = metier("chat", "runs/quickstart", "--max-tokens", "8", cwd=tmp_path, stdin="Hello!\n\n")
    assert answer.code == 0 and answer.out.strip()


@pytest.mark.skipif(not DATA.exists(), reason=f"needs the MedQuAD file at {DATA}")
def test_medquad_on_a_few_real_pages(tmp_path: Path) -> None:
    small = change(pages__paths=DATA, one_stage__tokens=9000, reader__tokens=9000, two_stage__tokens=9000)
    small += change(institutes__values="[GARD]", rest__values="[GARD]", diseases__held=0.4, reading__held=0.4)
    small += change(samples__limit=2)
    said = metier("run", "medquad", "--limit", "900", *small, cwd=tmp_path)
    assert said.code == 0, said
    found = keys(tmp_path / "runs" / "medquad-limit900")
    for task in ("heldout", "new_sources"):
        for model in ("base", "one_stage", "two_stage"):
            assert (task, model, "bits_per_byte") in found
            assert (task, model, "bits_per_byte_gap") in found

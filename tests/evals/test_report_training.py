"""The training section of the page: held-out loss by source, the best step, snapshots, and who was picked."""

import json
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact, Finished, snapshot_path
from metier.evals.report_pick import choices
from metier.evals.report_training import Training, trainings
from metier.evals.report_validation import ALL, Look, held_out
from metier.proportion import wilson
from metier.records import MetierError, Question
from tests.evals.runs import artefact, finished, page, text

MIXTURE = {
    "sources": ["leaflet", "general"],
    "items": {"leaflet": 30, "general": 10},
    "tokens": {"leaflet": 3000, "general": 1000},
    "deciles": [[0.75, 0.25]] * 10,
    "expected": [[0.75, 0.25]] * 10,
}
LOSSES = {("leaflet", 0): 6.0, ("leaflet", 5): 2.0, ("leaflet", 10): 3.0, ("web", 0): 5.0, ("web", 5): 4.0}


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def student(home: Path, made: int = 10, taken: int = 5, **files: str) -> Artefact:
    """A training of twenty steps that kept four snapshots and was looked at after 0, 5 and 10 steps."""
    notes = {"steps": 20, "steps_made": made, "step_taken": taken}
    looks = [{"step": s, "source": name, "loss": loss, "tokens": 30} for (name, s), loss in LOSSES.items()]
    looks.append({"step": 10, "source": "web", "loss": None, "tokens": 10})
    curve = [{"step": n, "tokens": 100 * n, "loss": 6 / n, "lr": 0.1} for n in range(1, made + 1)]
    own = {
        "loss.jsonl": lines(curve),
        "validation.jsonl": lines(sorted(looks, key=lambda one: int(str(one["step"])))),
        "mixture.json": json.dumps(MIXTURE),
        "notes.json": json.dumps(notes),
    }
    step = artefact(home, "student", "train.sft", (), own | files, config={"keep": 4})
    for number in (1, 2):
        snapshot_path(step.path, number).mkdir(parents=True)
    return step


def only(home: Path, step: Artefact) -> Training:
    (found,) = trainings(finished(home, [step]))
    return found


def test_held_out_loss_has_a_curve_a_source_in_the_colour_of_the_mixture(tmp_path: Path) -> None:
    held = only(tmp_path, student(tmp_path)).held
    assert held is not None
    assert held.series == (("leaflet, 30 tokens", 0), ("web, 30 tokens", 2), ("all of them, 30 tokens", ALL))
    assert [row[0] for row in held.rows] == ["0", "5", "10"]
    assert [row[3] for row in held.rows] == [
        ("6.0000", "5.0000", "5.5000"),
        ("2.0000", "4.0000", "3.0000"),
        ("3.0000", "—", "3.0000"),
    ]
    by_colour = {colour: points.split() for colour, points in held.figure.curves}
    assert [len(by_colour[colour]) for colour in (0, 2, ALL)] == [3, 2, 3]
    across = [float(point.partition(",")[0]) for point in by_colour[0]]
    assert across[0] < across[1] < across[2] and across[1] == pytest.approx((across[0] + across[2]) / 2)
    level = [float(point.partition(",")[2]) for point in by_colour[0]]
    assert level[1] > level[2] > level[0]


def test_the_best_step_is_marked_where_training_went_on_after_it(tmp_path: Path) -> None:
    stopped = only(tmp_path / "a", student(tmp_path / "a"))
    assert stopped.ended.startswith("Training stopped early, after step 10 of 20;")
    assert stopped.ended.endswith("The weights are those of step 5, where the loss on held-out records was lowest.")
    assert stopped.held is not None
    best = [mark for mark in stopped.held.figure.marks if mark.label]
    assert [(mark.label, mark.colour) for mark in best] == [("best", ALL)]
    assert stopped.held.figure.rules == (best[0].x, None)
    assert [row[2] for row in stopped.held.rows] == [False, True, False]
    to_the_end = only(tmp_path / "b", student(tmp_path / "b", made=20, taken=20))
    assert to_the_end.ended == "" and to_the_end.held is not None
    assert to_the_end.held.figure.rules == (None, None)
    assert not any(mark.label for mark in to_the_end.held.figure.marks)


def test_snapshots_that_are_there_are_listed_with_the_end(tmp_path: Path) -> None:
    kept = only(tmp_path, student(tmp_path)).snapshots
    assert [(one.name, one.step, one.tokens, one.held) for one in kept] == [
        ("student@1", "5", "500", "3.0000"),
        ("student@2", "10", "1 k", "3.0000"),
        ("student@4 = student", "5", "500", "3.0000"),
    ]
    assert kept[1].loss == "0.6000"


def test_a_source_alone_has_no_curve_of_all_and_many_are_folded(tmp_path: Path) -> None:
    tokens = {0: 0, 4: 400}
    alone = held_out([Look(step, "leaflet", 2.0, 5) for step in tokens], tokens, None, {})
    assert alone is not None and alone.series == (("leaflet, 5 tokens", 0),)
    many = held_out([Look(step, f"s{n}", float(n), 10 - n) for step in tokens for n in range(10)], tokens, 4, {})
    assert many is not None
    names = [name for name, _ in many.series]
    assert names[6:] == ["s6, 4 tokens", "3 others, 6 tokens", "all of them, 55 tokens"]
    assert many.rows[0][3][7] == f"{(7 * 3 + 8 * 2 + 9) / 6:.4f}"
    assert [mark.label for mark in many.figure.marks].count("best") == 1


def test_without_looks_there_is_no_figure(tmp_path: Path) -> None:
    assert only(tmp_path, student(tmp_path, **{"validation.jsonl": ""})).held is None
    assert held_out([Look(3, "leaflet", 1.0, 5)], {0: 0}, None, {}) is None  # of a step that nobody logged


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ('{"step": 1, "source": "a", "loss": 1}', "validation.jsonl:1: .*`tokens`.*run the training step"),
        ('{"step": 0, "source": "a", "loss": 1, "tokens": 2}\n{"st', "validation.jsonl:2: damaged"),
    ],
)
def test_a_damaged_log_is_named(tmp_path: Path, log: str, said: str) -> None:
    with pytest.raises(MetierError, match=said):
        trainings(finished(tmp_path, [student(tmp_path, **{"validation.jsonl": log})]))


def tried(model: str, share: float, unparsed: int = 0) -> dict[str, Any]:
    low, high = wilson(share, 40)
    return {"model": model, "accuracy": share, "n": 40, "low": low, "high": high, "unparsed": unparsed}


def picking(home: Path, notes: dict[str, Any]) -> Finished:
    options = {"A": "once", "B": "twice"}
    exam = artefact(home, "exam", "evals.read", [Question("q", "How often?", options=options, key=frozenset("A"))])
    files = {"notes.json": json.dumps(notes)}
    best = artefact(home, "best", "train.pick", (), files, sources={"questions": ["exam"], "models": {}})
    return finished(home, [exam, best])


def test_every_candidate_stands_with_n_and_interval_and_the_picked_one_is_named(tmp_path: Path) -> None:
    run = picking(tmp_path, {"picked": "late", "tried": [tried("early", 0.5), tried("late", 0.75, 3)]})
    (choice,) = choices(run, {"exam": 0.5})
    early, late = choice.candidates
    assert (early[0].model, early[0].value, early[0].n, early[1]) == ("early", "50.0%", "40", False)
    low, high = wilson(0.75, 40)
    assert late[0].interval == f"{low:.1%} to {high:.1%}".replace("%", "", 1) and late[1:] == (True, "3")
    assert early[0].strip.value < late[0].strip.value and early[0].strip.marks == (early[0].strip.value,)
    seen = text(page(run, tmp_path))
    assert "picked late by exam" in seen and "The dashed line is guessing (50.0%)" in seen
    assert "late picked 75.0%" in seen and "3 too long to be read" in seen


def test_notes_that_are_no_choice_are_named(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"best: its notes are not what the report reads .*run the step again"):
        choices(picking(tmp_path, {"picked": "late"}), {})


def test_the_page_shows_it(tmp_path: Path) -> None:
    seen = text(page(finished(tmp_path, [student(tmp_path)]), tmp_path))
    assert "Training stopped early, after step 10 of 20" in seen
    assert "Held-out records (loss a trained token over tokens seen)" in seen
    assert "5 best 500 2.0000 4.0000 3.0000" in seen
    assert "student@2 10 1 k 0.6000 3.0000" in seen
    assert "leaflet, step 5: 2.0000 on 30 tokens" in seen
    without = student(tmp_path / "without", **{"validation.jsonl": ""})
    bare = text(page(finished(tmp_path / "without", [without]), tmp_path))
    assert "student@2 10 1 k 0.6000 student@4" in bare and "Held-out" not in bare

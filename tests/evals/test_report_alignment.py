"""The alignment section of the page: labels, reward models and policies, with what is off in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact
from metier.evals.report_alignment import Policy, alignment
from metier.records import MetierError, Score
from tests.evals.runs import artefact, finished, page, text

START = {
    "base": "tuned", "reward": "scorer", "probes": 40, "probe_accuracy": 0.9, "probe_length_correlation": 0.2,
    "score": 0.1, "score_deviation": 1.0, "ended": 0.98, "tokens": 30.0, "kl_target": 6.0, "max_tokens": 64,
}  # fmt: skip


def agreed(value: float, n: int = 200) -> dict[str, Any]:
    return {"value": value, "n": n, "low": value - 0.05, "high": value + 0.05}


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def rollouts(count: int = 12) -> list[dict[str, Any]]:
    """What a training leaves a rollout, as far as the page reads it."""
    return [
        {
            "step": n, "replies": 64 * n, "score": n / 10, "kl": n / 2, "beta": 0.1 + n / 100, "entropy": 2 - n / 20,
            "ended": 0.97, "tokens": 30.0 + n, "explained": n / 20, "clipped": 0.05,
            "probe": n / 9 if n % 5 == 1 else None,
        }
        for n in range(1, count + 1)
    ]  # fmt: skip


def said(step: int, reply: str, score: float) -> dict[str, Any]:
    prompt = [{"role": "user", "content": "My ear <hurts>. What does Zelvorane treat?", "tool_calls": []}]
    return {"step": step, "id": "p1", "prompt": prompt, "reply": reply, "score": score, "tokens": 9, "ended": True}


def trained(home: Path, findings: list[dict[str, Any]], **files: str) -> Artefact:
    own = {
        "ppo.jsonl": lines(rollouts()),
        "ppo_start.json": json.dumps(START),
        "findings.json": json.dumps(findings),
        "samples.jsonl": lines([said(0, "River cough.", 0.1), said(5, "Well.", 0.2), said(12, "Do not worry.", 1.25)]),
    }
    return artefact(home, "aligned", "train.ppo", (), own | files)


def only(home: Path, step: Artefact) -> Policy:
    (found,) = alignment(finished(home, [step])).policies
    return found


def test_every_number_of_a_policy_has_its_curve(tmp_path: Path) -> None:
    found = only(tmp_path, trained(tmp_path, []))
    assert [one.title for one in found.curves] == [
        "Reward of the replies", "Reward of the probe prompts, likeliest reply", "Divergence from the reference",
        "Length", "Replies that end by themselves", "Entropy", "Explained variance of the critic", "Clipped tokens",
    ]  # fmt: skip
    score, probe, divergence, *_ = (one.drawing for one in found.curves)
    assert len(score.points.split()) == 12 and len(probe.points.split()) == 3
    assert divergence.last == "6.000" and divergence.level == divergence.end[1]  # it ends at its target


def test_the_page_says_what_went_on_and_shows_replies_before_and_after(tmp_path: Path) -> None:
    html = page(finished(tmp_path, [trained(tmp_path, [])]), tmp_path)
    seen = text(html)
    assert "768 replies in 12 rollouts, from tuned by the rewards of scorer: the score went from 0.1 to 1.2" in seen
    assert "the divergence to 6 nats a reply (target 6, its coefficient 0.11 to 0.22)" in seen
    assert "prefers the chosen reply of 90% of 40 probe pairs" in seen
    assert "None of the diagnostics finds anything off." in seen
    assert "before score 0.10 River cough. rollout 12 score 1.25 Do not worry." in seen and "Well." not in seen
    assert "<hurts>" not in html and 'href="#alignment"' in html


def test_findings_stand_in_words_at_the_curves_and_by_name_at_the_head(tmp_path: Path) -> None:
    signs = [
        {"name": "reward inverted", "step": 0, "value": 0.1, "says": "The reward model rewards the wrong replies."},
        {"name": "updates too large", "step": 7, "value": 0.5, "says": "Of the tokens 50% were clipped."},
    ]
    seen = text(page(finished(tmp_path, [trained(tmp_path, signs)]), tmp_path))
    assert "aligned: reward inverted, updates too large. What it means" in seen.split("Every step")[0]
    assert "updates too large step 7 Of the tokens 50% were clipped." in seen
    assert "reward inverted The reward model rewards the wrong replies." in seen
    assert "anything off" not in seen and "The exams themselves" not in seen


def test_other_trainings_have_the_curves_that_they_log(tmp_path: Path) -> None:
    loss = lines([{"step": n, "pairs": 8 * n, "loss": 0.7 / n, "accuracy": 0.5 + n / 20} for n in range(1, 6)])
    found = only(tmp_path, artefact(tmp_path, "direct", "train.dpo", (), {"dpo.jsonl": loss}))
    assert (found.how, found.told, found.looked) == ("DPO", "40 pairs in 5 steps.", False)
    assert [one.title for one in found.curves] == ["Loss", "Pairs whose chosen reply gained more"]
    rows = [{"step": n, "replies": 16 * n, "score": n / 5, "kl": None, "tokens": 20.0} for n in (1, 2)]
    log = {"rloo.jsonl": lines(rows)}
    found = only(tmp_path / "b", artefact(tmp_path / "b", "grouped", "train.rloo", (), log, config={"method": "grpo"}))
    assert (found.how, found.told) == ("GRPO", "32 replies in 2 rollouts: the score went from 0.2 to 0.4.")
    assert [one.title for one in found.curves] == ["Reward of the replies", "Length"]


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("ppo.jsonl", '{"step": 1}\n{"st', "ppo.jsonl:2: damaged"),
        ("ppo_start.json", '{"base": 1}', "ppo_start.json: not what the report reads"),
        ("samples.jsonl", '{"step": 1}', "samples.jsonl:1: not what the report reads"),
    ],
)
def test_a_damaged_log_is_named(tmp_path: Path, file: str, content: str, told: str) -> None:
    with pytest.raises(MetierError, match=told):
        only(tmp_path, trained(tmp_path, [], **{file: content}))


def labelled(home: Path, findings: list[dict[str, Any]]) -> Artefact:
    unknown = {"value": 0.0, "n": 200, "low": -1.0, "high": 1.0, "why": "one rater says the same of all"}
    measures = {"pearson": agreed(0.6), "kappa": unknown}
    notes = {
        "asked": 400, "identical": 12, "unparsed": 4, "inconsistent": 200, "ties": 76, "survivors": 120,
        "first_wins": agreed(0.75, 700), "longer_wins": agreed(0.55, 120), "before": measures,
        "after": {"pearson": agreed(0.84, 120), "kappa": agreed(0.7, 120)}, "findings": findings,
        "sources": [
            {"source": "real", "asked": 300, "survivors": 90}, {"source": "distilled", "asked": 100, "survivors": 30}
        ],
    }  # fmt: skip
    models = {"judge": {"name": "examiner"}}
    config = {"by": "judge", "form": "rating", "margin": 2.0}
    files = {"notes.json": json.dumps(notes)}
    return artefact(home, "pairs", "preferences.label", (), files, models=models, config=config)


def test_labels_show_what_survives_how_the_judge_leans_and_whom_it_agrees_with(tmp_path: Path) -> None:
    lean = {"name": "position", "value": 0.75, "says": "The judge leans to the reply shown first."}
    seen = text(page(finished(tmp_path, [labelled(tmp_path, [lean])]), tmp_path))
    assert "pairs · labelled by examiner, asked by rating" in seen
    assert "120 30.0% survive: both orders agree" in seen and "200 50.0% the orders disagree" in seen
    assert "wins (half are due) 75.0% [70.0, 80.0], n 700" in seen
    assert "survivors by source real 30.0% of 300, distilled 30.0% of 100" in seen
    assert "pearson 0.60 [0.55, 0.65], n 200 0.84 [0.79, 0.89], n 120" in seen
    assert "76 19.0% ties, or a lead below 2" in seen
    assert "kappa one rater says the same of all, n 200 0.70" in seen  # what is not defined is no number
    assert "pairs: position." in seen and "The judge leans to the reply shown first." in seen


def rewarding(home: Path, accuracy: float, longer: float) -> Artefact:
    measured = {
        "accuracy": agreed(accuracy), "calibration": agreed(0.04), "brier": agreed(0.1),
        "length_correlation": agreed(0.3), "longer_wins": agreed(longer),
    }  # fmt: skip
    notes = {"pairs": 900, "measured": measured, "sources": {"real": agreed(0.9, 80), "": agreed(0.8, 120)}}
    looks = lines([{"step": n, "n": 200, "accuracy": 0.5 + n / 30} for n in (0, 5, 10)])
    files = {"notes.json": json.dumps(notes), "reward_looks.jsonl": looks}
    return artefact(home, "scorer", "train.reward", (), files)


def test_a_reward_model_stands_beside_what_length_alone_would_get(tmp_path: Path) -> None:
    seen = text(page(finished(tmp_path, [rewarding(tmp_path, 0.88, 0.4)]), tmp_path))
    assert "prefers the chosen reply in 88.0% [83.0, 93.0]; always preferring the shorter one would get 60.0%." in seen
    assert "accuracy, real 90.0%" in seen and "accuracy, without a source 80.0%" in seen
    weak = text(page(finished(tmp_path / "b", [rewarding(tmp_path / "b", 0.7, 0.68)]), tmp_path))
    assert "would get 68.0%; this is not clearly more than length." in weak


def test_notes_that_are_no_labels_are_named(tmp_path: Path) -> None:
    notes = {"notes.json": json.dumps({"asked": 1, "survivors": "many", "inconsistent": 0})}
    step = artefact(tmp_path, "pairs", "preferences.label", (), notes)
    with pytest.raises(MetierError, match="pairs: its notes are not what the report reads"):
        alignment(finished(tmp_path, [step]))


def test_how_often_a_policy_wins_stands_at_the_head(tmp_path: Path) -> None:
    def won(model: str, value: float, **by: str) -> Score:
        return Score("replies", model, "win_rate", {"against": "sft"} | by, value, 200, value - 0.04, value + 0.04)

    scores = [won("ppo", 0.78), won("ppo", 0.9, aspect="asking"), won("rloo", 0.52)]
    head = text(page(finished(tmp_path, [artefact(tmp_path, "wins", "evals.win_rate", scores)]), tmp_path))
    told = "replies: the best of 2 models, ppo, wins over sft in 78.0% of 200 prompts, a tie counting one half"
    assert f"{told} (from 74.0 to 82.0%)." in head and "90.0% of" not in head
    even = artefact(tmp_path / "b", "wins", "evals.win_rate", [won("ppo", 0.52)])
    assert "(from 48.0 to 56.0% — no clear difference)" in text(page(finished(tmp_path / "b", [even]), tmp_path))


def test_a_run_without_preferences_has_no_such_section(tmp_path: Path) -> None:
    html = page(finished(tmp_path, [artefact(tmp_path, "pages", "corpus.read", files={"x": ""})]), tmp_path)
    assert 'id="alignment"' not in html and "#alignment" not in html

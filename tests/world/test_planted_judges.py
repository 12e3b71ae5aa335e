"""Judges with planted faults come to what their closed form says, through a recipe as well."""

import importlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.align_judges import label, measure
from metier.judge.compare import Match, compare
from metier.llm.request import Request
from metier.records import Answer, Conversation, Message, MetierError, Verdict
from metier.world.planted_judges import Planted, expected, quality
from metier.world.planted_matches import PlantedMatches, planted_matches
from tests.judge.judges import asked, comparison, opened

SHARES = st.floats(0, 1)


def test_a_name_spells_the_faults() -> None:
    module = importlib.import_module("metier.world.planted_judges")
    assert module.first_40_noise_10 == Planted(first=0.4, noise=0.1)
    assert module.longer_5_stubborn_15 == Planted(longer=0.05, stubborn=0.15)
    for name in ("first", "first_4000", "fist_40", "first_40_noise", "first_40_first_50"):
        assert not hasattr(module, name)
    with pytest.raises(MetierError, match=r"chances beyond 1: first 0[.]6, longer 0[.]5, noise 0, stubborn 0; lower"):
        Planted(first=0.6, longer=0.5)


def test_closed_form_by_hand() -> None:
    """first .5, noise .2: shown first the better wins .9, shown second .4; both .36, neither .06."""
    due = expected(Planted(first=0.5, noise=0.2))
    assert (due.before, due.survive, due.after) == (pytest.approx(0.65), pytest.approx(0.42), pytest.approx(6 / 7))
    assert due.first_wins == 0.75
    assert due.pearson_before == pytest.approx(0.3 / 0.75**0.5) and due.pearson_after == pytest.approx(5 / 7)
    fair = expected(Planted())
    assert fair == pytest.approx((1, 1, 1, 1, 1, 0.5))
    assert expected(Planted(first=1)) == pytest.approx((0.5, 0, 0, 0, 0, 1))
    assert expected(Planted(first=0.4), left=0.9).before == pytest.approx(0.9 + 0.1 * 0.6)
    assert expected(Planted(longer=1), longer=0.3).after == pytest.approx(0.3)


@given(SHARES, st.floats(0, 0.5), SHARES)
def test_the_filter_never_makes_a_judge_worse_that_errs_less_than_half(first: float, noise: float, left: float) -> None:
    due = expected(Planted(first=first, noise=noise), left)
    even = expected(Planted(first=first, noise=noise))
    assert due.survive == pytest.approx(even.survive) and due.after == pytest.approx(even.after)
    assert not due.survive or even.after >= even.before - 1e-9


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5), SHARES)
def test_expected_shares_are_shares(first: float, longer: float, noise: float, long: float) -> None:
    due = expected(Planted(first=first, longer=longer, noise=noise, stubborn=noise), longer=long)
    assert all(-1e-9 <= one <= 1 + 1e-9 for one in due[:3]) and all(abs(one) <= 1 + 1e-9 for one in due[3:5])


def test_what_both_orders_get_wrong_alike_survives(tmp_path: Path) -> None:
    some = [Match(str(at), "a", "b", comparison(2, 1, f"Case {at}?")) for at in range(200)]
    with opened(tmp_path, "stubborn_30") as calls:
        found = [one.verdict for one in compare(asked(calls), some)]
    wrong = sum(one.winner == "right" for one in found)
    assert all(one.consistent for one in found) and 40 <= wrong <= 80


def test_a_judge_draws_by_the_request_alone() -> None:
    judge = Planted(first=0.5, noise=0.5)
    shown = (Message("user", "<question>x</question><A>quality 2</A><B>quality 1</B>"),)
    said = {judge(Request(f"model {at}", shown)) for at in range(20)}
    assert said == {"Better: A", "Better: B"} and judge(Request("m", shown)) == judge(Request("m", shown))


def test_matches_know_their_better_reply() -> None:
    made = list(planted_matches(7, PlantedMatches(matches=300, longer=0.8)))
    verdicts = [one for one in made if isinstance(one, Verdict)]
    texts = {one.id: one.text for one in made if isinstance(one, Answer)}
    prompts = {one.id for one in made if isinstance(one, Conversation) and one.reply}
    assert len(verdicts) == len(prompts) == 300 and len(set(texts.values())) == 600
    longer = 0
    for one in verdicts:
        better, worse = (one.left, one.right) if one.winner == "left" else (one.right, one.left)
        assert quality(texts[better]) > quality(texts[worse]) and one.question in prompts
        longer += len(texts[better].split()) > len(texts[worse].split())
    assert 210 <= longer <= 270 and 120 <= sum(one.winner == "left" for one in verdicts) <= 180
    assert list(planted_matches(7, PlantedMatches(matches=20, longer=0.8))) == made[: 20 * 4]


def test_labels_of_a_run_come_to_the_closed_form(tmp_path: Path) -> None:
    for name, made in label(tmp_path, 250, ["first_50_noise_10", "noise_0"], "plain"):
        row = measure(name, made)
        assert all(one.distance < 3.5 for one in row.numbers) and {one.n for one in row.numbers} >= {250}
        if name == "noise_0":
            assert [one.value for one in row.numbers[:3]] == [1, 1, 1] and [one.value for one in row.pearson] == [1, 1]
        notes = json.loads((made.path / "notes.json").read_text("utf-8"))
        assert notes["survivors"] + notes["inconsistent"] == 250 == notes["asked"]


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        ("always_first", "none of 20 pairs survives: 0 unparsed, 20 inconsistent"),
        ("always_ties", "20 ties"),
        ("never_parses", "20 unparsed"),
    ],
)
def test_a_judge_without_a_verdict_ends_the_run(tmp_path: Path, judge: str, told: str) -> None:
    with pytest.raises(MetierError, match=told):
        list(label(tmp_path, 20, [judge]))

"""A verdict is what both orders agree on."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.judge.compare import Match, Rated, compare, verdict
from metier.records import Comparison
from tests.judge.judges import asked, comparison, opened

POINTS = st.one_of(st.none(), st.integers(1, 10).map(float))
RATED = st.builds(lambda left, right: Rated(left, right if left is not None else None), POINTS, POINTS)
MATCH = Match("q", "a", "b", comparison(2, 1))


class Counting:
    """Finds the reply that was shown first better by its turn."""

    name = "counting"

    def __init__(self) -> None:
        self.seen: list[Comparison] = []

    def rate(self, comparisons: Iterable[Comparison]) -> Iterator[Rated]:
        """As it comes."""
        for one in comparisons:
            self.seen.append(one)
            yield Rated(float(len(self.seen)), 0.0)


def test_both_orders_of_every_match_are_asked_in_turn() -> None:
    judge = Counting()
    judged = list(compare(judge, iter([MATCH, MATCH])))
    assert judge.seen == [MATCH.comparison, MATCH.comparison.swap()] * 2
    assert judged[1].orders == (Rated(3, 0), Rated(0, 4))
    assert [(one.verdict.winner, one.verdict.consistent) for one in judged] == [("tie", False)] * 2


@pytest.mark.parametrize(
    ("judge", "consistent", "winners"),
    [
        ("noise_0", [True, True, True], ["left", "right", "tie"]),
        ("noise_100", [True, True, True], ["right", "left", "tie"]),
        ("always_first", [False, False, False], ["tie", "tie", "tie"]),
        ("always_ties", [True, True, True], ["tie", "tie", "tie"]),
        ("never_parses", [False, False, False], ["tie", "tie", "tie"]),
        ("longer_100", [True, True, True], ["right", "right", "right"]),
    ],
)
def test_what_planted_judges_come_to(tmp_path: Path, judge: str, consistent: list[bool], winners: list[str]) -> None:
    some = [Match(f"q{at}", "a", "b", comparison(*both)) for at, both in enumerate([(2, 1), (1, 2), (1, 1)])]
    with opened(tmp_path, judge) as calls:
        found = [one.verdict for one in compare(asked(calls), some)]
    assert [one.consistent for one in found] == consistent and [one.winner for one in found] == winners
    assert [one.question for one in found] == ["q0", "q1", "q2"] and {one.rater for one in found} == {"judge"}


@given(RATED, RATED, st.integers(0, 9))
def test_a_verdict_does_not_depend_on_which_answer_is_called_left(first: Rated, second: Rated, margin: int) -> None:
    one = verdict(MATCH, (first, second), "x", margin)
    other = verdict(MATCH, (second.swap(), first.swap()), "x", margin)
    turned = {"left": "right", "right": "left", "tie": "tie"}
    assert (other.winner, other.consistent, other.margin) == (turned[one.winner], one.consistent, -one.margin)
    assert one.consistent or one.winner == "tie"
    assert one.winner == "tie" or abs(one.margin) >= margin


@given(RATED, RATED)
def test_a_wider_margin_only_makes_ties(first: Rated, second: Rated) -> None:
    winners = [verdict(MATCH, (first, second), "x", margin).winner for margin in range(11)]
    assert all(later in (earlier, "tie") for earlier, later in pairwise(winners))


def test_the_lead_of_a_verdict_is_the_mean_of_both_orders_and_one_alone_is_told() -> None:
    assert verdict(MATCH, (Rated(8, 6), Rated(7, 6)), "x").margin == 1.5
    alone = verdict(MATCH, (Rated(8, 6, "good"), Rated(None, None, "unparsed: hm")), "x")
    assert (alone.winner, alone.consistent, alone.margin, alone.why) == ("tie", False, 2, "unparsed: hm")

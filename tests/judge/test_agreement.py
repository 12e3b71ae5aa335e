"""Measures of agreement, beside numbers worked out by hand and beside laws that they keep."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.judge.agreement import Agreed, accuracy, kappa, pearson, ranks, spearman
from metier.records import MetierError, Side

LEADS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=5, max_size=40)
SIDES = st.lists(st.tuples(*[st.sampled_from(["left", "right", "tie"])] * 2), min_size=1, max_size=60)
ONE, OTHER = [1.0, 2, 3, 4, 5], [2.0, 1, 4, 3, 5]


def test_pearson_by_hand() -> None:
    """Sums of products 8, of squares 10 and 10: r = .8; z = atanh(.8) ± 1.95996 / sqrt(2)."""
    found = pearson(ONE, OTHER)
    assert found.value == pytest.approx(0.8) and found.n == 5
    assert found.low == pytest.approx(-0.2796401) and found.high == pytest.approx(0.9861962)


def test_spearman_by_hand() -> None:
    """The same ranks, the variance of z larger by 1 + .8²/2 = 1.32 (Bonett and Wright 2000)."""
    found = spearman([one**3 for one in ONE], OTHER)
    half = 1.959963985 * math.sqrt(1.32 / 2)
    assert found.value == pytest.approx(0.8)
    assert (found.low, found.high) == (
        pytest.approx(math.tanh(math.atanh(0.8) - half)), pytest.approx(math.tanh(math.atanh(0.8) + half)),
    )  # fmt: skip


def test_ties_share_the_mean_of_their_ranks() -> None:
    assert ranks([3.0, 1, 3, 2, 3]) == [4, 1, 4, 2, 4]
    assert ranks([]) == []


def test_kappa_by_hand() -> None:
    """A table of 20, 5, 10 and 15: agreement .7, by chance .5, kappa .4; error .1264911 (Fleiss et al. 1969)."""
    one: list[Side] = ["left"] * 25 + ["right"] * 25
    other: list[Side] = ["left"] * 20 + ["right"] * 5 + ["left"] * 10 + ["right"] * 15
    found = kappa(one, other)
    assert found.value == pytest.approx(0.4) and found.n == 50
    variance = (
        0.4 * (1 - 1.1 * 0.6) ** 2 + 0.3 * (1 - 0.9 * 0.6) ** 2
        + 0.36 * (0.1 * (0.6 + 0.5) ** 2 + 0.2 * (0.4 + 0.5) ** 2) - (0.4 - 0.5 * 0.6) ** 2
    ) / (0.25 * 50)  # fmt: skip
    assert found.high - found.value == pytest.approx(1.959963985 * math.sqrt(variance))
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_kappa_of_three_sides_by_hand() -> None:
    """9 of 12 agree; habits 5, 4, 3 and 4, 5, 3 of 12 give 49/144 by chance: kappa 59/95."""
    one: list[Side] = ["left"] * 5 + ["right"] * 4 + ["tie"] * 3
    other: list[Side] = ["left"] * 4 + ["right"] + ["right"] * 3 + ["tie"] + ["tie"] * 2 + ["right"]
    assert kappa(one, other).value == pytest.approx(59 / 95)


def test_full_agreement_of_a_few_is_not_certain() -> None:
    some: list[Side] = ["left", "right"] * 5
    found = kappa(some, some)
    assert found.value == 1 == found.high and found.low == pytest.approx(2 * 10 / (10 + 1.959963985**2) - 1)
    for sign in (1, -1):
        alike = pearson(ONE, [sign * one for one in ONE])
        ends = sorted((sign * alike.low, sign * alike.high))
        assert sign * alike.value == pytest.approx(1) == ends[1]
        assert ends[0] == pytest.approx(2 * 5 / (5 + 1.959963985**2) - 1)
    assert pearson([*range(1000)], [*range(1000)]).low > 0.99


def test_accuracy_has_the_interval_of_wilson() -> None:
    found = accuracy(["left", "tie", "right", "left"], ["left", "tie", "left", "left"])
    assert (found.value, found.n) == (0.75, 4)
    assert (found.low, found.high) == (pytest.approx(0.3006418), pytest.approx(0.9544127))


def test_what_tells_nothing_has_the_whole_range_and_says_why() -> None:
    same = "one rater says the same of all"
    assert pearson([1.0] * 9, range(9)) == Agreed(0.0, 9, -1.0, 1.0, same)
    assert spearman(range(9), [0.1] * 9) == Agreed(0.0, 9, -1.0, 1.0, same)
    assert kappa(["tie"] * 9, ["left"] * 8 + ["right"]) == Agreed(0.0, 9, -1.0, 1.0, same)
    assert kappa([], []) == Agreed(0.0, 0, -1.0, 1.0, "no match")
    assert accuracy([], []) == Agreed(0.0, 0, 0.0, 1.0, "no match")
    assert pearson([1.0], [1.0]) == Agreed(0.0, 1, -1.0, 1.0, "1 match")
    three = pearson([1.0, 2, 3], [1.0, 3, 2])
    assert three.value == pytest.approx(0.5) and (three.low, three.high) == (-1, 1)
    with pytest.raises(MetierError, match="two raters of 2 and 1 matches"):
        pearson([1.0, 2], [1.0])


@given(LEADS)
def test_correlations_do_not_mind_who_is_asked_first_or_the_scale(pairs: list[tuple[int, int]]) -> None:
    one, other = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    for measure in (pearson, spearman):
        found = measure(one, other)
        assert found == measure(other, one)
        assert -1 <= found.low <= found.value <= found.high <= 1
        turned = measure([-3 * a + 1 for a in one], other)
        assert turned.value == pytest.approx(-found.value) and turned.low == pytest.approx(-found.high)


@given(SIDES)
def test_kappa_and_accuracy_do_not_mind_who_is_asked_first(pairs: list[tuple[Side, Side]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    found, back = kappa(one, other), kappa(other, one)
    assert found.value == pytest.approx(back.value) and found.low == pytest.approx(back.low)
    assert -1 <= found.low <= found.value <= found.high <= 1 and found.n == len(pairs)
    assert found.value <= accuracy(one, other).value or found.why


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Of 600 samples: correlation .6 of 50 normal leads (Spearman's is 6/pi asin(.3)); kappa .5 of 60 winners."""
    draw, held = Random(7), {"pearson": 0, "spearman": 0, "kappa": 0}
    sides: tuple[Side, Side] = ("left", "right")
    for _ in range(600):
        one = [draw.gauss(0, 1) for _ in range(50)]
        other = [0.6 * lead + 0.8 * draw.gauss(0, 1) for lead in one]
        for name, found, truth in (
            ("pearson", pearson(one, other), 0.6), ("spearman", spearman(one, other), 6 / math.pi * math.asin(0.3)),
        ):  # fmt: skip
            held[name] += found.low <= truth <= found.high
        first = [draw.choice(sides) for _ in range(60)]
        second = [side if draw.random() < 0.5 else draw.choice(sides) for side in first]
        agreed = kappa(first, second)
        held["kappa"] += agreed.low <= 0.5 <= agreed.high
    assert all(0.925 <= count / 600 <= 0.975 for count in held.values()), held


def test_intervals_of_winners_hold_the_truth_too() -> None:
    """Of 400 samples of 60 winners that agree in 92 of 100: correlation .84, where 1 / sqrt(n - 3) holds it in 280."""
    draw, held = Random(8), {"pearson": 0, "spearman": 0}
    for _ in range(400):
        one = [draw.choice((-1.0, 1.0)) for _ in range(60)]
        other = [lead if draw.random() < 0.92 else -lead for lead in one]
        for name, found in (("pearson", pearson(one, other)), ("spearman", spearman(one, other))):
            held[name] += found.low <= 0.84 <= found.high
    assert all(0.925 <= count / 400 <= 0.99 for count in held.values()), held


def test_the_error_of_ranks_is_that_of_leaving_matches_out() -> None:
    """Against the jackknife, which leaves out one match after another, over ratings with many ties."""
    draw = Random(9)
    one = [float(draw.randint(1, 5)) for _ in range(150)]
    other = [float(round(lead + draw.gauss(0, 0.6))) if draw.random() < 0.8 else draw.randint(1, 5) for lead in one]
    found = spearman(one, other)
    without = [spearman(one[:at] + one[at + 1 :], other[:at] + other[at + 1 :]).value for at in range(150)]
    mean = math.fsum(without) / 150
    error = math.sqrt(149 / 150 * math.fsum((value - mean) ** 2 for value in without)) / (1 - found.value**2)
    assert math.atanh(found.high) - math.atanh(found.value) == pytest.approx(1.959963985 * error, rel=0.05)

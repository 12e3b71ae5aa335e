import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.evals.intervals import (
    Estimate,
    average,
    holm,
    mcnemar,
    mean,
    paired,
    proportion,
    ratio,
    resampled,
    sharing,
    wilson,
)
from metier.proportion import student

shares = st.floats(0, 1)


def test_wilson_is_the_published_formula() -> None:
    low, high = wilson(0.5, 10)
    assert (low, high) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    low, high = wilson(1.0, 10)
    assert low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6)
    assert high == 1


@given(shares, st.integers(1, 10_000))
def test_wilson_holds_its_share_and_stays_a_share(share: float, n: int) -> None:
    low, high = wilson(share, n)
    assert 0 <= low <= share <= high <= 1


@given(shares, st.integers(1, 1000))
def test_wilson_narrows_as_trials_are_added(share: float, n: int) -> None:
    few, many = wilson(share, n), wilson(share, 4 * n)
    assert many[1] - many[0] < few[1] - few[0]


def test_one_row_a_cluster_is_plain_wilson() -> None:
    made = proportion([True] * 30 + [False] * 10, range(40))
    assert (made.value, made.n) == (0.75, 40)
    assert (made.low, made.high) == pytest.approx(wilson(0.75, 40))


def test_seeds_that_agree_add_no_trials_and_seeds_that_scatter_do() -> None:
    hits = [True, False, True, False, True, True, False, True]
    same = proportion(hits * 3, list(range(8)) * 3)
    assert same.n == 24
    assert (same.low, same.high) == pytest.approx(wilson(5 / 8, 8), abs=0.03)
    scattered = proportion([True, False] * 12, [place // 2 for place in range(24)])
    assert (scattered.low, scattered.high) == pytest.approx(wilson(0.5, 24))


@pytest.mark.parametrize("groups", [5, 10, 40])
def test_clustered_shares_hold_the_truth_as_often_as_they_say(groups: int) -> None:
    draw = random.Random(groups)
    held = 0
    for _ in range(400):
        shares = [draw.betavariate(1.5, 1.5) for _ in range(groups)]
        rows = [(draw.random() < share, place) for place, share in enumerate(shares) for _ in range(6)]
        made = proportion([hit for hit, _ in rows], [place for _, place in rows])
        held += made.low <= 0.5 <= made.high
    assert 374 <= held <= 396


def test_all_right_in_every_seed_counts_questions_not_answers() -> None:
    made = proportion([True] * 30, list(range(10)) * 3)
    assert (made.low, made.high) == pytest.approx(wilson(1.0, 10))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1))
def test_a_proportion_lies_in_its_interval(rows: list[tuple[bool, int]]) -> None:
    made = proportion([hit for hit, _ in rows], [cluster for _, cluster in rows])
    assert 0 <= made.low <= made.value <= made.high <= 1


TABLE = [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (30, 2.042), (1000, 1.962)]


@pytest.mark.parametrize(("df", "quantile"), TABLE)
def test_student_quantiles_of_the_printed_table(df: int, quantile: float) -> None:
    assert student(df) == pytest.approx(quantile, rel=0.0015)


def test_ratio_by_hand() -> None:
    made = ratio([2.0, 6.0, 4.0], [1.0, 2.0, 3.0], ["a", "b", "c"])
    assert made.value == 2.0
    # residuals 0, 2, -2: variance 3/2 * 8 / 6**2
    assert made.high - made.value == pytest.approx(student(2) * math.sqrt(1.5 * 8 / 36))
    assert made.value - made.low == pytest.approx(made.high - made.value)


def test_a_mean_without_clusters_is_the_textbook_one() -> None:
    values = [1.0, 2.0, 3.0, 4.0]
    made = mean(values, range(4))
    assert made.value == 2.5
    assert made.high - made.value == pytest.approx(student(3) * math.sqrt(5 / 3 / 4))


def test_rows_of_one_cluster_give_no_interval() -> None:
    made = ratio([1.0, 2.0], [1.0, 1.0], ["a", "a"])
    assert (made.low, made.value, made.high, made.n) == (1.5, 1.5, 1.5, 2)


def test_correlated_rows_widen_the_interval() -> None:
    values = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.5, 0.5]
    apart, together = mean(values, range(10)), mean(values, [place // 2 for place in range(10)])
    assert together.high - together.low > apart.high - apart.low


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0.5, 50), st.integers(0, 4)), min_size=1))
def test_a_ratio_lies_in_its_interval(rows: list[tuple[float, float, int]]) -> None:
    made = ratio([top for top, _, _ in rows], [bottom for _, bottom, _ in rows], [cluster for _, _, cluster in rows])
    assert made.low <= made.value <= made.high


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_a_mean_narrows_when_its_rows_are_seen_again(values: list[float]) -> None:
    once, again = mean(values, range(len(values))), mean(values * 4, range(len(values) * 4))
    assert again.high - again.low <= once.high - once.low + 1e-12


def test_paired_by_hand() -> None:
    made = paired([1.0, 1.0, -1.0] + [0.0] * 5)
    assert made.value == 1 / 8
    centre, half = 1 / 10, 1.959964 * math.sqrt(4 - 1 / 10) / 10
    assert (made.low, made.high) == pytest.approx((centre - half, centre + half), abs=1e-6)


def test_no_difference_seen_is_not_certainty() -> None:
    made = paired([0.0] * 300)
    assert made.value == 0
    assert -0.01 < made.low < 0 < made.high < 0.01


@given(st.lists(st.floats(-1, 1), min_size=1))
def test_a_paired_difference_lies_in_its_interval(values: list[float]) -> None:
    made = paired(values)
    assert -1 <= made.low <= made.value + 1e-12
    assert made.value - 1e-12 <= made.high <= 1


def test_a_bootstrap_of_rows_is_near_the_formula_and_repeats() -> None:
    values = [1.0] * 60 + [0.0] * 40
    made = resampled(values, range(100), 7)
    assert made == resampled(values, range(100), 7) != resampled(values, range(100), 8)
    assert (made.value, made.n) == (0.6, 100)
    assert (made.low, made.high) == pytest.approx(wilson(0.6, 100), abs=0.02)


def test_a_bootstrap_draws_clusters() -> None:
    values = [1.0] * 60 + [0.0] * 60
    apart = resampled(values, range(120), 1)
    together = resampled(values, [place // 6 for place in range(120)], 1)
    formula = mean(values, [place // 6 for place in range(120)])
    assert together.high - together.low > 2 * (apart.high - apart.low)
    assert (together.low, together.high) == pytest.approx((formula.low, formula.high), abs=0.03)


def test_the_bootstrap_holds_the_truth_as_often_as_it_says() -> None:
    draw = random.Random(5)
    held = 0
    for trial in range(200):
        shares = [min(1.0, max(0.0, draw.gauss(0.7, 0.2))) for _ in range(25)]
        rows = [(float(draw.random() < share), place) for place, share in enumerate(shares) for _ in range(4)]
        made = resampled([value for value, _ in rows], [place for _, place in rows], trial)
        held += made.low <= 0.693 <= made.high  # the mean of the clipped shares
    assert 181 <= held <= 198


def test_what_hardly_varies_is_not_resampled() -> None:
    assert resampled([1.0] * 30, range(30), 1) == proportion([True] * 30, range(30))
    rare = [1.0] * 3 + [0.0] * 997
    assert resampled(rare, range(1000), 1) == proportion([bool(one) for one in rare], range(1000))
    assert resampled([0.0] * 30, range(30), 1).high > 0
    once = resampled([0.5] * 4, range(4), 1)
    assert (once.low, once.high) == (0.5, 0.5)
    alone = resampled([0.2, 0.8], ["a", "a"], 1)
    assert (alone.low, alone.value, alone.high) == (0.5, 0.5, 0.5)


@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 4)), min_size=1, max_size=12))
def test_a_bootstrap_holds_its_mean(rows: list[tuple[float, int]]) -> None:
    made = resampled([value for value, _ in rows], [cluster for _, cluster in rows], 3)
    assert made.low <= made.value <= made.high


def test_a_macro_average_by_hand() -> None:
    made = average([Estimate(0.2, 10, 0.1, 0.4), Estimate(0.8, 90, 0.7, 0.9)])
    assert (made.value, made.n) == (0.5, 100)
    assert made.low == pytest.approx(0.5 - math.hypot(0.1, 0.1) / 2)
    assert made.high == pytest.approx(0.5 + math.hypot(0.2, 0.1) / 2)


def test_clusters_that_reach_over_cells_widen_their_mean() -> None:
    hits, drugs = [1.0, 0.0, 1.0, 0.0], "abcd"
    assert sharing([(hits, drugs), (hits, "efgh")]) == 1
    assert sharing([(hits, drugs), (hits, drugs)]) == pytest.approx(math.sqrt(2))
    assert sharing([(hits, drugs), ([0.0, 1.0, 0.0, 1.0], drugs)]) == 1, "what cancels out is not counted on"
    assert sharing([([1.0] * 4, drugs)] * 4) == pytest.approx(2), "nothing varies: a drug is one trial"
    parts = [Estimate(0.5, 4, 0.3, 0.7)] * 2
    assert average(parts, math.sqrt(2)).high == pytest.approx(0.7)
    assert average(parts, 9.0).high == pytest.approx(0.7)


@given(st.lists(st.tuples(shares, st.integers(1, 50)), min_size=1, max_size=8), st.floats(1, 5))
def test_a_macro_average_of_shares_is_a_share(cells: list[tuple[float, int]], shared: float) -> None:
    made = average([Estimate(share, n, *wilson(share, n)) for share, n in cells], shared)
    assert -1e-12 <= made.low <= made.value <= made.high <= 1 + 1e-12


def test_mcnemar_is_twice_the_tail_of_a_coin() -> None:
    assert mcnemar(9, 1) == mcnemar(1, 9) == 2 * (1 + 10) / 1024
    assert mcnemar(0, 0) == mcnemar(5, 5) == mcnemar(5, 6) == 1
    assert mcnemar(10, 0) == 2 / 1024
    assert mcnemar(40_000, 10) == 0  # below the smallest float, and no overflow on the way
    # scipy.stats.binom.cdf
    assert mcnemar(1000, 900) == pytest.approx(0.023108845108901193, rel=1e-9)
    assert mcnemar(60_000, 59_000) == pytest.approx(0.0037798696347767836, rel=1e-9)
    assert mcnemar(50_000, 50_000) == 1


@given(st.integers(1001, 1200), st.integers(0, 600))
def test_mcnemar_is_the_same_in_logarithms(n: int, least: int) -> None:
    least = min(least, n // 2)
    exact = min(1.0, 2 * sum(math.comb(n, k) for k in range(least + 1)) / 2**n)
    assert mcnemar(n - least, least) == pytest.approx(exact, rel=1e-9, abs=1e-300)


@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemar_is_a_probability_that_falls_with_the_gap(won: int, lost: int) -> None:
    p = mcnemar(won, lost)
    assert 0 <= p <= 1
    assert won < lost or mcnemar(won + 1, lost) <= p + 1e-12


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(shares, max_size=8))
def test_holm_keeps_the_order_and_never_lowers(ps: list[float]) -> None:
    made = holm(ps)
    assert all(one >= p for one, p in zip(made, ps, strict=True))
    assert [made[place] for place in sorted(range(len(ps)), key=lambda one: ps[one])] == sorted(made)

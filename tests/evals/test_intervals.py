import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.evals.intervals import mean, paired, proportion, ratio, student, wilson

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


def test_all_right_in_every_seed_counts_questions_not_answers() -> None:
    made = proportion([True] * 30, list(range(10)) * 3)
    assert (made.low, made.high) == pytest.approx(wilson(1.0, 10))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1))
def test_a_proportion_lies_in_its_interval(rows: list[tuple[bool, int]]) -> None:
    made = proportion([hit for hit, _ in rows], [cluster for _, cluster in rows])
    assert 0 <= made.low <= made.value <= made.high <= 1


@pytest.mark.parametrize(("df", "quantile"), [(2, 4.303), (4, 2.776), (9, 2.262), (30, 2.042), (1000, 1.962)])
def test_student_quantiles_of_the_printed_table(df: int, quantile: float) -> None:
    assert student(df) == pytest.approx(quantile, rel=0.01)


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

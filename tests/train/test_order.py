"""Items are drawn by priority without replacement, as the closed form says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.records import MetierError
from metier.train.order import coded, copies, drawn, expected_mix, order, realised_mix, weights

PAPER = np.array([1_035_111, 1_055_502, 558_242, 2_555_118, 142_248 * 3], np.float64)
PRIORITIES = np.array([32, 16, 8, 4, 1], np.float64)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=300), st.integers(-5, 2**70), st.integers(0, 9))
def test_an_order_is_a_permutation_and_a_pure_function(codes: list[int], seed: int, epoch: int) -> None:
    some, given = np.array(codes, np.int32), np.array([1.0, 2.0, 8.0, 0.5])
    first = order(some, given, seed, epoch)
    assert sorted(first.tolist()) == list(range(len(codes)))
    assert first.tolist() == order(some, given, seed, epoch).tolist()


def test_seed_and_epoch_change_the_order() -> None:
    codes = np.zeros(50, np.int32)
    orders = {tuple(order(codes, None, seed, epoch).tolist()) for seed in (1, 2) for epoch in (0, 1)}
    assert len(orders) == 4


def test_the_closed_form_gives_the_published_mix() -> None:
    table = expected_mix(PAPER, PRIORITIES)
    assert table.sum(axis=1) == pytest.approx(1)
    assert table[0] == pytest.approx([0.48, 0.27, 0.07, 0.17, 0.007], abs=0.006)
    assert table[4] == pytest.approx([0.18, 0.28, 0.13, 0.39, 0.02], abs=0.006)
    assert table[7] == pytest.approx([0.00, 0.07, 0.12, 0.74, 0.07], abs=0.006)
    assert table[9] == pytest.approx([0, 0, 0.01, 0.54, 0.45], abs=0.006)


def test_draws_follow_the_closed_form() -> None:
    counts = (PAPER / 40).astype(int)
    codes = np.repeat(np.arange(5, dtype=np.int32), counts)
    mix = realised_mix(codes[order(codes, PRIORITIES, 7, 0)], 5)
    assert np.abs(mix - expected_mix(counts.astype(float), PRIORITIES)).max() < 0.01


def test_the_first_draw_is_proportional_to_priority_times_count() -> None:
    codes = np.array([0] * 5 + [1] * 10, np.int32)
    firsts = [codes[order(codes, np.array([4.0, 1.0]), seed, 0)[0]] for seed in range(4000)]
    assert np.mean(firsts) == pytest.approx(10 / 30, abs=0.03)


def test_drawn_counts_passes_and_parts() -> None:
    counts = np.array([10.0, 30.0])
    assert drawn(counts, None, 20).tolist() == [5, 15]
    assert drawn(counts, np.array([5.0, 1.0]), 80).tolist() == [20, 60]
    assert drawn(counts, np.array([5.0, 1.0]), 50).sum() == pytest.approx(50)
    assert drawn(np.zeros(2), None, 0).tolist() == [0, 0]


def test_copies_repeat_whole_items_and_a_share_of_them() -> None:
    codes = np.array([0] * 10 + [1] * 10, np.int32)
    numbers = copies(codes, np.array([3.0, 0.5]), 1)
    counts = np.bincount(numbers, minlength=20)
    assert counts[:10].tolist() == [3] * 10
    assert sorted(counts[10:].tolist()) == [0] * 5 + [1] * 5


def test_mix_by_amounts_weighs_long_items() -> None:
    codes = np.array([0, 1] * 50)
    table = realised_mix(codes, 2, np.where(codes == 0, 3.0, 1.0), parts=2)
    assert table[:, 0] == pytest.approx([0.75, 0.75], abs=0.02)
    assert realised_mix(np.array([], np.int64), 2).sum() == 0


def test_sources_are_numbered_as_they_come() -> None:
    names, codes = coded(["b", "a", "b"])
    assert (names, codes.tolist()) == (["b", "a"], [0, 1, 0])


def test_a_source_without_priority_is_an_error() -> None:
    with pytest.raises(
        MetierError, match=r"the source 'leaflet' has none, add it or mend a name; did you mean 'leaflets'\?"
    ):
        weights(["leaflet"], {"leaflets": 2.0, "book": 1.0})
    with pytest.raises(MetierError, match="give a finite number above 0"):
        weights(["book"], {"book": 0.0})

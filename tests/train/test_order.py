"""Items come in the order that their sources' law says, as the closed form has it, and evenly over the passes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.train.order import EVEN, Law, copies, drawn, expected_mix, order, realised_mix

PAPER = np.array([1_035_111, 1_055_502, 558_242, 2_555_118, 142_248 * 3], np.float64)
PRIORITIES = Law(weights=np.array([32, 16, 8, 4, 1], np.float64))
LAWS = [EVEN, Law(weights=np.array([1.0, 2.0, 8.0, 0.5])), Law(turns=np.array([2, 0, 3, 1]))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=300), st.sampled_from(LAWS), st.integers(-5, 2**70), st.integers(0, 9))
def test_an_order_is_a_permutation_and_a_pure_function(codes: list[int], law: Law, seed: int, epoch: int) -> None:
    some = np.array(codes, np.int32)
    first = order(some, law, seed, epoch)
    assert sorted(first.tolist()) == list(range(len(codes)))
    assert first.tolist() == order(some, law, seed, epoch).tolist()
    if law.turns is not None:
        assert (np.diff(law.turns[some[first]]) >= 0).all()


@pytest.mark.parametrize("law", [EVEN, LAWS[2]])
def test_seed_and_epoch_change_the_order(law: Law) -> None:
    codes = np.zeros(50, np.int32)
    orders = {tuple(order(codes, law, seed, epoch).tolist()) for seed in (1, 2) for epoch in (0, 1)}
    assert len(orders) == 4


def test_the_closed_form_gives_the_published_mix() -> None:
    table = expected_mix(PAPER, PRIORITIES)
    assert table.sum(axis=1) == pytest.approx(1)
    assert table[0] == pytest.approx([0.48, 0.27, 0.07, 0.17, 0.007], abs=0.006)
    assert table[4] == pytest.approx([0.18, 0.28, 0.13, 0.39, 0.02], abs=0.006)
    assert table[7] == pytest.approx([0.00, 0.07, 0.12, 0.74, 0.07], abs=0.006)
    assert table[9] == pytest.approx([0, 0, 0.01, 0.54, 0.45], abs=0.006)


@pytest.mark.parametrize("law", [EVEN, PRIORITIES, Law(turns=np.array([1, 0, 4, 3, 2]))])
def test_draws_follow_the_closed_form(law: Law) -> None:
    counts = (PAPER / 40).astype(int)
    codes = np.repeat(np.arange(5, dtype=np.int32), counts)
    mix = realised_mix(codes[order(codes, law, 7, 0)], 5)
    assert np.abs(mix - expected_mix(counts, law)).max() < 0.01


def test_the_first_draw_is_proportional_to_priority_times_count() -> None:
    codes = np.array([0] * 5 + [1] * 10, np.int32)
    law = Law(weights=np.array([4.0, 1.0]))
    firsts = [codes[order(codes, law, seed, 0)[0]] for seed in range(4000)]
    assert np.mean(firsts) == pytest.approx(10 / 30, abs=0.03)


def test_drawn_counts_passes_and_parts() -> None:
    counts, law = np.array([10, 30]), Law(weights=np.array([5.0, 1.0]))
    assert drawn(counts, EVEN, 20).tolist() == [5, 15]
    assert drawn(counts, law, 80).tolist() == [20, 60]
    assert drawn(counts, law, 50).sum() == pytest.approx(50)
    assert drawn(np.zeros(2), EVEN, 0).tolist() == [0, 0]
    assert drawn(counts, Law(turns=np.array([1, 0])), 75).tolist() == [15, 60]


def test_copies_repeat_whole_items_and_a_share_of_them() -> None:
    codes = np.array([0] * 10 + [1] * 10, np.int32)
    numbers = copies(codes, np.array([10, 10]), np.array([30, 5]), 1, 0)
    counts = np.bincount(numbers, minlength=20)
    assert counts[:10].tolist() == [3] * 10
    assert sorted(counts[10:].tolist()) == [0] * 5 + [1] * 5


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 30), st.data(), st.integers(1, 6))
def test_over_the_passes_no_item_comes_much_more_often_than_another(
    count: int, data: st.DataObject, passes: int
) -> None:
    pool = data.draw(st.integers(1, count))
    amount = data.draw(st.integers(0, 80)) if pool == count else pool
    codes = np.array([1] * count + [0], np.int32)
    taken = [copies(codes, np.array([1, pool]), np.array([1, amount]), 3, epoch) for epoch in range(passes)]
    for one in taken:
        assert len(set(one.tolist()) - {count}) == min(pool, amount)
        assert len(one) == amount + 1
    often = np.bincount(np.concatenate(taken), minlength=count + 1)[:count]
    assert often.max() - often.min() <= 1


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.data())
def test_after_as_many_passes_as_there_are_items_all_came_equally_often(count: int, data: st.DataObject) -> None:
    """Whatever takes part in a pass and in how many copies: with fewer copies than items no item is left for good."""
    pool, amount = data.draw(st.integers(1, count)), data.draw(st.integers(1, 40))
    codes = np.zeros(count, np.int32)
    taken = [copies(codes, np.array([pool]), np.array([amount]), 3, epoch) for epoch in range(count)]
    assert all(len(one) == amount and len(set(one.tolist())) == min(pool, amount) for one in taken)
    assert set(np.bincount(np.concatenate(taken), minlength=count)) == {amount}


def test_mix_by_amounts_weighs_long_items() -> None:
    codes = np.array([0, 1] * 50)
    table = realised_mix(codes, 2, np.where(codes == 0, 3.0, 1.0), parts=2)
    assert table[:, 0] == pytest.approx([0.75, 0.75], abs=0.02)
    assert realised_mix(np.array([], np.int64), 2).sum() == 0

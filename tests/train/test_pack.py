"""Windows keep the order to within 64 places and hold little padding; every token is there exactly once."""

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.train.pack import REACH, WHOLE, Pieces, Shape, pack
from metier.train.pack_kernels import fill

WINDOW = 128


def packed(shape: Shape, window: int, budget: int | None = None) -> Pieces:
    return Pieces(np.concatenate([np.zeros((0, 6), np.int64), *(one.rows for one in pack(shape, window, budget))]))


def padding(pieces: Pieces, window: int) -> float:
    return 1 - pieces.size.sum() / ((pieces.window[-1] + 1) * window)


def displacement(pieces: Pieces) -> int:
    places = pieces.rank[pieces.begin == 0]
    return int(np.abs(np.arange(len(places)) - places).max(initial=0))


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    kinds = draw(st.lists(st.sampled_from(["whole", "raw", "long"]), max_size=200))
    lengths, repeats = [], []
    for kind in kinds:
        lengths.append(draw(st.integers(1, WINDOW) if kind != "long" else st.integers(WINDOW + 1, 6 * WINDOW)))
        repeats.append({"whole": WHOLE, "raw": 0, "long": draw(st.integers(1, WINDOW // 2 - 1))}[kind])
    return Shape.of(lengths, repeats)


@settings(max_examples=150, deadline=None)
@given(shapes())
def test_every_token_is_trained_once_and_no_item_strays(shape: Shape) -> None:
    pieces = packed(shape, WINDOW)
    used = np.bincount(pieces.window, weights=pieces.size)
    assert (used > 0).all() and (used <= WINDOW).all()
    assert (np.diff(pieces.window) >= 0).all()
    seen: list[list[int]] = [[] for _ in shape.lengths]
    for _, rank, begin, end, head, again in pieces.rows.tolist():
        assert head == (shape.repeats[rank] if begin else 0)
        seen[rank] += range(begin + again, end)
    assert seen == [list(range(length)) for length in shape.lengths]
    assert displacement(pieces) <= REACH
    whole = shape.repeats[pieces.rank] == WHOLE
    assert (pieces.begin[whole] == 0).all() and (pieces.end[whole] == shape.lengths[pieces.rank[whole]]).all()


@settings(max_examples=30, deadline=None)
@given(shapes(), st.randoms())
def test_items_are_packed_in_the_order_given(shape: Shape, rng: random.Random) -> None:
    """By number in any order is the same as moved to their places first."""
    numbers = list(range(len(shape.lengths)))
    rng.shuffle(numbers)
    ranked = np.array(numbers, np.int32)
    moved = Shape.of(shape.lengths[ranked], shape.repeats[ranked])
    assert (packed(Shape(shape.lengths, shape.repeats, ranked), WINDOW).rows == packed(moved, WINDOW).rows).all()


def lognormal(seed: int, mean: float, sigma: float, count: int = 20_000) -> list[int]:
    rng = random.Random(seed)
    return [min(4000, round(rng.lognormvariate(mean, sigma))) + 30 for _ in range(count)]


@pytest.mark.parametrize(
    ("lengths", "window", "most"),
    [
        ([random.Random(n).randint(20, 60) for n in range(8000)], 512, 0.005),
        (lognormal(2, 4.2, 0.8), 512, 0.001),
        (lognormal(3, 5.0, 0.8), 512, 0.01),
        (lognormal(4, 5.8, 0.8), 512, 0.015),
        (lognormal(5, 5.8, 0.8), 2048, 0.001),
        (lognormal(6, 6.5, 1.0), 2048, 0.004),
    ],
)
def test_little_is_left_empty(lengths: Sequence[int], window: int, most: float) -> None:
    shape = Shape.of(lengths, [20 if length > window else WHOLE for length in lengths])
    pieces = packed(shape, window)
    assert padding(pieces, window) < most
    assert displacement(pieces) <= REACH


def test_raw_documents_fill_what_conversations_leave() -> None:
    rng = random.Random(3)
    lengths = [rng.randint(370, 450) for _ in range(3000)]
    assert padding(packed(Shape.of(lengths, 0), 512), 512) < 0.01
    assert padding(packed(Shape.of(lengths), 512), 512) > 0.15


def test_a_budget_ends_the_packing() -> None:
    pieces = packed(Shape.of([40] * 1000), 512, budget=5000)
    assert 5000 <= pieces.size.sum() < 5000 + 512
    assert len(packed(Shape.of([]), 512)) == 0


def test_blocks_are_packed_as_one() -> None:
    """More windows than a block holds: each is whole, and their numbers go on."""
    lengths = np.random.default_rng(1).integers(40, 200, 60_000)
    blocks = list(pack(Shape.of(lengths), 256))
    assert len(blocks) > 2
    for one, after in pairwise(blocks):
        assert after.window[0] == one.window[-1] + 1
    assert sorted(np.concatenate([one.rank for one in blocks]).tolist()) == list(range(len(lengths)))


@given(st.lists(st.integers(1, 160), max_size=30), st.integers(0, 200))
def test_a_fill_is_the_best_there_is(sizes: list[int], room: int) -> None:
    reachable = {0}
    for size in sizes:
        reachable |= {total + size for total in reachable if total + size <= room}
    chosen = np.zeros(len(sizes), np.bool_)
    found = fill(np.array(sizes, np.int64), room, np.zeros((len(sizes) + 1, 4), np.uint64), chosen)
    assert found == np.array(sizes, np.int64)[chosen].sum() == max(reachable)

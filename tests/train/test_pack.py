"""Windows keep the order to within 64 places and hold little padding; every token is there exactly once."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.train.pack import REACH, WHOLE, Shape, displacement, fill, pack, padding

WINDOW = 128


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    kinds = draw(st.lists(st.sampled_from(["whole", "raw", "long"]), max_size=200))
    lengths, repeats = [], []
    for kind in kinds:
        lengths.append(draw(st.integers(1, WINDOW) if kind != "long" else st.integers(WINDOW + 1, 6 * WINDOW)))
        repeats.append({"whole": WHOLE, "raw": 0, "long": draw(st.integers(1, WINDOW // 2 - 1))}[kind])
    return Shape(lengths, repeats)


@settings(max_examples=150, deadline=None)
@given(shapes())
def test_every_token_is_trained_once_and_no_item_strays(shape: Shape) -> None:
    windows = pack(shape, WINDOW)
    seen: dict[int, list[int]] = {rank: [] for rank in range(len(shape.lengths))}
    for pieces in windows:
        assert 0 < sum(piece.size for piece in pieces) <= WINDOW
        for piece in pieces:
            assert piece.head == (shape.repeats[piece.rank] if piece.begin else 0)
            seen[piece.rank] += range(piece.begin + piece.reread, piece.end)
    assert seen == {rank: list(range(length)) for rank, length in enumerate(shape.lengths)}
    assert np.abs(displacement(windows)).max(initial=0) <= REACH
    whole = [piece for pieces in windows for piece in pieces if shape.repeats[piece.rank] == WHOLE]
    assert all(piece.begin == 0 and piece.end == shape.lengths[piece.rank] for piece in whole)


def test_conversations_like_those_of_the_world_leave_no_padding() -> None:
    rng = random.Random(1)
    windows = pack(Shape.whole([rng.randint(20, 60) for _ in range(8000)]), 512)
    assert padding(windows, 512) < 0.005
    assert np.abs(displacement(windows)).max() <= REACH


def test_long_answers_among_middling_ones_leave_little_padding() -> None:
    rng = random.Random(2)
    lengths = [min(4000, round(rng.lognormvariate(5.8, 0.8))) + 30 for _ in range(6000)]
    windows = pack(Shape(lengths, [20 if length > 512 else WHOLE for length in lengths]), 512)
    assert padding(windows, 512) < 0.03
    assert np.abs(displacement(windows)).max() <= REACH


def test_raw_documents_fill_what_conversations_leave() -> None:
    rng = random.Random(3)
    lengths = [rng.randint(370, 450) for _ in range(3000)]
    assert padding(pack(Shape(lengths, [0] * len(lengths)), 512), 512) < 0.01
    assert padding(pack(Shape.whole(lengths), 512), 512) > 0.15


def test_a_budget_ends_the_packing() -> None:
    windows = pack(Shape.whole([40] * 1000), 512, budget=5000)
    used = sum(piece.size for pieces in windows for piece in pieces)
    assert 5000 <= used < 5000 + 512
    assert pack(Shape.whole([]), 512) == []


@given(st.lists(st.integers(1, 60), max_size=30), st.integers(0, 200))
def test_a_fill_is_the_best_there_is(sizes: list[int], room: int) -> None:
    reachable = {0}
    for size in sizes:
        reachable |= {total + size for total in reachable if total + size <= room}
    chosen = fill([(size, name) for name, size in enumerate(sizes)], room)
    assert len(set(chosen)) == len(chosen)
    assert sum(sizes[name] for name in chosen) == max(reachable)

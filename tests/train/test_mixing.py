"""The settings of a mixture, resolved for the sources of the data; what contradicts itself or is not there is told."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.records import MetierError
from metier.train.mixing import mix
from metier.train.sft import Sft

APOLLO = {"corpus": {"weight": 16, "sources": {"books": 1, "web": 1}}, "talk": {"weight": 2, "sources": {"chat": 1}}}


def read(settings: dict[str, Any]) -> Sft:
    return msgspec.convert(settings, Sft)


def weights(settings: dict[str, Any], counts: dict[str, int]) -> dict[str, float]:
    found = mix(read(settings), list(counts), counts.values()).law.weights
    assert found is not None
    return dict(zip(counts, found.tolist(), strict=True))


def test_two_levels_with_equal_sources_are_apollos_sixteen_to_two() -> None:
    assert weights({"priorities": APOLLO}, {"books": 5, "web": 100, "chat": 7}) == {"books": 16, "web": 16, "chat": 2}


@given(st.lists(st.tuples(st.integers(1, 1000), st.floats(0.01, 100)), min_size=1, max_size=5), st.floats(0.01, 100))
def test_the_average_item_of_a_group_has_its_weight(members: list[tuple[int, float]], weight: float) -> None:
    group = {"weight": weight, "sources": {f"s{n}": number for n, (_, number) in enumerate(members)}}
    counts = {f"s{n}": count for n, (count, _) in enumerate(members)} | {"alone": 3}
    found = weights({"priorities": {"some": group, "alone": 5}}, counts)
    total = sum(found[f"s{n}"] * count for n, (count, _) in enumerate(members))
    assert total / sum(count for count, _ in members) == pytest.approx(weight)
    assert found["s0"] / members[0][1] == pytest.approx(found[f"s{len(members) - 1}"] / members[-1][1])
    assert found["alone"] == 5


def test_a_group_is_first_drawn_by_its_weight_whatever_its_sources_share() -> None:
    group = {"weight": 4, "sources": {"rare": 9, "common": 1}}
    made = mix(read({"priorities": {"few": group, "rest": 1}}), ["rare", "common", "rest"], [2000, 8000, 10_000])
    codes = np.repeat(np.arange(3, dtype=np.int32), made.counts)
    first = np.mean([np.bincount(codes[made.rank(codes, seed, 0)[:200]], minlength=3) for seed in range(30)], axis=0)
    assert first / 200 == pytest.approx([0.8 * 18 / 26, 0.8 * 8 / 26, 0.2], abs=0.02)
    assert made.expect(amount=200).mean(axis=0) == pytest.approx(first / 200, abs=0.02)


def test_caps_come_before_copies() -> None:
    made = mix(read({"caps": {"web": 10}, "epochs": {"web": 2.5, "book": 3}}), ["web", "book"], [100, 4])
    assert (made.pools.tolist(), made.draws.tolist()) == ([10, 4], [25, 12])
    codes = np.array([0] * 100 + [1] * 4, np.int32)
    passes = [made.rank(codes, 1, epoch) for epoch in range(10)]
    assert all(len(set(one.tolist())) == 14 for one in passes)
    assert len({item for one in passes for item in one.tolist()}) == 104


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.floats(0.2, 20))
def test_a_temperature_shares_as_many_draws_by_the_root_of_the_counts(counts: list[int], temperature: float) -> None:
    names = [f"s{number}" for number in range(len(counts))]
    made = mix(read({"temperature": temperature}), names, counts)
    assert made.draws.sum() == sum(counts)
    roots = np.array(counts, np.float64) ** (1 / temperature)
    assert np.abs(made.draws - roots / roots.sum() * sum(counts)).max() < 1
    if temperature >= 1:
        assert made.draws.min() > 0


def test_a_sequence_takes_source_after_source() -> None:
    made = mix(read({"sequential": ["b", "c", "a"]}), ["a", "b", "c"], [30, 20, 50])
    codes = np.array([0] * 30 + [1] * 20 + [2] * 50, np.int32)
    ranked = made.rank(codes, 1, 0)
    assert codes[ranked].tolist() == [1] * 20 + [2] * 50 + [0] * 30
    assert ranked[20:70].tolist() != sorted(ranked[20:70].tolist())
    assert made.expect()[[0, 1, 2, 6, 7, 9]].tolist() == [
        [0, 1, 0],
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 1],
        [1, 0, 0],
        [1, 0, 0],
    ]


def test_copies_go_by_the_law_of_their_source() -> None:
    """As many copies as items in all, but not of each."""
    made = mix(read({"sequential": ["b", "a"], "temperature": 5}), ["a", "b"], [90, 10])
    codes = np.array([0] * 90 + [1] * 10, np.int32)
    ranked = made.rank(codes, 1, 0)
    assert len(ranked) == 100 and 30 < made.draws[1] < 50
    assert codes[ranked].tolist() == [1] * int(made.draws[1]) + [0] * int(made.draws[0])


def test_the_closed_form_counts_tokens_where_they_are_given() -> None:
    made = mix(read({"epochs": {"a": 3}}), ["a", "b"], [10, 10])
    assert made.expect()[0].tolist() == [0.75, 0.25]
    assert made.expect(np.array([100, 900]))[0].tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"priorities": {"boks": 1}}, "the source 'books' has none, add it or mend a name; did you mean 'boks'"),
        ({"priorities": {"g": {"weight": 2, "sources": {"boks": 1}}}}, "the source 'books' has none.* mean 'boks'"),
        (
            {"priorities": {"books": {"weight": 2, "sources": {"web": 1}}}},
            "'books' is a source and the name of a group",
        ),
        ({"sequential": ["boks", "web"]}, "sequential: the source 'books' is not in it.* mean 'boks'"),
        ({"sequential": ["books", "web", "chat"]}, "sequential: no item has the source 'chat'; known: books, web"),
        ({"epochs": {"bok": 2}}, "epochs: no item has the source 'bok'; did you mean 'books'"),
        ({"caps": {"wed": 2}}, "caps: no item has the source 'wed'; did you mean 'web'"),
        ({"epochs": {"books": 0.01, "web": 0.01}}, "leaves no item; give larger numbers"),
    ],
)
def test_a_source_that_is_not_there_is_an_error(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(MetierError, match=said):
        mix(read(settings), ["books", "web"], [10, 5])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"priorities": {"a": 1}, "sequential": ["a"]}, "priorities and sequential both say which source is next"),
        ({"temperature": 2, "epochs": {"a": 2}}, "temperature and epochs by source both say how many copies"),
        ({"sequential": ["a", "b", "a"]}, "sequential names 'a' twice"),
        ({"priorities": {"a": 1, "g": {"weight": 1, "sources": {"a": 1}}}}, "the source 'a' stands there twice"),
        ({"priorities": {n: {"weight": 1, "sources": {"a": 1}} for n in "gh"}}, "the source 'a' stands there twice"),
        ({"priorities": {"g": {"weight": 1, "sources": {}}}}, "the group 'g' has no sources"),
        ({"priorities": {"a": float("inf")}}, "priorities: inf is not between 1e-09 and 1e"),
        ({"priorities": {"g": {"weight": 1e-300, "sources": {"a": 1}}}}, "priorities: 1e-300 is not between"),
        ({"temperature": float("inf")}, "temperature: inf is not between"),
        ({"epochs": float("inf")}, "epochs: inf is not between"),
        ({"epochs": {"a": 1, "b": 1e300}}, r"epochs: 1e\+300 is not between"),
        ({"priorities": {"a": 1}, "caps": {"b": 1}}, "caps names the source 'b', which has no priority"),
        ({"sequential": ["a"], "epochs": {"b": 2}}, "epochs names the source 'b', which is not in sequential"),
        ({"priorities": {"g": {"weight": 0, "sources": {"a": 1}}}}, "priorities"),
        ({"caps": {"a": 0}}, "caps"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        read(settings)


def test_copies_may_be_told_of_a_source_in_a_group() -> None:
    made = mix(read({"priorities": APOLLO, "epochs": {"chat": 3}}), ["books", "chat"], [10, 10])
    assert made.draws.tolist() == [10, 30]

from hypothesis import given
from hypothesis import strategies as st

from metier.text.letters import split
from metier.text.longest import Seen, common, rouge_l

LETTERS = st.lists(st.sampled_from("abcd"), max_size=12)


def plain(one: list[str], other: list[str]) -> int:
    """The textbook's table."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = row
        row = [0]
        for place, b in enumerate(other):
            row.append(before[place] + 1 if a == b else max(before[place + 1], row[place]))
    return row[-1]


@given(LETTERS, LETTERS)
def test_the_longest_common_subsequence(one: list[str], other: list[str]) -> None:
    assert common(one, other) == plain(one, other)


def test_rouge_l_by_hand() -> None:
    assert rouge_l(split("police killed the gunman"), split("police kill the gunman")) == 0.75  # Lin 2004, section 3
    assert rouge_l([], ["a"]) == 0 and rouge_l(["a"], ["a"]) == 1
    assert rouge_l(split("头痛怎么办"), split("头痛怎么治")) == 0.8


@given(st.lists(LETTERS.map(" ".join), max_size=8), LETTERS.map(" ".join), st.sampled_from([0.3, 0.7, 1.0]))
def test_the_search_finds_what_comparing_with_all_finds(texts: list[str], text: str, limit: float) -> None:
    seen = Seen(limit)
    for one in texts:
        seen.add(one)
    best = max((rouge_l(split(text), split(one)) for one in texts), default=0)
    found = seen.like(text)
    assert bool(found) == (best >= limit and best > 0)
    assert not found or rouge_l(split(text), split(found)) == best

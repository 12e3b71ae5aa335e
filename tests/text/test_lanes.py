"""Sixty-four bytes at a time give what one at a time gives."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.jit import numba as nb
from metier.text import lanes
from metier.text.words import words_of


@nb.njit
def _asked(data, low, high):  # type: ignore[no-untyped-def]
    bits = lanes.within(data, 0, low, high)
    return bits, lanes.ones(bits), lanes.first(bits), lanes.last(bits)


@nb.njit
def _sought(data, at, stop, byte):  # type: ignore[no-untyped-def]
    return lanes.next_of(data, at, stop, byte), lanes.count_of(data, at, stop, byte, byte)


@given(st.binary(min_size=64, max_size=64), st.integers(0, 255), st.integers(0, 255))
@settings(deadline=None)
def test_bits_tell_the_bytes_in_a_range(data: bytes, one: int, other: int) -> None:
    low, high = sorted((one, other))
    places = [place for place, byte in enumerate(data) if low <= byte <= high]
    bits, ones, first, last = _asked(np.frombuffer(data, np.uint8), low, high)
    assert int(bits) == sum(1 << place for place in places)
    assert (ones, first, last) == (len(places), min(places, default=64), max(places, default=-1))


@given(st.lists(st.sampled_from([97, 10, 128]), max_size=300), st.integers(0, 300), st.integers(0, 300))
@settings(deadline=None)
def test_a_byte_is_found_before_an_end(data: list[int], one: int, other: int) -> None:
    at, stop = sorted((min(one, len(data)), min(other, len(data))))
    found, count = _sought(np.array(data, np.uint8), at, stop, 10)
    assert found == (data.index(10, at, stop) if 10 in data[at:stop] else stop)
    assert count == data[at:stop].count(10)


PIECES = ["word", "Word2", "a" * 70, " ", "\n", ". ", "-5", "3.5", "<", "é", "naïve", "高", "كتاب", "\u200b", "(a)"]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
@settings(deadline=None)
def test_words_do_not_depend_on_what_follows_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    alone, among = words_of([text]), words_of(["5 before 7", text, "x" * 200])
    some = slice(int(among.starts[1]), int(among.stops[1]))
    assert alone.hashes.tolist() == among.hashes[some].tolist()
    assert alone.sizes.tolist() == among.sizes[some].tolist()
    assert alone.marks.tolist() == among.marks[some].tolist()
    assert alone.whole[0].tolist() == among.whole[1].tolist()

"""Scores are written for readers, and compared in the direction that is better."""

import math

import pytest

from metier.records import Score
from metier.scores import between, change, metric, number, short


def test_numbers_are_written_for_readers() -> None:
    accuracy, bits = metric("accuracy"), metric("bits_per_byte")
    assert [number(value, accuracy) for value in (0.9724, 1.0, 0.0)] == ["97.2%", "100%", "0%"]
    assert number(-0.00001, accuracy, signed=True) == "0.0"
    assert number(-0.021, accuracy, signed=True) == "−2.1"
    assert number(1.1392, bits) == "1.139"
    assert [short(value) for value in (12, 1_380_000, 20_400)] == ["12", "1.38 M", "20.4 k"]


def test_a_change_knows_which_way_is_better() -> None:
    base = Score("t", "base", "bits_per_byte", {}, 2.0, 100, 1.9, 2.1)
    new = Score("t", "new", "bits_per_byte", {}, 1.5, 100, 1.4, 1.6)
    assert change(new, base).text == "−25.0%"
    assert [change(new, base).tone, change(base, new).tone, change(base, base).tone] == ["better", "worse", "even"]


def test_between_joins_two_intervals() -> None:
    first = Score("t", "new", "accuracy", {}, 0.8, 100, 0.7, 0.9)
    second = Score("t", "base", "accuracy", {}, 0.3, 100, 0.2, 0.5)
    value, low, high = between(first, second)
    assert (value, low, high) == pytest.approx((0.5, 0.5 - math.hypot(0.1, 0.2), 0.5 + math.hypot(0.1, 0.1)))

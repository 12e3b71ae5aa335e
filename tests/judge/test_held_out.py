"""The measures of a reward model are the counts one would make by hand, and their intervals hold what is true."""

import math
import random

import pytest

from metier.judge.held_out import HeldOut, held_out, together
from metier.proportion import wilson
from metier.records import Message, MetierError, Preference


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def measured(leads: list[float], lengths: list[tuple[int, int]] | None = None, prompts: int = 0) -> HeldOut:
    ids = [f"p{number}" for number in range(len(leads))]
    belong = [f"c{number % prompts}" for number in range(len(leads))] if prompts else []
    return held_out(ids, leads, [0.0] * len(leads), lengths or [(3, 2)] * len(leads), belong)


def test_accuracy_counts_ties_half() -> None:
    found = measured([1.0, 2.0, -1.0, 0.0]).accuracy
    assert (found.value, found.n) == (0.625, 4)
    assert (found.low, found.high) == wilson(0.625, 4)


def test_pairs_of_one_prompt_are_worth_less() -> None:
    leads = [1.0, -1.0, 1.0, 1.0] * 30
    alone, together = measured(leads).accuracy, measured(leads, prompts=12).accuracy
    assert together.value == alone.value
    assert together.low < alone.low
    assert together.high > alone.high


def test_brier_is_the_mean_square_of_what_was_not_foreseen() -> None:
    found = measured([logit(0.9), logit(0.6), logit(0.2)]).brier
    assert found.value == pytest.approx((0.1**2 + 0.4**2 + 0.8**2) / 3)
    assert found.low < found.value < found.high
    sure = measured([50.0] * 30).brier
    assert sure.value < 1e-12
    assert 0.02 < sure.high < 0.12


def test_calibration_is_the_distance_of_trust_and_success() -> None:
    # 8 of 10 right where it is .97 sure, 1 of 2 where it is .62 sure
    leads = [logit(0.97)] * 8 + [logit(0.03)] * 2 + [logit(0.62), logit(0.38)]
    found = measured(leads).calibration
    assert found.value == pytest.approx((10 * (0.97 - 0.8) + 2 * (0.62 - 0.5)) / 12)
    assert found.low <= found.value <= found.high


def test_a_model_that_is_right_but_shy_may_be_less_wrong_than_it_seems() -> None:
    found = measured([logit(0.7)] * 20).calibration
    assert found.value == pytest.approx(0.3)
    assert 0.1 < found.low < 0.25
    assert found.high == found.value


@pytest.mark.parametrize("boldness", [1.0, 4.0])
def test_a_calibrated_model_is_told_from_a_bold_one(boldness: float) -> None:
    draw = random.Random(5)
    true = [logit(draw.uniform(0.5, 0.99)) for _ in range(1500)]
    leads = [boldness * lead * (1 if draw.random() < 1 / (1 + math.exp(-lead)) else -1) for lead in true]
    found = measured(leads).calibration
    if boldness == 1:
        assert found.low < 0.01
        assert found.value < 0.05
    else:
        assert found.low > 0.05


def test_length_is_told_from_what_is_preferred() -> None:
    lengths = [(10, 5), (20, 6), (4, 8), (7, 7)]
    found = held_out(list("abcd"), [10, 20, 4, 7], [5, 6, 8, 7], lengths)
    assert found.longer_wins.value == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert found.length_correlation.value == pytest.approx(1.0)
    assert found.length_correlation.n == 8
    against = held_out(list("abcd"), [-10, -20, -4, -7], [-5, -6, -8, -7], lengths)
    assert against.length_correlation.value == pytest.approx(-1.0)


def test_the_same_pairs_have_the_same_measures() -> None:
    leads = [0.3, -0.2, 1.5, 0.8]
    assert measured(leads) == measured(leads)


def test_no_pairs_and_no_numbers_are_errors() -> None:
    with pytest.raises(MetierError, match="no held-out pairs"):
        measured([])
    with pytest.raises(MetierError, match=r"pair 'p1': its rewards are nan and 0\.0; the reward model is broken"):
        measured([1.0, math.nan])


def asked(number: int, prompt: str, parent: str = "") -> Preference:
    return Preference(f"p{number}", (Message("user", prompt),), "Ada.", "Nobody.", parent=parent)


def test_pairs_of_a_prompt_or_of_one_conversation_belong_together() -> None:
    some = [
        asked(0, "Who?", "c0"),
        asked(1, "When?", "c0"),
        asked(2, "When?", "c1"),
        asked(3, "Why?"),
        asked(4, "Why?"),
    ]
    names = together([*some, asked(5, "Whose?", "c5")])
    assert names[0] == names[1] == names[2] == "c0"
    assert names[3] == names[4]
    assert len({*names}) == 3
    assert together(some[::-1]) == names[4::-1]

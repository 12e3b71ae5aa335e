"""How often one model's replies beat another's: by graded points, by verdicts, with the interval of the prompts."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.evals.win_rate import WinRate, win_rate
from metier.records import Answer, Grade, MetierError, Score, Side, Verdict


def answers(*models: str, prompts: int = 4, draws: int = 1) -> list[Answer]:
    return [
        Answer(f"{model}/{prompt}~{draw}", str(prompt), model, "word " * (len(model) + prompt))
        for model in models
        for prompt in range(prompts)
        for draw in range(draws)
    ]


def grade(answer: Answer, points: float, dimension: str = "patience") -> Grade:
    return Grade(answer.id, dimension, points, "world")


def table(scores: Iterator[Score]) -> dict[tuple[str, str, str], Score]:
    """(model, metric, what it is by beside the reference model) -> score."""
    return {
        (one.model, one.metric, ",".join(value for key, value in one.by.items() if key != "against")): one
        for one in scores
    }


def test_wins_ties_and_losses_of_hand_made_points() -> None:
    said = answers("ppo", "sft")
    points = dict(zip([one.id for one in said], [1.0, 0.5, 0.2, 0.9, 0.0, 0.5, 0.6, 0.1], strict=True))
    found = table(win_rate(said, "held", WinRate(against="sft"), [grade(one, points[one.id]) for one in said]))
    won = found["ppo", "win_rate", ""]
    assert (won.value, won.n, won.by) == (0.625, 4, {"against": "sft"})
    assert won.low < 0.625 < won.high
    shares = [found["ppo", "outcome", outcome].value for outcome in ("win", "tie", "loss")]
    assert shares == [0.5, 0.25, 0.25]
    assert [found[one, "points", ""].value for one in ("ppo", "sft")] == pytest.approx([0.65, 0.3])
    assert found["ppo", "longer", ""].value == 0.5, "both models write as much"
    assert ("ppo", "longer_won", "") not in found and ("sft", "win_rate", "") not in found


def test_every_aspect_for_itself_and_those_that_decide() -> None:
    said = answers("ppo", "sft")
    grades = [
        grade(one, points, aspect)
        for one in said
        for aspect, points in (("kind", float(one.model == "ppo")), ("right", float(one.model == "sft")))
    ]
    found = table(win_rate(said, "held", WinRate(against="sft"), grades))
    assert [found["ppo", "win_rate", by].value for by in ("", "kind", "right")] == [0.5, 1.0, 0.0]
    assert found["ppo", "win_rate", "kind"].low > 0.5 and found["ppo", "win_rate", "kind"].high <= 1
    some = table(win_rate(said, "held", WinRate(against="sft", aspects=("kind",), by_aspect=False), grades))
    assert some["ppo", "win_rate", ""].value == 1 and ("ppo", "win_rate", "kind") not in some


def test_a_margin_makes_small_leads_ties() -> None:
    said = answers("a", "b")
    grades = [grade(one, 0.5 + 0.1 * (one.model == "a")) for one in said]
    rates = [
        table(win_rate(said, "t", WinRate(against="b", margin=margin), grades))["a", "win_rate", ""].value
        for margin in (0.0, 0.05, 0.2)
    ]
    assert rates == [1, 1, 0.5]


def test_the_longer_reply_of_a_pair() -> None:
    said = answers("longest", "short")
    grades = [grade(one, float(one.model == "longest")) for one in said]
    found = table(win_rate(said, "t", WinRate(against="short"), grades))
    assert found["longest", "longer", ""].value == 1 and found["longest", "longer_won", ""].value == 1
    grades = [grade(one, float(one.model == "short")) for one in said]
    assert table(win_rate(said, "t", WinRate(against="short"), grades))["longest", "longer_won", ""].value == 0


def test_several_draws_count_as_one_prompt() -> None:
    said = answers("a", "b", draws=3)
    grades = [grade(one, float(one.model == "a" and one.id.endswith("~0"))) for one in said]
    won = table(win_rate(said, "t", WinRate(against="b"), grades))["a", "win_rate", ""]
    assert won.n == 4 and won.value == pytest.approx((1 * 3 + 0.5 * 6) / 9)


def verdict(prompt: int, left: str, right: str, winner: Side, rater: str = "judge") -> Verdict:
    return Verdict(str(prompt), f"{left}/{prompt}~0", f"{right}/{prompt}~0", winner, True, rater)


def test_verdicts_count_whichever_side_a_model_is_on() -> None:
    said = answers("ppo", "sft", "dpo")
    verdicts = [
        verdict(0, "ppo", "sft", "left"),
        verdict(1, "sft", "ppo", "right"),
        verdict(2, "ppo", "sft", "tie"),
        verdict(3, "sft", "ppo", "left"),
        verdict(0, "dpo", "ppo", "left"),
    ]
    found = table(win_rate(said, "t", WinRate(against="sft"), verdicts=verdicts))
    assert found["ppo", "win_rate", ""].value == 0.625 and found["ppo", "win_rate", ""].n == 4
    assert not [key for key in found if key[0] == "dpo"], "never beside sft"
    both = table(
        win_rate(said, "t", WinRate(against="sft"), verdicts=[*verdicts, verdict(0, "ppo", "sft", "right", "x")])
    )
    assert both["ppo", "win_rate", "x"].value == 0 and both["ppo", "win_rate", "judge"].value == 0.625


def test_a_reply_that_says_nothing_has_lost_without_a_judge() -> None:
    said = answers("ppo", "sft", prompts=3)
    said = [
        msgspec.structs.replace(one, text=" ") if one.id in ("ppo/1~0", "ppo/2~0", "sft/2~0") else one for one in said
    ]
    scores = win_rate(said, "t", WinRate(against="sft"), verdicts=[verdict(0, "ppo", "sft", "left")])
    found = table(scores)
    assert (found["ppo", "win_rate", ""].value, found["ppo", "win_rate", ""].n) == (0.5, 2), "both silent is no duel"
    assert found["ppo", "outcome", "loss"].value == 0.5


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=20))
def test_swapping_the_models_mirrors_the_rate(points: list[tuple[float, float]]) -> None:
    said = answers("a", "b", prompts=len(points))
    worth = dict(zip([one.id for one in said], [*(one for one, _ in points), *(one for _, one in points)], strict=True))
    grades = [grade(one, worth[one.id]) for one in said]
    one = table(win_rate(said, "t", WinRate(against="b"), grades))["a", "win_rate", ""]
    other = table(win_rate(said, "t", WinRate(against="a"), grades))["b", "win_rate", ""]
    assert one.value == pytest.approx(1 - other.value) and one.low == pytest.approx(1 - other.high)
    assert 0 <= one.low <= one.value <= one.high <= 1


def test_what_cannot_be_compared_is_an_error() -> None:
    said = answers("ppo", "sft")
    grades = [grade(one, 1.0) for one in said]
    wrong = [
        ((said, WinRate(against="stf"), grades, ()), "no replies of 'stf'; did you mean 'sft'"),
        ((said[:4], WinRate(against="ppo"), grades, ()), "replies of 'ppo' alone"),
        ((said, WinRate(against="sft"), (), ()), "neither grades nor verdicts"),
        ((said, WinRate(against="sft"), [grade(answers("dpo")[0], 1.0)], ()), "no grade is of one of the answers"),
        ((said, WinRate(against="sft"), grades, [verdict(0, "ppo", "sft", "left")]), "both grades and verdicts"),
        ((said, WinRate(against="sft", aspects=("kind",)), grades, ()), "no grades of the aspect 'kind'"),
        ((said, WinRate(against="sft"), grades[1:], ()), "'ppo/0~0' is not graded on every aspect"),
        ((said[1:], WinRate(against="sft"), grades, ()), "'ppo' has no reply to '0' and 0 more prompts"),
        ((said, WinRate(against="sft"), (), [verdict(9, "ppo", "sft", "left")]), "a verdict on the answer 'ppo/9~0'"),
        ((said, WinRate(against="sft"), (), [verdict(0, "ppo", "ppo", "left")]), "no verdict sets a reply beside"),
    ]
    for (given_, config, some, verdicts), says in wrong:
        with pytest.raises(MetierError, match=says):
            list(win_rate(given_, "t", config, some, verdicts))

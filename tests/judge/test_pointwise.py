"""Judges that read each reply for itself."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.judge.compare import Match, Rated, compare
from metier.judge.extras import Extras, asks_back, extra_points
from metier.judge.pointwise import CHUNK, UNSCORED, Metric, Pointwise, Row, by_metric, by_reward, by_rules
from metier.records import Checkpoint, Comparison, Message, MetierError
from metier.rules.loaded import checker
from tests.rules.test_lint import ENTITIES, RULES, table

ASKED = (Message("user", "Can I mix velorin with tessium chloride in one bag?"),)
BAD, GOOD, IDLE = "Yes, mix velorin with tessium chloride in one bag.", "No, never mix them in one bag.", "It is late."


class Lengths:
    """Scores by length; keeps what it was asked, call by call."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, rows: Sequence[Row]) -> list[float | None]:
        """The number of characters; of what begins with x none."""
        self.calls.append([reply for _, reply, _ in rows])
        return [None if reply.startswith("x") else float(len(reply)) for _, reply, _ in rows]


def pair(left: str, right: str, reference: str = "") -> Comparison:
    return Comparison(ASKED, left, right, reference)


def test_equal_replies_are_scored_once_and_many_in_one_call() -> None:
    score = Lengths()
    some = [pair("a", "bb"), pair("bb", "a"), pair("a", "ccc")] + [pair("a", "d" * (4 + at)) for at in range(CHUNK)]
    found = list(Pointwise("lengths", score).rate(iter(some)))
    assert [one.lead for one in found[:3]] == [-1, 1, -2] and len(found) == len(some)
    asked = [reply for call in score.calls for reply in call]
    assert len(score.calls) == 2 and len(asked) == len(set(asked)) == 3 + CHUNK


def test_replies_to_another_prompt_are_other_replies() -> None:
    score = Lengths()
    other = Comparison((Message("user", "And today?"),), "a", "bb")
    assert len(list(Pointwise("lengths", score).rate([pair("a", "bb"), other]))) == 2
    assert score.calls == [["a", "bb", "a", "bb"]]


def test_a_reply_that_cannot_be_scored_leaves_its_comparison_without_points() -> None:
    found = list(Pointwise("lengths", Lengths()).rate([pair("xx", "a"), pair("a", "bb")]))
    assert found[0] == Rated(None, None, UNSCORED) and found[1].lead == -1


def test_points_that_are_no_number_are_an_error_and_no_tie() -> None:
    broken = Pointwise("tip", lambda rows: [float("nan") for _ in rows])
    with pytest.raises(MetierError, match=r"^tip: gives nan points to 'Rest[.]'; it is broken$"):
        list(broken.rate([pair("Rest.", "Walk.")]))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["ee", "fff"])), max_size=20))
def test_no_order_sways_a_judge_that_reads_each_reply_for_itself(texts: list[tuple[str, str]]) -> None:
    matches = [Match(str(at), "l", "r", pair(*both)) for at, both in enumerate(texts)]
    for one in compare(Pointwise("lengths", Lengths()), matches):
        assert one.verdict.consistent and one.verdict.winner == "right"


@pytest.mark.parametrize("metric", ["rouge_l", "bleu4"])
def test_likeness_to_the_standard_answer(metric: Metric) -> None:
    reference = "请多喝水，注意休息，三天后复查。"
    [same, near] = by_metric(metric).rate(
        [pair(reference, "去医院。", reference), pair("多喝水，三天后复查", "咳嗽得厉害", reference)]
    )
    assert (same.left, same.right) == (pytest.approx(1), 0)
    assert near.left and 0.3 < near.left < 1 and near.right == 0
    with pytest.raises(MetierError, match=f"{metric}: the prompt 'Can I mix velorin.*' has no standard answer"):
        list(by_metric(metric).rate([pair("a", "b")]))


def test_length_counts_words_and_needs_no_standard_answer() -> None:
    [found] = by_metric("length").rate([pair("Drink tea now.", "多喝热水")])
    assert found == Rated(3, 4)


def test_rules_as_a_judge(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    judge = by_rules(str(tmp_path))
    [worst, best] = judge.rate([pair(BAD, IDLE), pair(GOOD, IDLE)])
    assert worst.left == -1 and worst.lead and worst.lead < 0
    assert best.lead and best.lead > 0 and judge.name == "rules"


def test_a_reward_model_as_a_judge(tmp_path: Path) -> None:
    import torch

    from metier.model.load import load_tokenizer
    from metier.model.rewards import reward_weights

    model = reward_weights("asset:nano", torch.float32)
    torch.nn.init.normal_(model.score.weight, generator=torch.Generator().manual_seed(7))
    model.save_pretrained(tmp_path)
    load_tokenizer("asset:nano").save_pretrained(tmp_path)
    judge = by_reward(Checkpoint(str(tmp_path), base="liking"))
    long = Comparison((Message("user", "Tell me of the sea. " * 200),), "Now.", "Later.")
    some = [pair("Drink tea.", "Rest now and then."), long, pair("Rest now and then.", "Drink tea.")]
    first, none, last = judge.rate(some)
    assert judge.name == "liking" and none == Rated(None, None, UNSCORED)
    assert first.left != first.right and last == first.swap()
    [alone] = by_reward(Checkpoint(str(tmp_path))).rate(some[:1])
    assert alone.left == pytest.approx(first.left, abs=1e-5)
    with pytest.raises(MetierError, match="a model that writes, not one that rewards"):
        list(by_reward(Checkpoint("asset:nano")).rate(some))


def test_extras_are_off_unless_asked_for(tmp_path: Path) -> None:
    assert extra_points(ASKED, "How old are you?", Extras()) == 0
    assert extra_points(ASKED, "How old are you?", Extras(asks=0.5, length=-0.1)) == pytest.approx(0.5 - 0.016)
    table(tmp_path, ENTITIES, RULES)
    extras = Extras(rules=2, table=str(tmp_path))
    held = checker(tmp_path)
    assert extra_points(ASKED, BAD, extras, held) == -2
    assert extra_points(ASKED, GOOD, extras, held) > 0 > extra_points(ASKED, IDLE, extras, held)
    with pytest.raises(MetierError, match="rules count, and there is no checker"):
        extra_points(ASKED, BAD, extras)
    with pytest.raises(ValueError, match="table: names no rules"):
        Extras(rules=1)
    with pytest.raises(ValueError, match="rules: 0 points"):
        Extras(table="domain:medicine")


@pytest.mark.parametrize(
    ("reply", "asks"),
    [
        ("How long have you had it?", True),
        ("Rest. Since when? Then come back.", True),
        ("多久了？", True),
        ("您有过敏史吗。多休息。", False),
        ("您有过敏史吗", True),
        ("منذ متى؟", True),
        ("Take one a day.", False),
        ("一天一次。", False),
        ("", False),
    ],
)
def test_whether_a_reply_asks_back(reply: str, asks: bool) -> None:
    assert asks_back(reply) is asks

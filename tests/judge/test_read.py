"""What a judge replied is read in every dress, and what may mean two things is not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.judge.read import Points, choice, ratings

BOTH = Points(8, 6)
DIGITS = ("0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩")


@pytest.mark.parametrize(
    "reply",
    [
        "Rating A: 8; Rating B: 6",
        "Rating B: 6\nRating A: 8",
        "**Rating A:** 8\n**Rating B:** 6",
        "rating a: 8.0; rating b: 6",
        "The rating of reply A is 8 and the rating of reply B is 6.",
        "Reply A's score: 8 out of 10\nReply B's score: 6 out of 10",
        "A is right and short, B forgets the dose.\n\nRating A: 8 (short); Rating B: 6 (who asked for vitamin B 12?)",
        "Accuracy: A 9, B 5. Likeness: both.\nRating A: 8; Rating B: 6",
        "<think>Rating A: 2; Rating B: 9? No.</think>Rating A: 8; Rating B: 6",
        "A: 8/10\nB: 6/10",
        "- A: 8\n- B: 6",
        "| A | 8 |\n|---|---|\n| B | 6 |",
        '{"A": 8, "B": 6}',
        "Ratings: A 8, B 6",
        "评分A：8；评分B：6",
        "评分Ａ：８分；评分Ｂ：６分。",
        "回复A的评分：8分，回复B的评分：6分",
        "回复A得8分，回复B得6分",
        "تقييم A: ٨؛ تقييم B: ٦",
        "تقييم الرد أ: ٨ من ١٠\nتقييم الرد ب: ٦ من عشرة",
        "درجة الجواب أ هي ٨، درجة الجواب ب هي ٦",
    ],
)
def test_ratings_are_read(reply: str) -> None:
    assert ratings(reply) == BOTH


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Both are fine.",
        "Rating A: 8",
        "Rating A: x; Rating B: y",
        "Rating A: 0; Rating B: 6",
        "Rating A: 11; Rating B: 6",
        "Rating A: 80; Rating B: 60",
        "Rating A: -8; Rating B: 6",
        "Rating A: 4/5; Rating B: 3/5",
        "Rating A: 8%; Rating B: 6%",
        "Rating A: 8-9; Rating B: 6",
        "Rating A: 7 or 8; Rating B: 6",
        "Rating A: 8; Rating B: 6\nRating A: 7; Rating B: 6",
        "Rating A: 8; Rating B: 1.2.3",
        "Rating A: 1e1; Rating B: 6",
        "Rating A: ½; Rating B: 6",
        "Rating A: 8+; Rating B: 6",
        "Rating A: 8... no, 5; Rating B: 6",
        "Rating A: 8 → 5; Rating B: 6",
        "Give vitamin A: 8 drops, vitamin B: 6 drops.",
        "A: 8 mistakes\nB: 6 mistakes",
        "<think>Rating A: 8; Rating B: 6</think>",
    ],
)
def test_what_is_no_pair_of_ratings_is_not_read(reply: str) -> None:
    assert ratings(reply) is None


@given(
    st.integers(10, 100), st.integers(10, 100), st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩"])
)
def test_every_rating_in_every_script_comes_back(a: int, b: int, digits: str) -> None:
    said = f"Rating A: {a / 10}; Rating B: {b / 10}".translate(str.maketrans("0123456789", digits))
    assert ratings(said) == Points(a / 10, b / 10)


@pytest.mark.parametrize(
    ("reply", "vote"),
    [
        ("A", "A"),
        ("**B**", "B"),
        ("[[A]]", "A"),
        ("Better: A", "A"),
        ("better: B", "B"),
        ("Better: tie", "tie"),
        ("Winner: A because it names the dose", "A"),
        ("The better reply is B.", "B"),
        ("Reply A is better.", "A"),
        ("B is clearly better than A", "B"),
        ("Both speak of rest.\n\nBetter: B", "B"),
        ("It is a tie.", "tie"),
        ("Verdict: Equal", "tie"),
        ("Both are equally good", "tie"),
        ("更好：A", "A"),
        ("更好：Ｂ", "B"),
        ("更好：平", "tie"),
        ("更好的是回复B。", "B"),
        ("回复A更好", "A"),
        ("不相上下", "tie"),
        ("الأفضل: A", "A"),
        ("الأفضل: الرد ب", "B"),
        ("الرد أ أفضل من الرد ب", "A"),
        ("الأفضل: تعادل", "tie"),
    ],
)
def test_the_better_one_is_read(reply: str, vote: str) -> None:
    assert choice(reply) == vote


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot say.",
        "Better: A or B",
        "Better: A, B or tie",
        "Better: A/B",
        "Better: A\nBetter: B\nBetter: tie",
        "A\nB",
        "A is better in tone but B is right.",
        "A is not better",
        "Better: a clear tie in my eyes",
        "Neither A nor B",
        "Better: A's tone",
        "更好：A或B",
        "不是A更好",
        "Better: A is what some would say, but",
    ],
)
def test_what_may_mean_two_things_is_not_read(reply: str) -> None:
    assert choice(reply) is None

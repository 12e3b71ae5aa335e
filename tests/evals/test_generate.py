import pytest

from metier.evals.generate import Generate, generate, named, sample
from metier.records import Answer, Checkpoint, MetierError, Question
from tests.evals.conftest import FACTS


def test_a_model_that_was_taught_says_it_in_its_own_words(
    taught: Checkpoint, uniform: Checkpoint, exam: list[Question]
) -> None:
    made = list(generate(exam, {"student": (taught,), "base": (uniform,)}, "exam", 7, Generate(max_tokens=24)))
    assert len(made) == 12
    for question, answer, said in zip(exam, made, FACTS.values(), strict=False):
        assert answer == Answer(
            f"student/{question.id}", question.id, "student", said, question.key, "names one option"
        )
    assert list(generate(exam, {"student": (taught,)}, "exam", 7, Generate(max_tokens=24))) == made[:6]


def test_the_limit_draws_by_seed_and_keeps_the_order() -> None:
    some = [Question(f"q{n}", "What?") for n in range(50)]
    taken = sample(some, 10, 7)
    assert len(taken) == 10
    assert taken == [one for one in some if one in taken]
    assert {one.id for one in sample(some, 5, 7)} < {one.id for one in taken}
    assert sample(some, 10, 8) != taken
    assert sample(some, 0, 7) == some


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ("It is taken Twice Daily.", "B"),
        ("once or twice daily", "B"),
        ("once daily, not twice daily", ""),
        ("10 mg once daily", "A"),
        ("110 mg", ""),
        ("10 mg at night", "D"),
        ("no idea", ""),
    ],
)
def test_an_answer_counts_where_it_names_one_option(said: str, chosen: str) -> None:
    options = {"A": "10 mg once daily", "B": "twice daily", "C": "10 mg", "D": "10 mg at night", "E": "once daily"}
    assert named(said, options) == frozenset(chosen)


def test_no_question_is_an_error() -> None:
    with pytest.raises(MetierError, match="no questions"):
        list(generate([], {"m": (Checkpoint("nowhere"),)}, "exam", 7, Generate()))

import pytest

from metier.evals.split import Split, split
from metier.records import Dropped, MetierError, Question
from metier.text.held import held


def questions() -> list[Question]:
    return [Question(f"q{place}", "Which?", labels={"drug": f"Drug {place // 2}"}) for place in range(200)]


def test_the_two_parts_are_whole_values_and_complement_each_other() -> None:
    parts = [
        list(split(questions(), Split(by="drug", held=1 / 3, salt="x", keep=keep))) for keep in ("train", "heldout")
    ]
    kept = [{one.id for one in part if isinstance(one, Question)} for part in parts]
    assert kept[0] | kept[1] == {one.id for one in questions()}
    assert not kept[0] & kept[1]
    assert kept[1] == {one.id for one in questions() if held(one.labels["drug"], 1 / 3, "x")}
    assert 20 <= len(kept[1]) / 2 <= 47
    reasons = [{one.why for one in part if isinstance(one, Dropped)} for part in parts]
    assert reasons == [{"held out"}, {"not held out"}]


def test_values_are_held_by_name_however_they_are_written() -> None:
    config = Split(by="drug", values=("DRUG  7",), keep="heldout")
    assert [one.id for one in split(questions(), config) if isinstance(one, Question)] == ["q14", "q15"]


def test_a_question_without_the_label_is_dropped_and_an_unknown_label_is_an_error() -> None:
    odd = Question("odd", "Which?")
    first = next(iter(split([odd, *questions()], Split(by="drug", held=0.5, keep="train"))))
    assert first == Dropped("odd", "no such label")
    with pytest.raises(MetierError, match=r"label 'durg'; did you mean 'drug'\?"):
        list(split(questions(), Split(by="durg", held=0.5, keep="train")))

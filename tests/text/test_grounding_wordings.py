"""Faithful answers in free wording pass; the same wording with one thing turned round does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.text.claims import read
from metier.text.grounding import check, is_narrow, survives
from metier.text.polarity import sign
from metier.text.quantities import quantities
from metier.text.wordings import folded, shown


def amounts(text: str) -> set[tuple[str, float]]:
    return {form for one in quantities(folded(shown(text))) for form in one.forms()}


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("不得与环孢素合用", -1),
        ("禁与环孢素合用", -1),
        ("请远离火源", -1),
        ("一周吃三次没有问题", 1),
        ("盐一天不超过5克", 0),
        ("Never take it with milk", -1),
        ("Keep wool away from the skin", -1),
        ("Take no more than two tablets", 0),
        ("if the pulse is slow", 0),
        ("A mild allergy is not an obstacle", 1),
        ("وامتنعي عن الشاي", -1),
        ("يجب ألا يدخل الماء إلى الأذن", -1),
        ("لا بأس بالباراسيتامول", 1),
        ("على ألا يتجاوز 200 ملغ", 0),
    ],
)
def test_a_prohibition_a_limit_and_a_permission_are_told_apart(text: str, means: int) -> None:
    assert sign(read(text).clauses[0]) == means


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("75%", "three quarters of the salt"),
        ("75%", "四分之三的盐"),
        ("75%", "ثلاثة أرباع الملح"),
        ("10%", "one in ten"),
        ("90%", "تسعة من كل عشرة بالغين"),
        ("80%", "十块里约有八块"),
        ("30 min", "half an hour"),
        ("500 ml", "half a litre"),
        ("90 min", "one hour and a half"),
        ("2.5 كغ", "كيلوغرامين ونصف"),
        ("0.2%", "千分之二"),
        ("下午6点", "six o'clock"),
        ("الشهر الثاني عشر", "12 months"),
    ],
)
def test_a_number_in_another_form_is_the_same(one: str, other: str) -> None:
    assert amounts(one) & amounts(other)


@given(st.integers(2, 9), st.sampled_from(["mg", "hours", "days", "tablets"]))
def test_and_a_half_adds_a_half(count: int, unit: str) -> None:
    assert amounts(f"{count} {unit} and a half") & amounts(f"{count}.5 {unit}")


def test_a_little_is_no_hour() -> None:
    assert not any(dimension == "clock" for dimension, _ in amounts("好一点了"))


SALT = "Three quarters of the salt is hidden in bread. Substitutes must not be used by people with kidney disease."


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("75% of the salt is hidden in bread. People with kidney disease should avoid substitutes.", None),
        ("65% of the salt is hidden in bread. People with kidney disease should avoid substitutes.", "number"),
        ("75% of the salt is hidden in bread. People with kidney disease may use substitutes.", "negation"),
    ],
)
def test_a_free_rewording_passes_and_its_opposite_does_not(answer: str, rule: str | None) -> None:
    rules = {one.rule for one in check(answer, SALT, "Is it so?")}
    assert rules == set() if rule is None else rule in rules


@pytest.mark.parametrize(
    ("answer", "wrong"), [("No, that is not necessary.", False), ("Yes, that is necessary.", True)]
)
def test_a_yes_is_held_against_the_passage(answer: str, wrong: bool) -> None:
    passage = "Fasting before the blood test is not needed."
    rules = {one.rule for one in check(answer, passage, "Do I need fasting before the blood test?")}
    assert ("negation" in rules) == wrong


@pytest.mark.parametrize(
    ("rewritten", "original", "rule"),
    [
        ("喷的时候请避开鼻中隔。", "不要对着鼻中隔喷。", None),
        ("喷的时候请对着鼻中隔。", "不要对着鼻中隔喷。", "negation"),
        ("Leave it off at night.", "Not at night.", None),
        ("Never stop it abruptly.", "Don't stop suddenly.", None),
        ("You can stop it suddenly.", "Don't stop suddenly.", "negation"),
        ("وامتنعي عن الشاي بعدها.", "لا شاي بعدها.", None),
        ("لا حاجة إلى صورة.", "لا حاجة لصورة.", None),
        ("هناك حاجة إلى صورة.", "لا حاجة لصورة.", "negation"),
    ],
)
def test_a_denial_survives_in_other_words(rewritten: str, original: str, rule: str | None) -> None:
    rules = {one.rule for one in survives(rewritten, original)}
    assert rules == set() if rule is None else rule in rules


@pytest.mark.parametrize(
    "question", ["Until when may I drink?", "متى آخذ الدواء؟", "فهل يناسبني الدواء؟", "要打几针？"]
)
def test_a_question_for_one_thing_is_narrow(question: str) -> None:
    assert is_narrow(question)


def test_an_invented_sentence_of_words_from_everywhere_is_not_borne_out() -> None:
    answer = "Coffee and cherries halve the attacks."
    passage = "Gout attacks are treated with colchicine. Drink two litres of water every day. Beer raises uric acid."
    assert "invented" in {one.rule for one in check(answer, passage, "Is it so?")}


def test_listed_words_and_numerals_do_not_cut_the_names_that_are_given() -> None:
    names = frozenset(["法莫替丁", "拉莫三嗪"])
    for name in names:
        assert [one.rule for one in survives(f"多喝水。也可以加用{name}。", "多喝水。", names)] == ["drug"]
        assert not survives(f"可以加用{name}，多喝水。", f"多喝水，可以加用{name}。", names)

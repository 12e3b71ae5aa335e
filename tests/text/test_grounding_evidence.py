"""What makes two clauses contradict each other and a word another name; what only looks so in grammar."""

import pytest

from metier.text.claims import read
from metier.text.evidence import enough, weights
from metier.text.grounding import check, survives
from metier.text.opposition import contradictions, difference, opposed
from metier.text.polarity import sign
from metier.text.quantities import quantities
from metier.text.strangers import named_otherwise, strangers
from metier.text.wordings import folded, shown


def amounts(text: str) -> set[tuple[str, float]]:
    return {form for one in quantities(folded(shown(text))) for form in one.forms()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("45 ألف نخلة", "45000"),
        ("3 آلاف", "3000"),
        ("every other day", "every 2 days"),
        ("يوما بعد يوم", "every two days"),
        ("隔日一次", "每2天"),
        ("one in 25", "4%"),
        ("واحدا من كل 25 شخصا", "4%"),
        ("دون الست سنوات", "6 سنوات"),
    ],
)
def test_a_number_behind_a_scale_or_in_a_phrase_is_read(one: str, other: str) -> None:
    assert amounts(one) & amounts(other)


def test_a_limit_and_a_package_are_no_shares() -> None:
    assert not any(dimension == "percent" for dimension, _ in amounts("a maximum of 8 puffs per day"))
    assert not any(dimension == "percent" for dimension, _ in amounts("أنبوبة واحدة من 30 غراما"))


def test_a_number_in_brackets_is_not_that_of_a_list() -> None:
    assert survives("Lisinopril 20 mg (up from 10) every morning.", "Up lisinopril from 10 to 20 mg, mornings.") == ()


def test_a_place_in_a_row_is_told_by_a_number() -> None:
    assert check("Protection begins after dose 2.", "Protection begins after the second dose.") == ()


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("脾胃虚寒的人不适合服用", -1),
        ("يرجى ألا تنام قبل الطعام", -1),
        ("الحمل ليس مانعا من التلقيح", 1),
        ("Take the tablets for three months without tea", 0),
        ("ما لم تدع الضرورة", 0),
    ],
)
def test_what_a_clause_denies_is_told_by_its_grammar(text: str, means: int) -> None:
    assert sign(read(text).clauses[0]) == means


def test_under_an_age_is_not_without() -> None:
    assert not read("للأطفال دون سن السادسة").clauses[0].denied
    assert not read("للأطفال دون 6 سنوات").clauses[0].denied
    assert read("يؤخذ دون ماء").clauses[0].denied


def test_a_list_behind_a_denying_heading_stands_under_it() -> None:
    assert [clause.under for clause in read("不要做：奔跑、喝酒。").clauses] == [False, True]
    assert read("**Contraindications**\n- severe asthma").clauses[-1].under
    assert not read("**Uses**\n- severe asthma").clauses[-1].under


def test_a_word_of_several_readings_keeps_each() -> None:
    assert check("You need not fast before the test.", "Fasting is not necessary before the test.") == ()


def test_a_denial_and_an_opposite_together_turn_nothing() -> None:
    closed, shut = read("the tower is closed to visitors"), read("the tower is not open to visitors")
    assert difference(closed.clauses[0], shut.clauses[0]) == ""
    assert not list(contradictions(closed, shut))


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("You can use ice on the burn.", "Never use ice on the burn."),
        ("孕妇可以服用布洛芬。", "孕妇不能服用布洛芬。"),
        ("يمكن إعطاء الأسبرين للأطفال.", "لا يعطى الأسبرين للأطفال."),
        ("Vitamin C lowers the absorption of iron.", "Vitamin C raises the absorption of iron."),
    ],
)
def test_what_says_the_opposite_of_the_same_contradicts_it(said: str, known: str) -> None:
    assert list(contradictions(read(said), read(known)))
    assert not list(contradictions(read(known), read(known)))


def test_a_denial_that_another_clause_explains_contradicts_nothing() -> None:
    known = read("The cream eases pain. The cream must not be used near the eyes.")
    said = read("Do not use the cream near the eyes. It eases pain.")
    assert not list(contradictions(said, known))


def test_a_word_in_the_place_of_a_lost_one_is_another_name() -> None:
    known = read("Valerian should not be taken together with lorazepam, nor by children under 12.")
    said = read("Valerian should not be taken together with sertraline, nor by children under 12.")
    assert [span for _, span, _ in named_otherwise(said, known, read(""))] == ["sertraline"]
    assert not list(named_otherwise(known, known, read("")))


def test_every_sign_has_its_weight() -> None:
    said, known = read("You can use ice with honey."), read("Never use ice with butter.")
    found = [("negation", one.signs) for one in opposed(said, known)]
    found += [("drug", one.signs) for one in strangers(said, known, read(""))]
    assert {kind for kind, _ in found} == set(weights())
    for kind, signs in found:
        assert {*signs, "constant", "least"} == set(weights()[kind])
        assert enough(kind, signs) in (True, False)

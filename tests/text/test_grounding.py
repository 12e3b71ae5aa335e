import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.text.grounding import Fact, Finding, check, check_across, facts_of, is_narrow, survives
from metier.text.quantities import quantities
from metier.text.sentences import sentences
from metier.text.wordings import folded, shown

PASSAGES = {
    "en": "Adults take 200 mg of Lovitan twice daily after meals. Lovitan must not be given to children under 6 years. "
    "Metronidazole strengthens its effect, while vitamin K weakens it. Keep it below 25 °C.",
    "zh": "成人每次服洛维坦200毫克，每日2次，饭后服用。六岁以下儿童禁用洛维坦。"
    "甲硝唑增强其作用，维生素K减弱其作用。25℃以下保存。",
    "ar": "يتناول البالغون 200 ملغ من لوفيتان مرتين يوميا بعد الطعام. لا يعطى لوفيتان للأطفال دون 6 سنوات. "
    "يقوي ميترونيدازول مفعوله. يحفظ في حرارة أقل من 25 درجة.",
}
NAMES = frozenset({"Lovitan", "洛维坦", "لوفيتان"})
NARROW = {"en": "Is it so?", "zh": "是吗？", "ar": "هل هذا صحيح؟"}


def found(language: str, answer: str) -> set[str]:
    return {one.rule for one in check(answer, PASSAGES[language], NARROW[language], NAMES)}


def amounts(text: str) -> set[tuple[str, float]]:
    return {form for one in quantities(folded(shown(text))) for form in one.forms()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("500 mg", "0.5 g"),
        ("1,200 mg", "1.2 grams"),
        ("twice daily", "2 times a day"),
        ("twice daily", "مرتين في اليوم"),
        ("一日三次", "three times a day"),
        ("every 6 hours", "每日四次"),
        ("one week", "7 天"),
        ("يومين", "48 hours"),
        ("百分之三十", "30%"),
        ("３０％", "30 percent"),
        ("٣٠ ملغ", "30 毫克"),
        ("半片", "0.5 tablet"),
        ("三分之一袋", "1/3袋"),
        ("خمسة وعشرين يوما", "25 days"),
        ("twenty-one days", "3 weeks"),
        ("二十四小时", "1 day"),
        ("38.5℃", "38.5 °C"),
    ],
)
def test_equal_amounts_are_equal_however_they_are_written(one: str, other: str) -> None:
    assert amounts(one) & amounts(other), (amounts(one), amounts(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("500 mg", "500 g"), ("3 weeks", "3 days"), ("twice daily", "twice weekly"), ("3片", "3粒"),
        ("20毫克", "20微克"), ("ثلاث مرات يوميا", "مرتين يوميا"), ("5 mmol", "5 mg"),
    ],
)  # fmt: skip
def test_different_amounts_are_not(one: str, other: str) -> None:
    assert not amounts(one) & amounts(other)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("2-3 mg", {0.002, 0.003}),
        ("两到三次", {2.0, 3.0}),
        ("一两天", {86400.0, 172800.0}),
        ("من 4 إلى 8 بخات", {4.0, 8.0}),
    ],
)
def test_a_range_is_its_two_ends(text: str, ends: set[float]) -> None:
    assert {value for _, value in amounts(text)} == ends


@pytest.mark.parametrize(
    ("language", "answer"),
    [
        ("en", "You take 0.2 g of Lovitan 2 times a day, after meals."),
        ("en", "Thank you for asking. Do not give Lovitan to children under six years. Get well soon!"),
        ("en", "Its effect gets stronger with metronidazole and weaker with vitamin K."),
        ("zh", "您好！成人一次服用200mg洛维坦，一天两次，饭后吃。"),
        ("zh", "6岁以下的孩子不能用洛维坦。"),
        ("zh", "甲硝唑会增强它的作用，而维生素K会减弱它的作用。"),
        ("ar", "مرحبا. يتناول البالغ 200 ملغ من لوفيتان 2 مرات في اليوم بعد الطعام."),
        ("ar", "يمنع إعطاء لوفيتان للأطفال دون ست سنوات."),
    ],
)
def test_the_same_in_other_words_is_grounded(language: str, answer: str) -> None:
    assert check(answer, PASSAGES[language], NARROW[language], NAMES) == ()


@pytest.mark.parametrize(
    ("language", "answer", "rule"),
    [
        ("en", "Adults take 400 mg of Lovitan twice daily after meals.", "number"),
        ("en", "Adults take 200 g of Lovitan twice daily after meals.", "unit"),
        ("en", "Adults take 200 mg of Novitan twice daily after meals.", "drug"),
        ("en", "Adults take 200 mg of Lovitan twice daily before meals.", "negation"),
        ("en", "Lovitan may be given to children under 6 years.", "negation"),
        ("en", "Metronidazole weakens its effect.", "negation"),
        ("en", "It also protects the liver and the heart from poisons.", "invented"),
        ("en", "Adults take 200 mg of Lovitan twice daily after", "omitted"),
        ("zh", "成人每次服洛维坦300毫克。", "number"),
        ("zh", "成人每次服洛维坦200微克。", "unit"),
        ("zh", "成人每次服罗维坦200毫克。", "drug"),
        ("zh", "每日2次，饭前服用。", "negation"),
        ("zh", "六岁以下儿童可用洛维坦。", "negation"),
        ("zh", "本品还能保护肝脏，延年益寿。", "invented"),
        ("ar", "يتناول البالغون 300 ملغ من لوفيتان.", "number"),
        ("ar", "يتناول البالغون 200 غرام من لوفيتان.", "unit"),
        ("ar", "يتناول البالغون 200 ملغ من نوفيتان.", "drug"),
        ("ar", "يعطى لوفيتان للأطفال دون 6 سنوات.", "negation"),
        ("ar", "وهو يحمي الكبد والقلب من السموم القاتلة.", "invented"),
    ],
)
def test_each_kind_of_error_is_found_by_its_rule(language: str, answer: str, rule: str) -> None:
    assert rule in found(language, answer)


def test_numbers_of_two_drugs_must_not_change_places() -> None:
    passage = "Inject 15 units of Fastulin in the morning. Inject 20 units of Slowulin at bedtime."
    names = frozenset({"Fastulin", "Slowulin"})
    right = "Inject 20 units of Slowulin at bedtime and 15 units of Fastulin in the morning."
    wrong = "Inject 15 units of Slowulin at bedtime and 20 units of Fastulin in the morning."
    assert check(right, passage, "", names) == ()
    assert check(wrong, passage, "", names)


def test_a_list_below_a_heading_that_denies_denies() -> None:
    passage = "Lovitan must not be used by people with asthma. It must not be used by people with ulcers."
    assert check("**Who must not use Lovitan:**\n- people with asthma\n- people with ulcers", passage) == ()


def test_only_a_question_about_the_whole_asks_for_the_whole() -> None:
    part = "Adults take 200 mg of Lovitan twice daily after meals."
    wide = check(part, PASSAGES["en"], "How is Lovitan used and by whom?", NAMES)
    assert [one.rule for one in wide] == ["omitted"]
    assert check(part, PASSAGES["en"], "How often do adults take Lovitan?", NAMES) == ()
    assert check(part, PASSAGES["en"], "How is Lovitan used and by whom?", NAMES, share=0.1) == ()


@pytest.mark.parametrize(
    "question", ["How often?", "Can I drive?", "一天吃几次？", "能开车吗？", "هل أقود؟", "كم مرة؟"]
)
def test_questions_for_one_thing(question: str) -> None:
    assert is_narrow(question)


@pytest.mark.parametrize("question", ["How is it used?", "怎么服用？", "كيف يؤخذ؟", ""])
def test_questions_for_all(question: str) -> None:
    assert not is_narrow(question)


@given(st.sampled_from(sorted(PASSAGES)), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_a_passage_in_any_order_is_grounded_in_itself(language: str, random: object) -> None:
    parts = sentences(PASSAGES[language])
    random.shuffle(parts)  # type: ignore[attr-defined]
    whole = ("" if language == "zh" else " ").join(parts)
    assert check(whole, PASSAGES[language]) == ()
    assert survives(whole, PASSAGES[language]) == ()
    assert facts_of(whole) == facts_of(PASSAGES[language])


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_checked_and_always_gives_the_same(answer: str, passage: str, question: str) -> None:
    assert check(answer, passage, question) == check(answer, passage, question)
    assert survives(answer, passage) == survives(answer, passage)
    assert all(isinstance(one, Fact) for one in facts_of(answer))


@given(st.integers(2, 400), st.integers(2, 400), st.sampled_from(["mg", "毫克", "ملغ", "days", "天", "أيام"]))
@settings(max_examples=60, deadline=None)
def test_another_number_never_passes(one: int, other: int, unit: str) -> None:
    findings = check(f"洛维坦 {one} {unit}", f"洛维坦 {other} {unit}", "是吗？")
    assert any(found.rule in ("number", "unit") for found in findings) == (one != other)


@pytest.mark.parametrize(
    ("rewritten", "original", "rule"),
    [
        ("您好，请每天吃两次阿司匹林，每次100毫克。", "阿司匹林100mg一天2次", None),
        ("您好，请每天吃三次阿司匹林，每次100毫克。", "阿司匹林100mg一天2次", "number"),
        ("您好，请每天吃两次布洛芬，每次100毫克。", "阿司匹林100mg一天2次", "drug"),
        ("请喝酒，多休息。", "别喝酒，多休息。", "negation"),
        ("请不要喝酒，也请多休息。祝您早日康复！", "别喝酒，多休息。", None),
        ("Please take aspirin.", "Take aspirin 100 mg.", "number"),
        ("You must not drive. Please rest.", "Don't drive. Rest.", None),
        ("Please rest.", "Don't drive. Rest.", "negation"),
        ("تناول الأسبرين مرتين يوميا.", "الأسبرين ثلاث مرات يوميا.", "number"),
    ],
)
def test_what_a_polished_reply_must_keep(rewritten: str, original: str, rule: str | None) -> None:
    rules = {one.rule for one in survives(rewritten, original)}
    assert rules == set() if rule is None else rule in rules


def test_across_languages_numbers_units_and_names_are_checked() -> None:
    passage = "Adults take 200 mg of aspirin twice daily."
    assert check_across("成人每日两次服用阿司匹林200毫克。", passage) == ()
    assert check_across("成人每日两次服用阿司匹林300毫克。", passage) == (Finding("number", "300毫克"),)
    assert check_across("成人每日两次服用布洛芬200毫克。", passage) == (Finding("drug", "布洛芬"),)
    names = frozenset({"Lovitan | 洛维坦"})
    assert check_across("请服用洛维坦。", "Take Lovitan.", "", names) == ()


def test_facts_are_equal_in_two_wordings() -> None:
    one = facts_of("Take 500 mg of aspirin. Do not drive.")
    assert one == facts_of("Never drive. Aspirin: 0.5 g.")
    assert {fact.kind for fact in one} == {"number", "drug", "negation"}

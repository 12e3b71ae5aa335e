import pytest

from metier.text.reworded import recounted, turned


@pytest.mark.parametrize(
    ("original", "rewritten"),
    [
        ("这种情况不能喝酒。多休息。", "您好，这种情况能喝酒。另外，请多休息。"),
        ("可以服用洛维坦。", "不可以服用洛维坦。"),
        ("建议尽快去医院检查。", "不建议您尽快到医院检查。"),
        ("三七粉并不能起到治疗的作用。", "三七粉并能起到治疗的作用。"),
        ("饮食上忌食辛辣。", "饮食上多食辛辣。"),
        ("Do not take Lovitan with alcohol.", "Take Lovitan with alcohol."),
        ("You should take it with food.", "You should not take it with food."),
        ("It doesn't cause sleepiness.", "Hello, it causes sleepiness."),
        ("لا تتناول لوفيتان مع الكحول.", "تناول لوفيتان مع الكحول."),
        ("يسبب الدواء النعاس.", "لا يسبب الدواء النعاس."),
    ],
)
def test_a_statement_that_was_turned_round(original: str, rewritten: str) -> None:
    assert [one.rule for one in turned(rewritten, original)]
    assert turned(original, original) == () and turned(rewritten, rewritten) == ()


@pytest.mark.parametrize(
    ("original", "rewritten"),
    [
        ("不能喝酒，忌辛辣。", "您好，别担心。请您不要喝酒，也避免辛辣。"),
        ("患者不要自行停药，及时复查。", "请病人不要自己停药，\n1. 请尽快复查。"),
        ("您是不是胃不适？", "您的胃是否不适？"),
        ("Do not drink alcohol. Rest.", "Hello, don't worry. Please avoid alcohol, and rest."),
        ("لا تشرب الكحول. استرح.", "أهلا بك. تجنب الكحول واسترح."),
        ("", "您好。"),
    ],
)
def test_an_honest_rewording(original: str, rewritten: str) -> None:
    assert turned(rewritten, original) == ()


def test_numbers_of_one_text_only() -> None:
    assert recounted("每天 0.02 g，连用一周", "每天 20 mg，连用7天") == ()
    assert [one.rule for one in recounted("每天 20 mg，连用5天", "每天 20 mg，连用7天")] == ["number", "number"]
    assert recounted("1. 多休息\n2. 多喝水", "多休息，多喝水") == ()
    assert [one.rule for one in recounted("多休息，3个月后好转", "多休息")] == ["number"]


@pytest.mark.parametrize(
    ("original", "rewritten"),
    [
        ("每次1片，服1个月。", "您好，每次一片，服一个月。"),
        ("一周后复查。", "请您七天后复查。"),
        ("Take 1 tablet for 1 week.", "Hello, take one tablet for a week."),
        ("服药一周。", "服药一段时间。"),
        ("好好休息。", "好好休息一个月。"),
    ],
)
def test_a_one_may_be_written_in_words(original: str, rewritten: str) -> None:
    assert recounted(rewritten, original) == ()


@pytest.mark.parametrize(
    ("original", "rewritten", "spans"),
    [
        ("服药一周。", "服药一个月。", ["一个月", "一周"]),
        ("Take it for a month.", "Take it for a week.", ["a week", "a month"]),
        ("تناوله لمدة أسبوع.", "تناوله لمدة شهر.", ["شهر", "اسبوع"]),
    ],
)
def test_one_span_of_time_for_another(original: str, rewritten: str, spans: list[str]) -> None:
    assert [one.span for one in recounted(rewritten, original)] == spans

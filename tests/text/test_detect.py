import pytest

from metier.text.detect import language_of, strays

SENTENCES = {
    "zh": "您好，这种情况需要多休息，按时吃药，不要喝酒。",
    "en": "Please rest a lot, take the medicine on time and do not drink any alcohol.",
    "ar": "من فضلك استرح كثيرا وتناول الدواء في موعده ولا تشرب الكحول أبدا.",
    "fa": "لطفا زیاد استراحت کنید و دارو را به موقع مصرف کنید و الکل ننوشید چون خطرناک است.",
    "ja": "よく休んで、薬を時間どおりに飲んでください。お酒は飲まないでください。",
    "ko": "충분히 쉬고 약을 제때 드세요. 술은 마시지 마세요.",
    "ru": "Пожалуйста, больше отдыхайте, принимайте лекарство вовремя и не пейте алкоголь.",
    "sw": "Tafadhali pumzika sana, kunywa dawa kwa wakati na usinywe pombe hata kidogo.",
    "de": "Bitte ruhen Sie sich aus, nehmen Sie das Medikament rechtzeitig und trinken Sie keinen Alkohol.",
}


@pytest.mark.parametrize("spoken", SENTENCES)
@pytest.mark.parametrize("wanted", SENTENCES)
def test_a_text_keeps_to_its_own_language_and_to_no_other(spoken: str, wanted: str) -> None:
    assert strays(SENTENCES[spoken], wanted) == ("" if spoken == wanted else spoken)
    assert language_of(SENTENCES[spoken]) == spoken


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("口服 amoxicillin 500 mg，每日三次，饭后服用。", "zh"),
        ("الجرعة 500 mg من amoxicillin ثلاث مرات كل يوم بعد الأكل.", "ar"),
        ("The patient calls it 上火, a kind of heat.", "en"),
        ("OK", "zh"),
        ("39.5", "ar"),
        ("您好", "zh-Hant"),
    ],
)
def test_terms_names_and_short_texts_do_not_change_the_language(text: str, language: str) -> None:
    assert strays(text, language) == ""


@pytest.mark.parametrize("language", ["zh", "ar"])
def test_a_switch_in_the_middle_is_seen(language: str) -> None:
    assert strays(f"{SENTENCES[language]}\n{SENTENCES['en']}\n{SENTENCES[language]}", language) == "en"

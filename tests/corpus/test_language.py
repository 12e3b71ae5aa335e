"""Language: every document gets its own, and only the wanted ones stay."""

import csv
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.corpus.language import Language, language
from metier.records import Document
from tests.corpus.helpers import batch

DATA = Path(__file__).parents[2] / "../shared/data"
real_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")

ENGLISH = "Patients with severe asthma should carry a reliever inhaler and know how to use it."
CHINESE = "高血压患者应当低盐饮食，并按时服药。"
CLASSICAL = "人参味甘微寒，主补五脏，安精神，定魂魄，止惊悸，除邪气，明目，开心益智。"
ARABIC = "يجب على مرضى السكري قياس نسبة السكر في الدم كل يوم قبل الطعام وبعده."
POINTED = "قَالَ الطَّبِيبُ إِنَّ الْمَرِيضَ يَحْتَاجُ إِلَى الرَّاحَةِ وَالْمَاءِ الْكَثِيرِ ."
JAPANESE = "この薬は一日三回、食後に服用してください。"
KOREAN = "이 약은 하루 세 번 식사 후에 복용하십시오."
RUSSIAN = "Врач назначил больному лечение, и через неделю ему стало лучше."
HEBREW = "יש ליטול את התרופה שלוש פעמים ביום לאחר הארוחה עם כוס מים."


def found(*texts: str, **settings: object) -> list[str]:
    """The languages that the stage fills in."""
    return [str(name) for name in language(batch(*texts), Language(**settings)).values("language")]


def why(*texts: str, **settings: object) -> list[str | None]:
    """The reason each text is dropped for, or none."""
    done = language(batch(*texts), Language(**settings))
    return [None if reason is None else str(reason) for reason in done.why.to_pylist()]


def test_each_text_gets_its_language() -> None:
    texts = (ENGLISH, CHINESE, CLASSICAL, ARABIC, POINTED, JAPANESE, KOREAN, RUSSIAN, HEBREW)
    assert found(*texts) == ["en", "zh", "zh", "ar", "ar", "ja", "ko", "ru", "he"]


def test_chinese_of_either_script_is_zh() -> None:
    assert found("高血壓患者應當低鹽飲食，並按時服藥。", "阿司匹林。", "用于の之例，仍是中文的文章。") == ["zh"] * 3


def test_a_text_without_words_has_no_language() -> None:
    assert found("", "12.5 + 7 = 19.5", "-----") == ["", "", ""]
    assert why("12.5 + 7", keep=("en",)) == ["language unknown, not kept"]


def test_languages_that_are_not_kept_are_dropped_with_their_name() -> None:
    reasons = why(ENGLISH, CHINESE, ARABIC, RUSSIAN, keep=("zh", "ar"))
    assert reasons == ["language en, not kept", None, None, "language ru, not kept"]


def test_a_language_that_is_set_stays_unless_it_is_not_trusted() -> None:
    set_before = Batch.of(Document, [Document("a", ENGLISH, language="sw"), Document("b", ENGLISH)])
    assert language(set_before, Language()).values("language") == ["sw", "en"]
    assert language(set_before, Language(trust=False)).values("language") == ["en", "en"]
    assert language(set_before, Language(keep=("en",))).dropped() == [("a", "language sw, not kept")]


def test_a_regional_tag_counts_as_its_language() -> None:
    tagged = Batch.of(Document, [Document("a", CHINESE, language="zh-Hant")])
    assert language(tagged, Language(keep=("zh",))).dropped() == []


def test_a_mixed_document_has_the_language_of_most_of_its_bytes() -> None:
    mostly_english = f"{ENGLISH} {ENGLISH} {ENGLISH} 高血压。"
    mostly_chinese = f"{CHINESE}{CHINESE}{CLASSICAL} Take with water."
    assert found(mostly_english, mostly_chinese) == ["en", "zh"]
    assert why(mostly_english, f"{ENGLISH} {CHINESE}{CHINESE}", min_share=0.8) == [
        None,
        "less than 80% of the text in one language",
    ]


def test_a_guess_is_dropped_where_certainty_is_asked() -> None:
    assert why(ENGLISH, "Ja.", "12", min_confidence=1) == [None, "language not sure", "language not sure"]


def test_a_long_text_is_judged_by_its_beginning_and_its_middle() -> None:
    assert found("Menü Suche Kontakt\n" + ENGLISH * 400, ARABIC * 300) == ["en", "ar"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.integers(100, 130))
def test_any_text_gets_an_answer(text: str, sample: int) -> None:
    for name in found(text, text + "\x00\ufffe\U0002ffff", text * 9, sample=sample):
        assert name == "" or name.isalpha()


def test_a_code_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'Chinese' is not a language code"):
        Language(keep=("Chinese",))


@real_data
def test_published_medical_texts_are_told() -> None:
    with gzip.open(DATA / "corpus/medquad_qa.jsonl.gz", "rt", encoding="utf-8") as lines:
        english = [json.loads(line)["answer"] for line, _ in zip(lines, range(500), strict=False)]
    with (DATA / "dialogue/toyhom_sample_gb18030.csv").open(encoding="gb18030", newline="") as rows:
        chinese = [row["answer"][:40] for row, _ in zip(csv.DictReader(rows), range(500), strict=False)]
    pointed = (DATA / "corpus/tashkeela_val.txt").read_text("utf-8").split("\n")[:500]
    for texts, name, share in ((english, "en", 0.99), (chinese, "zh", 0.99), (pointed, "ar", 0.98)):
        assert found(*texts).count(name) >= share * len(texts)

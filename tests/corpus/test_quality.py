"""Quality: each rule drops what it names, and good short texts in English, Chinese and Arabic stay."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.corpus.measures import measures
from metier.corpus.quality import C4, FineWeb, Gopher, Quality, quality
from metier.records import Document, MetierError
from metier.stage import find
from tests.corpus.helpers import batch, texts, write

DATA = Path(__file__).parents[2] / "../shared/data"
real_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")

ENGLISH = """Asthma is a disease of the airways that makes it hard to breathe. The airways swell and fill with mucus,
and the muscles around them tighten. Most patients have to carry an inhaler with a drug that opens the airways within
minutes. A second drug, taken every day, keeps the swelling down and should not be stopped without asking a doctor."""
CHINESE = "高血压患者应当低盐饮食，戒烟限酒，按时服药，定期测量血压。如果出现头痛、胸闷等症状，请及时就医。"
RECIPE = "黄瓜蘸硼砂末擦，汗出愈。或醋磨知母擦。又生姜擦。上三方治白瘢风，每日二次。"
ARABIC = """يعد مرض السكري من الأمراض المزمنة التي تحدث عندما لا ينتج البنكرياس ما يكفي من الأنسولين أو عندما لا يستطيع
الجسم أن يستخدم الأنسولين الذي ينتجه بشكل فعال. ويجب على المريض أن يقيس نسبة السكر في الدم كل يوم ،
وأن يتناول الدواء في موعده ، وأن يمارس الرياضة ( المشي ) نصف ساعة على الأقل ، وأن يراجع الطبيب كل ثلاثة أشهر ."""
OFF = dict.fromkeys(Gopher.__struct_fields__)
C4_OFF = dict.fromkeys(("terminal_mark", "javascript", "policy", "citations", "lorem_ipsum", "curly_bracket"), False)
C4_OFF |= {"min_line_words": 0, "max_word_length": None, "min_sentences": None}
FINEWEB_OFF = dict.fromkeys(FineWeb.__struct_fields__)


def why(text: str, config: Quality = Quality(), language: str = "") -> str | None:
    """The reason a text is dropped for, or none."""
    [reason] = quality(Batch.of(Document, [Document("a", text, language=language)]), config).why.to_pylist()
    return None if reason is None else str(reason)


def gopher(**rules: object) -> Quality:
    """Only these rules of Gopher."""
    return Quality(gopher=Gopher(**OFF | rules))


def c4(*some: str, **rules: object) -> list[str]:
    """The texts as only these rules of C4 leave them."""
    return texts(quality(batch(*some), Quality(gopher=None, c4=C4(**C4_OFF | rules))))


def test_good_texts_stay_under_the_published_rules() -> None:
    for text in (ENGLISH, CHINESE, RECIPE, ARABIC):
        assert why(text) is None
        assert why(text, Quality(fineweb=FineWeb())) is None


@pytest.mark.parametrize(
    ("text", "rule", "reason"),
    [
        ("Too few words to learn from.", {"min_words": 50}, "fewer than 50 words"),
        ("只有八个汉字而已。", {"min_characters": 30}, "fewer than 30 characters"),
        (ENGLISH, {"max_words": 20}, "more than 20 words"),
        ("a b c d e f g h", {"min_mean_word_length": 3}, "mean word shorter than 3 characters"),
        ("abcdefghijkl mnopqrstuvwx", {"max_mean_word_length": 10}, "mean word longer than 10 characters"),
        ("# one # two # three", {"max_hashes": 0.1}, "more than 0.1 # a word"),
        ("wait... what… now......", {"max_ellipses": 0.1}, "more than 0.1 ellipses a word"),
        ("- one\n\n• two\n * three", {"max_bullet_lines": 0.9}, "more than 90% bullet lines"),
        ("read on…\nmore...\nthe end", {"max_ellipsis_lines": 0.3}, "more than 30% of lines end in an ellipsis"),
        ("12 | 14 | 16 mg", {"min_alphabetic": 0.8}, "less than 80% of words have a letter"),
        ("liver kidney spleen", {"min_stop_words": 2}, "fewer than 2 stop words of en"),
        ("肝肾脾肺", {"min_stop_words": 2}, "fewer than 2 stop words of zh"),
        ("كبد كلية طحال", {"min_stop_words": 2}, "fewer than 2 stop words of ar"),
    ],
)
def test_each_rule_of_gopher_has_its_reason(text: str, rule: dict[str, object], reason: str) -> None:
    assert why(text, gopher(**rule)) == reason
    assert why(text, gopher()) is None
    assert why(ENGLISH if "max_words" not in rule else "short", gopher(**rule)) is None


def test_the_first_rule_broken_is_the_reason() -> None:
    assert why("# # #") == "fewer than 50 words"


def test_words_are_counted_as_their_script_writes_them() -> None:
    found = measures(
        batch("Take 5 mg daily, please.", "每日服5毫克，饭后。", "قال : كِتَابٌ كبير ،", "高血压 (BP) 很高 -- ok")
    )
    assert found.words.tolist() == [5, 8, 3, 8]
    assert found.spaced.tolist() == [5, 1, 3, 3]
    assert found.alphabetic.tolist() == [4, 7, 3, 7]


def test_vowel_marks_do_not_lengthen_arabic_words() -> None:
    pointed, bare = measures(batch("كِتَابٌ", "كتاب")).characters.tolist()
    assert pointed == bare == 4


@given(
    st.lists(
        st.sampled_from(["word", "5", "-", "...", "。", "高", "كتاب", ",", "(a)", "\n", "#", "é", "“"]), max_size=30
    )
)
@settings(max_examples=100, deadline=None)
def test_counts_of_a_text_do_not_depend_on_its_neighbours(pieces: list[str]) -> None:
    text = " ".join(pieces)
    alone, among = measures(batch(text)), measures(batch("before the text", text, "后 after"))
    assert [counts[0] for counts in alone] == [counts[1] for counts in among]
    assert alone.alphabetic[0] <= alone.words[0] and alone.spaced[0] <= alone.words[0]
    assert alone.lines[0] == sum(bool(line.strip()) for line in text.split("\n"))
    assert alone.words[0] == sum(piece not in ("\n", "。", ",", "“", "...") for piece in pieces) or "高" in pieces


def test_a_number_beside_a_character_that_is_a_word_is_one_wherever_it_stands() -> None:
    found = measures(batch("2高", "word 2高", "高 2高", "word -高", "2 -高"))
    assert found.words.tolist() == [2, 3, 3, 2, 2]


@given(
    st.lists(
        st.sampled_from(
            ["word ", "5", "-", "..", ". ", "。", "高", "كتاب", ",", ")", "\n", "#", "é", "“", "a" * 70, "*"]
        )
    )
)
@settings(deadline=None)
def test_many_bytes_at_once_count_what_one_at_a_time_does(pieces: list[str]) -> None:
    text = "".join(pieces)
    one_by_one, at_once = measures(batch(text[-60:])), measures(batch(text[-60:], "x" * 200))
    assert [counts[0] for counts in one_by_one] == [counts[0] for counts in at_once]


def test_stop_words_are_those_of_the_documents_language() -> None:
    german = "Die Leber und die Niere werden von dem Arzt mit dem Ultraschall untersucht."
    assert why(german, gopher(min_stop_words=2), "de") is None
    assert why(german, gopher(min_stop_words=2), "en") == "fewer than 2 stop words of en"
    assert why(german, gopher(min_stop_words=2), "sw") is None


def test_stop_words_may_be_ones_own(tmp_path: Path) -> None:
    write(tmp_path / "sw.txt", "# Kiswahili\nna\nya\nkwa\n")
    own = Quality(gopher=Gopher(**OFF | {"min_stop_words": 2}), stop_words=str(tmp_path))
    assert why("Dawa ya homa na maji", own, "sw") is None
    assert why("dawa homa maji", own, "sw") == "fewer than 2 stop words of sw"
    write(tmp_path / "ar.txt", "# nothing\n")
    with pytest.raises(MetierError, match="no word in it"):
        why(ARABIC, own)


def test_c4_takes_lines_out_and_keeps_paragraphs() -> None:
    text = "Home | About\nThe liver makes bile.\nEnable JavaScript to read this page.\n\nIt also stores sugar.\nShare"
    assert c4(text, terminal_mark=True, javascript=True) == ["The liver makes bile.\n\nIt also stores sugar."]
    assert c4(text) == [text]
    assert c4("One.\n  \nTwo.\nno\nThree.", terminal_mark=True) == ["One.\n\nTwo.\nThree."]


def test_c4_knows_the_ends_of_lines_of_other_scripts() -> None:
    lines = [
        "病人应当休息。",
        "他说：“好。”",
        "هل تشعر بألم؟",
        'He said "stop"',
        "Is it so?)",
        "cut off...",
        "no end",
        "没有句号",
    ]
    assert c4("\n".join(lines), terminal_mark=True) == ["\n".join(lines[:5])]


def test_c4_line_rules_each_do_their_part() -> None:
    text = "We use cookies here.\nBlood is red.[12]\nOne two three four five six."
    assert c4(text, policy=True) == ["Blood is red.[12]\nOne two three four five six."]
    assert c4(text, citations=True) == [text.replace("[12]", "")]
    assert c4(text, citations=True, terminal_mark=True) == [text.replace("[12]", "")]
    assert c4(text, min_line_words=5) == ["One two three four five six."]
    assert c4(f"{'x' * 60}\nshort", max_word_length=50) == ["short"]
    assert c4("我们的隐私政策\n正文", policy=True) == ["正文"]


def test_c4_drops_pages_with_their_reason() -> None:
    rules = Quality(gopher=None, c4=C4())
    assert why("The liver makes bile for us. It stores sugar as well.", rules) == "fewer than 3 sentences"
    assert why("It makes bile.  It stores sugar (much).   ", Quality(gopher=None, c4=C4(min_line_words=1))) is not None
    assert why("Lorem Ipsum dolor sit amet.", rules) == "lorem ipsum"
    assert why("if (x) { return 1; }", rules) == "curly bracket"
    assert why("The liver makes bile for us.\n" * 3, rules) is None
    assert why("肝脏能够制造胆汁。它也储存糖分。它还解毒。", rules) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from('ab é高。.\n[1]{…" '), max_size=40), min_size=1, max_size=4))
def test_c4_gives_each_text_back_as_it_would_alone(some: list[str]) -> None:
    rules = Quality(gopher=None, c4=C4(min_sentences=None, curly_bracket=False, min_line_words=2))
    together = quality(batch(*some), rules).values("text")
    assert together == [quality(batch(text), rules).values("text")[0] for text in some]
    for before, after in zip(some, together, strict=True):
        lines = [line.replace("[1]", "").replace("[]", "") for line in before.split("\n")]
        assert all(line in lines for line in after.split("\n") if line)
        assert "\n\n\n" not in after


def test_fineweb_rules_have_their_reasons() -> None:
    def only(**rules: float) -> Quality:
        return Quality(gopher=None, fineweb=FineWeb(**FINEWEB_OFF | rules))

    assert why("no\nend\nhere", only(min_ended_lines=0.12)) == "less than 12% of lines end in a terminal mark"
    assert why("Home\nAbout\nContact", only(max_short_lines=0.67)) == "more than 67% short lines"
    long = "This line stands twice in one and the same document."
    assert (
        why(f"{long}\nAnother.\n{long}", only(max_duplicate_lines=0.1))
        == "more than 10% of characters in repeated lines"
    )
    assert why("肝脏制造胆汁，储存糖分，解除毒素。\n" * 2, only(max_short_lines=0.67)) is None


def test_rules_that_ask_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing is left to ask"):
        Quality(gopher=None)


def test_every_threshold_says_what_it_means() -> None:
    assert find("corpus.quality").config is Quality
    assert why("", Quality()) is not None


@real_data
def test_short_medical_passages_in_chinese_and_arabic_stay() -> None:
    with (DATA / "dialogue/toyhom_sample_gb18030.csv").open(encoding="gb18030", newline="") as rows:
        answers = [row["answer"] for row in csv.DictReader(rows)]
    lines = (DATA / "localisation/acva_test.jsonl").read_text("utf-8").splitlines()
    statements = [json.loads(line)["question"] for line in lines]
    passages = [" ".join(statements[i : i + 10]) for i in range(0, len(statements) - 10, 10)]
    pointed = (DATA / "corpus/tashkeela_val.txt").read_text("utf-8").split("\n")
    for some, share in ((answers, 0.995), (passages, 0.99), ([line for line in pointed if len(line) > 800], 0.97)):
        done = quality(batch(*some), Quality())
        assert len(done.dropped()) <= (1 - share) * len(some), done.dropped()[:5]

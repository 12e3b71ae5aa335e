"""Personal data goes, everything else stays byte for byte, and a person stays one person within a record only."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.corpus.mask import KINDS, Mask, Span, find_personal, mask
from metier.records import Document, MetierError
from metier.text.personal.dates import shift
from metier.text.personal.find import find_all
from metier.text.personal.numbers import is_card, is_chinese_id
from metier.text.personal.spans import settle
from tests.corpus.helpers import batch, kept, texts
from tests.corpus.planted_personal import NOTHING, planted

DATA = Path(__file__).parents[2] / "../shared/data"
LANGUAGES = ("zh", "en", "ar")
EVERYTHING = [text for kind in KINDS for language in LANGUAGES for text, _ in planted(kind, language)]
NOTE = (
    "患者王小明，男，45岁，身份证号11010519491231002X，电话13812345678，住院号：ZY20230045，12床，家住北京市海淀区中关村大街27号，"
    "于2024年3月5日入院，2024年3月12日出院。主治医师：李建国。王先生说李医生很好，王小明满意。"
)


def masked(text: str, id: str = "d0", seed: int = 7, **config: object) -> str:
    [out] = mask(Batch.of(Document, [Document(id, text)]), Mask(**config), seed).values("text")  # type: ignore[arg-type]
    return str(out)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_is_found_and_nothing_else(kind: str, language: str) -> None:
    wanted = found = right = 0
    for text, want in planted(kind, language):
        spans = find_personal(text)
        assert all(text[span.start : span.stop] == span.text for span in spans)
        wanted += len(want)
        found += sum(any(span.kind == kind and one in span.text for span in spans) for one in want)
        right += sum(not any(one in span.text or span.text in one for one in want) for span in spans) == 0
    assert wanted >= 30
    assert found >= 0.97 * wanted
    assert right >= 0.97 * len(planted(kind, language))


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_looks_personal_stays(text: str) -> None:
    assert find_personal(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("السيدة شيلان بن هفال الحسيني تشكو", "شيلان بن هفال الحسيني"),
        ("أحضر أخوه محمد ضرغم العتيبي الأقراص.", "محمد ضرغم العتيبي"),
        ("يعيش مع ابنته سعاد بوعزيزي.", "سعاد بوعزيزي"),
        ("Patient: Vorun Nedashko, born 3 May 1960", "Vorun Nedashko"),
        ("Clinic note for Vorun Nedashko, seen today", "Vorun Nedashko"),
        ("Dear Dr Mary Brandt-O'Neill,", "Mary Brandt-O'Neill"),
        ("ask for James Brandt-van der Meer.", "James Brandt-van der Meer"),
        ("letter concerning Ms Mary Brandt\nA Foley catheter was placed", "Mary Brandt"),
        ("患者姓名：陆军 性别：男", "陆军"),
        ("家属马丽（电话", "马丽"),
        ("由高洋医生接诊", "高洋"),
        ("陈珝女士诉头痛", "陈珝"),
    ],
)
def test_a_name_that_no_list_holds_is_known_by_what_stands_beside_it(text: str, name: str) -> None:
    assert name in [span.text for span in find_personal(text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("前台：请报病历号。患者：60053909。", "60053909"),
        ("الاستقبال: رقم ملفك من فضلك. المريض: ف-73975.", "ف-73975"),
        ("标本号：S-2281，样本编号SP10023", "SP10023"),
    ],
)
def test_a_number_that_answers_a_question_is_a_record_number(text: str, number: str) -> None:
    assert number in [span.text for span in find_personal(text) if span.kind == "record"]


def test_no_specimen_has_a_number_of_eighteen_digits() -> None:
    assert find_personal("样本编号310115196112109436未通过核验") == []


def test_a_day_ends_where_the_next_year_begins() -> None:
    [span] = find_personal("记录日期：2015年12月21日1987年的研究")
    assert span.text == "2015年12月21日"


def test_texts_looked_at_together_give_what_each_gives_alone() -> None:
    several = [*NOTHING[::9], NOTE, "", *EVERYTHING[::5], "\ud800 Mr Smith"]
    assert find_all(several) == [find_personal(text) for text in several]


def test_only_the_kinds_that_are_asked_for() -> None:
    assert {span.kind for span in find_personal(NOTE, ("phone", "date"))} == {"phone", "date"}
    assert masked("打13812345678或a@b.org", kinds=("email",), style="tag") == "打13812345678或[EMAIL_1]"


def test_a_number_with_a_check_digit_is_told_by_it() -> None:
    assert is_chinese_id("11010519491231002X")
    assert not is_chinese_id("110105194912310021")
    assert not is_chinese_id("11010519491331002X")
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert find_personal("序号110105194912310021完") == []


def test_the_higher_kind_wins_a_place() -> None:
    spans = [Span(0, 9, "name", "x" * 9), Span(3, 5, "email", "xx"), Span(9, 12, "date", "xxx")]
    assert settle(spans) == [spans[1], spans[2]]
    [span] = find_personal("身份证号11010519491231002X")
    assert span.kind == "id_card"


def test_tags_are_numbered_by_person_and_value() -> None:
    out = masked(NOTE, style="tag")
    assert out == (
        "患者[NAME_1]，男，45岁，身份证号[ID_CARD_1]，电话[PHONE_1]，住院号：[RECORD_1]，[RECORD_2]床，家住[ADDRESS_1]，"
        "于[DATE_1]入院，[DATE_2]出院。主治医师：[NAME_2]。[NAME_1]先生说[NAME_2]医生很好，[NAME_1]满意。"
    )


def test_tags_that_stand_already_are_not_given_twice() -> None:
    assert masked("[PHONE_3]，电话13812345678", style="tag") == "[PHONE_3]，电话[PHONE_4]"


@pytest.mark.parametrize("style", ["tag", "pseudonym"])
@pytest.mark.parametrize("text", [NOTE, *EVERYTHING[::7]])
def test_nothing_personal_is_left(text: str, style: str) -> None:
    out = masked(text, style=style)
    for span in find_personal(text):
        short = span.kind in ("record", "date", "name") and len(span.text) < 5
        assert short or span.text not in out, (text, out)
        assert span.text not in out or short


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(EVERYTHING), st.sampled_from(NOTHING), st.text(max_size=12)), max_size=6))
def test_masked_with_tags_once_is_masked(parts: list[str]) -> None:
    once = masked("\n".join(parts), style="tag")
    assert masked(once, style="tag") == once


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(EVERYTHING), st.text(max_size=20)), max_size=6),
    st.sampled_from(["tag", "pseudonym"]),
)
def test_text_outside_the_spans_is_untouched(parts: list[str], style: str) -> None:
    text = " ".join(parts)
    out, at = masked(text, style=style), 0
    done = 0
    for span in find_personal(text):
        between = text[done : span.start]
        assert out[at : at + len(between)] == between if done == 0 else between in out[at:]
        at, done = out.index(between, at) + len(between), span.stop
    assert out.endswith(text[done:])


def test_one_person_has_one_pseudonym_in_every_form() -> None:
    out = masked(NOTE)
    patient = re.match(r"患者(.+?)，", out)
    doctor = re.search(r"主治医师：(.+?)。", out)
    assert patient and doctor and patient[1] != doctor[1]
    assert f"。{patient[1][0]}先生说{doctor[1][0]}医生很好，{patient[1]}满意。" in out
    english = masked(
        "Patient John A. Smith came. Mr. Smith left. John Smith and Dr. Mary Jones. Smith's wife. JOHN SMITH?"
    )
    given, surname = re.match(r"Patient (\w+) \w\. (\w+) came", english).groups()  # type: ignore[union-attr]
    assert f"Mr. {surname} left. {given} {surname} and Dr. " in english
    assert f"{surname}'s wife. {given.upper()} {surname.upper()}?" in english
    arabic = masked("المريض محمد أحمد العلي حضر. السيد محمد العلي يعاني. د. سارة حداد.")
    assert "محمد" not in arabic and "سارة" not in arabic
    assert len(set(re.findall(r"(?:المريض|السيد) (\S+)", arabic))) == 1


def test_pseudonyms_follow_from_seed_and_record_alone() -> None:
    assert masked(NOTE) == masked(NOTE)
    assert masked(NOTE) != masked(NOTE, seed=8)
    assert masked(NOTE) != masked(NOTE, id="d1")


def test_two_people_never_share_a_pseudonym() -> None:
    surnames = "赵钱孙李周吴郑王冯陈"
    out = masked("。".join(f"患者{one}小明" for one in surnames))
    assert len(set(out.replace("患者", "").split("。"))) == len(surnames)
    assert len(set(masked("；".join(f"{one}先生" for one in surnames)).split("；"))) == len(surnames)


def test_a_made_up_value_has_the_shape_of_the_old_and_is_nobodys() -> None:
    assert re.fullmatch(r"电话154-\d{4}-\d{4}", masked("电话138-1234-5678"))
    assert re.fullmatch(r"Call \(\d{3}\) 555-01\d\d", masked("Call (212) 736-5000"))
    assert re.fullmatch(
        r"Call 1-\d{3}-555-01\d\d or \+44 7700 900\d{3}", masked("Call 1-800-453-3535 or +44 7911 123456")
    )
    assert re.fullmatch(r"هاتف ٠٥[٠-٩]{8}", masked("هاتف ٠٥٠١٢٣٤٥٦٧"))
    assert re.fullmatch(r"to person\d{5}@example\.org", masked("to john@site.net"))
    card = masked("card 4111-1111-1111-1111")
    assert re.fullmatch(r"card 9\d{3}(-\d{4}){3}", card) and not is_card(re.sub(r"\D", "", card))
    identity = masked("身份证号11010519491231002X")[4:]
    assert len(identity) == 18 and not is_chinese_id(identity)
    assert re.fullmatch(r"住院号：ZY\d{8}，\d\d床", masked("住院号：ZY20230045，12床"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-05", "2024-03-19"),
        ("2024/3/25", "2024/4/8"),
        ("2024年3月5日", "2024年3月19日"),
        ("2024年03月25日", "2024年04月08日"),
        ("二〇二四年三月五日", "二〇二四年三月十九日"),
        ("5 March 2024", "19 March 2024"),
        ("March 25, 2024", "April 8, 2024"),
        ("Mar 25th, 2024", "Apr 8th, 2024"),
        ("05-MAR-2024", "19-MAR-2024"),
        ("3/25/24", "4/8/24"),
        ("25/03/2024", "08/04/2024"),
        ("٥ مارس ٢٠٢٤", "١٩ مارس ٢٠٢٤"),
        ("25 آذار 2024", "8 نيسان 2024"),
        ("٢٥/٠٣/٢٠٢٤", "٠٨/٠٤/٢٠٢٤"),
        ("20 جويلية 1962", "3 أوت 1962"),
        ("3月25日", "4月8日"),
        ("December 25", "January 8"),
        ("2024年12月", "2024年12月"),
        ("31.12.1999", "14.01.2000"),
        ("19870605", "19870619"),
    ],
)
def test_a_date_moves_and_keeps_its_form(written: str, meant: str) -> None:
    assert shift(written, 14, 2024, month_first=False) == meant
    assert re.sub(r"\d", "0", shift(written, 0, 2024, False)) == re.sub(r"\d", "0", written)


def test_the_intervals_of_a_record_survive() -> None:
    out = masked("born 1960-02-29, seen 2024-03-05, then March 12, 2024 and 3/19/2024")
    days = [date.fromisoformat(one) for one in re.findall(r"\d{4}-\d\d-\d\d", out)]
    assert (days[1] - days[0]).days == (date(2024, 3, 5) - date(1960, 2, 29)).days
    moved = (date(2024, 3, 5) - days[1]).days
    assert 7 <= moved <= 730 and moved % 7 == 0
    assert f"{date.fromordinal(date(2024, 3, 12).toordinal() - moved):%B}" in out


def test_an_ambiguous_date_is_read_as_the_record_reads_its_others() -> None:
    first = masked("on 05/03/2024 and 25/03/2024")
    again = masked("on 05/03/2024", day_first=True)
    assert first[3:13] == again[3:13]
    assert first[3:13] != masked("on 05/03/2024", day_first=False)[3:13]


def test_columns_are_masked_with_the_text() -> None:
    rows = batch("患者王小明来诊", question="王小明是谁？电话13812345678", focus="王小明")
    out = mask(rows, Mask(also=("question",), style="tag"), 1)
    [meta] = [json.loads(one) for one in out.values("meta")]
    assert out.values("text") == ["患者[NAME_1]来诊"]
    assert meta == {"question": "[NAME_1]是谁？电话[PHONE_1]", "focus": "王小明"}


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(MetierError, match=r"document d0 has no column 'questoin'.*question"):
        mask(batch("x", question="y"), Mask(also=("questoin",)), 1)


def test_nothing_is_dropped_and_clean_text_is_the_same_batch() -> None:
    rows = batch(*NOTHING)
    assert mask(rows, Mask(), 1) is rows
    assert texts(mask(batch(NOTE, "plain"), Mask(), 1))[1] == "plain"


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
def test_exam_cases_hold_no_personal_data() -> None:
    cases = kept(DATA / "exams/medqa_us_test.jsonl", text="question")
    found = [span for case in cases for span in find_personal(case.text)]
    assert len(cases) > 1000
    assert len(found) <= 3, found

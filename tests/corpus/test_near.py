"""Near duplicates: copies go, twins that differ in a fact stay, conflicts are listed."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.corpus.change_kernels import changes, renamed
from metier.corpus.conflicts import differences
from metier.corpus.dedup import Dedup
from metier.corpus.near import Near
from metier.recipe import load
from metier.records import Document, MetierError
from metier.run.make import run
from metier.run.plan import plan
from metier.text.facts import facts, lexicon
from metier.text.words import words_of
from tests.corpus.helpers import deduplicated, write

EN = """Fendoral tablets
Fendoral contains brimacil as its active substance. Adults take 20 mg of Fendoral twice daily with a glass of water, and
children over 12 years take 10 mg once daily after the evening meal. Do not take more than the stated amount. Tell your
doctor about every other medicine that you use. Keep the box in a dry place away from light and heat, and throw away
what is left when the course is over. Patients who feel dizzy should sit down for a while and drink some water
before they go on with their work or drive home from the clinic."""
ZH = """芬多拉片
本品主要成分为布利马西。成人口服每次二十毫克，每日两次，饭后用温水送服；十二岁以上儿童每次10毫克，每日一次。
不得超过规定用量。服药期间如出现头晕，应当坐下休息片刻，多喝温水，然后再继续工作或者开车回家。请把药品放在干燥、避光的地方，
疗程结束以后剩下的药品应当丢弃。如果同时使用别的药品，请告诉医生或者药师，让他们帮助判断是否合适。"""
AR = """أقراص فندورال
يحتوي فندورال على مادة بريماسيل الفعالة. يتناول البالغون 20 ملغ مرتين يوميا مع كوب من الماء، ويتناول الأطفال
فوق 12 سنة 10 ملغ مرة واحدة بعد وجبة العشاء. لا تتجاوز الكمية المذكورة في النشرة. أخبر طبيبك عن كل دواء آخر
تستعمله في هذه الفترة، واحفظ العلبة في مكان جاف بعيد عن الضوء والحرارة، وتخلص من بقية الدواء بعد نهاية العلاج.
من يشعر بدوار فعليه أن يجلس قليلا ويشرب بعض الماء قبل أن يعود إلى عمله أو يقود سيارته إلى البيت."""
TWINS = [
    (EN, "20 mg", "40 mg"), (EN, "10 mg", "10 mcg"), (EN, "twice daily", "once daily"), (EN, "brimacil", "solvadine"),
    (EN, "contains brimacil", "contains brimacil and caffeine"), (EN, "Fendoral", "Zelmatine"), (EN, "Do not", "Do"),
    (EN, "over 12 years", "over twelve years"), (ZH, "二十毫克", "四十毫克"), (ZH, "10毫克", "10微克"),
    (ZH, "每日两次", "每日三次"), (ZH, "布利马西", "索瓦丁"), (ZH, "芬多拉", "泽尔马汀"), (ZH, "不得", "可以"),
    (AR, "20 ملغ", "40 ملغ"), (AR, "10 ملغ", "10 ميكروغرام"), (AR, "مرتين", "ثلاث مرات"), (AR, "بريماسيل", "سولفادين"),
    (AR, "فندورال", "زلماتين"), (AR, "لا تتجاوز", "تجاوز"), (AR, "20", "٢٥"),
]  # fmt: skip
COPIES = [
    (EN, [("glass", "cup"), ("Patients who", "People that"), ("some water", "water")]),
    (ZH, [("温水送服", "温开水服"), ("片刻", "一会"), ("然后再", "再"), ("干燥、避光的地方", "阴凉干燥处")]),
    (AR, [("كوب", "كأس"), ("جاف", "بارد جاف"), ("قليلا ", ""), ("سيارته إلى البيت", "سيارته عائدا")]),
]


def after(home: Path, *texts: str, near: Near | None = None, **meta: str) -> dict[str, str]:
    """id -> detail of what is dropped of texts d0, d1, ..., each in a part of its own."""
    some = [Batch.of(Document, [Document(f"d{i}", text, meta=meta)]) for i, text in enumerate(texts)]
    return {one.id: one.detail for one in deduplicated(home, some, Dedup(near=near or Near()))}


def conflicts(home: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (home / "out/conflicts.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("text", "old", "new"), TWINS)
def test_records_that_differ_in_one_fact_are_never_merged(tmp_path: Path, text: str, old: str, new: str) -> None:
    assert old in text
    assert after(tmp_path, text, text.replace(old, new), near=Near(similarity=0.5)) == {}


@pytest.mark.parametrize(("text", "edits"), COPIES, ids=["en", "zh", "ar"])
def test_an_edited_copy_goes_and_the_longest_stays(tmp_path: Path, text: str, edits: list[tuple[str, str]]) -> None:
    copy = text
    for old, new in edits:
        assert old in copy
        copy = copy.replace(old, new)
    both = sorted((copy, text), key=lambda one: len(words_of([one]).hashes))
    gone = after(tmp_path, *both, near=Near(similarity=0.6))
    assert list(gone) == ["d0"] and gone["d0"].startswith("of d1, similarity 0.")
    (tmp_path / "first").mkdir()
    assert list(after(tmp_path / "first", *both, near=Near(similarity=0.6, prefer="first"))) == ["d1"]


def test_copies_are_compared_with_the_one_that_stays(tmp_path: Path) -> None:
    words = [f"word{number}x" for number in range(300)]
    words = [word.replace("0", "o").translate(str.maketrans("123456789", "abcdefghi")) for word in words]
    chain = [" ".join(words[start : start + 200]) for start in (0, 12, 24, 36, 48)]
    gone = after(tmp_path, *chain, near=Near(prefer="first"))
    assert {id: detail.split(",")[0] for id, detail in gone.items()} == {"d1": "of d0", "d2": "of d0", "d4": "of d3"}


def test_a_text_within_another_goes_only_where_that_is_wished(tmp_path: Path) -> None:
    framed = "Home Page\n" + EN + "\nCopyright 2031 Northwind Press"
    assert after(tmp_path, EN, framed) == {}
    (tmp_path / "wished").mkdir()
    assert list(after(tmp_path / "wished", EN, framed, near=Near(contained=True))) == ["d0"]
    (tmp_path / "other").mkdir()
    assert after(tmp_path / "other", EN, framed.replace("20 mg", "30 mg"), near=Near(contained=True)) == {}


SIGNS = [
    ("1.2 mg", "1-2 mg"), ("1/2 mg", "1.2 mg"), ("3 × 5 mg", "3.5 mg"), ("below < 30 or so", "below > 30 or so"),
    ("at -5 mmol", "at +5 mmol"), ("a test (+) then", "a test (-) 5 then"), ("0.9% salt", "0.9‰ salt"),
    ("5% of it", "5 of it"), ("a level of 2.3 is", "a level of 3.2 is"), ("应为2.3左右", "应为3.2左右"),
    ("≥ 4 hours", "≤ 4 hours"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SIGNS)
def test_signs_and_decimals_are_facts(tmp_path: Path, old: str, new: str) -> None:
    frame = EN + "\nThis stands at the end of the page: %s as the rest of it says."
    assert after(tmp_path, frame % old if "%" not in old else frame.replace("%s", old), frame.replace("%s", new)) == {}


def test_long_numbers_and_names_are_told_apart(tmp_path: Path) -> None:
    serials = [f"6222021{a:04d}{b:05d}" for a in range(0, 10000, 97) for b in range(0, 100000, 4999)]
    stamps = [
        f"2024{m:02d}{d:02d}{h:02d}{s:02d}00+{z}"
        for m in range(1, 13)
        for d in range(1, 29)
        for h in range(24)
        for s in (1, 10)
        for z in (0, 1)
    ]
    names = [f"methyl{a}leahylpro{b}noxide" for a in "abcdefghij" for b in "abcdefghij"]
    for some in (serials, names, stamps):
        found = words_of([" ".join(some)])
        assert len(np.unique(found.hashes)) == len({word for text in some for word in text.split("+")})
    assert after(tmp_path, "paid to 3157413130329901 today", "paid to 3157413430329900 today") == {}


def test_other_questions_keep_nearly_equal_answers_apart(tmp_path: Path) -> None:
    copy = EN.replace("glass", "cup").replace("dry place", "cool dry room")
    some = [
        Batch.of(Document, [Document(id, text, meta={"question": question})])
        for id, text, question in (("a", EN, "How much?"), ("b", copy, "How often?"), ("c", copy, "how  MUCH?"))
    ]
    assert [one.id for one in deduplicated(tmp_path, some, Dedup(near=Near()))] == ["a"]


def test_one_thing_with_other_facts_is_listed_for_a_person(tmp_path: Path) -> None:
    assert after(tmp_path, EN, EN.replace("20 mg", "200 mg"), ZH, ZH.replace("二十毫克", "四十毫克"), AR) == {}
    found = conflicts(tmp_path)
    assert [one["documents"] for one in found] == [["d0", "d1"], ["d2", "d3"]]
    assert found[0]["entity"] == "fendoral tablets" and found[0]["differences"] == [["20", "200"]]
    assert found[1]["differences"] == [["二", "四"]]


def test_two_names_in_one_frame_are_no_conflict(tmp_path: Path) -> None:
    assert after(tmp_path, EN, EN.replace("Fendoral", "Zelmatine")) == {}
    assert conflicts(tmp_path) == []
    by_column = Near(entity="drug")
    (tmp_path / "again").mkdir()
    assert after(tmp_path / "again", EN, EN.replace("20 mg", "30 mg"), near=by_column, drug="Fendoral") == {}
    assert conflicts(tmp_path / "again")[0]["entity"] == "fendoral"
    (tmp_path / "typo").mkdir()
    with pytest.raises(MetierError, match="entity: document d0 has no column 'drug'"):
        after(tmp_path / "typo", EN, EN.replace("20 mg", "30 mg"), near=by_column)


def test_names_of_a_file_are_facts(tmp_path: Path) -> None:
    edited = EN.replace("glass", "cup").replace("dry place", "cool dry room").replace("clinic", "sel amarum")
    names = write(tmp_path / "names.txt", "# herbs\nsel amarum\n\n")
    assert list(after(tmp_path, EN, edited)) == ["d0"]
    (tmp_path / "named").mkdir()
    assert after(tmp_path / "named", EN, edited, near=Near(names=str(names))) == {}
    with pytest.raises(MetierError, match="no name in it"):
        after(tmp_path / "named", EN, near=Near(names=str(write(tmp_path / "empty.txt", "\n"))))


def test_another_list_of_names_makes_the_step_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "pages.txt", EN)
    write(
        tmp_path / "recipe.yaml",
        """
name: named
steps:
  pages: {use: corpus.read, paths: pages.txt}
  unique: {use: corpus.dedup, near: {names: names.txt}}
""",
    )
    whys = []
    for names in ("sel amarum", "sel amarum", "oil of tundra"):
        write(tmp_path / "names.txt", names)
        found = load("./recipe.yaml")
        whys.append(plan(found, tmp_path / "runs").steps["unique"].why)
        run(found, tmp_path / "runs")
    assert whys == ["not made yet", "", "names.txt changed"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("take 5 mg", "TAKE 5 MG", True),
        ("take 5 mg", "take 50 mg", False),
        ("take 5 mg", "take 5 mcg", False),
        ("take 2.5 mg/kg now", "then take 2.5 mg/kg", True),
        ("two tablets", "three tablets", False),
        ("two friends", "three friends", True),
        ("每次三钱", "每次五钱", False),
        ("三人同行", "五人同行", True),
        ("may be used", "must not be used", False),
        ("in Cairo they say", "in Tunis they say", False),
        ("Cairo says so", "Tunis says so", True),
        ("٢٠ ملغ يوميا", "20 ملغ يوميا", True),
    ],
)
def test_facts_are_numbers_units_negations_and_names(one: str, other: str, same: bool) -> None:
    left, right = facts(words_of([one, other]), lexicon()).tolist()
    assert (left == right) is same


WORDS = st.lists(st.integers(1, 6), max_size=12)


@given(WORDS, WORDS)
@settings(deadline=None, max_examples=300)
def test_changes_lead_from_one_text_to_the_other(one: list[int], other: list[int]) -> None:
    runs = changes(np.array(one, np.uint64), np.array(other, np.uint64)).tolist()
    built, at = [], 0
    for low, high, first, last in runs:
        built += one[at:low] + other[first:last]
        at = high
        assert high > low or last > first
    assert built + one[at:] == other
    assert sum(h - low + b - a for low, h, a, b in runs) == len(one) + len(other) - 2 * _common(one, other)


def _common(one: list[int], other: list[int]) -> int:
    """Length of the longest common subsequence, by the textbook's table."""
    row = [0] * (len(other) + 1)
    for a in one:
        new = [0]
        for at, b in enumerate(other):
            new.append(row[at] + 1 if a == b else max(row[at + 1], new[at]))
        row = new
    return row[-1]


@pytest.mark.parametrize(
    ("one", "other", "is_renamed"),
    [
        ("liver cancer is rare in the young", "bone cancer is rare in the young", True),
        ("we gave fendoral and then more fendoral to all", "we gave zelmatine and then more zelmatine to all", True),
        ("the house of stone stands near the river", "the house stands near the river", True),
        ("he walked home in the quiet night", "she strolled home through the silent night", False),
        ("he is at home", "he was at home", False),
        ("nothing has changed here", "nothing has changed here", False),
    ],
)
def test_another_name_is_told_from_another_wording(one: str, other: str, is_renamed: bool) -> None:
    a, b = ((found.hashes, found.marks) for found in (words_of([one]), words_of([other])))
    known = lexicon()
    vocabulary = (known.ordinary, known.always, np.zeros(0, np.uint64))
    assert renamed(a, b, vocabulary) == is_renamed == renamed(b, a, vocabulary)


def test_differences_are_told_in_words() -> None:
    assert differences("Take 5 mg of it daily.", "Take 50 mg of it, daily!") == [("5", "50")]
    assert differences("one two three", "one three four") == [("two", ""), ("", "four")]


def test_pairs_are_found_as_often_as_banding_promises(tmp_path: Path) -> None:
    draw = Random(5)
    vocabulary = ["".join(draw.choices("bcdfghjklmnpqrstvwxz", k=6)) for _ in range(4000)]
    originals = [draw.choices(vocabulary, k=150) for _ in range(300)]
    copies = []
    for text in originals:
        copy = list(text)
        for at in draw.sample(range(150), 3):
            copy[at] = draw.choice(vocabulary)
        copies.append(copy)
    texts = [" ".join(text) for text in (*originals, *copies)]
    batch = Batch.of(Document, [Document(f"d{i}", text) for i, text in enumerate(texts)])
    gone = deduplicated(tmp_path, [batch], Dedup(near=Near()))
    assert len(gone) >= 297 and {int(one.id[1:]) % 300 for one in gone} == {
        int(one.detail[4:].split(",")[0]) % 300 for one in gone
    }

import re
import unicodedata
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.corpus.clean import Clean, clean, tidy
from metier.records import MetierError
from tests.corpus.helpers import batch, texts, write

LONG = "A sentence that is long enough to be kept by every test here."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cafe\u0301", "café"),
        ("a\u200bb\ufeffc\x00d\u202ee\u00adf", "abcdef"),
        ("a\u00a0 \u3000b\tc", "a b c"),
        ("  one  \r\n two\r\n\r\n\r\n\r\nthree ", "one\ntwo\n\nthree"),
        ("<p>5 &lt; 6 &amp; <b>bold</b></p>", "5 < 6 & bold"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("give <5 mg (p < .05)", "give <5 mg (p < .05)"),
        ("one\u2028two\x0bthree", "one\ntwo\nthree"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_tidy(text: str, expected: str) -> None:
    assert tidy(text) == expected


REAL = st.characters(exclude_categories=("Cs",))
SOME_OF_ALL = (
    range(0x4E10), range(0xAC00, 0xAC80), range(0xD7A0, 0xD800), range(0xE000, 0xE010), range(0xF900, 0x11200),
    range(0x1D100, 0x1D800), range(0x1F000, 0x1F700), range(0x2F800, 0x2FA20), range(0xE0000, 0xE0200),
    range(0x10FFF0, 0x110000),
)  # fmt: skip
"""All but the bulk of Han, Hangul and the private planes, where each is as the next."""
WRAPPED = (
    "A line that is as wide as the page of\na book that was typed on a machine at\n"
    "a time when lines were broken by hand\n"
)
TRICKY = st.sampled_from(
    (
        "<b>x</b>", "<5 mg", "<篇名>甲", "&amp;", "AT&T", "&lt", "e\u0301", "\u0301", "بَّ", "بّ\u064e", "\u1100\u1161",
        "　", "\u00a0", "\r\n", "\n", "\n\n\n", " ", "  ", "\u200b", "\ufeff", "\x85", "\x1c", "\ue000", "\U000f0000",
        "😀", "=-#", "word", "高血压。", WRAPPED,
    )
)  # fmt: skip


@given(
    st.lists(st.one_of(TRICKY, st.text(REAL, max_size=4)), max_size=40),
    st.booleans(),
    st.sampled_from(["auto", "never"]),
)
@settings(deadline=None)
def test_the_kernel_and_plain_python_agree(pieces: list[str], keep_tags: bool, join: Literal["auto", "never"]) -> None:
    text = "".join(pieces)
    config = Clean(min_chars=0, max_symbol_share=0.3, keep_tags=keep_tags, join_lines=join)
    out = clean(batch("a plain row", text, "b  c"), config)
    expected = tidy(text, keep_tags, join)
    assert out.values("text") == ["a plain row", expected, "b c"]
    symbols = sum(
        not re.match(r"[\w\s.,;:!?'\"()\-/%，。、；：！？（）“”‘’《》「」،؛؟]", char)
        for char in expected
        if unicodedata.category(char)[0] not in "LMN"
    )
    assert (out.values("id")[1] in dict(out.dropped())) == (symbols > 0.3 * len(expected))


def test_every_character_is_seen_by_the_kernel_as_by_plain_python() -> None:
    chars = [chr(point) for some in SOME_OF_ALL for point in some]
    given_rows = [f"a{char}b" for char in chars]
    out = clean(batch(*given_rows), Clean(min_chars=0, max_symbol_share=1, join_lines="never")).values("text")
    assert out == [tidy(text) for text in given_rows]


def test_hard_wrapped_pages_are_joined_unless_that_is_unwanted() -> None:
    lines = ["Gout is a disease of the joints that comes in", "attacks, mostly at night. It is caused by small"]
    lines += ["crystals of uric acid, which form where there is", "too much of it in the blood; the foot is where"]
    lines += ["most people feel it first, and it hurts a lot.", "Rest and medicines help."]
    wrapped = "\n".join(lines)
    assert texts(clean(batch(wrapped), Clean())) == [" ".join(lines)]
    assert texts(clean(batch(wrapped), Clean(join_lines="never"))) == [wrapped]
    assert texts(clean(batch(f"{LONG[:-1]}\nand so on."), Clean(join_lines="always"))) == [f"{LONG[:-1]} and so on."]


def test_chinese_tags_become_what_the_settings_say() -> None:
    book = "<篇名>玉屑\n\n内容：味甘，平，无毒。\n<注>见前"
    assert texts(clean(batch(book), Clean(min_chars=0))) == ["## 玉屑\n\n味甘，平，无毒。\n<注>见前"]
    named = Clean(min_chars=0, tags={"注": "drop", "篇名": "text"})
    assert texts(clean(batch(book), named)) == ["玉屑\n\n味甘，平，无毒。"]
    assert texts(clean(batch(book), Clean(min_chars=0, keep_tags=True))) == [book]


@pytest.mark.parametrize(
    ("asset", "lines", "kept"),
    [
        (
            "en",
            [
                "We use cookies to improve this site.",
                "Share on Facebook",
                "Click here for more information",
                "Read more »",
                "© 2019 The Clinic. All rights reserved.",
                "Privacy policy | Terms of use",
                "Page 3 of 12",
                "Print this page",
            ],
            "Share decisions with your doctor, and read more about what the copyright of a leaflet means.",
        ),
        (
            "zh",
            [
                "版权所有 2019 某某网",
                "上一页 下一页",
                "责任编辑：张三",
                "转载请注明出处",
                "未经授权，不得转载",
                "点击这里查看",
                "返回顶部",
            ],
            "患者应分享病史，转载体内的基因需要注明来源，这一页说明药物的用法与用量，不得自行停药，责任在于医生。",
        ),
        (
            "ar",
            [
                "جميع الحقوق محفوظة 2019",
                "شارك هذا المقال",
                "اضغط هنا",
                "اقرأ أيضا: فوائد الماء",
                "السابق | التالي",
                "سياسة الخصوصية",
            ],
            "شارك المرضى في الدراسة التي أجريت في المستشفى وكانت الحقوق التي يكفلها القانون لهم معروفة.",
        ),
    ],
)
def test_shipped_boilerplate_goes_and_running_text_stays(asset: str, lines: list[str], kept: str) -> None:
    text = "\n".join((*lines, kept))
    assert texts(clean(batch(text), Clean(boilerplate=f"asset:boilerplate/{asset}.txt"))) == [kept]


def test_navigation_goes_only_where_that_is_asked() -> None:
    page = f"Home | About us | Contact\n{LONG}"
    assert texts(clean(batch(page), Clean(drop_navigation=True))) == [LONG]
    assert texts(clean(batch(page), Clean())) == [page]


def test_tags_can_be_kept() -> None:
    assert tidy("<b>x</b> &amp;", keep_tags=True) == "<b>x</b> &amp;"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=80))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    once = tidy(text, keep_tags=True)
    assert tidy(once, keep_tags=True) == once


def test_short_and_symbolic_documents_are_dropped_with_reasons() -> None:
    out = clean(batch(LONG, "short", "=-" * 3 + "#@|~^" * 20, "<b></b>"), Clean())
    assert texts(out) == [LONG]
    assert out.dropped() == [
        ("d1", "fewer than 40 characters"),
        ("d2", "more than 40% symbols"),
        ("d3", "fewer than 40 characters"),
    ]


def test_marks_of_a_script_are_not_symbols() -> None:
    pointed = "الشَّهَادَةِ ظَاهِرَةً وَبِحَقٍّ بَيِّنٍ تَضْعُفُ التُّهْمَةُ"
    thai = "ผู้ป่วยควรรับประทานยาหลังอาหารทุกครั้งตามที่แพทย์สั่งเท่านั้น"
    hindi = "रोगी को भोजन के बाद दवा लेनी चाहिए और डॉक्टर से पूछना चाहिए"
    assert len(texts(clean(batch(pointed, thai, hindi), Clean(max_symbol_share=0.1)))) == 3


def test_boilerplate_lines_are_taken_out(tmp_path: Path) -> None:
    path = write(tmp_path / "lines.txt", "Share this  page\n\n/page \\d+ of \\d+/\n")
    text = f"SHARE THIS PAGE\n\n{LONG}\nPage 3 of 12\n\n\nshare this page now"
    out = clean(batch(text, "Share this page\nPage 1 of 2"), Clean(boilerplate=str(path)))
    assert texts(out) == [f"{LONG}\n\nshare this page now"]
    assert out.dropped() == [("d1", "fewer than 40 characters")]


def test_columns_are_cleaned_too() -> None:
    out = clean(batch(LONG, question=" What\u00a0is <i>it</i>? ", url="a  b"), Clean(also=("question",)))
    [document] = out.records()
    assert document.meta == {"question": "What is it?", "url": "a  b"}
    with pytest.raises(MetierError, match="document d0 has no column 'qustion'; did you mean 'question'"):
        clean(batch(LONG, question="x"), Clean(also=("qustion",)))


def test_bad_boilerplate_files(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="no such file"):
        clean(batch(LONG), Clean(boilerplate=str(tmp_path / "none.txt")))
    bad = write(tmp_path / "bad.txt", "fine\n/(/\n")
    with pytest.raises(MetierError, match=r"bad\.txt:2: not a regular expression"):
        clean(batch(LONG), Clean(boilerplate=str(bad)))
    with pytest.raises(MetierError, match=r"empty\.txt: no line of boilerplate"):
        clean(batch(LONG), Clean(boilerplate=str(write(tmp_path / "empty.txt", "\n"))))


@pytest.mark.parametrize("setting", [{"min_chars": -1}, {"max_symbol_share": 1.5}, {"max_symbol_share": -0.1}])
def test_settings_out_of_range_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(setting))):
        msgspec.convert(setting, Clean)

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
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

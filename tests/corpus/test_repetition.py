"""Repetition: the fractions of the paper, held against a plain reading of their definition."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.corpus.repetition import Repetition, repetition, shares
from metier.text.letters import split
from tests.corpus.helpers import batch, dropped, kept

DATA = Path(__file__).parents[2] / "../shared/data"
real_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")

VERSE = """鹅鹅鹅，曲项向天歌。白毛浮绿水，红掌拨清波。
床前明月光，疑是地上霜。举头望明月，低头思故乡。
春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。"""
HERBS = (
    "麻黄汤：麻黄三两，桂枝二两，杏仁七十个，甘草一两。上四味，以水九升，先煮麻黄减二升，去上沫，内诸药，煮取二升半。"
)
PROSE = "Asthma narrows the airways. An inhaler opens them again, and a plan tells the patient when to use it."


def why(*texts: str, **config: float | None) -> list[str | None]:
    """The reason each text is dropped for, or none."""
    return [
        None if one is None else str(one) for one in repetition(batch(*texts), Repetition(**config)).why.to_pylist()
    ]


def top(words: list[str], n: int) -> float:
    """Share of the characters in the most frequent n-gram, the first of equals; 0 where none repeats."""
    counts = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
    gram, count = counts.most_common(1)[0] if counts else ((), 0)
    return count * sum(map(len, gram)) / sum(map(len, words)) if count > 1 else 0.0


def duplicated(words: list[str], n: int) -> float:
    """Share of the characters in n-grams met before on a walk that steps over each repeated one."""
    seen, at, characters = set(), 0, 0
    while at + n <= len(words):
        gram = tuple(words[at : at + n])
        if gram in seen:
            characters += sum(map(len, gram))
            at += n
        else:
            seen.add(gram)
            at += 1
    return characters / sum(map(len, words)) if words else 0.0


def repeated(pieces: list[str]) -> tuple[float, float]:
    """Share of pieces that came before, and of the characters in them."""
    again = [piece for i, piece in enumerate(pieces) if piece in pieces[:i]]
    sizes = [len(piece.replace("\n", "")) for piece in pieces]
    return len(again) / max(len(pieces), 1), sum(len(p.replace("\n", "")) for p in again) / max(sum(sizes), 1)


def lines_of(text: str) -> list[str]:
    """The lines of a text that are not blank."""
    return [line.strip(" ") for line in text.split("\n") if line.strip(" ")]


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs of a text, their lines without white space around them."""
    return ["\n".join(lines) for part in re.split(r"\n *\n", text) if (lines := lines_of(part))]


few_words = st.lists(st.sampled_from(["a", "bb", "ccc", "dddd", "Ee", "the"]), max_size=6)
phrases = st.lists(few_words, min_size=1, max_size=4)
spaces = st.sampled_from([" ", " ", " ", "\n", "\n\n", " \n \n"])


@st.composite
def repetitive(draw: st.DrawFn) -> str:
    """A text of few words in which phrases come back."""
    known = draw(phrases)
    words = [word for i in draw(st.lists(st.integers(0, 9), max_size=20)) for word in known[i % len(known)]]
    return "".join(word + draw(spaces) for word in words)


@settings(max_examples=150, deadline=None)
@given(st.lists(repetitive(), min_size=1, max_size=3), st.sampled_from([1.0, 1.6, 2.0]))
def test_the_fractions_are_those_of_the_definition(texts: list[str], scale: float) -> None:
    lines, grams = shares(batch(*texts), scale)
    for row, text in enumerate(texts):
        words = split(text)
        wanted = [top(words, n) for n in (2, 3, 4)] + [duplicated(words, n) for n in range(5, 11)]
        assert np.allclose(grams[row], wanted)
        assert np.allclose(lines[row], [*repeated(lines_of(text)), *repeated(paragraphs_of(text))])


@settings(max_examples=60, deadline=None)
@given(st.text("高血压病人的", max_size=60))
def test_chinese_ngrams_have_twice_as_many_characters(text: str) -> None:
    _, grams = shares(batch(text))
    words = list(text)
    wanted = [top(words, 2 * n) for n in (2, 3, 4)] + [duplicated(words, 2 * n) for n in range(5, 11)]
    assert np.allclose(grams[0], wanted)


def test_a_text_is_measured_alike_alone_and_among_others() -> None:
    texts = [PROSE, VERSE, PROSE * 3, "", "x", HERBS, VERSE * 2]
    lines, grams = shares(batch(*texts))
    for row, text in enumerate(texts):
        alone = shares(batch(text))
        assert np.array_equal(alone[0][0], lines[row]) and np.array_equal(alone[1][0], grams[row])


def test_each_rule_has_its_reason() -> None:
    others = dict.fromkeys(Repetition.__struct_fields__)
    del others["characters_a_word"]
    line = "A short line of text.\n"
    assert why(line * 3, **others | {"duplicate_lines": 0.3}) == ["more than 30% of lines repeated"]
    found = why((line + "\n") * 3, **others | {"duplicate_paragraph_characters": 0.2})
    assert found == ["more than 20% of characters in repeated paragraphs"]
    assert why("liver pain " * 9, **others | {"top_2_gram": 0.2}) == ["more than 20% of characters in one 2-gram"]
    text = " ".join(f"{word} blood pressure rose again today" for word in ("one", "two", "three"))
    assert why(text, **others | {"duplicate_5_grams": 0.15}) == ["more than 15% of characters in repeated 5-grams"]
    assert why(line * 3, PROSE * 9, **others) == [None, None]


def test_the_first_rule_broken_is_the_reason() -> None:
    assert why("The same line.\n" * 30) == ["more than 30% of lines repeated"]


def test_what_stands_once_is_no_repetition() -> None:
    assert why("Bell's palsy.", "Unknown.", "", PROSE) == [None] * 4


def test_case_punctuation_and_accents_do_not_hide_a_repetition() -> None:
    text = "Cafe au lait, cafe au lait! CAFÉ au lait. café AU lait"
    assert why(text, top_2_gram=None) == ["more than 18% of characters in one 3-gram"]


def test_verse_and_recipes_stay() -> None:
    assert why(VERSE, HERBS) == [None, None]


def test_boilerplate_in_chinese_and_arabic_is_dropped() -> None:
    chinese = "点击这里查看更多健康资讯。" * 12
    arabic = "اضغط هنا لقراءة المزيد من الأخبار الطبية " * 12
    assert why(chinese, arabic) == ["more than 20% of characters in one 2-gram"] * 2


def test_earlier_reasons_stand() -> None:
    marked = batch("same same same same same").drop(["earlier"])
    assert repetition(marked, Repetition()).dropped() == [("d0", "earlier")]


@real_data
def test_chapters_of_classical_books_stay() -> None:
    chapters = [
        body.strip()
        for name in ("084-*", "093-*", "080-*", "013-*")
        for book in kept(DATA / f"corpus/tcm_books_gb18030/{name}.txt")
        for body in re.split(r"<[^>]*>[^\n]*", book.text)
        if len(body.strip()) >= 60
    ]
    gone = sum(one is not None for one in why(*chapters))
    assert len(chapters) > 2000 and gone <= 0.01 * len(chapters)
    assert not dropped(DATA / "corpus/tcm_books_gb18030/084-*.txt")

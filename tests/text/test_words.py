import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.records import Document
from metier.text.letters import split
from metier.text.word_kernels import ALONE, CAPITAL, DIGIT, OPENS, build_set, gram, hits, ngram_hashes
from metier.text.words import Words, counts, spans, words, words_of

LETTERS = st.text(
    st.sampled_from("aAbZé ÉßñıİσΣжЖ5٥５0.-_'\n\tأإآاةهىيكکـَّ中文三ーカがぱ한กिहΩ①㎎²𠀀😀\u200c\u00ad\u0301\u3099\xa0")
)


def rows(found: Words) -> list[list[int]]:
    return [found.hashes[a:b].tolist() for a, b in zip(found.starts, found.stops, strict=True)]


@given(st.lists(LETTERS, min_size=1, max_size=6))
@settings(deadline=None, max_examples=300)
def test_kernels_and_plain_python_take_the_same_for_a_word(texts: list[str]) -> None:
    plain = [split(text) for text in texts]
    found = words_of(texts)
    assert found.counts.tolist() == [len(some) for some in plain]
    assert counts(Batch.of(Document, [Document(str(i), text) for i, text in enumerate(texts)])).tolist() == [
        len(some) for some in plain
    ]
    assert found.sizes.tolist() == [len(word) for some in plain for word in some]
    spelled: dict[int, str] = {}
    for word, mark in zip((word for some in plain for word in some), found.hashes.tolist(), strict=True):
        assert spelled.setdefault(mark, word) == word
    assert len(spelled) == len({word for some in plain for word in some})


@given(LETTERS)
@settings(deadline=None, max_examples=200)
def test_spans_lead_back_to_the_words(text: str) -> None:
    data = text.encode()
    assert [split(data[start:stop].decode()) for start, stop in spans(text)] == [[word] for word in split(text)]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Café Über naïve", "cafe uber NAIVE"),
        ("cafe\u0301", "café"),
        ("مُحَمَّدٌ كتـــاب", "محمد كتاب"),
        ("أحمد إلى آخر مدرسة مصطفى", "احمد الي اخر مدرسه مصطفي"),
        ("٢٥ ملغ", "25 ملغ"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("co\u00adoperate", "cooperate"),
        ("ﻛﺘﺎﺏ", "كتاب"),
    ],
)
def test_spellings_of_one_word_agree(text: str, same: str) -> None:
    assert rows(words_of([text])) == rows(words_of([same]))


@pytest.mark.parametrize(("text", "other"), [("10²", "102"), ("か", "が"), ("ي", "ب"), ("2.5", "25"), ("中文", "文中")])
def test_different_words_stay_different(text: str, other: str) -> None:
    assert rows(words_of([text])) != rows(words_of([other]))


def test_marks_tell_capitals_digits_openings_and_lone_characters() -> None:
    found = words_of(["Take Fendoral 5mg. Then stop\nRest 三克"])
    capitals = [bool(mark & CAPITAL) for mark in found.marks]
    assert capitals == [True, True, False, True, False, True, False, False]
    assert [bool(mark & OPENS) for mark in found.marks] == [True, False, False, True, False, True, False, False]
    assert np.flatnonzero(found.marks & DIGIT).tolist() == [2]
    assert np.flatnonzero(found.marks & ALONE).tolist() == [6, 7]


@given(LETTERS, LETTERS)
@settings(deadline=None, max_examples=300)
def test_whole_texts_agree_in_all_but_case_and_white_space(text: str, other: str) -> None:
    base, spaced, second = words_of([text, f"\n {text}\t ", other]).whole.tolist()
    assert base == spaced
    if split(text) != split(other):
        assert base != second


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ("Take 5 MG.", "take  5 mg.", True),
        ("cafe\u0301", "café", True),
        ("Take 5 mg.", "Take 5 mg!", False),
        ("résume", "resumé", False),
        ("résumé", "resume", False),
        ("كَتَبَ", "كتب", False),
        ("٥ ملغ", "5 ملغ", False),
        ("0.5", "0,5", False),
        ("ab", "a b", False),
    ],
)
def test_accents_digits_and_punctuation_count_in_whole_texts(text: str, other: str, same: bool) -> None:
    one, two = words_of([text, other]).whole.tolist()
    assert (one == two) is same


def test_words_are_worked_out_once_and_go_with_the_rows() -> None:
    batch = Batch.of(Document, [Document("a", "one two"), Document("b", "three"), Document("c", "four five six")])
    found = words(batch)
    left = batch.drop([None, "gone", None]).kept()
    assert words(batch) is found and words(left).hashes is found.hashes
    assert rows(words(left)) == rows(words_of(["one two", "four five six"]))
    assert rows(words(left.replace(text=["new", "texts here"]))) == rows(words_of(["new", "texts here"]))
    assert words(left.replace(source=["x", "y"])).hashes is found.hashes


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=8), min_size=1, max_size=5), st.integers(1, 4))
@settings(deadline=None, max_examples=100)
def test_ngrams_are_those_of_plain_python(texts: list[list[str]], n: int) -> None:
    found = words_of([" ".join(text) for text in texts])
    grams, starts, stops = ngram_hashes(found.hashes, found.starts, found.stops, n)
    plain = [[tuple(text[i : i + n]) for i in range(len(text) - n + 1)] for text in texts]
    assert (stops - starts).tolist() == [len(some) for some in plain]
    named = dict(zip((one for some in plain for one in some), grams.tolist(), strict=True))
    assert len(set(named.values())) == len(named)
    wanted = {one for some in plain[:1] for one in some}
    table = build_set(np.array([named[one] for one in sorted(wanted)], np.uint64))
    counted = hits(found.hashes, found.starts, found.stops, table, n)
    assert counted.tolist() == [sum(one in wanted for one in some) for some in plain]
    if found.counts[0] >= n:
        assert gram(found.hashes, 0, n) == grams[0]

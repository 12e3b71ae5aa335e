from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.corpus.segment import Segment, passages, segment
from metier.records import Document, MetierError
from metier.text.sentences import sentences, starts
from tests.corpus.helpers import batch

PIECES = st.sampled_from(
    [
        "word ",
        "A sentence. ",
        "\n\n",
        "\n",
        "## Dose\n",
        "- item ",
        "高血压。",
        "لا تأكل؟ ",
        "x" * 30,
        ", ",
        "5 mg: ",
        " ",
    ]
)


@given(st.lists(PIECES, max_size=120), st.integers(20, 120), st.integers(0, 10))
@settings(deadline=None)
def test_nothing_is_lost_and_nothing_is_too_long(pieces: list[str], most: int, least: int) -> None:
    text = "".join(pieces)
    cut = passages(text, most, least)
    assert "".join("".join(cut).split()) == "".join(text.split())
    assert len(cut) == 1 or all(0 < len(piece) <= most for piece in cut)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=60), st.integers(60, 200))
@settings(deadline=None)
def test_no_sentence_is_cut_that_fits(lengths: list[int], most: int) -> None:
    whole = [" ".join(["Word"] * length) + "." for length in lengths]
    inside = {sentence for piece in passages(" ".join(whole), most, 20) for sentence in sentences(piece)}
    assert all(sentence in inside for sentence in whole if len(sentence) <= most)


def test_children_carry_everything_and_short_documents_pass() -> None:
    text = "One sentence here. " * 20
    long = Document("book", text, "WHO", "book", "en", "CC0", "", {"focus": "gout"})
    short = Document("note", "short", parent="page")
    out = list(segment(Batch.of(Document, [long, short]), Segment(max_chars=100, min_chars=10)).records())
    assert out[-1] == short
    assert [d.id for d in out[:-1]] == [f"book#{i}" for i in range(len(out) - 1)]
    assert {d.parent for d in out[:-1]} == {"book"}
    assert out[0] == Document("book#0", out[0].text, "WHO", "book", "en", "CC0", "book", {"focus": "gout"})
    assert all(d.text.startswith("One") and d.text.endswith("here.") for d in out[:-1])


def test_a_batch_of_short_documents_is_the_same_batch() -> None:
    given_batch = batch("one", "two")
    assert segment(given_batch, Segment()) is given_batch


def test_headings_stay_with_what_follows() -> None:
    sections = [f"## Part {i}\n\n" + f"Some words of part {i} stand here. " * 4 for i in range(6)]
    for piece in passages("\n\n".join(sections), 300, 50):
        assert piece.startswith("## Part")
        assert not piece.rstrip().split("\n")[-1].startswith("##")


def test_a_sentence_that_is_too_long_is_cut_at_a_clause() -> None:
    text = "It causes fever, cough and pain in the chest, a rash on both arms, and it lasts for weeks"
    assert passages(text, 50) == [
        "It causes fever, cough and pain in the chest,",
        "a rash on both arms, and it lasts for weeks",
    ]
    listed = "symptoms - Fever of the hay - Cough at night - Loss of weight"
    assert passages(listed, 45) == ["symptoms - Fever of the hay", "- Cough at night - Loss of weight"]
    assert passages("1,000,000,000 units", 10) == ["1,000,000,", "000 units"]


def test_a_hard_cut_does_not_part_a_letter_from_its_marks() -> None:
    text = "بَ" * 40
    assert all(not piece.startswith("َ") for piece in passages(text, 15))


def test_a_tail_is_not_left_alone() -> None:
    text = "Some words are here. " * 10
    assert min(len(piece) for piece in passages(text.strip(), 200, 80)) >= 80


def test_lengths_that_cannot_be_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"min_chars 90 is not between 0 and half of max_chars \(100\)"):
        msgspec.convert({"max_chars": 100, "min_chars": 90}, Segment)
    with pytest.raises(msgspec.ValidationError, match="max_chars 0 is no length"):
        msgspec.convert({"max_chars": 0, "min_chars": 0}, Segment)


SENTENCES = st.sampled_from(
    [
        "Dr. Lee gave 2.5 mg of it at night. ",
        "It helped! ",
        "“不行吗？”",
        "每服二钱，水一盏。",
        "هل هذا صحيح؟ ",
        "قال د. علي ذلك. ",
        "\n\n",
        "\n- one\n",
    ]
)


@given(
    st.lists(SENTENCES, min_size=1, max_size=60),
    st.integers(80, 150),
    st.integers(0, 20),
    st.sampled_from(["whole", "cut"]),
)
@settings(deadline=None)
def test_every_cut_stands_where_a_sentence_begins(pieces: list[str], most: int, least: int, long: str) -> None:
    text = "".join(pieces)
    begins = {"".join(text[start:].split()) for start in [0, *starts(text)]}
    cut = passages(text, most, least, long)
    assert "".join("".join(cut).split()) == "".join(text.split())
    rest = "".join(text.split())
    for piece in cut:
        assert rest in begins
        rest = rest[len("".join(piece.split())) :]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20), st.integers(20, 60))
@settings(deadline=None)
def test_a_passage_is_too_long_only_where_it_is_one_sentence(lengths: list[int], most: int) -> None:
    whole = [" ".join(["Word"] * length) + "." for length in lengths]
    cut = passages(" ".join(whole), most, 5, "whole")
    assert all(len(piece) <= most or len(sentences(piece)) == 1 for piece in cut)
    assert all(sentence in " | ".join(cut) for sentence in whole if len(sentence) <= 4 * most)


def test_long_sentences_stay_whole_unless_they_are_none() -> None:
    long = "Because " + "it was late and " * 8 + "we went."
    text = f"Short one. {long} Another short one."
    assert [d.text for d in segment(batch(text), Segment(max_chars=60)).records()] == [
        "Short one.",
        long,
        "Another short one.",
    ]
    cut = segment(batch(text), Segment(max_chars=60, long_sentences="cut")).values("text")
    assert max(map(len, cut)) <= 60 and len(cut) > 3
    endless = "word " * 100
    assert max(map(len, segment(batch(endless), Segment(max_chars=60)).values("text"))) <= 60


@pytest.fixture(scope="module")
def count() -> Callable[[str], int]:
    from metier.model.token_passages import load

    return lambda text: len(load("asset:nano").encode(text, add_special_tokens=False))


@given(pieces=st.lists(PIECES, min_size=1, max_size=120), most=st.integers(4, 60))
@settings(deadline=None, max_examples=40)
def test_tokens_are_counted_by_the_tokenizer_named(pieces: list[str], most: int, count: Callable[[str], int]) -> None:
    text = "".join(pieces)
    out = segment(batch(text, "one"), Segment(tokenizer="asset:nano", max_tokens=most, long_sentences="cut")).values(
        "text"
    )
    assert out.pop() == "one"
    assert "".join("".join(out).split()) == "".join(text.split())
    assert all(count(piece) <= most or len(piece) == 1 for piece in out)
    whole = segment(batch(text), Segment(tokenizer="asset:nano", max_tokens=most)).values("text")
    assert all(count(piece) <= most or not starts(piece) for piece in whole)


def test_passages_in_tokens_fill_their_length(count: Callable[[str], int]) -> None:
    text = "She takes one tablet a day. " * 60
    out = segment(batch(text), Segment(tokenizer="asset:nano", max_tokens=100)).values("text")
    assert all(80 <= count(piece) <= 100 for piece in out[:-1])
    assert all(piece.startswith("She") and piece.endswith("day.") for piece in out)


def test_a_dropped_document_is_not_cut() -> None:
    given_batch = batch("One sentence. " * 20, "Another one. " * 20).drop(["for a reason", None])
    out = segment(given_batch, Segment(max_chars=100))
    assert out.dropped() == [("d0", "for a reason")]
    assert out.values("id")[:3] == ["d0", "d1#0", "d1#1"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"tokenizer": "asset:nano", "max_chars": 100, "max_tokens": 5},
            "a tokenizer is named and lengths in characters",
        ),
        ({"tokenizer": "asset:nano"}, "say max_tokens"),
        ({"max_tokens": 5}, "lengths in tokens need a tokenizer"),
        ({"tokenizer": "asset:nano", "max_tokens": 0}, "max_tokens 0 is no length"),
        (
            {"tokenizer": "asset:nano", "max_tokens": 9, "min_tokens": 5},
            "min_tokens 5 is not between 0 and half of max_tokens",
        ),
    ],
)
def test_lengths_of_two_kinds_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(settings, Segment)


def test_what_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"no such file, or no tokenizer\.json in it"):
        segment(batch("text"), Segment(tokenizer=str(tmp_path), max_tokens=5))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(MetierError, match="not a tokenizer"):
        segment(batch("text"), Segment(tokenizer=str(tmp_path), max_tokens=5))


def test_the_content_of_a_tokenizer_counts() -> None:
    from metier.run.content import named_files

    config = Segment(tokenizer="asset:nano", max_tokens=5)
    assert [(field, path.name) for field, path in named_files(config)] == [("tokenizer", "nano")]
    assert list(named_files(Segment())) == []


def test_chapters_of_a_book_become_documents_however_short() -> None:
    book = "Preface.\n\n# Part one\n\n## Jade\n\nSweet, not toxic.\n\n## Amber\nWarm. " + "It moves the blood. " * 10
    out = list(segment(batch(book, "no heading"), Segment(max_chars=120, min_chars=10, at_headings=True)).records())
    texts = [one.text for one in out]
    assert texts[:2] == ["Preface.", "# Part one\n\n## Jade\n\nSweet, not toxic."]
    assert texts[2].startswith("## Amber\nWarm.") and max(map(len, texts)) <= 120 and texts[-1] == "no heading"
    assert [one.id for one in out] == [*(f"d0#{number}" for number in range(len(out) - 1)), "d1"]
    assert "".join("".join(texts[:-1]).split()) == "".join(book.split())


@given(st.lists(PIECES, max_size=120), st.integers(20, 120))
@settings(deadline=None)
def test_cutting_at_headings_loses_nothing(pieces: list[str], most: int) -> None:
    text = "".join(pieces)
    out = segment(batch(text), Segment(max_chars=most, long_sentences="cut", at_headings=True)).values("text")
    assert "".join("".join(out).split()) == "".join(text.split())
    assert len(out) == 1 or all(0 < len(piece) <= most for piece in out)

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.corpus.segment import Segment, passages, segment
from metier.records import Document
from metier.text.sentences import sentences
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

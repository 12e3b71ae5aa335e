import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.corpus.dedup import Dedup
from metier.corpus.split import Split, split
from metier.evals.split import Split as QuestionSplit
from metier.evals.split import split as split_questions
from metier.records import Document, MetierError, Question
from tests.corpus.helpers import batch, deduplicated


def gone(documents: list[Document], config: Dedup, size: int = 2) -> list[str]:
    parts = [Batch.of(Document, documents[i : i + size]) for i in range(0, len(documents), size)]
    with tempfile.TemporaryDirectory() as home:
        out = deduplicated(Path(home), parts, config)
    assert {d.why for d in out} <= {"exact duplicate"}
    return [d.id for d in out]


def test_the_first_stays_and_near_twins_survive() -> None:
    said = ["Take 5 mg.", "take  5 MG.\n", "Take 50 mg.", "Take 5 mg.", "Take 5mg."]
    assert gone([Document(f"d{i}", text) for i, text in enumerate(said)], Dedup()) == ["d1", "d3"]


def test_an_answer_to_two_questions_is_no_duplicate() -> None:
    rows = [("a", "See a doctor.", "Fever?"), ("b", "See a doctor.", "Cough?"), ("c", "See a doctor.", "FEVER? ")]
    documents = [Document(id, text, meta={"question": question}) for id, text, question in rows]
    assert gone([*documents, Document("d", "See a doctor.")], Dedup()) == ["c"]
    assert gone(documents, Dedup(also=())) == ["b", "c"]


def test_a_column_that_no_document_has_is_an_error() -> None:
    documents = [Document("a", "x", meta={"question": "q"}), Document("b", "x", meta={"title": "t"})]
    assert gone(documents, Dedup(also=("title",))) == []
    with pytest.raises(MetierError, match="also: no document has a column 'titel'"):
        gone(documents, Dedup(also=("question", "titel")))
    assert gone(documents, Dedup()) == []


@given(st.lists(st.sampled_from(["one", "ONE", "two", " two", "three"]), min_size=1, max_size=12), st.integers(1, 5))
@settings(deadline=None)
def test_doing_it_twice_drops_nothing_more(said: list[str], size: int) -> None:
    documents = [Document(f"d{i}", text) for i, text in enumerate(said)]
    out = set(gone(documents, Dedup(), size))
    left = [document for document in documents if document.id not in out]
    assert len(left) == len({text.strip().lower() for text in said})
    assert gone(left, Dedup(), size) == []


def pages(*focus: str) -> Batch[Document]:
    return Batch.of(Document, [Document(f"d{i}", "text", "NIH", meta={"focus": f}) for i, f in enumerate(focus)])


def test_two_splits_complement_each_other() -> None:
    given_pages = pages(*(f"disease {i % 300}" for i in range(1000)))
    train = split(given_pages, Split(by="focus", held=0.2))
    heldout = split(given_pages, Split(by="focus", held=0.2, keep="heldout"))
    assert {why for _, why in train.dropped()} == {"held out"}
    assert {why for _, why in heldout.dropped()} == {"not held out"}
    ids = [set(side.kept().values("id")) for side in (train, heldout)]
    assert not ids[0] & ids[1]
    assert len(ids[0] | ids[1]) == 1000
    diseases = [{d.meta["focus"] for d in side.kept().records()} for side in (train, heldout)]
    assert not diseases[0] & diseases[1]
    assert 30 < len(diseases[1]) < 90


def test_case_and_space_do_not_part_a_disease() -> None:
    for salt in "abcdefgh":
        whys = split(pages("Gout", "GOUT ", "gout"), Split(by="focus", held=0.5, salt=salt)).why.to_pylist()
        assert len(set(whys)) == 1


def test_rows_are_held_by_value_and_by_a_field() -> None:
    out = split(pages("Gout", "Flu", "", "GOUT"), Split(by="focus", values=("gout",)))
    assert out.dropped() == [("d0", "held out"), ("d3", "held out")]
    assert len(split(pages("a", "b"), Split(by="source", values=("nih",), keep="heldout")).kept()) == 2
    assert len(split(batch("a"), Split(by="kind", values=("web",))).kept()) == 0


def test_a_document_without_a_value_is_on_neither_side_of_a_draw() -> None:
    for keep in ("train", "heldout"):
        assert split(pages(" "), Split(by="focus", held=0.5, keep=keep)).dropped() == [("d0", "no value to split by")]


def test_settings_that_cannot_be() -> None:
    with pytest.raises(MetierError, match="document d0 has no column 'focsu'; did you mean 'focus'"):
        split(pages("x"), Split(by="focsu", held=0.1))
    with pytest.raises(msgspec.ValidationError, match=r"`float` <= 1.0"):
        msgspec.convert({"by": "focus", "held": 5.0}, Split)
    with pytest.raises(msgspec.ValidationError, match="say what is held out"):
        msgspec.convert({"by": "focus"}, Split)


def test_questions_and_documents_are_split_by_one_law() -> None:
    values = [f"disease {number}" for number in range(200)]
    kept = {doc.meta["focus"] for doc in split(pages(*values), Split(by="focus", held=0.3)).kept().records()}
    questions = [Question(value, "?", labels={"focus": value}) for value in values]
    found = split_questions(questions, QuestionSplit(by="focus", held=0.3, keep="train"))
    assert {one.id for one in found if isinstance(one, Question)} == kept

"""The same on published files, where they are at hand."""

from pathlib import Path

import pytest

from metier.corpus.clean import Clean, clean
from metier.corpus.segment import passages
from tests.corpus.helpers import dropped, kept, read_all

DATA = Path(__file__).parents[2] / "../shared/data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
QA = {"records": "QAPair", "text": "answer", "fields": {"question": "Question", "answer": "Answer", "focus": "/Focus"}}


def test_medquad_xml_says_what_its_json_says() -> None:
    pages = DATA / "corpus/medquad_xml_sample/*.xml"
    from_xml = {(d.meta["question"], d.text.strip()) for d in kept(pages, **QA)}
    lines = kept(DATA / "corpus/medquad_qa.jsonl.gz", text="answer", source_column="source")
    niddk = {(d.meta["question"], d.text.strip()) for d in lines if d.meta["collection"] == "5_NIDDK_QA"}
    assert len(lines) == 16_407
    assert len(from_xml & niddk) >= 0.99 * len(niddk)
    assert {why for _, why in dropped(pages, **QA)} == {"no record element in the file"}


def test_medquad_is_cleaned_without_losing_words() -> None:
    for batch in read_all(DATA / "corpus/medquad_qa.jsonl.gz", text="answer")[:1]:
        before = batch.values("text")
        after = clean(batch, Clean(also=("question",))).values("text")
        assert all("".join(a.split()) == "".join(b.split()) for a, b in zip(before, after, strict=True))


def test_chinese_in_gb18030_is_read_and_cut() -> None:
    [book] = kept(DATA / "corpus/tcm_books_gb18030/050-*.txt")
    assert book.text.startswith("<篇名>名医别录")
    cut = passages(book.text, 600, 100)
    assert max(map(len, cut)) <= 600
    assert "".join("".join(cut).split()) == "".join(book.text.split())
    replies = kept(DATA / "dialogue/toyhom_sample_gb18030.csv", text="answer", language="zh")
    assert "高血压" in replies[0].text


def test_pointed_arabic_is_not_taken_for_symbols() -> None:
    for batch in read_all(DATA / "corpus/tashkeela_val.txt", split="line"):
        assert {why for _, why in clean(batch, Clean()).dropped()} <= {"fewer than 40 characters"}


def test_abstracts_by_key() -> None:
    abstracts = kept(DATA / "corpus/pubmedqa_ori_pqal.json", text="CONTEXTS", id="key")
    assert len(abstracts) == 1000
    assert abstracts[0].id == "21645374"
    assert "\n\n" in abstracts[0].text

from pathlib import Path
from typing import Any

import msgspec
import pytest

from metier.instruct.extract import Extract, extract
from metier.records import Conversation, Document, Dropped, Message, MetierError

HEADER = "fact,sentence,question,answer\n"
DOSE = "dose,The dose of {drug} is {dose}.,What is the dose of {drug}?,{dose}\n"
ROWS = (
    DOSE
    + "dose,The dose of {drug} is {dose}.,How much {drug} is taken?,\n"
    + "use,{drug} treats {ill}.,What is {drug} for?,{ill}\n"
)


def pairs(docs: list[Document], **settings: Any) -> list[tuple[str, str]]:
    out = extract(docs, Extract(**settings))
    return [(c.messages[-2].content, c.messages[-1].content) for c in out if isinstance(c, Conversation)]


def patterns(tmp_path: Path, rows: str = ROWS) -> str:
    path = tmp_path / "patterns.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return str(path)


def test_question_and_answer_columns() -> None:
    docs = [
        Document("a", "Rest.", "WHO", language="en", meta={"q": "What helps? "}),
        Document("b", "x", meta={"q": ""}),
    ]
    [one, none] = extract(docs, Extract(question="q", system="You are a doctor."))
    messages = (Message("system", "You are a doctor."), Message("user", "What helps?"), Message("assistant", "Rest."))
    assert one == Conversation("a?0", messages, "WHO", "en", "a")
    assert none == Dropped("b", "nothing to extract")
    assert pairs([Document("a", "long", meta={"q": "Why?", "r": "So."})], question="q", answer="r") == [("Why?", "So.")]
    assert pairs([Document("a", "The text?", meta={"r": "So."})], question="text", answer="r") == [("The text?", "So.")]


def test_headings() -> None:
    text = (
        "Intro line.\n## Dose of Xol ##\n5 mg.\n\nDaily.\n\nSide effects:\n- hiccups\n**Storage**\nKeep cool.\n# Empty"
    )
    assert pairs([Document("a", text)], headings=True) == [
        ("Dose of Xol?", "5 mg.\n\nDaily."),
        ("Side effects?", "- hiccups"),
        ("Storage?", "Keep cool."),
    ]
    book = Document("b", "<篇名>节华\n味苦，无毒。\n<篇名>空\n", meta={"book": "名医别录"})
    settings = {"heading_pattern": "<篇名>(.+)", "heading_question": "《{book}》中{heading}如何？"}
    assert pairs([book], headings=True, **settings) == [("《名医别录》中节华如何？", "味苦，无毒。")]


def test_fact_sentences(tmp_path: Path) -> None:
    text = "Welcome. The dose of Xol is 5\nmg. Xol treats river cough. The dose of Xol is 5 mg."
    assert pairs([Document("a", text)], patterns=patterns(tmp_path)) == [
        ("What is the dose of Xol?", "5 mg"),
        ("How much Xol is taken?", "The dose of Xol is 5 mg."),
        ("What is Xol for?", "river cough"),
    ]


def test_one_question_a_sentence_by_a_draw(tmp_path: Path) -> None:
    docs = [Document(f"d{i}", f"The dose of Xol{i} is {i} mg.") for i in range(60)]
    drawn = pairs(docs, patterns=patterns(tmp_path), per_sentence=1)
    assert len(drawn) == 60
    assert 15 < sum(question.startswith("What") for question, _ in drawn) < 45
    assert drawn == pairs(docs, patterns=patterns(tmp_path), per_sentence=1)
    assert len(pairs(docs, patterns=patterns(tmp_path), per_sentence=5)) == 120


def test_every_document_is_accounted_for(tmp_path: Path) -> None:
    docs = [Document("a", "The dose of Xol is 5 mg."), Document("b", "Nothing here."), Document("c", "Xol treats it.")]
    out = list(extract(iter(docs), Extract(patterns=patterns(tmp_path))))
    assert [record.id for record in out] == ["a?0", "a?1", "b", "c?0"]
    assert [record.parent for record in out if isinstance(record, Conversation)] == ["a", "a", "c"]


BAD = [
    ("x,A sentence {drug}.,What of {durg}?,\n", r"patterns\.csv:2: slot \{durg\} is not in the sentence; did you mean"),
    (DOSE + "x,A sentence {drug}.,What of {drug}?,{dose}\n", r"patterns\.csv:3: slot \{dose\}"),
    (DOSE + "x,A sentence {drug}.\n", r"patterns\.csv:3: not as many cells as columns"),
    (DOSE + "x,A sentence {drug}.,a,b,c\n", r"patterns\.csv:3: not as many cells"),
    ("x,No slot.,What?,\n", r"patterns\.csv:2: the sentence has no slot"),
    ("x,{a} {b}.,What?,\n", r"patterns\.csv:2: the sentence is nothing but slots"),
    ("x,{drug} is.,,\n", r"patterns\.csv:2: an empty sentence or question"),
    ("", r"patterns\.csv: holds no pattern"),
    ('x,"open', r"patterns\.csv: malformed CSV"),
]


@pytest.mark.parametrize(("rows", "message"), BAD)
def test_a_bad_pattern_row_is_an_error_at_its_line(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(MetierError, match=message):
        list(extract([Document("a", "x")], Extract(patterns=patterns(tmp_path, rows))))


def test_bad_pattern_files(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="cannot be read"):
        pairs([], patterns=str(tmp_path / "none.csv"))
    path = tmp_path / "p.csv"
    path.write_text("sentense,question,answer\n")
    with pytest.raises(MetierError, match=r"p\.csv:1: no column 'sentence'; did you mean 'sentense'"):
        pairs([], patterns=str(path))
    path.write_bytes("sentence,question,answer\né,b,c".encode("latin-1"))
    with pytest.raises(MetierError, match="is not valid UTF-8"):
        pairs([], patterns=str(path))


def test_bad_settings() -> None:
    doc = Document("a", "## H\nbody", meta={"question": "q"})
    with pytest.raises(MetierError, match="no document has a column 'qustion'; did you mean 'question'"):
        pairs([doc], question="qustion")
    with pytest.raises(MetierError, match="document a has no column 'drug'; known: heading, question"):
        pairs([doc], headings=True, heading_question="{heading} of {drug}?")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({}, "name question, headings or patterns"),
        ({"question": "q", "per_sentence": -1}, "Expected `int` >= 0"),
        ({"headings": True, "heading_pattern": "("}, "is not a regular expression"),
        ({"headings": True, "heading_pattern": "#.*"}, "has no group"),
    ],
)
def test_settings_that_cannot_be_are_refused(setting: dict[str, object], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(setting, Extract)

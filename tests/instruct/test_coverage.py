import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.instruct.coverage import Coverage, coverage, measured
from metier.instruct.uncovered import read, uncovered, untold_numbers
from metier.records import Conversation, Document, Message, MetierError

TEXT = "Xol is a drug against river cough. Adults take 5 mg of Xol at noon. Keep Xol in a dry cupboard."


def talk(answer: str, question: str = "", parent: str = "d", language: str = "en", id: str = "c") -> Conversation:
    return Conversation(id, (Message("user", question), Message("assistant", answer)), "", language, parent)


def test_what_is_told_of_a_passage() -> None:
    doc = Document("d", TEXT, language="en")
    nothing = measured(doc, ())
    assert (nothing.sentences, nothing.sentences_told, nothing.facts_told) == (3, 0, 0)
    dose = measured(doc, [talk("5 mg", "How much Xol do adults take at noon?")])
    assert (dose.sentences_told, dose.facts_told) == (1, 1) and dose.facts == 1
    assert dose.untold == ("Xol is a drug against river cough.", "Keep Xol in a dry cupboard.")
    wrong = measured(doc, [talk("Adults take 6 mg of Xol at noon.")])
    assert (wrong.sentences_told, wrong.facts_told) == (0, 0)
    assert measured(doc, [talk(TEXT)]).untold == ()


def test_across_languages_numbers_are_compared() -> None:
    doc = Document("d", "索尔每日5毫克。老人每日2.5毫克。", language="zh")
    assert measured(doc, [talk("Adults take 5 mg a day.")]).untold == ("老人每日2.5毫克。",)
    assert untold_numbers(read("يؤخذ ٥ ملغ. يؤخذ ٧ ملغ."), ["Take 5 mg."]) == read("يؤخذ ٥ ملغ. يؤخذ ٧ ملغ.")[1:]


def test_scores_and_the_file_of_passages(tmp_path: Path) -> None:
    docs = [Document("d", TEXT, language="en"), Document("e", "索尔每日5毫克。", language="zh")]
    children = [talk("5 mg", "How much Xol do adults take at noon?"), talk("索尔每日5毫克。", "", "e", "zh", "k")]
    scores = {
        (one.metric, one.by.get("language", "")): one for one in coverage(children, docs, "u", Coverage(), tmp_path)
    }
    assert {key[1] for key in scores} == {"", "en", "zh"}
    told = scores["sentences_told", ""]
    assert (told.task, told.value, told.n) == ("u", 0.5, 4) and told.low < told.value < told.high
    assert scores["facts_told", "zh"].value == 1
    lines = [json.loads(line) for line in (tmp_path / "passages.jsonl").read_text("utf-8").splitlines()]
    assert [(line["id"], line["conversations"], len(line["untold"])) for line in lines] == [("d", 1, 2), ("e", 1, 0)]


def test_conversations_of_other_passages_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="no conversation of 'unified' has one of the passages as its parent"):
        list(coverage([talk("x")], [Document("other", TEXT)], "unified", Coverage(), tmp_path))


@given(st.lists(st.sampled_from(TEXT.split(". ")), max_size=3))
def test_a_sentence_that_is_told_word_for_word_is_told(some: list[str]) -> None:
    from metier.instruct.uncovered import heard

    left = {one.text for one in uncovered(read(TEXT), [heard(talk(text)) for text in some])}
    assert left.isdisjoint(f"{text.rstrip('.')}." for text in some)

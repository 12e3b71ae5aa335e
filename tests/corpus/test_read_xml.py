from pathlib import Path

import pytest

from metier.records import MetierError
from tests.corpus.helpers import dropped, kept, read_all, write

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a page -->
<Page id="p7" xmlns="urn:pages" xmlns:x="urn:x">
  <Focus>Gout &amp; pain</Focus>
  <Pairs>
    <Pair x:pid="1"><Q type="info">What is <i>gout</i>?</Q><A>A disease.</A></Pair>
    <Pair x:pid="2"><Q type="cause">Why?</Q><A>Uric acid.</A><A>Crystals.</A></Pair>
  </Pairs>
</Page>
"""
FIELDS = {"answer": "A", "question": "Q", "type": "Q/@type", "pid": "@pid", "focus": "/Focus", "page": "/@id"}


def test_a_field_map(tmp_path: Path) -> None:
    one, two = kept(write(tmp_path / "a.xml", PAGE), records="Pair", fields=FIELDS, text="answer", id=("page", "pid"))
    assert one.id == "p7:1"
    assert one.text == "A disease."
    assert one.meta["question"] == "What is gout?"
    assert two.text == "Uric acid.\n\nCrystals."
    assert two.meta == {"question": "Why?", "type": "cause", "pid": "2", "focus": "Gout & pain", "page": "p7"}


def test_without_a_map_children_and_attributes_are_columns(tmp_path: Path) -> None:
    one, _ = kept(write(tmp_path / "a.xml", PAGE), records="Pair", text="A")
    assert one.id == "a.xml:6"
    assert one.meta == {"@pid": "1", "Q": "What is gout?"}
    assert kept(write(tmp_path / "b.xml", PAGE), records="Pair", text="Q", meta=("Q/@type",))[1].meta == {
        "Q/@type": "cause"
    }


def test_a_file_is_one_record_without_records(tmp_path: Path) -> None:
    [document] = kept(write(tmp_path / "a.xml", PAGE), text="Focus")
    assert (document.id, document.text, document.meta["@id"]) == ("a.xml:3", "Gout & pain", "p7")


def test_records_of_one_line_and_unprefixed_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", "<r><d><text>one</text></d><d><text>two</text></d></r>")
    assert [d.id for d in kept(path, records="d")] == ["a.xml:1", "a.xml:1.2"]


def test_a_file_without_a_record_among_others_is_dropped(tmp_path: Path) -> None:
    write(tmp_path / "a.xml", "<r><d><text>one</text></d></r>")
    write(tmp_path / "b.xml", "<r/>")
    assert dropped(tmp_path / "*.xml", records="d") == [("b.xml:1", "no record element in the file")]


@pytest.mark.parametrize("encoding", ["latin-1", "gb2312", "utf-16"])
def test_the_declared_encoding_is_taken(tmp_path: Path, encoding: str) -> None:
    word = "café" if encoding == "latin-1" else "本草"
    path = write(tmp_path / "a.xml", f'<?xml version="1.0" encoding="{encoding}"?><r><text>{word}</text></r>', encoding)
    assert kept(path)[0].text == word


def test_entity_declarations_are_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><r><text>&b;</text></r>'
    with pytest.raises(MetierError, match=r"a\.xml:1: declares the entity 'a'"):
        read_all(write(tmp_path / "a.xml", laughs))
    secret = write(tmp_path / "secret", "hidden")
    outside = f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]><r><text>&x;</text></r>'
    with pytest.raises(MetierError, match="declares the entity 'x'"):
        read_all(write(tmp_path / "b.xml", outside))


def test_entities_of_an_outside_dtd_are_read_as_html(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", '<!DOCTYPE r SYSTEM "none.dtd"><r><text>5&nbsp;mg &alpha;</text></r>')
    assert kept(path)[0].text == "5\xa0mg α"


def test_a_long_file_is_read_record_by_record(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", "<r>\n" + "<d><text>word</text></d>\n" * 100_000 + "</x>")
    batches = read_all(path, records="d")
    assert sum(len(batch.kept()) for batch in batches) == 100_000
    assert batches[-1].dropped() == [("a.xml:100002", "malformed XML, rest of the file unread")]

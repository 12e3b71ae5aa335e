import csv
import io
import json
import tempfile
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.corpus.read import Read, read
from metier.records import Document, MetierError
from tests.corpus.helpers import dropped, kept, read_all, write

LINES = (
    '{"text": "one", "n": 1, "ok": true, "x": null, "deep": [1]}\n\n{"text": "two", "n": 2.5, "ok": false, "x": "y"}\n'
)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.ndjson"])
def test_json_lines_packed_or_not(tmp_path: Path, name: str) -> None:
    one, two = kept(write(tmp_path / name, LINES))
    assert one == Document(f"{name}:1", "one", "web", "web", meta={"n": "1", "ok": "true", "x": ""})
    assert two.id == f"{name}:3"
    assert two.meta == {"n": "2.5", "ok": "false", "x": "y"}


def test_settings_fill_the_fields(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"k": 7, "v": "b", "body": "text here", "origin": "WHO", "deep": {"a": [1]}}')
    settings = {"text": "body", "id": ("v", "k"), "source_column": "origin", "language": "en", "licence": "CC0"}
    [document] = kept(path, kind="book", meta=("k", "deep"), **settings)
    meta = {"k": "7", "deep": '{"a": [1]}'}
    assert document == Document("b:7", "text here", "WHO", "book", "en", "CC0", meta=meta)
    assert kept(path, text="body", source="mine")[0].source == "mine"
    assert kept(path, text="body", id="v")[0].id == "b"


def test_line_separators_inside_strings_do_not_end_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "one\u2028still one\u0085"}\r\n{"text": "two"}')
    assert [(d.id, d.text) for d in kept(path)] == [("a.jsonl:1", "one\u2028still one\u0085"), ("a.jsonl:2", "two")]


def test_files_of_one_name_keep_their_folders(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        write(tmp_path / folder / "a.txt", folder)
    assert [d.id for d in kept(tmp_path / "*/a.txt")] == ["x/a.txt:1", "y/a.txt:1"]
    both = (str(tmp_path / "y/a.txt"), str(tmp_path / "*/a.txt"))
    assert [d.id for d in kept(both)] == ["y/a.txt:1", "x/a.txt:1"]


def test_a_json_array_in_small_pieces(tmp_path: Path) -> None:
    rows = [{"text": f"text {i} " + "x" * 3000, "n": i} for i in range(1500)]
    path = write(tmp_path / "a.json", json.dumps(rows, indent=1))
    documents = kept(path)
    assert [d.meta["n"] for d in documents] == [str(i) for i in range(1500)]
    assert documents[1].id == "a.json:6"


def test_records_on_one_line_have_ids_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", '[{"text": "one"}, {"text": "two"},\n{"text": "three"}]')
    assert [d.id for d in kept(path)] == ["a.json:1", "a.json:1.2", "a.json:2"]


def test_a_json_object_of_objects_and_objects_one_by_one(tmp_path: Path) -> None:
    keyed = write(tmp_path / "a.json", '{"k1": {"t": ["one", "two"]}, "k2": {"t": "three"}}')
    assert [(d.id, d.text) for d in kept(keyed, text="t", id="key")] == [("k1", "one\n\ntwo"), ("k2", "three")]
    loose = write(tmp_path / "b.json", '{"text": "one"}\n{"text": "two"}')
    assert [(d.id, d.text) for d in kept(loose)] == [("b.json:1", "one"), ("b.json:2", "two")]
    assert [d.text for d in kept(write(tmp_path / "c.json", '{"text": "alone"}'))] == ["alone"]


def test_csv_and_tsv(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,note\n"two\nlines, and ""quotes""",n1\nplain,\n\n', "utf-8-sig")
    assert [(d.id, d.text, d.meta) for d in kept(path)] == [
        ("a.csv:2", 'two\nlines, and "quotes"', {"note": "n1"}),
        ("a.csv:4", "plain", {"note": ""}),
    ]
    assert kept(write(tmp_path / "a.tsv", "text\tb\nx, y\t1\n"))[0].text == "x, y"
    assert kept(write(tmp_path / "b.csv", "text;b\nx;1\n"), delimiter=";")[0].meta == {"b": "1"}
    assert kept(write(tmp_path / "c.csv", "x,1\ny,2\n"), columns=("text", "b"))[1].id == "c.csv:2"
    assert len(kept(write(tmp_path / "d.csv", "text\n" + "long " * 60_000))[0].text) == 300_000


def test_gb18030_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,b\n高血压患者能吃党参吗,心血管科\n", "gb18030")
    assert kept(path)[0].text == "高血压患者能吃党参吗"


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("file", [("a.txt:1", "one\ntwo\n\n\nthree")]),
        ("line", [("a.txt:1", "one"), ("a.txt:2", "two"), ("a.txt:5", "three")]),
        ("blank", [("a.txt:1", "one\ntwo"), ("a.txt:5", "three")]),
    ],
)
def test_plain_text(tmp_path: Path, split: str, expected: list[tuple[str, str]]) -> None:
    documents = kept(write(tmp_path / "a.txt", "one\ntwo\n\n\nthree\n"), split=split)
    assert [(d.id, d.text.rstrip()) for d in documents] == expected


def test_parquet(tmp_path: Path) -> None:
    table = pa.table({"text": ["one", None, "three"], "n": [1, 2, 3], "deep": [[1], [2], [3]]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    assert [(d.id, d.meta) for d in kept(tmp_path / "a.parquet")] == [
        ("a.parquet:1", {"n": "1"}),
        ("a.parquet:3", {"n": "3"}),
    ]
    assert dropped(tmp_path / "a.parquet") == [("a.parquet:2", "the text is empty")]
    assert kept(tmp_path / "a.parquet", meta=("deep",))[0].meta == {"deep": "[1]"}


def test_batches_are_bounded(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "a line\n" * 5000)
    assert [len(batch) for batch in read_all(path, split="line")] == [2048, 2048, 904]


def test_reading_is_lazy(tmp_path: Path) -> None:
    """A broken end of a long file does not keep its beginning from being read: nothing is read ahead whole."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"a line\n" * 200_000 + b"\xff\xff")
    batches = read(Read(paths=str(path), split="line"))
    assert len(next(batches)) == 2048
    with pytest.raises(MetierError, match="byte 1400000"):
        list(batches)


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(str.strip)
ROWS = st.lists(st.fixed_dictionaries({"text": TEXT, "note": TEXT}), min_size=1, max_size=5)


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read(rows: list[dict[str, str]]) -> None:
    cells = io.StringIO()
    writer = csv.DictWriter(cells, ("text", "note"))
    writer.writeheader()
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        paths = [
            write(here / "a.jsonl", "\n".join(json.dumps(row) for row in rows)),
            write(here / "a.json", msgspec.json.encode(rows).decode()),
            write(here / "a.csv", cells.getvalue()),
            here / "a.parquet",
        ]
        pq.write_table(pa.Table.from_pylist(rows), here / "a.parquet")
        for path in paths:
            assert [{"text": d.text, **d.meta} for d in kept(path)] == rows, path.name

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from metier.corpus.read import Read
from metier.records import MetierError
from tests.corpus.helpers import dropped, kept, read_all, write

BAD_ROWS = [
    ("a.jsonl", '{"text": "ok"}\n{"text": \n{"text": "ok"}', "a.jsonl:2", "malformed JSON"),
    ("a.jsonl", '{"text": "ok"}\n\n[1]', "a.jsonl:3", "not a JSON object"),
    ("a.jsonl", '{"text": "ok"}\n{"txt": "b"}', "a.jsonl:2", "no column text"),
    ("a.jsonl", '{"text": "ok"}\n{"text": 5}', "a.jsonl:2", "the text is not a string"),
    ("a.jsonl", '{"text": "ok"}\n{"text": " "}', "a.jsonl:2", "the text is empty"),
    ("a.jsonl", '{"text": "ok"}\n{"text": "\\ud800"}', "a.jsonl:2", "malformed JSON"),
    ("a.json", '[{"text": "ok"},\n{"text": "\\ud800"},\n{"text": "ok"}]', "a.json:2", "malformed JSON"),
    ("a.json", '[{"text": "ok"},\n5]', "a.json:2", "not a JSON object"),
    ("a.json", '[{"text": "ok"},\n{"text": ]', "a.json:2", "malformed JSON, rest of the file unread"),
    ("a.json", '[{"text": "ok"}\n{"text": "b"}]', "a.json:1", "malformed JSON, rest of the file unread"),
    ("a.json", "[" * 100_000, "a.json:1", "malformed JSON, rest of the file unread"),
    ("a.json", '[{"text": "ok"},\n', "a.json:2", "malformed JSON, rest of the file unread"),
    ("a.json", '[{"text": "ok"}]\n[{"text": "b"}]', "a.json:2", "malformed JSON, rest of the file unread"),
    ("a.json", '{"text": "ok"}\n]', "a.json:2", "malformed JSON, rest of the file unread"),
    ("a.csv", "text,b\nok,1\nok\nok,2\n", "a.csv:3", "not as many cells as columns"),
    ("a.csv", 'text,b\nok,1\n"half"x,2\nok,3\n', "a.csv:3", "malformed CSV"),
    ("a.csv", 'text,b\nok,1\n"open,2\nok,3\n', "a.csv:3", "malformed CSV"),
    ("a.xml", "<r>\n<text>ok</text>\n</x>", "a.xml:3", "malformed XML, rest of the file unread"),
]


@pytest.mark.parametrize(("name", "content", "place", "why"), BAD_ROWS)
def test_a_bad_row_is_dropped_or_fatal_and_always_named(
    tmp_path: Path, name: str, content: str, place: str, why: str
) -> None:
    path = write(tmp_path / name, content)
    assert dropped(path) == [(place, why)]
    line = place.rpartition(":")[2]
    with pytest.raises(MetierError, match=f"{path}:{line}: {why}; mend it"):
        read_all(path, strict=True)


BAD_FILES: list[tuple[str, str, dict[str, Any], str]] = [
    ("a.jsonl", "", {}, "a.jsonl: is empty"),
    ("a.jsonl", " \n\n", {}, "a.jsonl: is empty"),
    ("a.csv", "text,b\n", {}, "a.csv: is empty"),
    ("a.txt", "\n", {}, "a.txt: is empty"),
    ("a.json", "[]", {}, "a.json: is empty"),
    ("a.jsonl", '{"txet": "a", "b": 1}', {}, "no row has a column 'text'; did you mean 'txet'"),
    ("a.jsonl", '{"text": "a", "focus": 1}', {"id": "focsu"}, "no row has a column 'focsu'; did you mean 'focus'"),
    ("a.jsonl", '{"text": "a", "focus": 1}', {"meta": ("Focuss",)}, "did you mean 'focus'"),
    ("a.jsonl", '{"text": "a", "url": 1}', {"source_column": "site"}, "no row has a column 'site'; known: text, url"),
    ("a.csv", "txt,b\nx,1\n", {}, "no row has a column 'text'; did you mean 'txt'"),
    ("a.csv", "text,b,b\nx,1,2\n", {}, "a.csv:1: column 'b' is named twice"),
    ("a.csv", '"text,b\nx,1\n', {}, "a.csv:1: malformed CSV in the line of names"),
    ("a.dat", "x", {}, "the name does not tell the format; say format: jsonl"),
    ("a.parquet", "not parquet", {}, "a.parquet: not a readable Parquet file"),
    ("a.jsonl.gz", "", {}, "a.jsonl.gz: is empty"),
    ("a.jsonl", '{"text": "a"}', {"records": "QA"}, "records and fields are for XML"),
    ("a.xml", "<a><b><text>x</text></b></a>", {"records": "B"}, "no element 'B' in any of 1 files; did you mean 'b'"),
    ("a.xml", "<a><b><c>x</c></b></a>", {"records": "b"}, "no row has a column 'text'; known: c"),
    ("a.xml", "<a><b><c>x</c></b></a>", {"records": "b", "fields": {"text": "c["}}, "'c\\[' is not a path"),
]


@pytest.mark.parametrize(("name", "content", "settings", "message"), BAD_FILES)
def test_a_bad_file_or_setting_is_one_clear_line(
    tmp_path: Path, name: str, content: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(MetierError, match=message) as caught:
        read_all(write(tmp_path / name, content), **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"source_column": "site", "source": "b"}, "source and source_column: name one of the two"),
        ({"delimiter": ";;"}, "';;' is not one character"),
    ],
)
def test_settings_that_cannot_be_are_refused(setting: dict[str, str], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert({"paths": "a.csv", **setting}, Read)


@pytest.mark.parametrize("opening", ['"open,0', '"""open,0', '5" nail,"0', 'two\n"lines,0'])
def test_an_open_quote_costs_its_line_and_not_the_rest_of_the_file(tmp_path: Path, opening: str) -> None:
    good = [f"row {number},{number}" for number in range(5000)]
    path = write(tmp_path / "a.csv", "\n".join(["text,n", "first,1", opening, *good, "last,2", ""]))
    texts = [document.text for document in kept(path)]
    assert texts == ["first", *(f"row {number}" for number in range(5000)), "last"]
    bad = dropped(path)
    assert bad[-1] == (f"a.csv:{3 + opening.count(chr(10))}", "malformed CSV")
    assert len(bad) == 1 + opening.count("\n")
    assert kept(path)[-1].id == f"a.csv:{5004 + opening.count(chr(10))}"
    with pytest.raises(MetierError, match=r"a\.csv:3: .*; mend it, or leave strict out"):
        read_all(path, strict=True)


def test_each_of_many_open_quotes_costs_its_line_only(tmp_path: Path) -> None:
    rows = [f'"open {number},x' if number % 3 == 0 else f'"good {number}",y' for number in range(3000)]
    path = write(tmp_path / "a.csv", "\n".join(["text,n", *rows]))
    assert [document.text for document in kept(path)] == [f"good {number}" for number in range(3000) if number % 3]
    assert {why for _, why in dropped(path)} == {"malformed CSV"}
    assert len(dropped(path)) == 1000


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"none\.jsonl: no such file"):
        read_all(tmp_path / "none.jsonl")
    with pytest.raises(MetierError, match=r"\*\.jsonl: no file matches"):
        read_all(tmp_path / "*.jsonl")
    with pytest.raises(MetierError, match="is a directory; name the files in it"):
        read_all(tmp_path)
    with pytest.raises(MetierError, match="no file is named"):
        read_all(())


def test_a_column_no_batch_has_is_found_before_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"body": "x"}\n' * 2048 + '{"text": "late"}\n')
    with pytest.raises(MetierError, match="no row has a column 'text'; known: body"):
        read_all(path)


def test_an_id_used_twice_names_both_places(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "x", "k": 1}\n{"text": "y", "k": 2}\n{"text": "z", "k": 1}\n')
    with pytest.raises(MetierError, match=f"{path}:3: id '1' is taken already by {path}:1; name more columns in id"):
        read_all(path, id="k")
    assert len(kept(path, id=("k", "text"))) == 3


def test_a_row_without_its_id_is_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "x", "k": 1}\n{"text": "y"}\n{"text": "z", "k": null}\n')
    assert dropped(path, id="k") == [("a.jsonl:2", "no column k"), ("a.jsonl:3", "the id is empty")]


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_packed_file_cut_short_is_an_error(tmp_path: Path, suffix: str) -> None:
    data = "".join(json.dumps({"text": f"text {i}"}) + "\n" for i in range(500)).encode()
    packed = gzip.compress(data) if suffix == "gz" else zstandard.compress(data)
    path = tmp_path / f"a.jsonl.{suffix}"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(MetierError, match=rf"{path}: .*cut short.*; fetch the file again"):
        read_all(path)
    path.write_bytes(b"not packed at all")
    with pytest.raises(MetierError, match=rf"{path}: damaged.*; fetch the file again"):
        read_all(path)
    path.write_bytes(packed[:200] + bytes(255 - byte for byte in packed[200:]))
    with pytest.raises(MetierError, match=rf"{path}: .*; fetch the file again"):
        read_all(path)


def test_a_packed_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.zst"
    packer = zstandard.ZstdCompressor().compressobj()
    path.write_bytes(b"".join([*(packer.compress(b"x" * (1 << 24)) for _ in range(20)), packer.flush()]))
    assert path.stat().st_size < 100_000
    with pytest.raises(MetierError, match="a line of more than 256 MB"):
        read_all(path)


def test_a_parquet_file_damaged_inside_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"text": [f"text {i}" for i in range(5000)]}), path, row_group_size=2500, compression="zstd"
    )
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = b"\xff" * 400
    path.write_bytes(bytes(data))
    with pytest.raises(MetierError, match=r"a\.parquet: damaged after row"):
        read_all(path)

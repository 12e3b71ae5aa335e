"""Whatever is wrong with a file: named, counted and dropped with its reason, or stopped; never lost in silence."""

import gzip
import json
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from metier.artefact import Artefact, Manifest
from metier.corpus.read import Read, read
from metier.records import Document, MetierError
from tests.command import Said, metier
from tests.corpus.helpers import dropped, kept, read_all
from tests.corpus.samples import put, tar, zipped

RECIPE = "name: tiny\nsteps:\n  pages: {use: corpus.read, paths: '%s'}\n  clean: {use: corpus.clean, min_chars: 1}\n"
GOOD = [{"text": f"A sentence of some length, number {number}."} for number in range(5000)]


def lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def run(place: Path, paths: str, *words: str) -> Said:
    (place / "recipe.yaml").write_text(RECIPE % paths)
    return metier("run", "./recipe.yaml", *words, cwd=place)


def finished(place: Path, step: str) -> Manifest | None:
    return Artefact(place / "runs" / "tiny" / step).manifest


def refused(said: Said, *parts: str) -> None:
    assert said.code == 2, said
    assert "Traceback" not in said.err
    for part in parts:
        assert part in said.last, said.last


def test_a_truncated_gzip_stops_the_run_and_nothing_half_read_looks_finished(tmp_path: Path) -> None:
    packed = gzip.compress(lines(GOOD * 4))
    put(tmp_path / "data" / "a.jsonl.gz", gzip.compress(lines(GOOD)))
    put(tmp_path / "data" / "b.jsonl.gz", packed[: len(packed) * 2 // 3])
    refused(run(tmp_path, "data/*.gz"), "recipe.yaml:", "data/b.jsonl.gz", "cut short", "fetch the file again")
    assert finished(tmp_path, "pages") is None and finished(tmp_path, "clean") is None
    assert not list((tmp_path / "runs" / "tiny").glob("[!.]*/document/*.parquet"))
    put(tmp_path / "data" / "b.jsonl.gz", packed)
    said = run(tmp_path, "data/*.gz")
    assert said.code == 0, said
    made = finished(tmp_path, "clean")
    assert made is not None and made.counts == {"document": 25_000}


def test_a_parquet_file_with_another_schema_than_its_neighbours_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["one"], "n": [1]}), put(tmp_path / "data" / "a.parquet", b""))
    pq.write_table(pa.table({"body": ["two"]}), put(tmp_path / "data" / "b.parquet", b""))
    refused(run(tmp_path, "data/*.parquet"), "b.parquet: no column 'text'", "body")
    assert finished(tmp_path, "clean") is None
    pq.write_table(pa.table({"text": [7, 8]}), tmp_path / "data" / "b.parquet")
    paths = (str(tmp_path / "data" / "*.parquet"),)
    assert dropped(paths) == [(f"b.parquet:{row}", "the text is not a string") for row in (1, 2)]
    assert [d.text for d in kept(paths)] == ["one"]


def test_one_enormous_line_stops_the_run_and_in_an_archive_it_is_dropped(tmp_path: Path) -> None:
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    word = b"word " * (1 << 21)
    pieces = [packer.compress(b'{"text": "fine"}\n{"text": "'), *(packer.compress(word) for _ in range(27))]
    huge = b"".join([*pieces, packer.flush()])
    with pytest.raises(MetierError, match=r"a\.jsonl\.zst:2: a line of more than 256 MB; is this the right format\?"):
        read_all(put(tmp_path / "a.jsonl.zst", huge))
    noise = random.Random(1).randbytes(1 << 21)  # in a frame that is passed over: the ratio is that of a normal file
    skipped = b"\x50\x2a\x4d\x18" + len(noise).to_bytes(4, "little") + noise
    path = put(tmp_path / "b.zip", zipped({"a.jsonl.zst": skipped + huge, "b.jsonl": b'{"text": "next"}\n'}))
    assert [d.text for d in kept(path)] == ["fine", "next"]
    assert dropped(path) == [("b.zip!a.jsonl.zst:2", "a record of more than 256 MB, rest of the file unread")]


def mixed() -> bytes:
    """A UTF-8 file with a line of GB18030 and one that is neither."""
    rows = ['{"text": "English"}', '{"text": "阿司匹林用于解热镇痛"}', '{"text": "中医的书"}', '{"text": "العربية"}']
    encoded = [row.encode("gb18030" if number == 2 else "utf-8") for number, row in enumerate(rows)]
    return b"\n".join([*encoded, b'{"text": "caf\xe9 d\xe9j\xe0 vu"}', b'{"text": "last"}']) + b"\n"


def test_mixed_encodings_stop_the_run_with_the_byte_and_the_remedy(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", mixed())
    refused(run(tmp_path, "a.jsonl"), "a.jsonl: byte ", "not valid UTF-8", "encoding: mixed")
    assert finished(tmp_path, "clean") is None


@pytest.mark.parametrize("repeat", [1, 3000])
def test_mixed_encodings_are_told_line_by_line_when_asked(tmp_path: Path, repeat: int) -> None:
    path = put(tmp_path / "a.jsonl", b"\xef\xbb\xbf" + mixed() * repeat)
    some = ["English", "阿司匹林用于解热镇痛", "中医的书", "العربية", "last"]
    documents = kept(path, encoding="mixed")
    assert [d.text for d in documents] == some * repeat
    assert documents[-1].id == f"a.jsonl:{6 * repeat}"
    why = "the line is neither UTF-8 nor GB18030"
    assert dropped(path, encoding="mixed") == [(f"a.jsonl:{6 * number + 5}", why) for number in range(repeat)]


def test_mixed_encodings_in_other_formats(tmp_path: Path) -> None:
    why = "the line is neither UTF-8 nor GB18030"
    rows = [
        "text",
        "中药".encode().decode("latin-1"),
        "中药".encode("gb18030").decode("latin-1"),
        "caf\xe9 d\xe9j\xe0",
        "end",
    ]
    path = put(tmp_path / "a.csv", "\n".join(rows).encode("latin-1"))
    assert [(d.id, d.text) for d in kept(path, encoding="mixed")] == [
        ("a.csv:2", "中药"),
        ("a.csv:3", "中药"),
        ("a.csv:5", "end"),
    ]
    assert dropped(path, encoding="mixed") == [("a.csv:4", why)]
    last = put(tmp_path / "b.txt", b"one\ncaf\xe9 d\xe9j\xe0 vu")
    assert [d.text for d in kept(last, encoding="mixed", split="line")] == ["one"]
    assert dropped(last, encoding="mixed", split="line") == [("b.txt:2", why)]


def test_null_texts_and_lone_surrogates_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = b'{"text": null}\n{"text": "\\ud83d alone"}\n{"text": "\\ud83d\\ude00 a pair"}\n'
    put(tmp_path / "a.jsonl", rows)
    said = run(tmp_path, "a.jsonl")
    assert said.code == 0, said
    pages = finished(tmp_path, "pages")
    assert pages is not None
    assert pages.dropped == {"the text is empty": 1, "malformed JSON": 1}
    gone = [(one.id, one.why) for one in Artefact(tmp_path / "runs" / "tiny" / "pages").dropped()]
    assert gone == [("a.jsonl:1", "the text is empty"), ("a.jsonl:2", "malformed JSON")]


def test_duplicate_ids_stop_the_run_and_name_both_places(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", lines([{"text": "one", "k": 1}, {"text": "two", "k": 1}]))
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("'%s'", "a.jsonl, id: k"))
    refused(metier("run", "./recipe.yaml", cwd=tmp_path), "a.jsonl:2: id '1' is taken already by a.jsonl:1")
    members = {"a.jsonl": lines([{"text": "one", "k": 1}]), "b.jsonl": lines([{"text": "two", "k": 1}])}
    put(tmp_path / "b.zip", zipped(members))
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("'%s'", "b.zip, id: k"))
    refused(metier("run", "./recipe.yaml", cwd=tmp_path), "the id '1' comes ")
    assert finished(tmp_path, "clean") is None


def test_an_empty_shard_is_named(tmp_path: Path) -> None:
    put(tmp_path / "data" / "a.jsonl", lines(GOOD))
    put(tmp_path / "data" / "b.jsonl", b"")
    refused(run(tmp_path, "data/*.jsonl"), "data/b.jsonl: the file is empty")
    (tmp_path / "data" / "b.jsonl").unlink()
    put(tmp_path / "data" / "b.jsonl.gz", gzip.compress(b""))
    refused(run(tmp_path, "data/*"), "b.jsonl.gz: is empty")
    put(tmp_path / "data" / "b.tar", tar({"a.jsonl": b"", "b.jsonl": lines(GOOD[:1])}))
    assert dropped(tmp_path / "data" / "b.tar") == [("b.tar!a.jsonl:1", "empty file in archive")]


def test_a_directory_that_vanishes_between_plan_and_run_is_named(tmp_path: Path) -> None:
    put(tmp_path / "data" / "a.jsonl", lines(GOOD))
    (tmp_path / "recipe.yaml").write_text(RECIPE % "data/*.jsonl")
    assert metier("plan", "./recipe.yaml", cwd=tmp_path).code == 0
    shutil.rmtree(tmp_path / "data")
    refused(metier("run", "./recipe.yaml", cwd=tmp_path), "data/*.jsonl: no file matches")
    assert finished(tmp_path, "clean") is None


def test_a_file_that_vanishes_while_another_is_read_is_named(tmp_path: Path) -> None:
    put(tmp_path / "data" / "a.jsonl", lines(GOOD * 40))
    put(tmp_path / "data" / "b.csv", b"text\nlast\n")
    batches = read(Read(paths=(str(tmp_path / "data" / "*"),)))
    first = next(batches)
    (tmp_path / "data" / "b.csv").unlink()
    with pytest.raises(MetierError, match=r"b\.csv: cannot be read \(No such file or directory\)"):
        list(batches)
    assert first.kind is Document

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.corpus.write import Write, write
from metier.records import Document, Dropped, MetierError
from tests.command import metier
from tests.corpus.helpers import kept

NASTY = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r\ufeff"), max_size=40)
TEXT = st.one_of(
    NASTY,
    st.sampled_from(
        ['"', '""\n"', "a,b\n\nc", "\n\nx\n", "السَّلامُ عليكم", "阿司匹林\u2028用", "\x1b[0m\x85\x0b", "'=1+1"]
    ),
).filter(lambda text: bool(text) and not text.isspace())
DOCUMENTS = st.lists(st.tuples(TEXT, NASTY, NASTY), min_size=1, max_size=12)
FORMATS = [("jsonl", ""), ("jsonl", "gz"), ("jsonl", "zst"), ("csv", ""), ("csv", "zst"), ("parquet", "")]


def written(docs: list[Document], out: Path, **config: Any) -> tuple[dict[str, Any], list[Dropped]]:
    """What the notes say of an export into a folder, and what was dropped."""
    out.mkdir(exist_ok=True, parents=True)
    dropped = list(write(iter(docs), msgspec.convert(config, Write), out))
    return json.loads((out / "notes.json").read_text()), dropped


@pytest.mark.parametrize(("format", "packed"), FORMATS)
@settings(max_examples=30, deadline=None)
@given(some=DOCUMENTS)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, format: str, packed: str, some: list[tuple[str, str, str]]
) -> None:
    out = tmp_path_factory.mktemp("out")
    docs = [
        Document(f"d:{number}", text, "who", "book", "ar", "CC0", meta={"title": one, "id": two})
        for number, (text, one, two) in enumerate(some)
    ]
    notes, dropped = written(docs, out, format=format, packed=packed)
    assert not dropped
    names = {"id": "id", "source_column": "source", "meta": ("title", "meta.id")}
    back = kept(out / "files" / "part-*", kind="book", language="ar", licence="CC0", **names)
    assert [(d.id, d.text, d.source) for d in back] == [(d.id, d.text, d.source) for d in docs]
    assert [(d.meta["title"], d.meta["meta.id"]) for d in back] == [(d.meta["title"], d.meta["id"]) for d in docs]
    assert notes["rows"] == len(docs)
    assert notes["bytes"] == sum(file.stat().st_size for file in (out / "files").iterdir())


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=6))
def test_text_files_are_read_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    out = tmp_path_factory.mktemp("out")
    written([Document(f"a/{number}:名", text) for number, text in enumerate(texts)], out, format="text")
    back = kept(out / "files" / "part-*" / "*.txt")
    assert [d.text for d in back] == texts
    assert back[0].id.endswith("000000-a_0_名.txt:1")


def test_columns_are_chosen_ordered_and_flattened(tmp_path: Path) -> None:
    docs = [Document("1", "one", meta={"url": "u", "n": "1"}), Document("2", "two", meta={"n": "2"})]
    written(docs, tmp_path / "a", columns=["url", "text"])
    lines = (tmp_path / "a/files/part-00000.jsonl").read_text()
    assert lines == '{"url":"u","text":"one"}\n{"url":"","text":"two"}\n'
    written(docs, tmp_path / "b", format="parquet")
    names = ["id", "text", "source", "kind", "language", "licence", "parent", "url", "n"]
    assert pq.read_table(tmp_path / "b/files/part-00000.parquet").column_names == names
    with pytest.raises(MetierError, match="columns: no document has a column 'ulr'; did you mean 'url'"):
        written(docs, tmp_path / "c", columns=["ulr"])
    assert not list((tmp_path / "c").rglob("part-*"))


def test_a_column_that_comes_late_is_never_lost_in_silence(tmp_path: Path) -> None:
    docs = [Document(str(number), "text") for number in range(10_000)] + [Document("late", "text", meta={"new": "x"})]
    with pytest.raises(MetierError, match=r"document 'late' has a column 'new', .*name those to be written"):
        written(docs, tmp_path / "a", format="csv")
    assert not (tmp_path / "a/files/part-00000.csv").exists()
    notes, _ = written(docs, tmp_path / "b", columns=["id", "new"])
    assert notes["rows"] == 10_001


def test_parts_are_of_bounded_size_and_the_notes_list_them(tmp_path: Path) -> None:
    docs = [Document(str(number), "x" * 100_000) for number in range(1000)]
    notes, _ = written(docs, tmp_path, part_mb=32)
    assert [file["name"] for file in notes["files"]] == [f"part-{number:05d}.jsonl" for number in range(3)]
    assert sum(file["rows"] for file in notes["files"]) == notes["rows"] == 1000
    assert [d.id for d in kept(tmp_path / "files/*", id="id")] == [str(number) for number in range(1000)]


def test_a_document_without_text_is_dropped(tmp_path: Path) -> None:
    notes, dropped = written([Document("a", " \n"), Document("b", "b"), Document("c", "")], tmp_path)
    assert dropped == [Dropped("a", "the text is empty"), Dropped("c", "the text is empty")]
    assert notes["rows"] == 1
    with pytest.raises(MetierError, match="no document has a text"):
        written([Document("a", "")], tmp_path / "none")


def test_a_place_that_holds_an_export_is_not_written_over_unless_told(tmp_path: Path) -> None:
    to = tmp_path / "export"
    for number in range(3):
        to.mkdir(exist_ok=True)
        (to / f"part-{number:05d}.jsonl").write_text("old")
    (to / "mine.txt").write_text("kept")
    docs = [Document("a", "a")]
    with pytest.raises(MetierError, match=r"holds part-00000\.jsonl already; remove it"):
        written(docs, tmp_path / "out", to=str(to))
    assert (to / "part-00000.jsonl").read_text() == "old"
    written(docs, tmp_path / "out", to=str(to), overwrite=True)
    assert sorted(file.name for file in to.iterdir()) == ["mine.txt", "part-00000.jsonl"]
    assert json.loads((to / "part-00000.jsonl").read_text())["text"] == "a"


def test_an_export_that_fails_leaves_what_stood(tmp_path: Path) -> None:
    to = tmp_path / "export"
    written([Document("a", "old")], tmp_path / "out", to=str(to))

    def broken() -> Iterator[Document]:
        yield from (Document(str(number), "new " * 9000) for number in range(3000))
        raise MetierError("the source broke")

    with pytest.raises(MetierError, match="the source broke"):
        list(write(broken(), Write(to=str(to), overwrite=True, part_mb=10), tmp_path / "out"))
    assert [d.text for d in kept(to / "part-*")] == ["old"]
    written([Document("b", "newer")], tmp_path / "out", to=str(to), overwrite=True)
    assert [file.name for file in to.iterdir()] == ["part-00000.jsonl"]


@pytest.mark.parametrize("format", ["jsonl", "parquet", "text"])
def test_an_export_into_a_store(tmp_path: Path, format: str) -> None:
    fsspec = pytest.importorskip("fsspec", reason="the extra `documents` is not installed")
    memory = fsspec.filesystem("memory")
    to = f"memory://exports/{format}"
    docs = [Document(str(number), f"text {number} " + "x" * 50_000) for number in range(900)]
    try:
        notes, _ = written(docs, tmp_path, to=to, format=format, part_mb=16)
        assert len(notes["files"]) >= 2 and notes["to"] == to
        assert not list(tmp_path.rglob("part-*"))
        assert len(kept((f"{to}/**" if format == "text" else f"{to}/part-*",))) == 900
        assert not memory.exists(f"/exports/{format}/.metier.partial")
        with pytest.raises(MetierError, match="holds part-00000"):
            written(docs[:1], tmp_path, to=to, format=format)
        written(docs[:1], tmp_path, to=to, format=format, overwrite=True)
        assert len(kept((f"{to}/**" if format == "text" else f"{to}/part-*",))) == 1
    finally:
        memory.rm("/exports", recursive=True)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"format": "parquet", "packed": "gz"}, "parquet files are not packed"),
        ({"format": "text", "columns": ["id"]}, "text files hold the text alone"),
        ({"columns": ["id", "id"]}, "'id' is named twice"),
    ],
)
def test_settings_that_cannot_be_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(setting, Write)


RECIPE = """\
name: tiny
steps:
  pages: {use: corpus.read, paths: pages.jsonl}
  export: {use: corpus.write, format: csv, packed: gz, to: out/here}
"""


def test_a_recipe_exports_and_its_manifest_says_what(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "pages.jsonl").write_text('{"text": "one", "url": "u"}\n{"text": "two", "url": "v"}\n')
    said = metier("run", "./recipe.yaml", cwd=tmp_path)
    assert said.code == 0, said
    notes = json.loads((tmp_path / "runs/tiny/export/manifest.json").read_text())["notes"]
    assert notes["rows"] == 2 and [file["name"] for file in notes["files"]] == ["part-00000.csv.gz"]
    assert [(d.text, d.meta["url"]) for d in kept(tmp_path / "out/here/part-00000.csv.gz")] == [
        ("one", "u"),
        ("two", "v"),
    ]
    assert "export: stands" in metier("run", "./recipe.yaml", cwd=tmp_path).err

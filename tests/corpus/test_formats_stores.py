import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metier.records import MetierError
from metier.run.content import Contents, expand
from tests.command import metier
from tests.corpus.helpers import dropped, kept, read_all
from tests.corpus.samples import pdf, put, zipped

fsspec = pytest.importorskip("fsspec", reason="the extra `documents` is not installed")
LINE = b'{"text": "one"}\n'


@pytest.fixture
def store() -> Iterator[str]:
    """The URL of an empty folder in a store."""
    memory = fsspec.filesystem("memory")
    yield "memory://bucket/x"
    memory.rm("/bucket", recursive=True)


def send(url: str, data: bytes) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(data)


def test_files_of_every_sort_are_read_from_a_store(store: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["row"]}), tmp_path / "d.parquet")
    send(f"{store}/a.jsonl", LINE * 2)
    send(f"{store}/b.jsonl.gz", gzip.compress(LINE))
    send(f"{store}/c.csv", "text\n药\n".encode())
    send(f"{store}/d.parquet", (tmp_path / "d.parquet").read_bytes())
    send(f"{store}/sub/e.zip", zipped({"m.txt": b"member"}))
    assert [(d.id, d.text) for d in kept((f"{store}/**",))] == [
        ("a.jsonl:1", "one"),
        ("a.jsonl:2", "one"),
        ("b.jsonl.gz:1", "one"),
        ("c.csv:2", "药"),
        ("d.parquet:1", "row"),
        ("sub/e.zip!m.txt:1", "member"),
    ]
    assert [d.id for d in kept((f"{store}/*.jsonl*",))] == ["a.jsonl:1", "a.jsonl:2", "b.jsonl.gz:1"]


def test_files_here_and_in_stores_side_by_side(store: str, tmp_path: Path) -> None:
    send(f"{store}/a.jsonl", LINE)
    here = put(tmp_path / "a.jsonl", LINE)
    assert [d.id for d in kept((str(here), f"{store}/a.jsonl"))] == ["a.jsonl:1", f"{store}/a.jsonl:1"]
    assert [d.id for d in kept((f"file://{here}",))] == ["a.jsonl:1"]


def test_what_is_wrong_in_a_store_is_one_clear_line(store: str) -> None:
    send(f"{store}/a.jsonl", LINE + b"{")
    send(f"{store}/b.jsonl.gz", gzip.compress(LINE * 500)[:-9])
    assert dropped((f"{store}/a.jsonl",)) == [("a.jsonl:2", "malformed JSON")]
    for name, message in [
        (f"{store}/none.jsonl", "memory://bucket/x/none.jsonl: no such file; check the address"),
        (f"{store}/*.csv", "no file matches, or the store cannot list"),
        (store, "is a directory; name the files in it, as in memory://bucket/x/"),
        (f"{store}/b.jsonl.gz", "memory://bucket/x/b.jsonl.gz: cut short; fetch the file again"),
        ("nosuch://a/b.txt", "nosuch://a/b.txt: cannot be reached"),
        (
            "http://127.0.0.1:1/a.jsonl",
            "http://127.0.0.1:1/a.jsonl: cannot be reached .*check the address and the network",
        ),
    ]:
        with pytest.raises(MetierError, match=message) as caught:
            read_all((name,))
        assert "\n" not in str(caught.value)


def test_a_changed_file_in_a_store_changes_its_hash(store: str, tmp_path: Path) -> None:
    contents = Contents(tmp_path / "known.json")
    send(f"{store}/a.jsonl", LINE)
    [path] = expand(f"{store}/a.jsonl")
    before = contents.path(path)
    assert contents.path(expand(f"{store}/*.jsonl")[0]) == before
    send(f"{store}/a.jsonl", LINE * 2)
    assert contents.path(path) != before


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server and the folder that it serves."""
    pytest.importorskip("aiohttp", reason="the extra `documents` is not installed")
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


RECIPE = "name: tiny\nsteps:\n  pages: {use: corpus.read, paths: %s}\n"


def test_a_recipe_reads_from_the_web_and_again_only_what_changed(site: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = site
    put(folder / "a.jsonl.gz", gzip.compress(LINE * 3))
    put(folder / "b.pdf", pdf("from the web"))
    assert [d.text for d in kept((f"{url}/a.jsonl.gz", f"{url}/b.pdf"))] == ["one"] * 3 + ["from the web"]
    (tmp_path / "recipe.yaml").write_text(RECIPE % f"'{url}/a.jsonl.gz'")
    assert "pages: 3 documents" in metier("run", "./recipe.yaml", cwd=tmp_path).err
    assert "pages: stands" in metier("run", "./recipe.yaml", cwd=tmp_path).err
    put(folder / "a.jsonl.gz", gzip.compress(LINE * 4))
    assert "pages: 4 documents" in metier("run", "./recipe.yaml", cwd=tmp_path).err
    (folder / "a.jsonl.gz").unlink()
    said = metier("run", "./recipe.yaml", cwd=tmp_path)
    assert said.code == 2 and said.last.endswith("a.jsonl.gz: no such file; check the address")

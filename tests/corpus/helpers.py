"""What the tests of the corpus room share."""

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import zstandard

from metier.artefact import part_writer
from metier.batch import Batch
from metier.corpus.dedup import Dedup, decide, sketch
from metier.corpus.read import Read, read
from metier.records import Document, Dropped
from metier.run.barrier import write_sketch
from metier.sketches import Sketches


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file of this text, packed if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode(encoding)
    if path.suffix == ".gz":
        data = gzip.compress(data)
    elif path.suffix == ".zst":
        half = len(data) // 2
        data = zstandard.compress(data[:half]) + zstandard.compress(data[half:])
    path.write_bytes(data)
    return path


def kept(paths: Path | tuple[str, ...], **settings: Any) -> list[Document]:
    """The documents that reading keeps."""
    return [document for batch in read_all(paths, **settings) for document in batch.kept().records()]


def dropped(paths: Path | tuple[str, ...], **settings: Any) -> list[tuple[str, str]]:
    """The rows that reading drops."""
    return [pair for batch in read_all(paths, **settings) for pair in batch.dropped()]


def read_all(paths: Path | tuple[str, ...], **settings: Any) -> list[Batch[Document]]:
    """All batches of a reading."""
    return list(read(Read(paths=str(paths) if isinstance(paths, Path) else paths, **settings)))


def batch(*texts: str, **meta: str) -> Batch[Document]:
    """Documents d0, d1, ... of these texts."""
    return Batch.of(Document, [Document(f"d{i}", text, "web", meta=meta) for i, text in enumerate(texts)])


def texts(some: Batch[Document]) -> list[str]:
    """The texts of a batch's kept rows."""
    return [str(text) for text in some.kept().values("text")]


def deduplicated(home: Path, batches: Iterable[Batch[Document]], config: Dedup) -> list[Dropped]:
    """What deduplication drops of batches that lie on disk, a part each, as the engine lays them out."""
    pairs = []
    for number, some in enumerate(batches):
        part, narrow = home / f"document/{number:05d}.parquet", home / f"sketch/{number:05d}.parquet"
        with part_writer(Document, part) as writer:
            writer.write_batch(some.rows)
        write_sketch(narrow, [sketch(some, config)])
        pairs.append((narrow, part))
    out = home / "out"
    out.mkdir(exist_ok=True)
    return list(decide(Sketches(Document, tuple(pairs)), config, out))

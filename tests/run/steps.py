"""Stages of a user's own, as a recipe names them: ``tests.run.steps:letters``."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.batch import Batch, batches
from metier.records import Config, Conversation, Document, Dropped, File, Message, Score


class Letters(Config):
    count: int = 10
    """How many documents."""
    size: int = 4
    """Rows in a batch."""
    fail_at: int = -1
    """Raise when this document is reached."""


def letters(config: Letters) -> Iterator[Batch[Document]]:
    """Documents a0, a1, ..."""

    def made() -> Iterator[Document]:
        for n in range(config.count):
            if n == config.fail_at:
                raise RuntimeError("the source broke")
            yield Document(f"a{n}", f"text {n}", meta={"n": str(n)})

    yield from batches(Document, made(), config.size)


class Shout(Config):
    mark: str = "!"
    """What to append."""


def shout(batch: Batch[Document], config: Shout) -> Batch[Document]:
    """Upper-case."""
    return batch.replace(text=[text.upper() + config.mark for text in batch.values("text")])


def salted(batch: Batch[Document], seed: int, config: Shout) -> Batch[Document]:
    """Append the seed."""
    return batch.replace(text=[f"{text} {seed}" for text in batch.values("text")])


class Odd(Config):
    why: str = "odd"
    """The reason given."""


def odd(batch: Batch[Document], config: Odd) -> Batch[Document]:
    """Drop every document with an odd number."""
    return batch.drop([config.why if int(name[1:]) % 2 else None for name in batch.values("id")])


def halves(batch: Batch[Document]) -> Batch[Document]:
    """Two children a document."""
    some = [Document(f"{d.id}#{k}", d.text, parent=d.id) for d in batch.records() for k in (0, 1)]
    return Batch.of(Document, some)


def loses(batch: Batch[Document]) -> Batch[Document]:
    """A kernel with a defect: the first row vanishes."""
    return Batch.whole(Document, batch.rows.slice(1))


def same_id(docs: Iterable[Document]) -> Iterator[Conversation]:
    """A stage with a defect: every record has one id."""
    for doc in docs:
        yield Conversation("x", (Message("user", doc.text),), parent=doc.id)


def forgets(docs: Iterable[Document]) -> Iterator[Conversation | Dropped]:
    """A stage with a defect: the third record is neither kept nor dropped."""
    for n, doc in enumerate(docs):
        if n != 2:
            yield Conversation(doc.id, (Message("user", doc.text),), parent=doc.id)


class Greet(Config):
    words: File = ""
    """A file with the greeting."""


def greet(docs: Iterable[Document], seed: int, config: Greet) -> Iterator[Conversation | Dropped]:
    """One conversation a document; the document ``a0`` is dropped."""
    word = Path(config.words).read_text().strip() if config.words else "hello"
    for doc in docs:
        if doc.id.startswith("a0"):
            yield Dropped(doc.id, "the first")
        else:
            yield Conversation(
                f"{doc.id}?", (Message("user", f"{word} {seed}"), Message("assistant", doc.text)), parent=doc.id
            )


def count(conversations: Iterable[Conversation], task: str, config: Odd) -> Iterator[Score]:
    """How many conversations there are, as a score."""
    n = sum(1 for _ in conversations)
    yield Score(task, "nobody", "count", {}, float(n), n, float(n), float(n))


def files(conversations: Iterable[Conversation], out: Path) -> None:
    """A directory of files."""
    (out / "all.txt").write_text("\n".join(one.id for one in conversations))
    (out / "notes.json").write_text(json.dumps({"said": "done"}))

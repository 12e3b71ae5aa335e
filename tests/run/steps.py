"""Stages of a user's own, as a recipe names them: ``tests.run.steps:letters``."""

import asyncio
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from metier.artefact import asset
from metier.batch import Batch, batches
from metier.llm.llm import LLM, Failed, ReplyError
from metier.llm.request import Request
from metier.records import Checkpoint, Config, Conversation, Document, Dropped, File, Message, Score
from tests.processes import runs


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


class Asks(Config):
    about: str = "Say: "
    """What stands before the text."""


def answers(docs: Iterable[Document], writer: LLM, config: Asks) -> Iterator[Conversation | Dropped]:
    """One answer a document; the model's refusals are dropped."""

    async def one(doc: Document) -> Conversation:
        asked = Message("user", config.about + doc.text)
        reply = await writer.ask([asked])
        return Conversation(
            f"{doc.id}?", (asked, Message("assistant", reply.text)), parent=doc.id, request=reply.request
        )

    for doc, made in writer.map(docs, one):
        yield Dropped(doc.id, made.why, made.detail) if isinstance(made, Failed) else made


def judged(
    conversations: Iterable[Conversation], doctor: LLM, judge: LLM | None = None
) -> Iterator[Conversation | Dropped]:
    """The same conversations, each told by a doctor, and by a judge where there is one."""
    for talk in conversations:
        names = ", ".join(one.name for one in (doctor, judge) if one is not None)
        yield Conversation(talk.id, (*talk.messages, Message("user", names)), parent=talk.id)


def echo(request: Request) -> str:
    """A model that says again what it was told; it refuses the text with a 3."""
    last = request.messages[-1].content
    if "3" in last:
        raise ReplyError("refused", last)
    return f"{last} ({request.sampling.temperature})"


class Copy(Config):
    note: str = ""
    """What to write beside the copy."""


def copied(config: Copy, out: Path) -> None:
    """A checkpoint of one's own: a copy of the small model that ships."""
    shutil.copytree(asset("asset:nano"), out, dirs_exist_ok=True)
    (out / "note.txt").write_text(config.note)


class Loud(Config):
    pid_file: str = ""
    """The file that names the processes of a server."""


def loads(base: Checkpoint, config: Loud, out: Path) -> None:
    """A step that loads a checkpoint: it notes whether the server still ran."""
    pids = json.loads(Path(config.pid_file).read_text())["pids"]
    (out / "running.txt").write_text(str(sum(map(runs, pids))))


def breaks(request: Request) -> str:
    """A model with a defect."""
    return str(1 // request.sample)


async def slow_echo(request: Request) -> str:
    """A model that notes in ``asked.txt`` what it was asked, and takes its time."""
    with Path("asked.txt").open("a") as asked:
        asked.write(f"{request.key}\n")
    await asyncio.sleep(0.05)
    return request.messages[-1].content

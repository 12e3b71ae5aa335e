"""Turn conversations and raw documents into items on disk: tokens, what is trained of them, where they came from.

``tokens.bin`` holds the words of all items one after the other, ``names.parquet`` the id of each item's record,
``dropped/`` the records that were left out. Only three numbers an item are kept in memory.
"""

import contextlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from metier import progress
from metier.artefact import Writer
from metier.model.template import Encoded, Refused, encode_many, encode_texts
from metier.records import Conversation, Document, Dropped
from metier.train.mixing import source_of
from metier.train.pack_kernels import WHOLE
from metier.train.settings import Train

T = TypeVar("T", Conversation, Document)
BATCH, CHARACTERS = 1024, 1 << 21
"""Records that are encoded in one call at most, and their characters."""
NAMES = 1 << 15
"""Ids that are written at a time."""
TRAINED = np.uint32(1 << 31)
"""The bit of a word that says that its token is trained; the others are the token."""


class Given(NamedTuple):
    """What a trainer is given: what it is trained on, and conversations that it is only looked at with."""

    conversations: Iterable[Conversation] = ()
    docs: Iterable[Document] = ()
    validation: Iterable[Conversation] = ()


class Part(NamedTuple):
    """An item before it is written; ``repeats`` says how it may be cut (see ``pack``)."""

    item: Encoded
    repeats: int


@dataclass(frozen=True)
class Items:
    """Items on disk, with the length of each, how it may be cut and the number of its source."""

    home: Path
    lengths: npt.NDArray[np.int32]
    repeats: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int32]
    sources: list[str]
    records: int
    dropped: int
    first_why: str
    """The id of the first record that was dropped, where one was, and the reason."""

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def start(self) -> npt.NDArray[np.int64]:
        """Where every item begins in ``tokens.bin``, in words."""
        ends = np.cumsum(self.lengths, dtype=np.int64)
        return ends - self.lengths

    def names(self) -> pa.Array:
        """The id of every item's record."""
        return pq.read_table(self.home / "names.parquet").column("id").combine_chunks()

    def words(self, starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
        """Stretches of ``tokens.bin``, one after the other; read, not mapped, so that they do not stay in memory."""
        out = np.empty(int(sizes.sum()), np.uint32)
        view, at = out.data.cast("B"), 0
        with (self.home / "tokens.bin").open("rb", buffering=0) as file:
            for start, size in zip((starts * 4).tolist(), (sizes * 4).tolist(), strict=True):
                file.seek(start)
                if file.readinto(view[at : at + size]) != size:
                    raise OSError(f"{file.name} ends before its items do")
                at += size
        return out

    def read(self, number: int) -> Encoded:
        """One item as it was encoded."""
        words = self.words(self.start[[number]], self.lengths[[number]].astype(np.int64))
        return Encoded((words & ~TRAINED).tolist(), (words >> 31).tolist())


class _Growing:
    """Items as they come, written to disk as they come."""

    def __init__(self, home: Path) -> None:
        self.home, self.lengths, self.repeats, self.codes = home, array("i"), array("i"), array("i")
        self.sources: dict[str, int] = {}
        self.names: list[str] = []
        self.records, self.dropped, self.first_why = 0, 0, ""
        self.lost, self.stack = Writer(home), contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        self.tokens = self.stack.enter_context((self.home / "tokens.bin").open("wb", buffering=1 << 20))
        form = pa.schema([("id", pa.large_string())])
        self.ids = self.stack.enter_context(pq.ParquetWriter(self.home / "names.parquet", form, compression="zstd"))
        return self

    def __exit__(self, *_: object) -> None:
        self._write_names()
        self.lost.close()
        self.stack.close()

    def add(self, record: Conversation | Document, parts: Sequence[Part] | str) -> None:
        """Take the items of a record, or the reason why it has none."""
        if isinstance(parts, str):
            self.dropped, self.first_why = self.dropped + 1, self.first_why or f"{record.id}: {parts}"
            self.lost.add(Dropped(record.id, parts))
            return
        code = self.sources.setdefault(source_of(record), len(self.sources))
        self.records += 1
        for item, repeats in parts:
            self.lengths.append(len(item.ids))
            self.repeats.append(repeats)
            self.codes.append(code)
            self.names.append(record.id)
            self.tokens.write((np.array(item.ids, np.uint32) | np.array(item.mask, np.uint32) << 31).tobytes())
        if len(self.names) >= NAMES:
            self._write_names()

    def items(self) -> Items:
        """All that was taken, once it is written."""
        columns = [np.array(column, np.int32) for column in (self.lengths, self.repeats, self.codes)]
        lost = (self.records, self.dropped, self.first_why)
        return Items(self.home, columns[0], columns[1], columns[2], list(self.sources), *lost)

    def _write_names(self) -> None:
        self.ids.write_table(pa.table({"id": pa.array(self.names, pa.large_string())}))
        self.names.clear()


def encode(tokenizer: Any, given: Given, settings: Train, home: Path) -> Items:
    """Write the items of all records into ``home``, conversations first; what cannot be trained is dropped and why.

    A document longer than a window becomes several items, each beginning with the last token of the one before. A
    conversation longer than a window may be continued in the next window, its prompt repeated, if the prompt takes less
    than half of one. What ``given`` holds for validation is not read.
    """
    with _Growing(home) as growing:
        for talks in _some(given.conversations, lambda one: sum(len(message.content) for message in one.messages)):
            found = encode_many(tokenizer, [one.messages for one in talks if one.messages], settings.thinking)
            rest = iter(found)
            for talk in talks:
                growing.add(talk, _of_conversation(next(rest), settings) if talk.messages else "no messages")
            progress.report(len(growing.lengths), 0, "items", "encoding")
        for pages in _some(given.docs, lambda one: len(one.text)):
            for page, item in zip(pages, encode_texts(tokenizer, [one.text for one in pages]), strict=True):
                growing.add(page, _of_document(item, settings) if page.text.strip() else "empty text")
            progress.report(len(growing.lengths), 0, "items", "encoding")
    return growing.items()


def _some(records: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """The records in groups small enough to be encoded in one call."""
    some, characters = list[T](), 0
    for record in records:
        some.append(record)
        characters += size(record)
        if len(some) == BATCH or characters >= CHARACTERS:
            yield some
            some, characters = [], 0
    if some:
        yield some


def _of_conversation(found: Encoded | Refused, settings: Train) -> list[Part] | str:
    """The items of a conversation: all of them, or the reason why not."""
    if isinstance(found, Refused):
        return found.why
    if not found.ids:
        return "no tokens"
    parts = []
    for one in (found, *found.earlier):
        head = one.mask.index(1) if 1 in one.mask else len(one.ids)
        if settings.answers_only and head == len(one.ids):
            continue
        whole = one is found and not settings.answers_only
        item = Encoded(one.ids, [1] * len(one.ids)) if whole else one
        parts.append(Part(item, head if len(one.ids) > settings.window else WHOLE))
    if not parts:
        return "no assistant turn to train on"
    if any(repeats != WHOLE and repeats >= settings.window // 2 for _, repeats in parts):
        return f"longer than the window of {settings.window} tokens"
    return parts


def _of_document(item: Encoded, settings: Train) -> list[Part] | str:
    """The items of a document: stretches of at most a window, each beginning with the last token of the one before."""
    window = settings.window
    starts = range(0, max(1, len(item.ids) - 1), window - 1)
    parts = [Part(Encoded(item.ids[at : at + window], item.mask[at : at + window]), 0) for at in starts]
    return parts if item.ids else "no tokens"

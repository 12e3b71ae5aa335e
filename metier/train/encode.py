"""Turn conversations and raw documents into items: tokens, what is trained of them, and where they came from."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from metier import progress
from metier.model.template import Encoded, encode_many, encode_texts
from metier.records import Conversation, Document, Dropped
from metier.train.order import coded
from metier.train.pack import WHOLE

T = TypeVar("T")
BATCH = 1024


class Given(NamedTuple):
    """What a trainer is given: what it is trained on, and conversations that it is only looked at with."""

    conversations: Iterable[Conversation] = ()
    docs: Iterable[Document] = ()
    validation: Iterable[Conversation] = ()


@dataclass(frozen=True)
class Items:
    """Items one after the other: item i is tokens ``start[i]`` to ``start[i + 1]``.

    ``trained`` marks tokens whose prediction the loss counts; ``repeats`` says how an item may be cut (see ``pack``).
    """

    ids: npt.NDArray[np.int32]
    trained: npt.NDArray[np.bool_]
    start: npt.NDArray[np.int64]
    repeats: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int32]
    sources: list[str]
    names: list[str]
    dropped: list[Dropped]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Length of every item in tokens."""
        return np.diff(self.start)


@dataclass
class _Growing:
    ids: "array[int]" = field(default_factory=lambda: array("i"))
    trained: "array[int]" = field(default_factory=lambda: array("b"))
    start: "array[int]" = field(default_factory=lambda: array("q", [0]))
    repeats: "array[int]" = field(default_factory=lambda: array("i"))
    sources: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    def add(self, name: str, source: str, item: Encoded, repeats: int) -> None:
        self.ids.extend(item.ids)
        self.trained.extend(item.mask)
        self.start.append(len(self.ids))
        self.repeats.append(repeats)
        self.sources.append(source)
        self.names.append(name)


def encode(
    tokenizer: Any,
    conversations: Iterable[Conversation],
    docs: Iterable[Document],
    window: int,
    answers_only: bool,
    thinking: bool | None = None,
) -> Items:
    """Items of all records, conversations first; a record that cannot be trained is dropped with its reason.

    A document longer than a window becomes several items, each beginning with the last token of the one before. A
    conversation longer than a window may be continued in the next window, its prompt repeated, if the prompt takes less
    than half of one. ``thinking`` is the chat template's switch; None leaves it to the template.
    """
    growing = _Growing()
    for some in _some(conversations):
        kept = [one for one in some if one.messages]
        growing.dropped += [Dropped(one.id, "no messages") for one in some if not one.messages]
        items = encode_many(tokenizer, [one.messages for one in kept], thinking)
        _add_conversations(growing, zip(kept, items, strict=True), window, answers_only)
        progress.report(len(growing.names), 0, "items", "encoding")
    for pages in _some(docs):
        _add_documents(growing, tokenizer, pages, window)
        progress.report(len(growing.names), 0, "items", "encoding")
    sources, codes = coded(growing.sources)
    return Items(
        np.array(growing.ids, np.int32),
        np.array(growing.trained, np.bool_),
        np.array(growing.start, np.int64),
        np.array(growing.repeats, np.int32),
        codes,
        sources,
        growing.names,
        growing.dropped,
    )


def source_of(record: Conversation | Document) -> str:
    """The name that priorities and epochs know a record by: its source, else ``conversation`` or a document's kind."""
    return record.source or ("conversation" if isinstance(record, Conversation) else record.kind)


def _some(records: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(records)
    while some := list(islice(rest, BATCH)):
        yield some


def _add_conversations(
    growing: _Growing, some: Iterable[tuple[Conversation, Encoded]], window: int, answers_only: bool
) -> None:
    for one, item in some:
        head = item.mask.index(1) if 1 in item.mask else len(item.ids)
        repeats = head if len(item.ids) > window else WHOLE
        if 1 not in item.mask and answers_only:
            growing.dropped.append(Dropped(one.id, "no assistant turn to train on"))
        elif repeats != WHOLE and repeats >= window // 2:
            growing.dropped.append(Dropped(one.id, f"longer than the window of {window} tokens"))
        else:
            whole = item if answers_only else Encoded(item.ids, [1] * len(item.ids))
            growing.add(one.id, source_of(one), whole, repeats)


def _add_documents(growing: _Growing, tokenizer: Any, some: Sequence[Document], window: int) -> None:
    kept = [one for one in some if one.text.strip()]
    growing.dropped += [Dropped(one.id, "empty text") for one in some if not one.text.strip()]
    for one, item in zip(kept, encode_texts(tokenizer, [one.text for one in kept]), strict=True):
        for begin in range(0, max(1, len(item.ids) - 1), window - 1):
            part = Encoded(item.ids[begin : begin + window], item.mask[begin : begin + window])
            growing.add(one.id, source_of(one), part, 0)

"""A model as stages see it: ask one question, ask for a typed answer, ask for many records at once."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from metier.llm.request import Reply
from metier.records import Message, MetierError

A = TypeVar("A")
B = TypeVar("B")
S = TypeVar("S", bound=msgspec.Struct)


class ReplyError(MetierError):
    """A model gave no usable reply to one record: the record is dropped with this reason, the run goes on."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}" if detail else why)
        self.why, self.detail = why, detail


class Failed(msgspec.Struct, Generic[A], frozen=True):
    """What became of an item whose function raised ReplyError; ``why`` is stable so that it can be counted."""

    item: A
    why: str
    detail: str = ""


class LLM:
    """One model of the recipe, behind the cache and the limits of the run."""

    name: str

    async def ask(self, messages: Sequence[Message], sample: int = 0) -> Reply:
        """The reply to a conversation; ``sample`` numbers several draws of one question. Raises ReplyError."""
        raise NotImplementedError

    async def ask_for(self, kind: type[S], messages: Sequence[Message], sample: int = 0) -> tuple[S, Reply]:
        """A reply as a struct: its JSON schema is sent where the endpoint keeps to it, and always checked here."""
        raise NotImplementedError

    def map(
        self, items: Iterable[A], function: Callable[[A], Awaitable[B]], window: int = 0
    ) -> Iterator[tuple[A, B | Failed[A]]]:
        """Run a function on every item, ``window`` at a time (by default twice the concurrency): (item, result) in
        the order of the items. ReplyError makes a Failed; every other error stops all.
        """
        raise NotImplementedError

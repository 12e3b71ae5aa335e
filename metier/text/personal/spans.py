"""What a finder gives: the place of something personal, and how two claims on one place are settled."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, get_args

Kind = Literal["email", "id_card", "card", "record", "date", "phone", "address", "name"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every kind, in the order of priority: where two spans overlap, the one whose kind stands first here is taken."""
Places = Iterator[tuple[int, int]]
"""(start, stop) pairs, in characters."""


class Look(NamedTuple):
    """What one look over a text tells, in the words of ``look_bits``."""

    flags: int
    """What the text holds somewhere."""
    places: list[int]
    """Characters where something can begin."""
    whats: list[int]
    """What can begin at each of them."""

    def at(self, what: int) -> list[int]:
        """Where something of this kind can begin."""
        return [place for place, kinds in zip(self.places, self.whats, strict=True) if kinds & what]


class Span(NamedTuple):
    """A piece of a text that tells who someone is; ``text`` is what stands there."""

    start: int
    stop: int
    kind: Kind
    text: str


def settle(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, none over another: a kind of higher priority wins, then the longer, then the first."""
    rank = {kind: number for number, kind in enumerate(KINDS)}
    taken: list[Span] = []
    for span in sorted(set(spans), key=lambda one: (rank[one.kind], one.start - one.stop, one.start)):
        if not any(span.start < other.stop and other.start < span.stop for other in taken):
            taken.append(span)
    return sorted(taken)

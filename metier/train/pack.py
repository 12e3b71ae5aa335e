"""Pack items into windows: their order is kept to within a bound, and what does not fit comes next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

REACH = 64
"""No item is displaced by more places than this from its place in the order."""
REREAD = 32
"""Tokens of the answer so far that a continued conversation reads again, untrained, after its repeated prompt."""
WHOLE = -1
"""The ``repeats`` of an item that is never cut."""


@dataclass(frozen=True)
class Piece:
    """A stretch of an item in a window: of the item at ``rank`` in the order, tokens ``begin`` to ``end``.

    A later piece reads the item's first ``head`` tokens again before it; its first ``reread`` tokens are not trained.
    """

    rank: int
    begin: int
    end: int
    head: int = 0
    reread: int = 0

    @property
    def size(self) -> int:
        """Length in tokens."""
        return self.head + self.end - self.begin


@dataclass(frozen=True)
class Shape:
    """Lengths of the items in their order; ``repeats`` says for each how many opening tokens a later piece repeats.

    0 is a raw document, which may be cut anywhere; ``WHOLE`` is never cut and not longer than a window.
    """

    lengths: Sequence[int]
    repeats: Sequence[int]

    @classmethod
    def whole(cls, lengths: Sequence[int]) -> "Shape":
        """Items that are never cut."""
        return cls(lengths, [WHOLE] * len(lengths))


def pack(shape: Shape, window: int, budget: int | None = None, reach: int = REACH) -> list[list[Piece]]:
    """Windows of pieces for items in their order, until a budget of tokens is spent.

    A window opens with the rest of the item that the window before cut, else with the oldest item that waits; then come
    those of the items up to ``reach`` after the oldest that fill it best (an exact subset sum). As nothing beyond the
    oldest + ``reach`` is ever taken, no item is displaced by more than ``reach`` places. What stays empty is filled by
    the head of an item that may be cut.
    """
    lengths, windows, waiting = shape.lengths, [], list[int]()
    upcoming, used, carried = 0, 0, None
    while (waiting or carried or upcoming < len(lengths)) and (budget is None or used < budget):
        last = min(len(lengths), (waiting[0] if waiting else upcoming) + reach + 1)
        waiting += range(upcoming, last)
        upcoming = max(upcoming, last)
        pieces: list[Piece] = [carried] if carried else []
        carried = None
        if waiting and not pieces:
            pieces.append(Piece(waiting[0], 0, min(lengths[waiting[0]], window)))
            waiting = waiting[1:]
        room = window - sum(piece.size for piece in pieces)
        names = choose([(lengths[rank], rank) for rank in waiting], room, window)
        pieces += [Piece(rank, 0, lengths[rank]) for rank in names]
        room -= sum(lengths[rank] for rank in names)
        waiting = _without(waiting, names)
        cut = next((rank for rank in waiting if _worth_cutting(shape, rank, room, window)), None)
        if cut is not None:
            pieces.append(Piece(cut, 0, room))
            waiting = _without(waiting, [cut])
        if pieces[-1].end < lengths[pieces[-1].rank]:
            carried = _rest(pieces[-1], shape, window)
        windows.append(pieces)
        used += sum(piece.size for piece in pieces)
    return windows


def _without(waiting: list[int], names: Sequence[int]) -> list[int]:
    gone = set(names)
    return [rank for rank in waiting if rank not in gone]


def _worth_cutting(shape: Shape, rank: int, room: int, window: int) -> bool:
    """Whether the head of this item may fill the room: of a document 1/32 of a window, of an answer 32 tokens."""
    head, length = shape.repeats[rank], shape.lengths[rank]
    if head == WHOLE or length <= room:
        return False
    return room > window // 32 if head == 0 else length > window and room >= head + REREAD


def _rest(piece: Piece, shape: Shape, window: int) -> Piece:
    """The next piece of a cut item, as long as a window allows."""
    head = shape.repeats[piece.rank]
    reread = 1 if head == 0 else min(REREAD, window // 16, piece.end - head)
    begin = piece.end - reread
    end = min(shape.lengths[piece.rank], begin + window - head)
    return Piece(piece.rank, begin, end, head, reread)


def choose(items: Sequence[tuple[int, int]], room: int, window: int) -> list[int]:
    """The names of the (size, name) pairs, oldest first, that fill this room best.

    Where a large one fits, one of the largest goes in, even if a few places stay empty: large ones pile up otherwise.
    """
    sizes = {name: size for size, name in items if size <= room}
    rest = [(size, name) for name, size in sizes.items()]
    large = sorted((pair for pair in rest if pair[0] > window // 2), key=lambda pair: (-pair[0], pair[1]))[:8]
    options = [[name, *fill([pair for pair in rest if pair[1] != name], room - size)] for size, name in large] or [
        fill(rest, room)
    ]
    return sorted(max(options, key=lambda names: sum(sizes[name] for name in names)))


def fill(items: Sequence[tuple[int, int]], room: int) -> list[int]:
    """The names of (size, name) pairs whose sizes add up as close to the room as can be; early ones are used first."""
    usable = [pair for pair in items if pair[0] <= room]
    limit = (1 << (room + 1)) - 1
    reachable = [1]
    for size, _ in usable:
        reachable.append((reachable[-1] | reachable[-1] << size) & limit)
        if reachable[-1] >> room & 1:
            break
    left, names = reachable[-1].bit_length() - 1, []
    for number in range(len(reachable) - 1, 0, -1):
        if not reachable[number - 1] >> left & 1:
            size, name = usable[number - 1]
            names.append(name)
            left -= size
    return names[::-1]


def displacement(windows: Sequence[Sequence[Piece]]) -> npt.NDArray[np.int64]:
    """For every item its place as packed minus its place in the order; a cut one counts where it begins."""
    places = [piece.rank for window in windows for piece in window if piece.begin == 0]
    return np.arange(len(places), dtype=np.int64) - np.array(places, np.int64)


def padding(windows: Sequence[Sequence[Piece]], window: int) -> float:
    """The share of all window places that hold no item."""
    used = sum(piece.size for one in windows for piece in one)
    return 1 - used / (len(windows) * window) if windows else 0.0

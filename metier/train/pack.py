"""Pack items into windows: their order is kept to within a bound, and what does not fit comes next."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metier.train.pack_kernels import AGAIN, BEGIN, END, HEAD, RANK, WHOLE, WINDOW, pack_some

Column = npt.NDArray[np.int64]
REACH = 64
"""No item is displaced by more places than this from its place in the order."""
BLOCK = 1 << 20
"""Tokens of the windows that are packed at a time."""


@dataclass(frozen=True)
class Shape:
    """Lengths of items, how many opening tokens a later piece of each repeats, and their order.

    A raw document repeats 0 and may be cut anywhere; one that is ``WHOLE`` is never cut and not longer than a window.
    """

    lengths: npt.NDArray[np.int32]
    repeats: npt.NDArray[np.int32]
    ranked: npt.NDArray[np.integer]

    @classmethod
    def of(cls, lengths: npt.ArrayLike, repeats: npt.ArrayLike = WHOLE) -> "Shape":
        """Items in the order given, by default never cut."""
        some = np.array(lengths, np.int32)
        return cls(some, np.broadcast_to(np.array(repeats, np.int32), some.shape).copy(), np.arange(len(some)))


@dataclass(frozen=True)
class Pieces:
    """Stretches of items in windows, one a row: of the item at ``rank`` in the order, tokens ``begin`` to ``end``.

    A later piece reads the item's first ``head`` tokens again before it; its first ``again`` tokens are not trained.
    """

    rows: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def window(self) -> Column:
        """The number of the window that holds the piece."""
        return self.rows[:, WINDOW]

    @property
    def rank(self) -> Column:
        """The item's place in the order."""
        return self.rows[:, RANK]

    @property
    def begin(self) -> Column:
        """First token; 0 where the item begins."""
        return self.rows[:, BEGIN]

    @property
    def end(self) -> Column:
        """Behind the last token."""
        return self.rows[:, END]

    @property
    def head(self) -> Column:
        """Opening tokens of the item that are repeated before the piece."""
        return self.rows[:, HEAD]

    @property
    def again(self) -> Column:
        """Tokens of the piece that the one before held too."""
        return self.rows[:, AGAIN]

    @property
    def size(self) -> Column:
        """Length in tokens."""
        return np.asarray(self.head + self.end - self.begin)


def pack(shape: Shape, window: int, budget: int | None = None, reach: int = REACH) -> Iterator[Pieces]:
    """Blocks of whole windows of pieces for items in their order, until a budget of tokens is spent.

    A window opens with the rest of the item that the window before cut, else with the oldest item that waits, which may
    wait on for a large one that fills it better. Of the items up to ``reach`` after the oldest then come the largest
    that fits, if it takes more than half a window, and those that fill the rest best (an exact subset sum). As nothing
    beyond the oldest + ``reach`` is ever taken, no item is displaced by more than ``reach`` places. What stays empty is
    filled by the head of an item that may be cut.
    """
    state, waiting = np.array([0, 0, 0, 0, -1, 0], np.int64), np.zeros(reach + 1, np.int64)
    most = max(1, BLOCK // window)
    limits = (window, reach, np.iinfo(np.int64).max if budget is None else budget, most)
    rows = np.empty((most * (reach + 2), 6), np.int64)
    while count := pack_some((shape.lengths, shape.repeats, shape.ranked), limits, state, waiting, rows):
        yield Pieces(rows[:count].copy())

"""Compiled kernels of packing: which items fill a window, and the windows laid out as arrays."""

import numpy as np

from metier.jit import numba as nb

WHOLE = -1
"""The ``repeats`` of an item that is never cut."""
REREAD = 32
"""Tokens of the answer so far that a continued conversation reads again, untrained, after its repeated prompt."""
WAIT = 3
"""The oldest item can wait while more than the reach over this number of items are there to choose from."""
UPCOMING, WAITING, USED, WINDOWS, CUT, REST = range(6)
"""The packer's state: next item, items that wait, tokens used, windows made; the item cut last, or -1, and where."""
WINDOW, RANK, BEGIN, END, HEAD, AGAIN = range(6)
"""The columns of a piece: where it is, what it holds, and how much of that is only read again."""


@nb.njit(cache=True, nogil=True)
def fill(sizes, room, bits, chosen):  # type: ignore[no-untyped-def]
    """Mark the items whose sizes add up as close to the room as can be, early ones first; return their sum.

    An exact subset sum: bit s of row i of ``bits`` says that some of the first i items add up to s. A size of 0, or one
    above the room, is passed over.
    """
    words = room // 64 + 1
    for word in range(words):
        bits[0, word] = np.uint64(0)
    bits[0, 0] = np.uint64(1)
    rows = 0
    for item in range(len(sizes)):
        chosen[item] = False
        if bits[rows, room // 64] >> np.uint64(room % 64) & np.uint64(1):
            continue
        size = sizes[item] if sizes[item] <= room else 0
        skip, shift = size // 64, np.uint64(size % 64)
        for word in range(words):
            moved = np.uint64(0)
            if size and word >= skip:
                moved = bits[item, word - skip] << shift
                if shift and word > skip:
                    moved |= bits[item, word - skip - 1] >> (np.uint64(64) - shift)
            bits[item + 1, word] = bits[item, word] | moved
        rows = item + 1
    left = room
    while not bits[rows, left // 64] >> np.uint64(left % 64) & np.uint64(1):
        left -= 1
    found = left
    for item in range(rows - 1, -1, -1):
        if not bits[item, left // 64] >> np.uint64(left % 64) & np.uint64(1):
            chosen[item] = True
            left -= sizes[item]
    return found


@nb.njit(cache=True, nogil=True)
def choose(sizes, room, window, bits, chosen):  # type: ignore[no-untyped-def]
    """Mark the items that fill this room best; return their sum.

    Where some of more than half a window fit, the largest of them goes in, even if a few places stay empty: they pile
    up otherwise.
    """
    large = -1
    for item in range(len(sizes)):
        if window // 2 < sizes[item] <= room and (large < 0 or sizes[item] > sizes[large]):
            large = item
    if large < 0:
        return fill(sizes, room, bits, chosen)
    size = sizes[large]
    sizes[large] = 0
    found = size + fill(sizes, room - size, bits, chosen)
    sizes[large] = size
    chosen[large] = True
    return found


@nb.njit(cache=True, nogil=True)
def _open(sizes, window, can_wait, bits, chosen):  # type: ignore[no-untyped-def]
    """Mark the items of a window that the oldest opens; return their sum.

    Where it leaves places empty and can wait, a large item that leaves fewer of them opens the window in its place.
    """
    oldest = min(sizes[0], window)
    sizes[0] = 0
    best, opener = oldest + choose(sizes, window - oldest, window, bits, chosen), 0
    sizes[0] = oldest
    some = np.zeros(len(sizes), np.bool_)
    for item in range(1, len(sizes)):
        if not can_wait or best == window:
            break
        size = sizes[item]
        if size > window or size <= window // 2:
            continue
        sizes[item] = 0
        found = size + fill(sizes, window - size, bits, some)
        sizes[item] = size
        if found > best:
            best, opener = found, item
            chosen[:] = some
    chosen[opener] = True
    return best


@nb.njit(cache=True, nogil=True)
def _worth_cutting(length, repeats, room, window):  # type: ignore[no-untyped-def]
    """Whether the head of this item may fill the room: of a document 1/32 of a window, of an answer 32 tokens."""
    if repeats == WHOLE or length <= room:
        return False
    if repeats == 0:
        return room > window // 32
    return length > window and room >= repeats + REREAD


@nb.njit(cache=True, nogil=True)
def _carry(out, row, length, repeats, window, state):  # type: ignore[no-untyped-def]
    """Write the next piece of the item that was cut, as long as a window allows; return its size."""
    rank, stop = state[CUT], state[REST]
    reread = 1 if repeats == 0 else min(REREAD, window // 16, stop - repeats)
    begin = stop - reread
    end = min(length, begin + window - repeats)
    out[row, WINDOW], out[row, RANK], out[row, BEGIN] = state[WINDOWS], rank, begin
    out[row, END], out[row, HEAD], out[row, AGAIN] = end, repeats, reread
    return repeats + end - begin


@nb.njit(cache=True, nogil=True)
def _refill(items, reach, state, waiting):  # type: ignore[no-untyped-def]
    """Let the items up to the reach after the oldest wait with it; return how many wait."""
    count = state[WAITING]
    end = min(items, (waiting[0] if count else state[UPCOMING]) + reach + 1)
    for rank in range(state[UPCOMING], end):
        waiting[count] = rank
        count += 1
    state[UPCOMING] = max(state[UPCOMING], end)
    return count


@nb.njit(cache=True, nogil=True)
def _place(out, row, window, rank, end):  # type: ignore[no-untyped-def]
    """Write the first piece of an item."""
    out[row, WINDOW], out[row, RANK], out[row, BEGIN] = window, rank, 0
    out[row, END], out[row, HEAD], out[row, AGAIN] = end, 0, 0


@nb.njit(cache=True, nogil=True)
def pack_some(shape, limits, state, waiting, out):  # type: ignore[no-untyped-def]
    """Pack some windows into ``out``, fewer where the items or the budget end; return the rows written.

    ``shape`` is (length, repeats) of every item and the items in their order; ``limits`` is (window, reach, budget, how
    many windows ``out`` has room for); ``waiting`` holds the ranks that wait, oldest first.
    """
    lengths, repeats, ranked = shape
    window, reach, budget, most = limits
    last = state[WINDOWS] + most
    sizes, chosen = np.zeros(len(waiting), np.int64), np.zeros(len(waiting), np.bool_)
    bits = np.zeros((len(waiting) + 1, window // 64 + 1), np.uint64)
    row = 0
    while state[WINDOWS] < last and state[USED] < budget:
        count = _refill(len(ranked), reach, state, waiting)
        if not count and state[CUT] < 0:
            break
        for place in range(count):
            sizes[place] = lengths[ranked[waiting[place]]]
        if state[CUT] >= 0:
            item = ranked[state[CUT]]
            room = window - _carry(out, row, lengths[item], repeats[item], window, state)
            row += 1
            room -= choose(sizes[:count], room, window, bits, chosen[:count])
        else:
            room = window - _open(sizes[:count], window, count > reach // WAIT, bits, chosen[:count])
        cut, left = -1, 0
        for place in range(count):
            rank = waiting[place]
            item = ranked[rank]
            if chosen[place]:
                _place(out, row, state[WINDOWS], rank, sizes[place])
                row += 1
            elif cut < 0 and _worth_cutting(lengths[item], repeats[item], room, window):
                cut = rank
            else:
                waiting[left] = rank
                left += 1
        if cut >= 0:
            _place(out, row, state[WINDOWS], cut, room)
            row, room = row + 1, 0
        end = out[row - 1, END]
        rest = end < lengths[ranked[out[row - 1, RANK]]]
        state[CUT], state[REST] = out[row - 1, RANK] if rest else -1, end
        state[WAITING] = left
        state[USED] += window - room
        state[WINDOWS] += 1
    return row


@nb.njit(cache=True, nogil=True)
def lay(words, pieces, ids, trained, positions):  # type: ignore[no-untyped-def]
    """Lay pieces, whose words stand one after the other, into zeroed tables of windows; return where each begins.

    The highest bit of a word says that it is trained, the others which token it is. Positions restart with every piece
    and in the padding: that is what isolates them in attention. The first token of a piece is never trained, as nothing
    of its own comes before it.
    """
    places, used = np.empty(len(pieces), np.int32), np.zeros(len(ids), np.int32)
    word = 0
    for row in range(len(pieces)):
        window = pieces[row, WINDOW] - pieces[0, WINDOW]
        begin = places[row] = used[window]
        size = pieces[row, HEAD] + pieces[row, END] - pieces[row, BEGIN]
        untrained = max(1, pieces[row, HEAD] + pieces[row, AGAIN])
        for i in range(size):
            ids[window, begin + i] = words[word] & np.uint32(0x7FFFFFFF)
            trained[window, begin + i] = i >= untrained and words[word] >> np.uint32(31) == 1
            positions[window, begin + i] = i
            word += 1
        used[window] += size
    for window in range(len(ids)):
        for i in range(used[window], ids.shape[1]):
            positions[window, i] = i - used[window]
    return places, used

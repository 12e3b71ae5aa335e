"""Compiled kernels over the words of many texts: hash them once, then count, look up and compare their n-grams.

All of them release the interpreter's lock. Hashes are 64 bits; an n-gram is hashed from the hashes of its words.
"""

import numpy as np
from numpy.typing import NDArray

from metier.jit import numba as nb
from metier.text.lanes import LANES, below, count_of, eight, lent, within
from metier.text.lanes import first as first_bit

_SEED = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_BASE = np.uint64(0x9E3779B97F4A7C15)
_ROUND = np.uint64(0xFF51AFD7ED558CCD)
_ALONE, _CAPITAL, _DIGIT, _FOLDED, _UNSETTLED = (np.uint32(1 << bit) for bit in (31, 30, 29, 28, 27))
_PLAIN = np.uint32((1 << 21) - 1)
_LOWER = np.uint64(0x2020202020202020)
"""Makes ASCII letters small and leaves digits as they are."""
_BYTE, _LEAD = np.uint32(0xFF), np.uint32(1 << 27)
"""The low byte; what stands for the first byte of a character beyond ASCII, told from all values by its zeros."""
_BLANK, _SKIPPED, _LINE, _SIGN, _STOP = (np.uint32(code) for code in range(5))
CAPITAL, DIGIT, OPENS, ALONE = 1, 2, 4, 8
"""Marks of a word: begins with a capital; holds a digit; the first of a sentence or line; one unspaced character. The
high four bits tell the signs before it, as in < 5, -5 and 2.5."""

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]


@nb.njit(nogil=True, inline="always")
def mix(x):  # type: ignore[no-untyped-def]
    """Spread 64 bits over 64 bits, one to one (the finaliser of MurmurHash3)."""
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xC4CEB9FE1A85EC53)
    return x ^ (x >> np.uint64(33))


@nb.njit(nogil=True, inline="always")
def point_at(data, at):  # type: ignore[no-untyped-def]
    """(code point, bytes) of the UTF-8 character at ``at``; Arrow text is valid UTF-8."""
    c = np.uint32(data[at])
    if c < 0x80:
        return c, 1
    if c < 0xE0:
        return ((c & np.uint32(0x1F)) << np.uint32(6)) | np.uint32(data[at + 1] & 0x3F), 2
    if c < 0xF0:
        high = ((c & np.uint32(0x0F)) << np.uint32(12)) | (np.uint32(data[at + 1] & 0x3F) << np.uint32(6))
        return high | np.uint32(data[at + 2] & 0x3F), 3
    high = ((c & np.uint32(0x07)) << np.uint32(18)) | (np.uint32(data[at + 1] & 0x3F) << np.uint32(12))
    return high | (np.uint32(data[at + 2] & 0x3F) << np.uint32(6)) | np.uint32(data[at + 3] & 0x3F), 4


@nb.njit(nogil=True, inline="always")
def _value_at(data, at, table):  # type: ignore[no-untyped-def]
    """(code point, its value in ``letters.table()``, bytes) of the character at ``at``."""
    if data[at] < 0x80:
        return np.uint32(data[at]), table[data[at]], 1
    point, width = point_at(data, at)
    return point, table[point] if point < len(table) else point, width


@nb.njit(nogil=True, inline="always")
def _sign(value, data, at, width, row):  # type: ignore[no-untyped-def]
    """What a separator that ends at ``at`` says of the numbers beside it: 1 to 15, or 0 for nothing.

    A hyphen or slash counts before a digit, a point, comma or colon between two.
    """
    sign = np.int64((value >> np.uint32(21)) & np.uint32(15))
    if sign < 12:
        return sign
    after = at < row[1] and 48 <= data[at] <= 57
    before = at - width > row[0] and 48 <= data[at - width - 1] <= 57
    return sign if after and (before or sign in (12, 15)) else np.int64(0)


@nb.njit(nogil=True)
def _rest(data, at, end, table, cases):  # type: ignore[no-untyped-def]
    """(end, hash, size, all values joined, hash of what folding hid) of the word that begins at ``at``."""
    h, packed, size, seen = _SEED, np.uint64(0), 0, np.uint32(0)
    hidden = np.uint64(0)
    while at < end:
        point, value, width = _value_at(data, at, table)
        plain = value & _PLAIN
        if value & (_FOLDED | _UNSETTLED):
            cased = cases[point] if point < len(cases) else point
            hidden = (hidden ^ (np.uint64(cased) + (np.uint64(size) << np.uint64(32)))) * _PRIME
        if plain != _SKIPPED:
            if plain <= _STOP or value & _ALONE:
                break
            packed |= np.uint64(plain & _BYTE) << np.uint64(8 * (size & 7))
            if plain >= 0x80:
                h = (h ^ np.uint64(plain)) * _PRIME
            size += 1
            if size & 7 == 0:
                h = mix(h ^ packed)
                packed = np.uint64(0)
        seen |= value
        at += width
    return at, mix((h ^ packed) + np.uint64(size)), size, seen, hidden


@nb.njit(nogil=True, forceinline=True)
def _ascii_hash(data, at, size):  # type: ignore[no-untyped-def]
    """What ``_rest`` makes of a word of ASCII letters and digits, eight characters at a time."""
    h, left = _SEED, size
    while left >= 8:
        h = mix(h ^ (eight(data, at) | _LOWER))
        at, left = at + 8, left - 8
    packed = (eight(data, at) | _LOWER) & below(8 * left)
    return mix((h ^ packed) + np.uint64(size))


@nb.njit(nogil=True, forceinline=True)
def _add(out, state, h, size, mark):  # type: ignore[no-untyped-def]
    """Write a word down; ``state`` is as in ``_ascii_words``."""
    hashes, sizes, marks = out
    count, a, b, opens, pending = state
    hashes[count], sizes[count], marks[count] = h, min(size, 65535), mark | opens | (pending << 4)
    return count + 1, (a ^ h) * _PRIME, (b + h) * _ROUND, 0, 0


@nb.njit(nogil=True, forceinline=True)
def _separate(data, at, row, char, state):  # type: ignore[no-untyped-def]
    """The state after a separator that ends at ``at``; ``char`` is (its value, code point, bytes)."""
    value, point, width = char
    count, a, b, opens, pending = state
    plain = value & _PLAIN
    if plain == _SKIPPED or plain > _LINE:
        a, b = (a ^ np.uint64(point)) * _PRIME, (b + np.uint64(point)) * _ROUND
        sign = _sign(value, data, at, width, row)
        pending = (pending * 7 ^ sign) & 15 if sign else pending
        opens = OPENS if plain == _STOP and not sign else opens
    elif plain == _LINE:
        opens = OPENS
    return count, a, b, opens, pending


@nb.njit(nogil=True, forceinline=True)
def _ascii_words(data, at, row, small, out, state):  # type: ignore[no-untyped-def]
    """Words and separators of up to 64 bytes of ASCII: (where they end, whether in a word to be read otherwise, state).

    ``state`` is how many words there are, two hashes of the whole, and what the next word takes from what stands
    before it: whether it opens a sentence or line, and the signs of numbers.
    """
    count = min(row[1] - at, first_bit(within(data, at, 0x80, 0xFF)))
    valid = below(count)
    capitals, digits = within(data, at, 65, 90), within(data, at, 48, 57)
    named = (capitals | within(data, at, 97, 122) | digits) & valid
    blank = within(data, at, 32, 32) | within(data, at, 9, 9) | within(data, at, 11, 13) | within(data, at, 28, 31)
    left = ~blank & valid & ~(named & (named << np.uint64(1)))
    while left:
        bit = first_bit(left)
        left &= left - np.uint64(1)
        if (named >> np.uint64(bit)) & np.uint64(1):
            size = first_bit(~(named >> np.uint64(bit)))
            if bit + size >= count and at + count < row[1]:
                return at + bit, bit == 0 or count < LANES, state
            mark = CAPITAL if (capitals >> np.uint64(bit)) & np.uint64(1) else 0
            mark |= DIGIT if (digits >> np.uint64(bit)) & below(size) else 0
            state = _add(out, state, _ascii_hash(data, at + bit, size), size, mark)
        else:
            byte = data[at + bit]
            state = _separate(data, at + bit + 1, row, (small[byte], np.uint32(byte), 1), state)
    return at + count, False, state


@nb.njit(cache=True, nogil=True)
def hash_words(data, offsets, table, cases):  # type: ignore[no-untyped-def]
    """The words of every text, and 128 bits of hash of the whole; ``table`` and ``cases`` are those of ``letters``.

    Gives (hashes, sizes, marks) of words, flat; (starts, stops) of every row's; and of every row (high, low,
    unsettled): what is equal in all but case and white space where the text is in NFC, which it may not be in an
    unsettled row.
    """
    small = table[:128].copy()
    rows = len(offsets) - 1
    room = (offsets[rows] - offsets[0]) // 2 + rows + 1
    hashes, sizes, marks = np.empty(room, np.uint64), np.empty(room, np.uint16), np.empty(room, np.uint8)
    starts, stops = np.empty(rows, np.int64), np.empty(rows, np.int64)
    high, low, unsettled = np.empty(rows, np.uint64), np.empty(rows, np.uint64), np.zeros(rows, np.bool_)
    data, table, cases, out = lent(data), lent(table), lent(cases), (lent(hashes), lent(sizes), lent(marks))
    count = 0
    for row in range(rows):
        starts[row] = count
        span = offsets[row], offsets[row + 1]
        at, end = span
        flags = np.uint32(0)
        state = count, _SEED, _BASE, OPENS, 0
        while at < end:
            if at + LANES + 8 <= len(data) and data[at] < 0x80 and data[at + 1] < 0x80:
                at, word, state = _ascii_words(data, at, span, lent(small), out, state)
                if not word:
                    continue
            point, value, width = _value_at(data, at, table)
            plain = value & _PLAIN
            if plain > _STOP and not value & _ALONE:
                at, h, size, seen, hidden = _rest(data, at, end, table, cases)
                count, a, b, opens, pending = state
                state = count, a ^ hidden, b, opens, pending
                flags |= seen
                mark = (CAPITAL if value & _CAPITAL else 0) | (DIGIT if seen & _DIGIT else 0)
                state = _add(out, state, h, size, mark)
                continue
            at += width
            flags |= value
            if plain <= _STOP:
                state = _separate(data, at, span, (value, point, width), state)
            else:
                state = _add(out, state, mix((_SEED ^ np.uint64(plain)) * _PRIME), 1, ALONE)
        count, a, b, _, pending = state
        if pending and count > starts[row]:
            marks[count - 1] ^= pending << 4
        stops[row] = count
        high[row], low[row], unsettled[row] = mix(a), mix(b ^ (a >> np.uint64(7))), flags & _UNSETTLED != 0
    return (hashes[:count], sizes[:count], marks[:count]), (starts, stops), (high, low, unsettled)


@nb.njit(cache=True, nogil=True)
def count_characters(data, offsets):  # type: ignore[no-untyped-def]
    """How many characters every text has, shape (rows,): its bytes but those that go on with a character."""
    out = np.zeros(len(offsets) - 1, np.int64)
    for row in range(len(out)):
        begin, end = offsets[row], offsets[row + 1]
        out[row] = end - begin - count_of(data, begin, end, 0x80, 0xBF)
    return out


@nb.njit(cache=True, nogil=True)
def count_words(data, offsets, table):  # type: ignore[no-untyped-def]
    """How many words ``hash_words`` finds in every text, shape (rows,)."""
    small = np.full(256, _LEAD, np.uint32)
    small[:128] = table[:128]
    out = np.zeros(len(offsets) - 1, np.int64)
    for row in range(len(out)):
        at, end = offsets[row], offsets[row + 1]
        count, inside = 0, 0
        while at < end:
            value, width = small[data[at]], 1
            if value == _LEAD:
                _, value, width = _value_at(data, at, table)
            at += width
            plain = value & _PLAIN
            if plain == _SKIPPED:
                continue
            letter = 1 if plain > _STOP else 0
            alone = 1 if value & _ALONE else 0
            count += letter & ((inside ^ 1) | alone)
            inside = letter & (alone ^ 1)
        out[row] = count
    return out


@nb.njit(cache=True, nogil=True)
def word_spans(data, offsets, table):  # type: ignore[no-untyped-def]
    """Where each word that ``hash_words`` finds begins and ends, in bytes of its text, shape (words, 2)."""
    total = 0
    for found in count_words(data, offsets, table):
        total += found
    out = np.zeros((total, 2), np.int64)
    count = 0
    for row in range(len(offsets) - 1):
        first, at, inside = offsets[row], offsets[row], False
        while at < offsets[row + 1]:
            _, value, width = _value_at(data, at, table)
            plain = value & _PLAIN
            letter = plain > _STOP
            if letter and (not inside or value & _ALONE):
                out[count, 0] = at - first
                count += 1
            at += width
            if letter:
                out[count - 1, 1] = at - first
            if plain != _SKIPPED:
                inside = letter and not value & _ALONE
    return out


@nb.njit(nogil=True, inline="always")
def gram(hashes, at, n):  # type: ignore[no-untyped-def]
    """The hash of the n-gram of words that begins at ``at``; never 0, which marks an empty place in a table."""
    x = np.uint64(n)
    for i in range(at, at + n):
        x = x * _BASE + hashes[i]
    x = mix(x)
    return x if x else np.uint64(1)


@nb.njit(cache=True, nogil=True)
def ngram_hashes(hashes, starts, stops, n):  # type: ignore[no-untyped-def]
    """(n-gram hashes in order, starts, stops) of every text; a text of fewer than n words has none."""
    rows = len(starts)
    total = 0
    for row in range(rows):
        total += max(0, stops[row] - starts[row] - n + 1)
    grams = np.empty(total, np.uint64)
    first = np.empty(rows, np.int64)
    last = np.empty(rows, np.int64)
    count = 0
    for row in range(rows):
        first[row] = count
        for at in range(starts[row], stops[row] - n + 1):
            grams[count] = gram(hashes, at, n)
            count += 1
        last[row] = count
    return grams, first, last


@nb.njit(cache=True, nogil=True)
def build_set(keys):  # type: ignore[no-untyped-def]
    """An open-addressing table of keys other than 0, at most a quarter full; its length is a power of two."""
    size = 8
    while size < 4 * len(keys):
        size *= 2
    table = np.zeros(size, np.uint64)
    mask = np.uint64(size - 1)
    for key in keys:
        place = key & mask
        while table[place] != 0 and table[place] != key:
            place = (place + np.uint64(1)) & mask
        table[place] = key
    return table


@nb.njit(nogil=True, inline="always")
def find(table, key):  # type: ignore[no-untyped-def]
    """The place of a key in a table of ``build_set``, or -1."""
    mask = np.uint64(len(table) - 1)
    place = key & mask
    while table[place] != 0:
        if table[place] == key:
            return np.int64(place)
        place = (place + np.uint64(1)) & mask
    return np.int64(-1)


@nb.njit(cache=True, nogil=True)
def hits(hashes, starts, stops, table, n):  # type: ignore[no-untyped-def]
    """How many n-grams of each text are in a table of ``build_set``, shape (rows,)."""
    out = np.zeros(len(starts), np.int64)
    for row in range(len(starts)):
        for at in range(starts[row], stops[row] - n + 1):
            if find(table, gram(hashes, at, n)) >= 0:
                out[row] += 1
    return out

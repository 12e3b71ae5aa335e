"""One compiled look over many texts that says where personal data can begin at all, so that finders look only there.

A look may point at too much and never at too little: every place is read again by the finder of its kind.
"""

import numpy as np

from metier.jit import numba as nb
from metier.text.personal.look_bits import (
    AFTER,
    BESIDE,
    CALLED,
    CARD,
    COLON,
    COLON_ZH,
    DATE_ZH,
    DEGREE,
    EMAIL,
    FOR,
    GIVEN,
    HEAD_AR,
    HINT_ZH,
    LABEL,
    LONG,
    MONTH,
    MONTH_AR,
    NAME,
    NAME_IS,
    NINE,
    NUMERAL,
    PAIRED,
    REGION,
    RELATION,
    SIZE,
    SURNAME,
    TITLE_AR,
    TITLE_ZH,
    UNIT,
    VILLAGE,
    WRITTEN,
)
from metier.text.personal.look_letters import (
    FAR,
    LOOK,
    LOW,
    NUM,
    UP,
    digits_in,
    is_arabic,
    is_digit,
    is_han,
    is_kind,
    is_space,
    lowered,
    points,
)
from metier.text.personal.look_numbers import (
    announced,
    between,
    number_at,
)
from metier.text.word_kernels import find, mix


@nb.njit(nogil=True)
def _degree(p, i):  # type: ignore[no-untyped-def]
    """Whether letters such as MD, Ph.D or RN can begin here."""
    a, b, c = p[i], p[i + 1], p[i + 2]
    if a == 77:
        return b == 68 or (b == 46 and c == 68) or b == 66 or (b == 80 and c == 72)
    if a == 80:
        return (b == 104 and (c == 46 or c == 68 or p[i + 5] == 68)) or (b == 65 and c == 45)
    if a == 82:
        return b == 78 or (b == 46 and c == 78)
    if a == 68:
        return b == 79 or (b == 46 and c == 79) or (b == 68 and c == 83) or (b == 80 and c == 77)
    return (a == 70 and b in (82, 65) and c == 67) or (a == 78 and b == 80) or (a == 76 and b == 67 and c == 83)


@nb.njit(nogil=True)
def _month(p, i, n):  # type: ignore[no-untyped-def]
    """Whether an English month can begin here, with a digit near."""
    a, b, c = p[i], p[i + 1] | 32, p[i + 2] | 32
    fits = False
    if a == 74:
        fits = (b == 97 and c == 110) or (b == 117 and (c == 110 or c == 108))
    elif a == 77:
        fits = b == 97 and (c == 114 or c == 121)
    elif a == 65:
        fits = (b == 112 and c == 114) or (b == 117 and c == 103)
    elif a == 70 or a == 83 or a == 68:
        fits = (b == 101) and (c == 98 or c == 112 or c == 99)
    elif a == 79:
        fits = b == 99 and c == 116
    elif a == 78:
        fits = b == 111 and c == 118
    return fits and digits_in(p, max(3, i - 14), min(n, i + 31))


@nb.njit(nogil=True)
def _followed(p, i, kinds):  # type: ignore[no-untyped-def]
    """Where a word of a capital and small letters ends, if the next can be a name's next part; else 0."""
    if p[i - 1] in (39, 45, 0x2019):
        return 0
    stop = i + 1
    while is_kind(p[stop], kinds, LOW):
        stop += 1
    j = stop
    if not 2 <= stop - i <= 15 or is_kind(p[j], kinds, UP):
        return 0
    if p[j] == 45 and is_kind(p[j + 1], kinds, UP):
        j += 2
        while is_kind(p[j], kinds, LOW):
            j += 1
    if p[j] == 46:
        j += 1
    if p[j] != 32 and p[j] != 0xA0:
        return 0
    if is_kind(p[j + 1], kinds, UP):
        return stop
    k = j + 1
    while is_kind(p[k], kinds, LOW):
        k += 1
    return stop if 2 <= k - j - 1 <= 3 and is_space(p[k]) else 0


@nb.njit(nogil=True)
def _word(p, i, j, words):  # type: ignore[no-untyped-def]
    """What the Latin word from i to j is to names."""
    h = np.uint64(0xCBF29CE484222325)
    for k in range(i, j):
        h = (h ^ np.uint64(lowered(p[k]))) * np.uint64(0x100000001B3)
    place = find(words[0], mix(h))
    return int(words[1][place]) if place >= 0 else 0


@nb.njit(nogil=True)
def _before(p, end, kinds):  # type: ignore[no-untyped-def]
    """Where the Latin word begins that ends here."""
    i = end
    while i > 3 and end - i <= 16 and is_kind(p[i - 1], kinds, UP | LOW):
        i -= 1
    return i


@nb.njit(nogil=True)
def _called(p, i, kinds, words):  # type: ignore[no-untyped-def]
    """What of names the Latin word that begins here with a capital can begin."""
    bits = 0
    stop = _followed(p, i, kinds)
    if stop:
        if _word(p, i, stop, words) & GIVEN:
            bits |= NAME
        else:
            end = i - 2 if p[i - 2] == 44 else i - 1
            first = _before(p, end, kinds)
            last = _word(p, first, end, words) if first < end else 0
            if last & FOR:
                last |= RELATION if _word(p, _before(p, first - 1, kinds), first - 1, words) & WRITTEN else 0
            bits |= NAME if last & RELATION else 0
    if p[i - 1] == 32:
        if p[i - 2] == 115 and p[i - 3] == 105 and p[i - 4] == 32 and p[i - 5] == 101 and p[i - 6] == 109:
            bits |= NAME_IS
        if _degree(p, i):
            bits |= DEGREE
    return bits


@nb.njit(nogil=True)
def _label(p, i, kinds, words):  # type: ignore[no-untyped-def]
    """Whether a colon or = here ends a label after which a name begins with a capital."""
    if not is_space(p[i + 1]) or not (
        is_kind(p[i + 2], kinds, UP) or (is_space(p[i + 2]) and is_kind(p[i + 3], kinds, UP))
    ):
        return False
    end = i - 1 if is_space(p[i - 1]) else i
    first = _before(p, end, kinds)
    return first < end and _word(p, first, end, words) & LABEL != 0


@nb.njit(nogil=True)
def _look_latin(p, n, scripts, put, kinds, words):  # type: ignore[no-untyped-def]
    """Put the places of numbers, English names and months; gives (places so far, flags of the text)."""
    places, whats, count = put
    arabic, han = scripts
    # Plain numbers, not literals, for which everything that is called would be compiled once more.
    flags, loose, tight, end, i = 0, 0, 0, int(np.int64(FAR)), int(np.int64(3))
    while i < n:
        c = p[i]
        if c >= 0x180 or kinds[c] & LOOK == 0:
            flags |= EMAIL if c == 0xFF20 else 0
            i += 1
            continue
        j, bits = i + 1, 0
        if kinds[c] & NUM:
            while is_digit(p[j]):
                j += 1
            near = between(p, end, i)
            loose, tight, end = (loose if near else 0) + j - i, (tight if near == 2 else 0) + j - i, j
            flags |= (LONG if loose >= 5 else 0) | (NINE if tight >= 9 else 0) | (CARD if tight >= 13 else 0)
            flags |= announced(p, i, j, arabic, han)
            bits = number_at(p, i, j)
        elif kinds[c] & UP:
            if not is_kind(p[i - 1], kinds, UP | LOW):
                bits = _called(p, i, kinds, words) | (MONTH if _month(p, i, n) else 0)
        elif c == 58 or c == 61:
            bits = COLON if _label(p, i, kinds, words) else 0
        elif c == 64 or (p[i - 1] == 116 and p[i - 2] == 97):
            flags |= EMAIL
        if bits:
            places[count], whats[count] = i - 3, bits
            count += 1
        i = j
    return count, flags


@nb.njit(nogil=True)
def _look_arabic(p, n, put, table, kinds):  # type: ignore[no-untyped-def]
    """Put the places of Arabic titles, months and words of addresses; gives (places so far, flags of the text)."""
    places, whats, count = put
    flags, i = 0, int(np.int64(3))
    while i < n:
        if not is_arabic(p[i]):
            i += 1
            continue
        j, h = i, np.uint64(0xCBF29CE484222325)
        while is_arabic(p[j]):
            h = (h ^ np.uint64(p[j])) * np.uint64(0x100000001B3)
            j += 1
        place = find(table, mix(h))
        if place >= 0:
            word = int(kinds[place])
            flags |= word >> 32
            bits = word & TITLE_AR
            if word & HEAD_AR and is_space(p[j]):
                bits |= HEAD_AR
            if word & MONTH_AR and digits_in(p, max(3, i - 14), min(n, j + 48)):
                bits |= MONTH_AR
            if bits:
                places[count], whats[count] = i - 3, bits
                count += 1
        i = j
    return count, flags


@nb.njit(nogil=True)
def _named(p, i, single):  # type: ignore[no-untyped-def]
    """Whether a colon here ends a label after which a Chinese name can stand, or 名 one before spaces."""
    j = i + 1
    while j < i + 4 and is_space(p[j]):
        j += 1
    if not is_han(p[j]):
        return False
    if p[i] == 0x540D:
        return j > i + 1 and p[i - 1] == 0x59D3
    k = i - 2 if is_space(p[i - 1]) else i - 1
    return is_han(p[k]) and single[p[k] - 0x4E00] & CALLED != 0


@nb.njit(nogil=True)
def _person(p, i, n, bits, single):  # type: ignore[no-untyped-def]
    """What of a Chinese word stays when no surname stands where it must: after it, or before a title."""
    if bits & BESIDE:
        fits = False
        for size in range(1, 6):
            c = p[i + size]
            fits |= bits & (SIZE << size) != 0 and is_han(c) and single[c - 0x4E00] & SURNAME != 0
        if not fits:
            for k in range(i + 1, min(n, i + 14)):
                fits |= p[k] == 0xB7 or p[k] == 0x2022
        bits &= -1 if fits else ~BESIDE
    if bits & TITLE_ZH:
        fits = False
        for k in range(i - 4, i):
            fits |= is_han(p[k]) and single[p[k] - 0x4E00] & SURNAME != 0
        bits &= -1 if fits else ~TITLE_ZH
    return bits & (SIZE - 1)


@nb.njit(nogil=True)
def _hinted(p, i, kind, region, single):  # type: ignore[no-untyped-def]
    """Flags that a Chinese character gives: of a house or village, of a date."""
    c = p[i]
    k = i - 2 if is_space(p[i - 1]) else i - 1
    if kind & VILLAGE:
        return HINT_ZH if i - region <= 9 else 0
    if is_digit(p[k]):
        return DATE_ZH if c == 0x6708 or c == 0x5E74 else HINT_ZH
    if is_han(p[k]) and single[p[k] - 0x4E00] & NUMERAL:
        return 0 if c == 0x6708 else (DATE_ZH if c == 0x5E74 else HINT_ZH)
    return DATE_ZH if c == 0x5E74 and p[k] in (0x3007, 0x96F6, 0x25CB) else 0


@nb.njit(nogil=True)
def _look_han(p, n, put, single, table, kinds):  # type: ignore[no-untyped-def]
    """Put the places of Chinese names and address labels; gives (places so far, flags of the text)."""
    places, whats, count = put
    flags, region = 0, int(np.int64(FAR))
    for i in range(3, n):
        c, bits = p[i], 0
        if c < 0x4E00 or c > 0x9FFF:
            if (c == 58 or c == 0xFF1A) and _named(p, i, single):
                places[count], whats[count] = i - 3, COLON_ZH
                count += 1
            continue
        kind = single[c - 0x4E00] & ~(SURNAME | NUMERAL)
        if not kind:
            continue
        if kind & PAIRED:
            place = find(table, mix(np.uint64(c << 21 | p[i + 1])))
            bits = int(kinds[place]) if place >= 0 else 0
        if kind & AFTER:
            bits |= BESIDE | SIZE << 1
        bits = _person(p, i, n, bits, single)
        if c == 0x540D and _named(p, i, single):
            bits |= COLON_ZH
        if kind & (UNIT | VILLAGE):
            flags |= _hinted(p, i, kind, region, single)
        if kind & REGION:
            region = i
        if bits:
            places[count], whats[count] = i - 3, bits
            count += 1
    return count, flags


@nb.njit(cache=True, nogil=True)
def look(data, offsets, kinds, latin, arabic, han):  # type: ignore[no-untyped-def]
    """(places, what begins there, stops of every row's, flags of every row) of some texts.

    A place is counted in characters of its text; ``kinds`` is ``letters()``, ``latin`` and ``arabic`` are tables of
    words with their kinds, ``han`` of characters and of pairs of them.
    """
    rows = len(offsets) - 1
    longest = 0
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    room = 2 * (offsets[rows] - offsets[0]) + 16
    p = np.zeros(longest + 64, np.int64)
    places, whats = np.empty(room, np.int64), np.empty(room, np.int64)
    stops, flags = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    count = 0
    for row in range(rows):
        n, arab, chinese = points(data, offsets[row], offsets[row + 1], p)
        count, found = _look_latin(p, n, (arab, chinese), (places, whats, count), kinds, latin)
        if arab:
            count, more = _look_arabic(p, n, (places, whats, count), arabic[0], arabic[1])
            found |= more
        if chinese:
            count, more = _look_han(p, n, (places, whats, count), han[0], han[1], han[2])
            found |= more
        stops[row], flags[row] = count, found
    return places[:count].copy(), whats[:count].copy(), stops, flags

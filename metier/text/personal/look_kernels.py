"""One compiled look over many texts that says where personal data can begin at all, so that finders look only there.

A look may point at too much and never at too little: every place is read again by the finder of its kind.
"""

import numba as nb
import numpy as np

from metier.text.personal.look_bits import (
    AFTER,
    ANSWER,
    ARABIC_DAY,
    ARABIC_YEAR,
    BED,
    BED_ZH,
    BESIDE,
    CALLED,
    CARD,
    CHART,
    CHART_AR,
    CHART_ZH,
    COLON,
    COLON_ZH,
    DATE_ZH,
    DAY,
    DEGREE,
    DIGIT,
    EIGHT,
    EMAIL,
    FOR,
    GIVEN,
    HEAD_AR,
    HINT_ZH,
    HOUSE,
    IS,
    LABEL,
    LONG,
    MONTH,
    NAME,
    NAMED,
    NAME_IS,
    NINE,
    NUMERAL,
    PAIRED,
    REGION,
    RELATION,
    STATE,
    TITLE_AR,
    UNIT,
    VILLAGE,
    WRITTEN,
)
from metier.text.word_kernels import find, mix, point_at

_FAR = -(1 << 30)


@nb.njit(nogil=True, inline="always")
def _digit(c):  # type: ignore[no-untyped-def]
    return 48 <= c <= 57


@nb.njit(nogil=True, inline="always")
def _upper(c):  # type: ignore[no-untyped-def]
    return 65 <= c <= 90 or 0xC0 <= c <= 0xDE or c == 0x160 or c == 0x17D


@nb.njit(nogil=True, inline="always")
def _lower(c):  # type: ignore[no-untyped-def]
    return 97 <= c <= 122 or 0xDF <= c <= 0x17E and c != 0xF7


@nb.njit(nogil=True, inline="always")
def _ascii_word(c):  # type: ignore[no-untyped-def]
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122


@nb.njit(nogil=True, inline="always")
def _space(c):  # type: ignore[no-untyped-def]
    return c == 32 or 9 <= c <= 13 or c == 0xA0 or c == 0x3000 or 0x2000 <= c <= 0x200A or c == 0x202F or c == 0x85


@nb.njit(nogil=True, inline="always")
def _arabic(c):  # type: ignore[no-untyped-def]
    return 0x621 <= c <= 0x63A or 0x640 <= c <= 0x652 or c == 0x670 or c == 0x671


@nb.njit(nogil=True, inline="always")
def _han(c):  # type: ignore[no-untyped-def]
    return 0x4E00 <= c <= 0x9FFF


@nb.njit(nogil=True, inline="always")
def _folded(point):  # type: ignore[no-untyped-def]
    """Digits of every script, and the wide signs among them, as ASCII; as ``digits.ascii_digits`` has it."""
    if 0x660 <= point <= 0x669:
        return point - 0x630
    if 0x6F0 <= point <= 0x6F9:
        return point - 0x6C0
    if 0xFF0B <= point <= 0xFF19 and point != 0xFF0C:
        return point - 0xFEE0
    return point


@nb.njit(nogil=True)
def _points(data, at, end, out):  # type: ignore[no-untyped-def]
    """The characters of a text with three zeros before and after; (how many, whether Arabic, whether Chinese)."""
    n, arabic, han = 3, False, False
    while at < end:
        c = np.int64(data[at])
        if c < 0x80:
            out[n] = c
            at += 1
        else:
            point, width = point_at(data, at)
            c = np.int64(point)
            arabic |= 0x600 <= c <= 0x6FF
            han |= 0x4E00 <= c <= 0x9FFF
            out[n] = _folded(c)
            at += width
        n += 1
    out[n : n + 8] = 0
    return n, arabic, han


@nb.njit(nogil=True, inline="always")
def _low(c):  # type: ignore[no-untyped-def]
    return c | 32 if 65 <= c <= 90 else c


@nb.njit(nogil=True)
def _labelled(p, i):  # type: ignore[no-untyped-def]
    """Whether an English label such as ``MRN`` or ``no.`` can end before the number that begins here."""
    if i == 3 or _digit(p[i - 1]) or p[i - 1] == 46 or p[i - 1] == 44:
        return False
    k, low = i - 1, max(3, i - 12)
    if not (p[k] == 32 or p[k] == 35 or p[k] == 58 or p[k] == 61):
        while k >= low and p[k] != 32:
            k -= 1
        if k < low:
            return True
    while k >= low and (p[k] == 32 or p[k] == 35):
        k -= 1
    if k < low:
        return True
    a, b = _low(p[k]), _low(p[k - 1])
    if a == 58 or a == 61:
        return True
    if a == 46:
        return b == 110 or b == 111 or b == 109
    if a == 100:
        return b == 105 or b == 114
    if a == 115:
        return b == 105 or b == 97
    return (a == 111 and b == 110) or (a == 114 and b == 101) or (b == 114 and (a == 116 or a == 110))


@nb.njit(nogil=True)
def _housed(p, j):  # type: ignore[no-untyped-def]
    """Whether a number that ends here can be that of a house: a capital or a number follows."""
    if _ascii_word(p[j]) and not _digit(p[j]):
        j += 1
    if p[j] == 45:
        j += 1
        while _digit(p[j]):
            j += 1
    if p[j] == 44:
        j += 1
    return p[j] == 32 and (65 <= p[j + 1] <= 90 or _digit(p[j + 1])) and (_ascii_word(p[j + 2]) or p[j + 2] in (46, 32))


@nb.njit(nogil=True)
def _dated(p, j):  # type: ignore[no-untyped-def]
    """Whether a number that ends here can be the first of three with one mark between them."""
    mark = p[j]
    if not (mark == 45 or mark == 46 or mark == 47 or mark == 0x2013):
        return False
    j += 1
    if _space(p[j]):
        j += 1
    k = j
    while _digit(p[j]):
        j += 1
    if not 1 <= j - k <= 2 or p[j] != mark:
        return False
    return _digit(p[j + 1]) or (_space(p[j + 1]) and _digit(p[j + 2]))


@nb.njit(nogil=True)
def _number(p, i, j, arabic):  # type: ignore[no-untyped-def]
    """What can begin with the number from i to j."""
    size, before, bits = j - i, p[i - 1], 0
    if _labelled(p, i):
        bits |= CHART
    if not (_ascii_word(before) or before == 46 or before == 47 or before == 45):
        if size <= 4 and _dated(p, j):
            bits |= DAY
        if size <= 6 and before != 44 and _housed(p, j):
            bits |= HOUSE
    if size == 8:
        bits |= EIGHT
    if size >= 5 and before == 32:
        k = i - 3 if p[i - 2] == 32 else i - 2
        if 65 <= p[k] <= 90 and 65 <= p[k - 1] <= 90:
            bits |= STATE
    if arabic:
        if size <= 2 and (_arabic(p[j]) or (_space(p[j]) and _arabic(p[j + 1]))):
            bits |= ARABIC_DAY
        if size == 4 and (_arabic(before) or _arabic(p[i - 2]) or _arabic(p[i - 3])):
            bits |= ARABIC_YEAR
    return bits


@nb.njit(nogil=True, inline="always")
def _in_run(c):  # type: ignore[no-untyped-def]
    """Whether a character may stand between the digits of a telephone number."""
    return c == 32 or c == 40 or c == 41 or c == 43 or c == 45 or c == 46 or c == 9 or c in (0xFF08, 0xFF09, 0x2014)


@nb.njit(nogil=True)
def _far_label(p, i, c, seen):  # type: ignore[no-untyped-def]
    """Note where words stand that announce a number: 号, رقم, number, bed and colons."""
    if c == 0x53F7 or c == 0x7801 or (c | 32 == 100 and p[i - 1] | 32 == 105):
        seen[0] = i
    elif (c == 0x645 and p[i - 1] == 0x642 and p[i - 2] == 0x631) or (c == 0x631 and p[i - 1] == 0x64A):
        seen[1] = i
    elif c == 114 and p[i - 1] == 101 and p[i - 2] == 98:
        seen[2] = i
    elif c == 58 or c == 0xFF1A:
        seen[3] = i
    else:
        a, b = p[i - 2] | 32, p[i - 1] | 32
        c |= 32
        if (a == 98 and ((b == 101 and c == 100) or (b == 97 and c == 121))) or (a == 99 and b == 111 and c == 116):
            seen[4] = i


@nb.njit(nogil=True)
def _announced(i, seen):  # type: ignore[no-untyped-def]
    flags = DIGIT
    if i - seen[0] <= 12:
        flags |= CHART_ZH
    if i - seen[1] <= 48:
        flags |= CHART_AR
    if i - seen[4] <= 14:
        flags |= BED
    if i - seen[3] <= 10 and i - max(seen[0], seen[1], seen[2]) <= 72:
        flags |= ANSWER
    return flags


@nb.njit(nogil=True)
def _look_numbers(p, n, arabic, put, seen):  # type: ignore[no-untyped-def]
    """Put the places of numbers; gives (places so far, flags of the text)."""
    places, whats, count = put
    seen[:] = _FAR
    flags, loose, tight, gap, i = 0, 0, 0, 0, 3
    while i < n:
        c = p[i]
        if _digit(c):
            j = i
            while _digit(p[j]):
                j += 1
            tight = tight if gap == 0 or (gap == 1 and (p[i - 1] == 32 or p[i - 1] == 45)) else 0
            loose, tight, gap = loose + j - i, tight + j - i, 0
            flags |= (LONG if loose >= 5 else 0) | (NINE if tight >= 9 else 0) | (CARD if tight >= 13 else 0)
            bits = _number(p, i, j, arabic)
            flags |= _announced(i, seen)
            if bits:
                places[count], whats[count] = i - 3, bits
                count += 1
            i = j
            continue
        if not _in_run(c):
            loose = 0
        gap += 1
        if c != 32:
            if c == 64 or c == 0xFF20 or ((c == 41 or c == 93) and p[i - 1] == 116 and p[i - 2] == 97):
                flags |= EMAIL
            elif c == 0x5E8A:
                flags |= BED_ZH
            elif c == 0x6708:
                flags |= DATE_ZH
            elif c == 100 or c == 116 or c == 121 or c == 114 or c > 122 or c < 97:
                _far_label(p, i, c, seen)
        i += 1
    return count, flags


@nb.njit(nogil=True)
def _degree(p, i):  # type: ignore[no-untyped-def]
    """Whether letters such as MD, Ph.D or RN can begin here."""
    a, b = p[i], p[i + 1]
    if a == 77:
        return b in (68, 46, 66, 80)
    if a == 80:
        return b in (104, 65)
    if a == 82:
        return b in (78, 46)
    if a == 68:
        return b in (79, 46, 68, 80)
    return (a == 70 and b in (82, 65)) or (a == 78 and b == 80) or (a == 76 and b == 67)


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
    if fits:
        for k in range(max(3, i - 14), min(n, i + 31)):
            if _digit(p[k]):
                return True
    return False


@nb.njit(nogil=True)
def _followed(p, i, j):  # type: ignore[no-untyped-def]
    """Whether a word of a capital and small letters stands here and the next can be a name's next part."""
    if not (_upper(p[i]) and 2 <= j - i <= 15) or p[i - 1] in (39, 45, 0x2019):
        return False
    for k in range(i + 1, j):
        if not _lower(p[k]):
            return False
    if p[j] == 45 and _upper(p[j + 1]):
        j += 2
        while _lower(p[j]):
            j += 1
    if p[j] == 46:
        j += 1
    if p[j] != 32 and p[j] != 0xA0:
        return False
    if _upper(p[j + 1]):
        return True
    k = j + 1
    while _lower(p[k]):
        k += 1
    return 2 <= k - j - 1 <= 3 and _space(p[k])


@nb.njit(nogil=True)
def _called(p, i, j, word, before, last, end):  # type: ignore[no-untyped-def]
    """What the Latin word from i to j begins; ``before`` and ``last`` are what the two words before it are."""
    bits = 0
    if _followed(p, i, j):
        near = i - end <= 2
        if word & GIVEN or (near and (last & RELATION or (last & FOR and before & WRITTEN))):
            bits |= NAME
    if last & IS and before & NAMED and i == end + 1:
        bits |= NAME_IS
    if p[i - 1] == 32 and _degree(p, i):
        bits |= DEGREE
    return bits


@nb.njit(nogil=True)
def _look_latin(p, n, put, table, kinds):  # type: ignore[no-untyped-def]
    """Put the places of English names and months."""
    places, whats, count = put
    before, last, end, i = 0, 0, -9, 3
    while i < n:
        c = p[i]
        if _upper(c) or _lower(c):
            j, h = i, np.uint64(0xCBF29CE484222325)
            while _lower(p[j]) or _upper(p[j]):
                h = (h ^ np.uint64(_low(p[j]))) * np.uint64(0x100000001B3)
                j += 1
            place = find(table, mix(h)) if j - i <= 16 else -1
            word = np.int64(kinds[place]) if place >= 0 else 0
            if _upper(c):
                bits = _called(p, i, j, word, before, last, end) | (MONTH if _month(p, i, n) else 0)
                if bits:
                    places[count], whats[count] = i - 3, bits
                    count += 1
            before, last, end, i = last, word, j, j
            continue
        if (c == 58 or c == 61) and last & LABEL and i - end <= 1 and _space(p[i + 1]):
            if _upper(p[i + 2]) or (_space(p[i + 2]) and _upper(p[i + 3])):
                places[count], whats[count] = i - 3, COLON
                count += 1
        i += 1
    return count


@nb.njit(nogil=True)
def _look_arabic(p, n, put, table, kinds):  # type: ignore[no-untyped-def]
    """Put the places of Arabic titles and of words of addresses; gives (places so far, flags of the text)."""
    places, whats, count = put
    flags, i = 0, 3
    while i < n:
        if not _arabic(p[i]):
            i += 1
            continue
        j, h = i, np.uint64(0xCBF29CE484222325)
        while _arabic(p[j]):
            h = (h ^ np.uint64(p[j])) * np.uint64(0x100000001B3)
            j += 1
        place = find(table, mix(h))
        if place >= 0:
            word = np.int64(kinds[place])
            flags |= word >> 20
            if word & TITLE_AR or (word & HEAD_AR and _space(p[j])):
                places[count], whats[count] = i - 3, word & (TITLE_AR | HEAD_AR)
                count += 1
        i = j
    return count, flags


@nb.njit(nogil=True)
def _named(p, i, single):  # type: ignore[no-untyped-def]
    """Whether a colon here ends a label after which a Chinese name can stand, or 名 one before spaces."""
    j = i + 1
    while j < i + 4 and _space(p[j]):
        j += 1
    if not _han(p[j]):
        return False
    if p[i] == 0x540D:
        return j > i + 1 and p[i - 1] == 0x59D3
    k = i - 2 if _space(p[i - 1]) else i - 1
    return _han(p[k]) and single[p[k] - 0x4E00] & CALLED != 0


@nb.njit(nogil=True)
def _look_han(p, n, put, single, table, kinds):  # type: ignore[no-untyped-def]
    """Put the places of Chinese names and address labels; gives (places so far, flags of the text)."""
    places, whats, count = put
    flags, region = 0, _FAR
    for i in range(3, n):
        c = p[i]
        bits = 0
        if (c == 58 or c == 0xFF1A or c == 0x540D) and _named(p, i, single):
            bits |= COLON_ZH
        if _han(c):
            kind = single[c - 0x4E00]
            if kind & PAIRED:
                place = find(table, mix(np.uint64(c << 21 | p[i + 1])))
                bits |= np.int64(kinds[place]) if place >= 0 else 0
            if kind & AFTER:
                bits |= BESIDE
            if kind & UNIT:
                k = i - 2 if _space(p[i - 1]) else i - 1
                if _digit(p[k]) or (_han(p[k]) and single[p[k] - 0x4E00] & NUMERAL):
                    flags |= HINT_ZH
            if kind & VILLAGE and i - region <= 9:
                flags |= HINT_ZH
            if kind & REGION:
                region = i
        if bits:
            places[count], whats[count] = i - 3, bits
            count += 1
    return count, flags


@nb.njit(cache=True, nogil=True)
def look(data, offsets, latin, arabic, han):  # type: ignore[no-untyped-def]
    """(places, what begins there, stops of every row's, flags of every row) of some texts, and their lengths.

    A place is counted in characters of its text; ``latin`` and ``arabic`` are tables of words with their kinds, ``han``
    of characters and of pairs of them.
    """
    rows = len(offsets) - 1
    longest = 0
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    room = 2 * (offsets[rows] - offsets[0]) + 16
    p, seen = np.zeros(longest + 16, np.int64), np.zeros(5, np.int64)
    places, whats = np.empty(room, np.int64), np.empty(room, np.int64)
    stops, flags = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    count = 0
    for row in range(rows):
        n, is_arabic, is_han = _points(data, offsets[row], offsets[row + 1], p)
        count, found = _look_numbers(p, n, is_arabic, (places, whats, count), seen)
        count = _look_latin(p, n, (places, whats, count), latin[0], latin[1])
        if is_arabic:
            count, more = _look_arabic(p, n, (places, whats, count), arabic[0], arabic[1])
            found |= more
        if is_han:
            count, more = _look_han(p, n, (places, whats, count), han[0], han[1], han[2])
            found |= more
        stops[row], flags[row] = count, found
    return places[:count].copy(), whats[:count].copy(), stops, flags

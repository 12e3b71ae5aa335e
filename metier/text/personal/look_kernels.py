"""One compiled look over many texts that says where personal data can begin at all, so that finders look only there.

A look may point at too much and never at too little: every place is read again by the finder of its kind.
"""

import numba as nb
import numpy as np

from metier.text.personal.look_bits import (
    AFTER,
    ANSWER,
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
    LABEL,
    LONG,
    MONTH,
    MONTH_AR,
    NAME,
    NAME_IS,
    NINE,
    NUMERAL,
    PAIRED,
    POST,
    REGION,
    RELATION,
    SIZE,
    STATE,
    SURNAME,
    TITLE_AR,
    TITLE_ZH,
    UNIT,
    VILLAGE,
    WRITTEN,
)
from metier.text.word_kernels import find, mix, point_at

_FAR = -(1 << 30)
_UP, _LOW, _NUM, _GAP, _LOOK = (1 << bit for bit in range(5))
"""Kinds of characters below U+0180: capital, small, digit, between digits of a number, one to stop at."""


def letters() -> "np.typing.NDArray[np.uint8]":
    """The kinds of the characters below U+0180."""
    table = np.zeros(0x180, np.uint8)
    for code in range(0x180):
        upper = 65 <= code <= 90 or 0xC0 <= code <= 0xDE or code in (0x160, 0x17D)
        lower = 97 <= code <= 122 or (0xDF <= code <= 0x17E and code not in (0xF7, 0x160, 0x17D))
        table[code] = _UP * upper | _LOW * lower | _NUM * (48 <= code <= 57) | _GAP * (chr(code) in " -.()")
        table[code] |= _LOOK * bool(upper or 48 <= code <= 57 or chr(code) in ":=@)]")
    return table


@nb.njit(nogil=True, inline="always")
def _digit(c):  # type: ignore[no-untyped-def]
    return 48 <= c <= 57


@nb.njit(nogil=True, inline="always")
def _is(c, kinds, what):  # type: ignore[no-untyped-def]
    """Whether a character is of a kind that ``letters`` knows."""
    return c < 0x180 and kinds[c] & what != 0


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
    k = i - 1
    if p[k] == 45:
        k -= 1
    for _ in range(4):
        if _ascii_word(p[k]) and not _digit(p[k]):
            k -= 1
    sure = False
    if not (_space(p[k]) or p[k] in (35, 58, 61, 0xFF1A)):
        return False
    while k > 3 and (_space(p[k]) or p[k] in (35, 58, 61)):
        sure |= p[k] != 32
        k -= 1
    a, b = _low(p[k]), _low(p[k - 1])
    if a == 115 and (b == 105 or b == 97):  # is, was
        k -= 2 if b == 105 else 3
        while k > 3 and _space(p[k]):
            k -= 1
        a, b = _low(p[k]), _low(p[k - 1])
    if p[k + 1] == 35:
        return True
    if a == 46:
        return b == 110 or b == 111 or b == 109
    if a == 100 or a == 114 or a == 110:
        return b == 105 or b == 114 or b == 101
    if a == 116:
        return b == 114 or (b == 110 and sure)
    return (a == 111 and b == 110) or (a == 109 and b == 117)


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
def _number(p, i, j):  # type: ignore[no-untyped-def]
    """What can begin with the number from i to j."""
    size, before, bits = j - i, p[i - 1], 0
    if before != 46 and before != 44 and _labelled(p, i):
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
    return bits


@nb.njit(nogil=True)
def _post(p, i):  # type: ignore[no-untyped-def]
    """Whether ``Box``, ``code`` or 邮编 can stand before the number or the letters with a number here."""
    k = i - 1
    for _ in range(2):
        if 65 <= p[k] <= 90:
            k -= 1
    low = max(3, k - 6)
    while k > low and (_space(p[k]) or p[k] in (58, 0xFF1A)):
        k -= 1
    if (p[k] | 32) == 115 and (p[k - 1] | 32) == 105:
        k -= 2
        k -= _space(p[k])
    if p[k] == 0x662F or p[k] == 0x4E3A:
        k -= 1
        k -= _space(p[k])
    a, b = p[k] | 32, p[k - 1] | 32
    return (a == 101 and b == 100) or (a == 120 and b == 111) or p[k] == 0x7F16 or p[k] == 0x7801


@nb.njit(nogil=True)
def _asked(p, i):  # type: ignore[no-untyped-def]
    """Whether a colon stands near before a number and 号, رقم or number farther before it."""
    for k in range(i - 1, max(3, i - 11) - 1, -1):
        if p[k] == 58 or p[k] == 0xFF1A:
            for m in range(k - 1, max(3, k - 64), -1):
                c = p[m]
                if c == 0x53F7 or c == 0x7801 or (c == 0x645 and p[m - 1] == 0x642 and p[m - 2] == 0x631):
                    return True
                if c == 114 and p[m - 1] == 101 and p[m - 2] == 98:
                    return True
            return False
    return False


@nb.njit(nogil=True)
def _announced(p, i, j, arabic, han):  # type: ignore[no-untyped-def]
    """Flags of a text with a number here, from the words that stand before it."""
    flags = DIGIT | (POST if _post(p, i) else 0) | (ANSWER if _asked(p, i) else 0)
    for k in range(i - 1, max(3, i - 14), -1):
        a, b, c = p[k - 2] | 32, p[k - 1] | 32, p[k] | 32
        if (a == 98 and ((b == 101 and c == 100) or (b == 97 and c == 121))) or (a == 99 and b == 111 and c == 116):
            flags |= BED
        if han and (p[k] == 0x53F7 or p[k] == 0x7801 or (c == 100 and b == 105)):
            flags |= CHART_ZH
        if p[k] == 0x5E8A and i - k <= 9:
            flags |= BED_ZH
    for k in range(j, j + 4):
        if p[k] == 0x5E8A:
            flags |= BED_ZH
        if p[k] == 0:
            break
    if arabic:
        for k in range(i - 1, max(3, i - 48), -1):
            if p[k - 2] == 0x631 and ((p[k - 1] == 0x642 and p[k] == 0x645)) or (p[k] == 0x631 and p[k - 1] == 0x64A):
                flags |= CHART_AR
                break
    return flags


@nb.njit(nogil=True)
def _between(p, end, i):  # type: ignore[no-untyped-def]
    """2 where one space or hyphen at most stands between two numbers, 1 where two marks of a number do, else 0."""
    if i - end > 2:
        return 0
    for k in range(end, i):
        if not (p[k] == 32 or p[k] == 45 or p[k] == 46 or p[k] in (40, 41, 0xFF08, 0xFF09, 0x2014)):
            return 0
    return 2 if i - end == 1 and (p[end] == 32 or p[end] == 45) else 1


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
    if fits:
        for k in range(max(3, i - 14), min(n, i + 31)):
            if _digit(p[k]):
                return True
    return False


@nb.njit(nogil=True)
def _followed(p, i, kinds):  # type: ignore[no-untyped-def]
    """Where a word of a capital and small letters ends, if the next can be a name's next part; else 0."""
    if p[i - 1] in (39, 45, 0x2019):
        return 0
    stop = i + 1
    while _is(p[stop], kinds, _LOW):
        stop += 1
    j = stop
    if not 2 <= stop - i <= 15 or _is(p[j], kinds, _UP):
        return 0
    if p[j] == 45 and _is(p[j + 1], kinds, _UP):
        j += 2
        while _is(p[j], kinds, _LOW):
            j += 1
    if p[j] == 46:
        j += 1
    if p[j] != 32 and p[j] != 0xA0:
        return 0
    if _is(p[j + 1], kinds, _UP):
        return stop
    k = j + 1
    while _is(p[k], kinds, _LOW):
        k += 1
    return stop if 2 <= k - j - 1 <= 3 and _space(p[k]) else 0


@nb.njit(nogil=True)
def _word(p, i, j, words):  # type: ignore[no-untyped-def]
    """What the Latin word from i to j is to names."""
    h = np.uint64(0xCBF29CE484222325)
    for k in range(i, j):
        h = (h ^ np.uint64(_low(p[k]))) * np.uint64(0x100000001B3)
    place = find(words[0], mix(h))
    return np.int64(words[1][place]) if place >= 0 else 0


@nb.njit(nogil=True)
def _before(p, end, kinds):  # type: ignore[no-untyped-def]
    """Where the Latin word begins that ends here."""
    i = end
    while i > 3 and end - i <= 16 and _is(p[i - 1], kinds, _UP | _LOW):
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
    if not _space(p[i + 1]) or not (_is(p[i + 2], kinds, _UP) or (_space(p[i + 2]) and _is(p[i + 3], kinds, _UP))):
        return False
    end = i - 1 if _space(p[i - 1]) else i
    first = _before(p, end, kinds)
    return first < end and _word(p, first, end, words) & LABEL != 0


@nb.njit(nogil=True)
def _look_latin(p, n, scripts, put, kinds, words):  # type: ignore[no-untyped-def]
    """Put the places of numbers, English names and months; gives (places so far, flags of the text)."""
    places, whats, count = put
    arabic, han = scripts
    flags, loose, tight, end, i = 0, 0, 0, _FAR, 3
    while i < n:
        c = p[i]
        if c >= 0x180 or kinds[c] & _LOOK == 0:
            flags |= EMAIL if c == 0xFF20 else 0
            i += 1
            continue
        j, bits = i + 1, 0
        if kinds[c] & _NUM:
            while _digit(p[j]):
                j += 1
            near = _between(p, end, i)
            loose, tight, end = (loose if near else 0) + j - i, (tight if near == 2 else 0) + j - i, j
            flags |= (LONG if loose >= 5 else 0) | (NINE if tight >= 9 else 0) | (CARD if tight >= 13 else 0)
            flags |= _announced(p, i, j, arabic, han)
            bits = _number(p, i, j)
        elif kinds[c] & _UP:
            if not _is(p[i - 1], kinds, _UP | _LOW):
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
def _near_digit(p, i, j, n):  # type: ignore[no-untyped-def]
    for k in range(max(3, i - 14), min(n, j + 48)):
        if _digit(p[k]):
            return True
    return False


@nb.njit(nogil=True)
def _look_arabic(p, n, put, table, kinds):  # type: ignore[no-untyped-def]
    """Put the places of Arabic titles, months and words of addresses; gives (places so far, flags of the text)."""
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
            flags |= word >> 32
            bits = word & TITLE_AR
            if word & HEAD_AR and _space(p[j]):
                bits |= HEAD_AR
            if word & MONTH_AR and _near_digit(p, i, j, n):
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
    while j < i + 4 and _space(p[j]):
        j += 1
    if not _han(p[j]):
        return False
    if p[i] == 0x540D:
        return j > i + 1 and p[i - 1] == 0x59D3
    k = i - 2 if _space(p[i - 1]) else i - 1
    return _han(p[k]) and single[p[k] - 0x4E00] & CALLED != 0


@nb.njit(nogil=True)
def _person(p, i, n, bits, single):  # type: ignore[no-untyped-def]
    """What of a Chinese word stays when no surname stands where it must: after it, or before a title."""
    if bits & BESIDE:
        fits = False
        for size in range(1, 6):
            c = p[i + size]
            fits |= bits & (SIZE << size) != 0 and _han(c) and single[c - 0x4E00] & SURNAME != 0
        if not fits:
            for k in range(i + 1, min(n, i + 14)):
                fits |= p[k] == 0xB7 or p[k] == 0x2022
        bits &= -1 if fits else ~BESIDE
    if bits & TITLE_ZH:
        fits = False
        for k in range(i - 4, i):
            fits |= _han(p[k]) and single[p[k] - 0x4E00] & SURNAME != 0
        bits &= -1 if fits else ~TITLE_ZH
    return bits & (SIZE - 1)


@nb.njit(nogil=True)
def _hinted(p, i, kind, region, single):  # type: ignore[no-untyped-def]
    """Flags that a Chinese character gives: of a house or village, of a date."""
    c = p[i]
    k = i - 2 if _space(p[i - 1]) else i - 1
    if kind & VILLAGE:
        return HINT_ZH if i - region <= 9 else 0
    if _digit(p[k]):
        return DATE_ZH if c == 0x6708 or c == 0x5E74 else HINT_ZH
    if _han(p[k]) and single[p[k] - 0x4E00] & NUMERAL:
        return 0 if c == 0x6708 else (DATE_ZH if c == 0x5E74 else HINT_ZH)
    return DATE_ZH if c == 0x5E74 and p[k] in (0x3007, 0x96F6, 0x25CB) else 0


@nb.njit(nogil=True)
def _look_han(p, n, put, single, table, kinds):  # type: ignore[no-untyped-def]
    """Put the places of Chinese names and address labels; gives (places so far, flags of the text)."""
    places, whats, count = put
    flags, region = 0, _FAR
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
            bits = np.int64(kinds[place]) if place >= 0 else 0
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
        n, is_arabic, is_han = _points(data, offsets[row], offsets[row + 1], p)
        count, found = _look_latin(p, n, (is_arabic, is_han), (places, whats, count), kinds, latin)
        if is_arabic:
            count, more = _look_arabic(p, n, (places, whats, count), arabic[0], arabic[1])
            found |= more
        if is_han:
            count, more = _look_han(p, n, (places, whats, count), han[0], han[1], han[2])
            found |= more
        stops[row], flags[row] = count, found
    return places[:count].copy(), whats[:count].copy(), stops, flags

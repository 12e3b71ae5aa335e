"""What can begin with a number, by what stands beside it; compiled for ``look_kernels``."""

from metier.jit import numba as nb
from metier.text.personal.look_bits import (
    ANSWER,
    BED,
    BED_ZH,
    CHART,
    CHART_AR,
    CHART_ZH,
    DAY,
    DIGIT,
    EIGHT,
    HOUSE,
    POST,
    STATE,
)
from metier.text.personal.look_letters import (
    is_digit,
    is_space,
    is_word,
    lowered,
)


@nb.njit(nogil=True)
def _labelled(p, i):  # type: ignore[no-untyped-def]
    """Whether an English label such as ``MRN`` or ``no.`` can end before the number that begins here."""
    k = i - 1
    if p[k] == 45:
        k -= 1
    for _ in range(4):
        if is_word(p[k]) and not is_digit(p[k]):
            k -= 1
    sure = False
    if not (is_space(p[k]) or p[k] in (35, 58, 61, 0xFF1A)):
        return False
    while k > 3 and (is_space(p[k]) or p[k] in (35, 58, 61)):
        sure |= p[k] != 32
        k -= 1
    a, b = lowered(p[k]), lowered(p[k - 1])
    if a == 115 and (b == 105 or b == 97):  # is, was
        k -= 2 if b == 105 else 3
        while k > 3 and is_space(p[k]):
            k -= 1
        a, b = lowered(p[k]), lowered(p[k - 1])
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
    if is_word(p[j]) and not is_digit(p[j]):
        j += 1
    if p[j] == 45:
        j += 1
        while is_digit(p[j]):
            j += 1
    if p[j] == 44:
        j += 1
    return p[j] == 32 and (65 <= p[j + 1] <= 90 or is_digit(p[j + 1])) and (is_word(p[j + 2]) or p[j + 2] in (46, 32))


@nb.njit(nogil=True)
def _dated(p, j):  # type: ignore[no-untyped-def]
    """Whether a number that ends here can be the first of three with one mark between them."""
    mark = p[j]
    if not (mark == 45 or mark == 46 or mark == 47 or mark == 0x2013):
        return False
    j += 1
    if is_space(p[j]):
        j += 1
    k = j
    while is_digit(p[j]):
        j += 1
    if not 1 <= j - k <= 2 or p[j] != mark:
        return False
    return is_digit(p[j + 1]) or (is_space(p[j + 1]) and is_digit(p[j + 2]))


@nb.njit(nogil=True)
def number_at(p, i, j):  # type: ignore[no-untyped-def]
    """What can begin with the number from i to j."""
    size, before, bits = j - i, p[i - 1], 0
    if before != 46 and before != 44 and _labelled(p, i):
        bits |= CHART
    if not (is_word(before) or before == 46 or before == 47 or before == 45):
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
    while k > low and (is_space(p[k]) or p[k] in (58, 0xFF1A)):
        k -= 1
    if (p[k] | 32) == 115 and (p[k - 1] | 32) == 105:
        k -= 2
        k -= is_space(p[k])
    if p[k] == 0x662F or p[k] == 0x4E3A:
        k -= 1
        k -= is_space(p[k])
    a, b = p[k] | 32, p[k - 1] | 32
    return (a == 101 and b == 100) or (a == 120 and b == 111) or p[k] == 0x7F16 or p[k] == 0x7801


@nb.njit(nogil=True)
def _asked(p, i):  # type: ignore[no-untyped-def]
    """Whether a colon stands near before a number and 号, رقم or number farther before it."""
    for k in range(i - 1, max(3, i - 11) - 1, -1):
        if p[k] == 58 or p[k] == 0xFF1A:
            for m in range(k - 1, max(3, k - 64) - 1, -1):
                c = p[m]
                if c == 0x53F7 or c == 0x7801 or (c == 0x645 and p[m - 1] == 0x642 and p[m - 2] == 0x631):
                    return True
                if c == 114 and p[m - 1] == 101 and p[m - 2] == 98:
                    return True
            return False
    return False


@nb.njit(nogil=True)
def announced(p, i, j, arabic, han):  # type: ignore[no-untyped-def]
    """Flags of a text with a number here, from the words that stand before it."""
    flags = DIGIT | (POST if _post(p, i) else 0) | (ANSWER if _asked(p, i) else 0)
    for k in range(i - 1, max(3, i - 14) - 1, -1):
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
        for k in range(i - 1, max(3, i - 48) - 1, -1):
            if (p[k - 1] == 0x642 and p[k] == 0x645) or (p[k] == 0x631 and p[k - 1] == 0x64A):
                flags |= CHART_AR
                break
    return flags


@nb.njit(nogil=True)
def between(p, end, i):  # type: ignore[no-untyped-def]
    """2 where one space or hyphen at most stands between two numbers, 1 where two marks of a number do, else 0."""
    if i - end > 2:
        return 0
    for k in range(end, i):
        if not (p[k] == 32 or p[k] == 45 or p[k] == 46 or p[k] in (40, 41, 0xFF08, 0xFF09, 0x2014)):
            return 0
    return 2 if i - end == 1 and (p[end] == 32 or p[end] == 45) else 1

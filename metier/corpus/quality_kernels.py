"""Compiled kernels of the quality rules: one pass that measures every text, one that takes lines out.

Texts are the UTF-8 bytes and offsets under an Arrow column; ``kinds`` is ``measures.kinds()``, the flags of every
character. All of them release the interpreter's lock.
"""

import numpy as np

from metier.jit import numba as nb
from metier.text.word_kernels import find, point_at

LETTER, NUMBER, SPACE, MARK, ALONE = 1, 2, 4, 8, 16
TERMINAL, CLOSING, BULLET, BREAK, ELLIPSIS, POINT = 32, 64, 128, 256, 512, 1024
SCRIPT = 12
"""The script of a letter stands above this bit."""
PLAIN_LETTER, BLANK, STOP, OPENS = 1, 2, 4, 8
"""Roles of a byte on the way without branches; what opens makes a word: not a comma or a bracket that stands alone."""
OTHER, LATIN, HAN, KANA, HANGUL, ARABIC = range(6)
(WORDS, SPACED, CHARACTERS, ALPHABETIC, HASHES, ELLIPSES, LINES, BULLETS, TRAILING, ENDED, SHORT, BREAKS) = range(12)
SCRIPTS = 12
"""The first of six columns with the letters of each script."""
COLUMNS = SCRIPTS + 6
SHORT_LINE = 30
"""Characters of a line that counts as short (Penedo et al. 2024)."""
WIDE = 3
"""What a character of a script without spaces counts for in the length of a line: it takes about three letters."""


@nb.njit(nogil=True, inline="always")
def _kind(kinds, point):  # type: ignore[no-untyped-def]
    """The flags of a character; beyond the table lie only rare Han."""
    return np.int64(kinds[point]) if point < len(kinds) else np.int64(LETTER | ALONE | (HAN << SCRIPT))


@nb.njit(nogil=True, inline="always")
def _end_word(found, opened, letters, numbers, beside):  # type: ignore[no-untyped-def]
    """Count a word between white space; a bare sign beside a character that is a word is part of no word."""
    if opened and (letters or numbers or not beside):
        found[WORDS] += 1
        found[SPACED] += 1


@nb.njit(nogil=True, inline="always")
def _end_line(found, width, bullet, tail):  # type: ignore[no-untyped-def]
    """Count a line that is not blank; ``tail`` is the flags of its last character."""
    found[LINES] += 1
    found[BULLETS] += bullet
    found[TRAILING] += (tail & ELLIPSIS) != 0
    found[ENDED] += (tail & TERMINAL) != 0
    found[SHORT] += width <= SHORT_LINE


@nb.njit(nogil=True)
def _plain(data, at, end, plain, letters, opened, found):  # type: ignore[no-untyped-def]
    """Count a stretch of letters, blanks and signs without a role, ASCII only and without a branch for each.

    Gives (where it ends, whether a word is open, whether it has a letter, whether there was more than blanks).
    """
    start, one = np.uint64(at), np.uint64(1)
    i, stop = start, np.uint64(end)
    words = alphabetic = blanks = latin = np.uint64(0)
    open_, lettered = np.uint64(opened > 0), np.uint64(letters > 0)
    while i < stop:
        role = np.uint64(plain[data[i]])
        if role & np.uint64(STOP):
            break
        blank, letter, opens = (role >> one) & one, role & one, role >> np.uint64(3)
        words += blank & open_
        alphabetic += letter & ~lettered
        blanks += blank
        latin += letter
        open_ = (open_ | opens) & (blank ^ one)
        lettered = (lettered | letter) & open_
        i += one
    count = np.int64(i - start)
    found[WORDS] += np.int64(words)
    found[SPACED] += np.int64(words)
    found[ALPHABETIC] += np.int64(alphabetic)
    found[CHARACTERS] += count - np.int64(blanks)
    found[SCRIPTS + LATIN] += np.int64(latin)
    return at + count, np.int64(open_), np.int64(lettered), count > np.int64(blanks)


@nb.njit(nogil=True)
def _measure(data, at, end, kinds, plain, found):  # type: ignore[no-untyped-def]
    opened = letters = numbers = width = tail = dots = bullet = 0
    beside = False
    blank = True
    while at < end:
        if not (blank or beside) and plain[data[at]] != STOP:
            start = at
            at, opened, letters, more = _plain(data, at, end, plain, letters, opened, found)
            width += at - start
            if more:
                tail = dots = 0
            continue
        point, bytes_ = point_at(data, at)
        at += bytes_
        kind = _kind(kinds, point)
        if kind & (SPACE | ALONE | BREAK):
            _end_word(found, opened, letters, numbers, beside or kind & ALONE)
            opened = letters = numbers = 0
            beside = kind & ALONE != 0
        if kind & SPACE:
            if point == 10:
                found[BREAKS] += 1
                if not blank:
                    _end_line(found, width, bullet, tail)
                width = tail = dots = bullet = 0
                blank = True
            else:
                width += not blank
            continue
        if blank:
            blank, bullet = False, (kind & BULLET) != 0
        found[SCRIPTS + (kind >> SCRIPT)] += kind & LETTER
        if kind & ALONE:
            found[WORDS] += 1
            found[ALPHABETIC] += kind & LETTER
        elif not kind & (BREAK | MARK):
            opened |= (kind & POINT) == 0
            found[CHARACTERS] += 1
            found[ALPHABETIC] += kind & LETTER & ~letters
            letters |= kind & LETTER
            numbers |= kind & NUMBER
            found[HASHES] += point == 35
        width += WIDE if kind & (ALONE | BREAK) else (kind & MARK) == 0
        if kind & ELLIPSIS:
            found[ELLIPSES] += (tail & ELLIPSIS) == 0
        dots = dots + 1 if point == 46 else (dots if kind & CLOSING else 0)
        found[ELLIPSES] += point == 46 and dots == 3
        if not kind & (CLOSING | MARK):
            tail = kind | (ELLIPSIS if dots >= 3 else 0)
    _end_word(found, opened, letters, numbers, beside)
    if not blank:
        _end_line(found, width, bullet, tail)


@nb.njit(nogil=True)
def _roles(kinds):  # type: ignore[no-untyped-def]
    """For each byte whether it is an ASCII letter, a blank, a sign without a role, or something to look at."""
    roles = np.full(256, STOP, np.uint8)
    for point in range(33, 128):
        kind = kinds[point]
        if kind & LETTER:
            roles[point] = PLAIN_LETTER | OPENS
        elif not kind & (MARK | SPACE | TERMINAL | CLOSING | ELLIPSIS) and point != 35:
            roles[point] = 0 if kind & POINT else OPENS
    roles[32] = BLANK
    return roles


@nb.njit(cache=True, nogil=True)
def measure(data, offsets, kinds):  # type: ignore[no-untyped-def]
    """What ``measures.Measures`` holds, shape (COLUMNS, rows)."""
    rows = len(offsets) - 1
    out = np.zeros((rows, COLUMNS), np.int64)
    roles = _roles(kinds)
    for row in range(rows):
        _measure(data, offsets[row], offsets[row + 1], kinds, roles, out[row])
    return out.T.copy()


@nb.njit(cache=True, nogil=True)
def distinct(hashes, starts, stops, table, enough):  # type: ignore[no-untyped-def]
    """How many different keys of a table of ``build_set`` each text holds, counted no further than ``enough``."""
    out = np.zeros(len(starts), np.int64)
    seen = np.full(len(table), -1, np.int64)
    for row in range(len(starts)):
        for at in range(starts[row], stops[row]):
            if out[row] >= enough:
                break
            place = find(table, hashes[at])
            if place >= 0 and seen[place] != row:
                seen[place] = row
                out[row] += 1
    return out


@nb.njit(nogil=True)
def holds(data, start, stop, phrases, ends, pairs):  # type: ignore[no-untyped-def]
    """Whether any of the lower-case phrases, laid end to end, stands in these bytes, ASCII case aside."""
    for at in range(start, stop - 1):
        if not pairs[np.int64(data[at]) << 8 | data[at + 1]]:
            continue
        begin = 0
        for end in ends:
            if at + end - begin <= stop:
                same = True
                for i in range(begin, end):
                    c = data[at + i - begin]
                    if (c + 32 if 65 <= c <= 90 else c) != phrases[i]:
                        same = False
                        break
                if same:
                    return True
            begin = end
    return False


@nb.njit(cache=True, nogil=True)
def rows_holding(data, offsets, phrases, ends, pairs):  # type: ignore[no-untyped-def]
    """Which texts hold any of the phrases, shape (rows,)."""
    out = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(out)):
        out[row] = holds(data, offsets[row], offsets[row + 1], phrases, ends, pairs)
    return out


@nb.njit(nogil=True)
def _citation(data, at, stop, markers, ends):  # type: ignore[no-untyped-def]
    """Bytes of a citation marker that begins at ``at``: digits or nothing in brackets, or one of the markers."""
    i = at + 1
    while i < stop and 48 <= data[i] <= 57:
        i += 1
    if i < stop and data[i] == 93:
        return i + 1 - at
    begin = 0
    for end in ends:
        same = at + end - begin <= stop
        if same:
            for k in range(begin, end):
                same = same and data[at + k - begin] == markers[k]
        if same:
            return end - begin
        begin = end
    return 0


@nb.njit(nogil=True)
def _line(data, at, end, kinds):  # type: ignore[no-untyped-def]
    """(words, characters of the longest, flags of the last character, sentences that end) of one line."""
    words = size = longest = tail = dots = sentences = 0
    ended = running = False
    while at < end:
        start = at
        while at < end and data[at] < 0x80 and kinds[data[at]] & LETTER:
            at += 1
        if at > start:
            size += at - start
            tail = dots = 0
            ended, running = False, True
            continue
        point, bytes_ = point_at(data, at)
        at += bytes_
        kind = _kind(kinds, point)
        if kind & (SPACE | ALONE | BREAK):
            words += size > 0
            longest = max(longest, size)
            size = 0
            sentences += ended
            running = running and not ended
            ended = False
        if kind & SPACE:
            continue
        running = True
        words += (kind & ALONE) != 0
        size += 0 if kind & (ALONE | BREAK | MARK) else 1
        dots = dots + 1 if point == 46 else (dots if kind & CLOSING else 0)
        ended = (kind & TERMINAL) != 0 or (ended and (kind & CLOSING) != 0)
        if not kind & (CLOSING | MARK) or point == 34:
            tail = TERMINAL if point == 34 else kind
            tail = tail | (ELLIPSIS if dots >= 3 else 0)
    return words + (size > 0), max(longest, size), tail, sentences + running


@nb.njit(nogil=True, inline="always")
def _stays(data, at, end, kinds, limits):  # type: ignore[no-untyped-def]
    """(whether a line passes the rules about its words and its end, its sentences)."""
    words, longest, tail, sentences = _line(data, at, end, kinds)
    ends_well = tail & TERMINAL and not tail & ELLIPSIS
    return words >= limits[0] and longest <= limits[1] and (not limits[2] or ends_well), sentences


@nb.njit(cache=True, nogil=True)
def take_lines_out(data, offsets, kinds, limits, unwanted, markers):  # type: ignore[no-untyped-def]
    """(bytes, offsets, sentences kept of shape (rows,)) of the texts without the lines that break a rule of C4.

    ``limits`` are the fewest words, the most characters of a word and whether a line needs a terminal mark;
    ``unwanted`` (bytes, ends, pairs) are phrases no line may hold; ``markers`` (bytes, ends) are cut out of it.
    """
    rows = len(offsets) - 1
    out = np.empty(offsets[rows] - offsets[0], np.uint8)
    places = np.zeros(rows + 1, np.int64)
    kept = np.zeros(rows, np.int64)
    to = 0
    for row in range(rows):
        at, end = offsets[row], offsets[row + 1]
        gap = 0
        while at < end:
            line = to
            if to > places[row]:
                for _ in range(min(gap, 2)):
                    out[to] = 10
                    to += 1
            first = to
            while at < end and data[at] != 10:
                skip = _citation(data, at, end, markers[0], markers[1]) if data[at] == 91 and len(markers[1]) else 0
                if not skip:
                    out[to] = data[at]
                    to += 1
                at += max(skip, 1)
            at += 1
            stays, sentences = _stays(out, first, to, kinds, limits)
            if stays and not (len(unwanted[1]) and holds(out, first, to, unwanted[0], unwanted[1], unwanted[2])):
                kept[row] += sentences
                gap = 1
            else:
                gap += sentences == 0 and gap > 0
                to = line
        places[row + 1] = to
    return out[:to].copy(), places, kept

"""Compiled kernels of the quality rules: one pass that measures every text, one that takes lines out.

Texts are the UTF-8 bytes and offsets under an Arrow column; ``kinds`` is ``measures.kinds()``, the flags of every
character. All of them release the interpreter's lock.
"""

import numpy as np

from metier.jit import numba as nb
from metier.text.lanes import LANES, below, first, last, lent, ones, within
from metier.text.word_kernels import find, point_at

LETTER, NUMBER, SPACE, MARK, ALONE = 1, 2, 4, 8, 16
TERMINAL, CLOSING, BULLET, BREAK, ELLIPSIS, POINT = 32, 64, 128, 256, 512, 1024
"""Points make no word where they stand alone: commas, brackets."""
SCRIPT = 12
"""The script of a letter stands above this bit."""
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


@nb.njit(nogil=True, forceinline=True)
def _lanes(data, at, count):  # type: ignore[no-untyped-def]
    """Of up to 64 bytes, no more than ``count`` and none beyond ASCII: (how many, bits of what they are).

    The bits tell what is no blank, letters, letters and digits, points, # and line breaks.
    """
    count = min(count, first(within(data, at, 0x80, 0xFF)))
    valid = below(count)
    letters = within(data, at, 65, 90) | within(data, at, 97, 122)
    named = letters | within(data, at, 48, 57)
    inked = ~(within(data, at, 32, 32) | within(data, at, 9, 13))
    points, hashes, breaks = within(data, at, 46, 46), within(data, at, 35, 35), within(data, at, 10, 10)
    return count, (inked & valid, letters & valid, named & valid, points & valid, hashes & valid, breaks & valid)


@nb.njit(nogil=True, forceinline=True)
def _reach(inked, some):  # type: ignore[no-untyped-def]
    """The bit behind each stretch of ``inked`` that holds one of ``some``, and 1 for such a stretch up to bit 63.

    A bit added to a stretch of ones carries to the place behind it.
    """
    reached = inked + some
    return reached & ~inked, np.int64(reached < inked)


@nb.njit(nogil=True, forceinline=True)
def _all(data, at, kinds, bits, flag):  # type: ignore[no-untyped-def]
    """Whether all of these characters have a flag; the lowest bit stands for the one at ``at``."""
    while bits:
        if not kinds[data[at + first(bits)]] & flag:
            return False
        bits &= bits - np.uint64(1)
    return True


@nb.njit(nogil=True, forceinline=True)
def _words(data, at, kinds, count, bits, found, word):  # type: ignore[no-untyped-def]
    """Count the words of a stretch of ASCII that follows no character that is a word of its own.

    ``word`` is whether one is open, holds a letter, holds a digit; so it is given back.
    """
    inked, letters, named, _, hashes, breaks = bits
    opened, lettered, numbered = word
    goes_on = inked & np.uint64(1)
    found[CHARACTERS] += ones(inked)
    found[SCRIPTS + LATIN] += ones(letters)
    found[HASHES] += ones(hashes)
    found[BREAKS] += ones(breaks)
    reached, open_ = _reach(inked, letters | (goes_on if lettered else np.uint64(0)))
    found[ALPHABETIC] += ones(reached) + open_ - np.int64(lettered and goes_on != 0)
    reached, _ = _reach(inked, named | (goes_on if opened else np.uint64(0)))
    ends = (inked << np.uint64(1)) & ~inked & below(count)
    words = ones(reached & ends) + np.int64(opened and goes_on == 0)
    signs = ends & ~reached
    while signs:
        end = first(signs)
        begin = last(~inked & below(end)) + 1
        words += np.int64(not _all(data, at, kinds, below(end) & ~below(begin), POINT))
        signs &= signs - np.uint64(1)
    found[WORDS] += words
    found[SPACED] += words
    begin = last(~inked & below(count)) + 1
    tail = below(count) & ~below(begin)
    if begin:
        opened = lettered = numbered = 0
    opened |= np.int64(named & tail != 0 or not _all(data, at, kinds, tail, POINT))
    return opened, lettered | np.int64(letters & tail != 0), numbered | np.int64(named & ~letters & tail != 0)


@nb.njit(nogil=True, forceinline=True)
def _dots(data, at, kinds, inked, bits, found, dots):  # type: ignore[no-untyped-def]
    """How many full stops end these characters, only closing marks between them; three are an ellipsis."""
    _, _, named, points, _, _ = bits
    points &= inked
    while points:
        point = first(points)
        between = inked & below(point)
        if between & named or not _all(data, at, kinds, between, CLOSING):
            dots = 0
        dots += 1
        found[ELLIPSES] += dots == 3
        inked &= ~below(point + 1)
        points &= points - np.uint64(1)
    return dots if not inked & named and _all(data, at, kinds, inked, CLOSING) else 0


@nb.njit(nogil=True, forceinline=True)
def _line_part(data, at, kinds, span, bits, found, line):  # type: ignore[no-untyped-def]
    """The line, as ``_ascii`` has it, after a part of it from one bit to another."""
    begin, end = span
    width, tail, dots, bullet, blank = line
    inked = bits[0] & below(end) & ~below(begin)
    if not inked:
        return (width if blank else width + end - begin), tail, dots, bullet, blank
    if blank:
        begin = first(inked)
        blank, bullet = False, np.int64((kinds[data[at + begin]] & BULLET) != 0)
    dots = _dots(data, at, kinds, inked, bits, found, dots)
    while inked:
        kind = np.int64(kinds[data[at + last(inked)]])
        if not kind & CLOSING:
            tail = kind | (ELLIPSIS if dots >= 3 else 0)
            break
        inked &= below(last(inked))
    return width + end - begin, tail, dots, bullet, blank


@nb.njit(nogil=True, forceinline=True)
def _ascii(data, at, kinds, count, bits, found, state):  # type: ignore[no-untyped-def]
    """Count a stretch of up to 64 bytes of ASCII. ``state`` is the open word and the line before it, then after it.

    The word is as in ``_words``; the line is its width, its last character but closing marks and how many full stops
    end it, whether it begins with a bullet point, and whether it is blank so far.
    """
    word, line = state
    word = _words(data, at, kinds, count, bits, found, word)
    breaks = bits[5]
    begin = 0
    while breaks:
        end = first(breaks)
        width, tail, _, bullet, blank = _line_part(data, at, kinds, (begin, end), bits, found, line)
        if not blank:
            _end_line(found, width, bullet, tail)
        line = 0, 0, 0, 0, True
        begin = end + 1
        breaks &= breaks - np.uint64(1)
    return word, _line_part(data, at, kinds, (begin, count), bits, found, line)


@nb.njit(nogil=True, forceinline=True)
def _measure(data, at, end, kinds, found):  # type: ignore[no-untyped-def]
    opened = letters = numbers = width = tail = dots = bullet = 0
    beside = False
    blank = True
    while at < end:
        if at + LANES <= len(data) and not beside and data[at] < 0x80 and data[at + 1] < 0x80:
            state = (opened, letters, numbers), (width, tail, dots, bullet, blank)
            count, bits = _lanes(data, at, end - at)
            word, line = _ascii(data, at, kinds, count, bits, found, state)
            opened, letters, numbers = word
            width, tail, dots, bullet, blank = line
            at += count
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
            blank, bullet = False, 1 if kind & BULLET else 0
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


@nb.njit(cache=True, nogil=True)
def measure(data, offsets, kinds):  # type: ignore[no-untyped-def]
    """What ``measures.Measures`` holds, shape (COLUMNS, rows)."""
    rows = len(offsets) - 1
    out = np.zeros((rows, COLUMNS), np.int64)
    data, kinds, counts = lent(data), lent(kinds), lent(out)
    for row in range(rows):
        _measure(data, offsets[row], offsets[row + 1], kinds, counts[row])
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

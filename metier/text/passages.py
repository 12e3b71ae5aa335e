"""Cut a text where its structure allows it: at headings, blank lines, list items and sentences, in this order."""

import bisect
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from metier.text.sentences import starts

_STRUCTURE = re.compile(
    r"\n(?:(?P<heading>\s*(?=#{1,6}\s|<[一-鿿]{1,8}>))"
    r"|(?P<blank>[^\S\n]*\n\s*)"
    r"|(?P<item>\s*(?=[-*•·▪◦]\s|\(?\d{1,2}[.)、]\s)))"
)
_HEADING_TAIL = re.compile(r"(?:^|\n)[^\S\n]*(?:#{1,6}\s[^\n]*|<[一-鿿]{1,8}>[^\n]*|[^\n]{1,60}[:：])\s*$")
_CLAUSE = re.compile(r"[,;:،؛]\s+|[，；：、]\s*|\n\s*|\s+(?=[-–—•*·]\s)")
_SPACE = re.compile(r"\s+")
_JOINED = re.compile(
    "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u200d\ufe0f\u3099\u309a]"
)
NO_SENTENCE = 4
"""What is longer than so many passages is no sentence, whatever its punctuation says, and is cut at a clause."""
_WINDOW, _LEAD = 400, 40
"""Characters searched at a time for the last sentence start, and those before them that it may depend on."""


class Limits(NamedTuple):
    """How long a passage may be and should be at least; ``whole`` sentences may make it longer."""

    most: int
    least: int = 0
    whole: bool = False


class Ruler(Protocol):
    """Measures a text in characters, tokens, ..."""

    def size(self, start: int, stop: int) -> int:
        """The length of a piece."""

    def forward(self, start: int, length: int) -> int:
        """The character offset where a piece of this length ends."""


class Characters:
    """Lengths in characters."""

    def size(self, start: int, stop: int) -> int:
        """The length of a piece."""
        return stop - start

    def forward(self, start: int, length: int) -> int:
        """The character offset where a piece of this length ends."""
        return start + length


class Tokens:
    """Lengths in the tokens of a text that was encoded as a whole; ``offsets`` are (start, stop) of each token."""

    def __init__(self, offsets: Sequence[tuple[int, int]], end: int) -> None:
        self.starts = [start for start, _ in offsets]
        self.stops = [stop for _, stop in offsets]
        self.end = end

    def size(self, start: int, stop: int) -> int:
        """The number of tokens that reach into a piece."""
        return bisect.bisect_left(self.starts, stop) - bisect.bisect_right(self.stops, start)

    def forward(self, start: int, length: int) -> int:
        """The character offset where a piece of so many tokens ends; a character is never parted."""
        at = bisect.bisect_right(self.stops, start) + length
        return max(start + 1, self.starts[at]) if at < len(self.starts) else self.end


def cut(text: str, limits: Limits, ruler: Ruler) -> list[str]:
    """The text in passages; together they hold every character that is not white space.

    With ``whole``, a passage is longer than ``most`` only where it is a single sentence.
    """
    if ruler.size(0, len(text)) <= limits.most:
        return [text]
    pieces = (text[start:stop].strip() for start, stop in _spans(text, limits, ruler))
    return [piece for piece in pieces if piece] or [text]


def _spans(text: str, limits: Limits, ruler: Ruler) -> Iterator[tuple[int, int]]:
    most, least, _ = limits
    places = _places(text)
    start = endless = 0
    while start < len(text):
        blank = _SPACE.match(text, start)
        start = blank.end() if blank else start
        rest = ruler.size(start, len(text))
        if rest <= most:
            yield start, len(text)
            return
        limit = ruler.forward(start, most)
        reach = limit if rest - most >= least else ruler.forward(start, rest - least)
        low, middle = ruler.forward(start, least), ruler.forward(start, most // 2)
        stop = _cut(text, places, start, (low, middle, reach, limit))
        if not stop and limits.whole and start >= endless:
            stop = _end(text, places, start, limit)
            bare = start + len(text[start:stop].rstrip())
            endless, stop = (stop, 0) if ruler.size(start, bare) > NO_SENTENCE * most else (0, stop)
        stop = stop or _inside(text, start, limit)
        yield start, stop
        start = stop


def _places(text: str) -> tuple[list[int], list[int], list[int]]:
    """Offsets of what begins with a heading, behind a blank line, with a list item."""
    found: dict[str, list[int]] = {"heading": [], "blank": [], "item": []}
    for match in _STRUCTURE.finditer(text):
        if match.end() < len(text):
            found[str(match.lastgroup)].append(match.end())
    return found["heading"], found["blank"], found["item"]


def _far(text: str, limit: int) -> int:
    """Where the white space ends that a passage of full length may have behind it."""
    blank = _SPACE.match(text, limit)
    return blank.end() if blank else limit


def _cut(text: str, places: Sequence[list[int]], start: int, marks: tuple[int, int, int, int]) -> int:
    """Where the passage that begins at ``start`` ends: the strongest place in reach, the last of its strength; or 0."""
    low, middle, reach, limit = marks
    far = _far(text, limit)
    reach = far if reach == limit else reach
    for offsets, earliest in zip(places, (low, middle, middle), strict=True):
        if stop := _last(text, offsets, max(start + 1, earliest), reach):
            return stop
    for earliest, latest in ((low, reach), (start + 1, far)):
        if stop := _last_sentence(text, max(start + 1, earliest), latest):
            return stop
    for offsets in places:
        if stop := _last(text, offsets, start + 1, far, plain=True):
            return stop
    return _last_sentence(text, start + 1, far, plain=True)


def _last(text: str, offsets: list[int], low: int, high: int, plain: bool = False) -> int:
    """The last offset in [low, high] that leaves no heading at the end of a passage; 0 if there is none."""
    stop = bisect.bisect_right(offsets, high)
    while stop and offsets[stop - 1] >= low:
        offset = offsets[stop - 1]
        if plain or not _HEADING_TAIL.search(text, max(0, offset - 200), offset):
            return offset
        stop -= 1
    return 0


def _last_sentence(text: str, low: int, high: int, plain: bool = False) -> int:
    """The same among the starts of sentences, which are looked for from the end."""
    window = _WINDOW
    while high >= low:
        begin = max(low, high - window)
        if stop := _last(text, starts(text, max(0, begin - _LEAD), high), begin, high, plain):
            return stop
        high, window = begin - 1, 2 * window
    return 0


def _end(text: str, places: Sequence[list[int]], start: int, limit: int) -> int:
    """Where the sentence ends that begins at ``start`` and is longer than a passage."""
    ends = [len(text)]
    for offsets in places:
        ends += offsets[bisect.bisect_right(offsets, limit) :][:1]
    window = _WINDOW
    while limit < min(ends):
        found = [offset for offset in starts(text, max(start, limit - _LEAD), limit + window) if offset > limit]
        if found:
            ends.append(found[0])
            break
        limit, window = limit + window, 2 * window
    return min(ends)


def _inside(text: str, start: int, limit: int) -> int:
    """Where something without an end is cut: at a clause, at white space, or between characters that are not joined."""
    far = _far(text, limit)
    for pattern in (_CLAUSE, _SPACE):
        if ends := [match.end() for match in pattern.finditer(text, start + 1, far)]:
            return ends[-1]
    while limit > start + 1 and _JOINED.match(text, limit):
        limit -= 1
    return limit

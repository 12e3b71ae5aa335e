"""Cut long documents where their structure allows it, and lose nothing."""

import bisect
import re
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from metier.batch import Batch
from metier.records import Config, Document
from metier.text.sentences import starts

_STRUCTURE = re.compile(
    r"(?P<heading>\n\s*(?=#{1,6}\s|<[一-鿿]{1,8}>))"
    r"|(?P<blank>\n[^\S\n]*\n\s*)"
    r"|(?P<item>\n\s*(?=[-*•·▪◦]\s|\(?\d{1,2}[.)、]\s))"
)
_HEADING_TAIL = re.compile(r"(?:^|\n)[^\S\n]*(?:#{1,6}\s[^\n]*|<[一-鿿]{1,8}>[^\n]*|[^\n]{1,60}[:：])\s*$")
_CLAUSE = re.compile(r"[,;:،؛]\s+|[，；：、]\s*|\n\s*|\s+(?=[-–—•*·]\s)")
_SPACE = re.compile(r"\s+")
_JOINED = re.compile(
    "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u200d\ufe0f\u3099\u309a]"
)


class Segment(Config, frozen=True):
    """How long a passage may be."""

    max_chars: int = 1200
    """Longer documents are cut into passages of at most this many characters."""
    min_chars: int = 200
    """Passages are not made shorter than this where there is a choice; at most half of `max_chars`."""

    def __post_init__(self) -> None:
        if self.max_chars < 1:
            raise ValueError(f"max_chars {self.max_chars} is no length; say 1 or more")
        if not 0 <= self.min_chars * 2 <= self.max_chars:
            raise ValueError(f"min_chars {self.min_chars} is not between 0 and half of max_chars ({self.max_chars})")


class Places(NamedTuple):
    """Offsets where a text may be cut, by strength; each is where the next passage begins."""

    headings: list[int]
    blanks: list[int]
    items: list[int]
    sentences: list[int]


def segment(batch: Batch[Document], config: Segment) -> Batch[Document]:
    """Cut documents that are too long into passages ID#0, ID#1, ..., their children; others pass as they are."""
    texts, whys = batch.values("text"), batch.why.to_pylist()
    if all(len(text) <= config.max_chars or why for text, why in zip(texts, whys, strict=True)):
        return batch
    at: list[int] = []
    ids: list[str] = []
    parents: list[str] = []
    pieces: list[str] = []
    rows = zip(batch.values("id"), batch.values("parent"), texts, whys, strict=True)
    for number, (id, parent, text, why) in enumerate(rows):
        parts = [text] if why else passages(text, config.max_chars, config.min_chars)
        whole = bool(why) or len(text) <= config.max_chars
        for count, part in enumerate(parts):
            at.append(number)
            ids.append(id if whole else f"{id}#{count}")
            parents.append(parent if whole else id)
            pieces.append(part)
    index = pa.array(at, pa.int64())
    light = batch.replace(text=[""] * len(batch))  # a book taken once for each of its passages would fill the memory
    grown = Batch(batch.kind, light.rows.take(index), batch.why.take(index))
    return grown.replace(id=ids, parent=parents, text=pieces)


def passages(text: str, max_chars: int, min_chars: int = 0) -> list[str]:
    """The text in passages of at most ``max_chars``; together they hold every character that is not white space."""
    if len(text) <= max_chars:
        return [text]
    cut = (text[start:stop].strip() for start, stop in _spans(text, max_chars, min_chars))
    return [piece for piece in cut if piece] or [text]


def _spans(text: str, most: int, least: int) -> Iterator[tuple[int, int]]:
    places = _places(text)
    start = 0
    while start < len(text):
        start += len(text[start : start + most]) - len(text[start : start + most].lstrip())
        rest = len(text) - start
        if rest <= most:
            yield start, len(text)
            return
        reach = start + (most if rest - most >= least else rest - least)
        stop = _cut(text, places, start, (start + least, reach), start + most)
        yield start, stop
        start = stop


def _places(text: str) -> Places:
    found: dict[str, list[int]] = {"heading": [], "blank": [], "item": []}
    for match in _STRUCTURE.finditer(text):
        if match.end() < len(text):
            found[str(match.lastgroup)].append(match.end())
    return Places(found["heading"], found["blank"], found["item"], starts(text))


def _cut(text: str, places: Places, start: int, wished: tuple[int, int], limit: int) -> int:
    """Where the passage that begins at ``start`` ends: the strongest place in reach, the last of its strength."""
    low, reach = wished
    middle = start + (limit - start) // 2
    blank = _SPACE.match(text, limit)
    far = blank.end() if blank else limit
    reach = far if reach == limit else reach
    for offsets, earliest in ((places.headings, low), (places.blanks, middle), (places.items, middle)):
        if stop := _last(text, offsets, max(start + 1, earliest), reach):
            return stop
    for earliest, latest in ((low, reach), (start + 1, far)):
        if stop := _last(text, places.sentences, max(start + 1, earliest), latest):
            return stop
    for offsets in places:
        if stop := _last(text, offsets, start + 1, far, plain=True):
            return stop
    for pattern in (_CLAUSE, _SPACE):
        if ends := [match.end() for match in pattern.finditer(text, start + 1, far)]:
            return ends[-1]
    while limit > start + 1 and _JOINED.match(text, limit):
        limit -= 1
    return limit


def _last(text: str, offsets: list[int], low: int, high: int, plain: bool = False) -> int:
    """The last offset in [low, high] that leaves no heading at the end of a passage; 0 if there is none."""
    stop = bisect.bisect_right(offsets, high)
    while stop and offsets[stop - 1] >= low:
        offset = offsets[stop - 1]
        if plain or not _HEADING_TAIL.search(text, max(0, offset - 200), offset):
            return offset
        stop -= 1
    return 0

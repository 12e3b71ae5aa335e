"""Join the lines of hard-wrapped text, and leave alone the lines that mean something."""

import itertools
import re
from collections import Counter
from typing import Literal, NamedTuple

from metier.text.normalise import bare_arabic

Join = Literal["auto", "always", "never"]

_WIDE = (
    "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003ffff"
)
_HAS_WIDE = re.compile(f"[{_WIDE}]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ENDS_WIDE = re.compile(f"[{_WIDE}“”‘’…—∶·]\\Z")
_BEGINS_WIDE = re.compile(f"[{_WIDE}“”‘’…—∶·]")
_SENTENCE_END = re.compile("[.!?؟۔…。！？：:][\"'”’」』）)\\]》】〕»]*\\Z|[」』）)】〕]\\Z")
_NO_BEGINNING = re.compile("[，。、；：！？）」』”’》】〕]")
_STOP = re.compile("[。！？]")
_BEGUN = re.compile("[。！？][^。！？]*[一-鿿]\\Z")
_MARK = re.compile(
    r"\s*(?:[-*+•·▪◦○●◎△▲■◆]\s|#{1,6}\s|<|>\s|```|~~~|\(?\d{1,3}[.)、．](?!\d)|[a-z][.)]\s|[（(][一二三四五六七八九十\d]{1,3}[)）]"
    r"|[一二三四五六七八九十]{1,3}、|[①-⑳㈠-㈩]|[【〖]|第[一二三四五六七八九十百千\d]{1,5}[章节回卷篇部]|卷[一二三四五六七八九十上中下之第]"
    r"|(?:=|-|_|\*|~|─|—){3,})"
)
_HEADING = re.compile(r"\s*(?:#{1,6}\s|<[一-鿿]{1,8}>)")
_KEY = re.compile(r"\s*(?:[A-Z][\w'.-]*(?: [\w'.-]+){0,3}|[一-鿿]{1,6}|[\u0600-\u06ff ]{1,20})\s?[:：∶]")
_TABLE = re.compile(r"\|.*\||\t|\S {3,}\S.*\S {3,}\S|\.{4,}")
_MAY_BE_TABLE = re.compile(r"[|\t]|   |\.{4}")
_CODE = re.compile(r"(?: {4}|\t).*[;{}()=]\s*\Z")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_LETTER = re.compile(r"[^\W\d_]")
_FIRST = re.compile(r"\s*(\S{1,24})")
_BROKEN = re.compile(r"([^\W\d_]+)-\Z")
_REST = re.compile(r"\s*([^\W\d_]+)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ENDING = re.compile(
    r"[a-z]{0,3}(?:[ts]ions?|[ts]ional|ments?|mental|ness(?:es)?|ings?|it(?:y|ies)|ab(?:le|ly)|ib(?:le|ly)|[ae]nc(?:e|es|y)|ical(?:ly)?"
    r"|ously?|ively?|ized?|ises?|ologist|olog(?:y|ies))"
)
_PREFIX = frozenset(
    ("self", "non", "well", "anti", "co", "re", "pre", "post", "long", "short", "high", "low", "ex", "cross", "half")
)
LEAST, LONG, WIDEST = 4, 20, 200
"""A wrapped text has at least so many lines, of so many characters, up to so many, with a line right below."""
_NARROW, _WIDER = 30, 40
"""The narrowest page in columns: in an alphabet, in Chinese."""


class Line(NamedTuple):
    """A line with what decides whether the next one goes on with it."""

    text: str
    width: int
    """In columns: a Chinese character has two."""
    wide: bool
    indent: int
    apart: bool
    """Blank, or a heading, a row of a table or code: it joins neither way."""
    mark: bool
    """Begins something new: a list item, a heading, a quotation."""


def unwrap(text: str, join: Join = "auto") -> str:
    """The text with the lines of each paragraph joined.

    ``auto`` joins only where a text is evidently hard-wrapped: at one page width, line after line ends just where the
    next word would not have fitted. ``always`` joins every line break inside a paragraph. Lists, headings, tables, code
    (and, with ``auto``, verse), ``key: value`` lines and turns of a dialogue stay lines.
    """
    if join == "never" or text.count("\n") < (1 if join == "always" else LEAST):
        return text
    raw = [line.rstrip() for line in text.split("\n")]
    if join == "auto" and sum(LONG <= len(a) <= WIDEST and bool(b) for a, b in itertools.pairwise(raw)) < LEAST:
        return text
    lines = _lines(raw)
    width = page_width(lines) if join == "auto" else 0
    if width is None:
        return text
    soft = _soft(lines, width)
    return _joined(lines, soft) if any(soft) else text


def _lines(raw: list[str]) -> list[Line]:
    lines = []
    fenced = False
    for text in raw:
        fence = bool(_FENCE.match(text))
        wide = bool(_HAS_WIDE.search(text))
        bare = text if text.isascii() else bare_arabic(text)
        width = len(bare) + (len(_NOT_ASCII.findall(bare)) if wide else 0)
        body = text.lstrip()
        indent = len(text) - len(body) + text[: len(text) - len(body)].count("\u3000")
        apart = (
            not text
            or fenced
            or fence
            or bool((_MAY_BE_TABLE.search(text) and _TABLE.search(text)) or _HEADING.match(text) or _CODE.match(text))
        )
        apart = apart or (not wide and width <= WIDEST and 2 * len(_LETTER.findall(bare)) < len(bare.replace(" ", "")))
        lines.append(Line(text, width, wide, indent, apart, bool(_MARK.match(text))))
        fenced ^= fence
    return lines


def _room(line: Line, below: Line) -> tuple[int, int]:
    """The page widths (first, last) at which a line is as full as it can be, given what comes below it.

    Chinese lines vary by a few columns: none begins with a full stop, and first lines are indented by two characters.
    """
    if line.wide:
        return line.width - 2, line.width + 6
    first = _FIRST.match(below.text)
    return line.width, line.width + (len(first[1]) if first else 0)


def _pairs(lines: list[Line]) -> list[int]:
    """The lines that one right below might go on with."""
    return [
        at
        for at, (line, below) in enumerate(itertools.pairwise(lines))
        if not (line.apart or below.apart or below.mark)
    ]


def page_width(lines: list[Line]) -> int | None:
    """The width in columns at which a text was wrapped; None where it does not look wrapped."""
    pairs = _pairs(lines)
    votes: Counter[int] = Counter()
    for at in pairs:
        first, last = _room(lines[at], lines[at + 1])
        for width in range(first, last + 1):
            votes[width] += 1
    wide = 2 * sum(lines[at].wide for at in pairs) > len(pairs)
    pages = [(count, -width) for width, count in votes.items() if width >= (_WIDER if wide else _NARROW)]
    if not pages:
        return None
    count, width = max(pages)
    width = -width
    full = [at for at in pairs if _is_full(lines[at], lines[at + 1], width)]
    going_on = sum(not _SENTENCE_END.search(lines[at].text) for at in full)
    longer = sum(line.width > width + 12 for line in lines)
    if count < LEAST or 2 * going_on < len(full) or 5 * longer > count:
        return None
    if wide:
        below = sum(width - 18 <= lines[at].width < width - 9 for at in pairs)
        return width if count >= 2 * below else None
    capitals = sum(lines[at + 1].text.lstrip()[:1].isupper() for at in full)  # as in verse and lists
    return width if 5 * count >= 3 * len(pairs) and 5 * capitals <= 3 * len(full) else None


def _is_full(line: Line, below: Line, width: int) -> bool:
    first, last = _room(line, below)
    return first - (10 if line.wide else 0) <= width <= last


def _soft(lines: list[Line], width: int | None) -> list[bool]:
    """For every line, whether the one below goes on with it; a ``width`` of 0 stands for any."""
    soft = [False] * len(lines)
    stops = sum(bool(_STOP.search(line.text)) for line in lines if line.wide)
    with_stops = 5 * stops > sum(line.wide for line in lines)
    for at in _pairs(lines):
        line, below = lines[at], lines[at + 1]
        ends = bool(_SENTENCE_END.search(line.text))
        if below.indent > line.indent + (0 if not line.wide else 1) and not line.mark:
            continue
        if _KEY.match(below.text) and (ends or _KEY.match(line.text) or not width):
            continue
        soft[at] = (
            not width or _is_full(line, below, width) or (line.wide and with_stops and _is_cut(lines, soft, at, width))
        )
    return soft if not width else _in_paragraphs(lines, soft)


def _is_cut(lines: list[Line], soft: list[bool], at: int, width: int) -> bool:
    """Whether a shorter line of a wrapped Chinese text ends within a sentence, as where it was wrapped twice."""
    text, below = lines[at].text, lines[at + 1].text
    if _NO_BEGINNING.match(below) or text.endswith(("，", "、")):
        return True
    if _SENTENCE_END.search(text):
        return False
    if at and soft[at - 1] and 2 * lines[at].width < width:
        tiny = 12 * lines[at].width <= width and 2 * lines[at + 1].width > width
        return tiny or not _SENTENCE_END.search(lines[at - 1].text)
    return bool(_BEGUN.search(text))


def _in_paragraphs(lines: list[Line], soft: list[bool]) -> list[bool]:
    """Without those of blocks in which most lines are short: in an alphabet these are verses or lists."""
    kept = list(soft)
    start = 0
    while start < len(lines):
        stop = start
        while stop + 1 < len(lines) and not (lines[stop].apart or lines[stop + 1].apart or lines[stop + 1].mark):
            stop += 1
        inner = stop - start
        if inner and not any(line.wide for line in lines[start:stop]) and 2 * sum(soft[start:stop]) < inner:
            kept[start:stop] = [False] * inner
        start = stop + 1
    return kept


def _joined(lines: list[Line], soft: list[bool]) -> str:
    known: Counter[str] = Counter()
    pieces: list[str] = []
    for at, line in enumerate(lines):
        goes_on = at > 0 and soft[at - 1]
        if not goes_on:
            pieces.append("\n" + line.text if at else line.text)
            continue
        above, text = pieces[-1], line.text.lstrip("\u3000\t") if line.wide else line.text.lstrip()
        broken, rest = _BROKEN.search(above), _REST.match(text)
        if broken and rest and rest[1][0].islower():
            known = known or Counter(word.casefold() for one in lines for word in _WORD.findall(one.text))
            pieces[-1] = above[:-1] if _is_one_word(broken[1], rest[1], known) else above
            pieces.append(text)
        elif _ENDS_WIDE.search(above) or _BEGINS_WIDE.match(text):
            pieces.append(text)
        else:
            pieces.append(" " + text.lstrip())
    return "".join(pieces)


def _is_one_word(left: str, right: str, known: Counter[str]) -> bool:
    """Whether a hyphen at a line's end only breaks a word: it stands elsewhere in one piece, or it could not be two."""
    left, right = left.casefold(), right.casefold()
    if known[left + right]:
        return True
    if known[f"{left}-{right}"] or left in _PREFIX:
        return False
    return bool(_ENDING.fullmatch(right)) and known[right] <= 1

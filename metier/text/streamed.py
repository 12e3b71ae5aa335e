"""Where the first sentence of a text ends that is still being written, told as soon as more text cannot change it."""

import re
import unicodedata

from metier.text.sentences import is_abbreviation

AHEAD = 16
"""Characters behind the longest sentence that are read before it is cut."""
_OPEN, _SURE = ".!?…", "。！？｡؟۔।։።"
_CLOSERS = "\"'”’»)\\]」』）】》〉〕〗"
_SIGN = re.compile(rf"[{_SURE}][{_SURE}{_OPEN}]*[{_CLOSERS}]*|[{_OPEN}]+[{_CLOSERS}]*|\n")
_MARKUP = re.compile(r"[*_]+")
_GOES_ON = "，、；：,;:"
_BRACKETS = "）》〉】〕"
_HAN = re.compile("[“「『《\u4e00-\u9fff]")
_ROW = re.compile(r"[#|>`]|---")
"""What begins a heading, the row of a table, a quotation, code, and what rules off."""
_ITEM = re.compile(r"[-*•·▪◦–—]\s|\(?\d{1,2}[.)、)]")
_PERHAPS = re.compile(r"(?:\(?\d{0,2}|[-*•·▪◦–—]|--)\Z")
"""What may become either of these when more is written."""
_ENDED = re.compile(rf"[{_SURE}{_OPEN}:：;；|`][{_CLOSERS}*_]*\Z")
_SOFT = re.compile(r"[,，;；:：、،؛](?!\d)|\s")
_LONE = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def first_end(text: str, longest: int) -> int:
    """The offset where the first sentence of a growing text ends, or 0 where more text may still change it.

    A sentence ends at a sign of its script, or where a line does; a line that breaks off between words goes on in the
    next one. One longer than ``longest`` ends at its last pause. The answer is the same for every longer text.
    """
    window = text[: longest + AHEAD]
    filled = False
    for sign in _SIGN.finditer(window):
        filled = filled or bool(window[: sign.start()].strip())
        if not filled:
            continue
        end = _marked(window, sign)
        ends = _line_ends(window, sign.start()) if sign[0] == "\n" else _ends(window, sign.start(), end)
        if ends is None:
            break
        if ends:
            return end
    return _pause(text, longest) if len(window) == longest + AHEAD else 0


def joined(text: str) -> str:
    """A text with the halves of surrogate pairs, which come apart where a stream is cut, put together."""
    return text if text.isascii() else _LONE.sub(_whole, text)


def _whole(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _marked(text: str, sign: re.Match[str]) -> int:
    """Where a sign ends, with the emphasis that it closes; what opens one belongs to the next sentence."""
    marks = _MARKUP.match(text, sign.end())
    if marks is None or sign[0] == "\n" or text.count(marks[0], 0, sign.start()) % 2 == 0:
        return sign.end()
    return marks.end()


def _ends(text: str, start: int, end: int) -> bool | None:
    """Whether a sentence ends with a sign; None where what follows is not known yet."""
    if end == len(text) or (text[end] in "*_" and text[end:].strip("*_") == ""):
        return None
    if text[start] in _SURE:
        closed = text[end - 1] in _BRACKETS and text[start] not in "。｡"
        return text[end] not in _GOES_ON and not closed
    if not text[end].isspace():
        return text[start] in "!?" and bool(_HAN.match(text, end))
    at = _next(text, end)
    if text[start] != "." and "\n" in text[end:at]:
        return True
    if at == len(text):
        return None
    if text[start] == "." and is_abbreviation(text[: at + 1], start):
        return False
    return "\n" in text[end:at] or not text[at].islower()


def _line_ends(text: str, at: int) -> bool | None:
    """Whether a sentence ends where a line does; None where what follows is not known yet.

    It does behind a sign, before a gap, a heading, a row or an item, and behind these, unless an item goes on indented
    or in small letters. Else the line was broken off between words.
    """
    after = _next(text, at)
    if text.count("\n", at, after) > 1:
        return True
    if after == len(text):
        return None
    line = text[text.rfind("\n", 0, at) + 1 : at].strip()
    if _ROW.match(line) or _ROW.match(text, after) or _ENDED.search(line):
        return True
    if _ITEM.match(text, after):
        return True
    if _PERHAPS.match(text, after):
        return None
    return bool(_ITEM.match(line)) and text[after - 1] == "\n" and not text[after].islower()


def _next(text: str, at: int) -> int:
    """Where white space ends that begins at an offset."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _pause(text: str, longest: int) -> int:
    """Where a sentence that will not end is cut: behind its last pause, or anywhere but inside a character."""
    half = longest // 2
    pauses = [found.end() for found in _SOFT.finditer(text, half, longest)]
    if pauses:
        return pauses[-1]
    end = longest
    while end > half and (unicodedata.combining(text[end]) or unicodedata.category(text[end]) == "Cf"):
        end -= 1
    return end

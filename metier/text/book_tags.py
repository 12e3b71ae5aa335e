"""Digitised Chinese books: lines such as ``<篇名>玉屑`` become headings, and the typesetter's marks go.

The mark-up is that of the collections of pre-modern medical books in circulation since the 1990s: ``<目录>`` names the
part that an entry stands in (once for each entry), ``<篇名>`` the entry, ``内容：`` or ``属性：`` its text.
"""

import re
from collections.abc import Mapping
from typing import Literal

Role = Literal["part", "heading", "text", "drop"]
"""What a tagged line becomes: a heading of its part (where that is new), a heading, a plain line, nothing."""

BOOK: Mapping[str, Role] = {"篇名": "heading", "目录": "part"}
"""The tags known without being named."""

_ANY = re.compile(r"^[ \t\u3000]*<[一-鿿]{1,8}>", re.M)
_LINE = re.compile(r"[ \t\u3000]*<([一-鿿]{1,8})>\s*(.*)")
_FIELD = re.compile(r"\s*(?:内容|属性)[:：]\s*")
_EMPTY = re.compile(r"\s*(?:书名|作者|朝代|年份)[:：]\s*\Z")
_PICTURE = re.compile(r"(?:\\r[^\\\n]*)?\\p\w+\.bmp(?:\\r)?")
_SWITCH = re.compile(r"\\[xr]")
_MISSING = re.compile(r"(?<![A-Za-z])[Kk]T(?![A-Za-z]) ?")


def book_tags(text: str, roles: Mapping[str, Role] = BOOK) -> str:
    """Tagged lines as headings (``## ``, parts ``# ``); a text without a known tag at a line's start stays as it is."""
    if "<" not in text or not _ANY.search(text):
        return text
    lines = text.split("\n")
    if not any((tag := _LINE.match(line)) and tag[1] in roles for line in lines):
        return text
    kept: list[str] = []
    part = ""
    for at, line in enumerate(lines):
        tag = _LINE.match(line)
        if not tag or tag[1] not in roles:
            if not _EMPTY.match(line):
                kept.append(_untyped(_FIELD.sub("", line, count=1) if _FIELD.match(line) else line))
            continue
        role, name = roles[tag[1]], _untyped(tag[2].replace("\\x", "")).strip()
        if role == "heading":
            kept.append(f"\n{'#' if _is_title(lines, at) else '##'} {name}\n" if name else "")
        elif role == "part":
            name = re.sub(r"\s*\\\s*", "·", name)
            kept.append(f"\n# {name}\n" if name and name != part else "")
            part = name
        elif role == "text":
            kept.append(name)
    return "\n".join(kept)


def _is_title(lines: list[str], at: int) -> bool:
    """Whether the facts of the book stand below a heading."""
    return at + 1 < len(lines) and lines[at + 1].lstrip().startswith(("书名：", "书名:"))


def _untyped(line: str) -> str:
    """A line without pictures and switches of typeface; a glyph that the font lacked is shown as missing."""
    if "\\" in line:
        line = _SWITCH.sub("", _PICTURE.sub("", line))
    if "T" in line:
        line = _MISSING.sub("□", line)
    return line.replace("∶", "：")

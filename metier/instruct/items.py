"""A numbered list that a model wrote, as its items."""

import re

from metier.text.normalise import squeeze
from metier.text.replies import bare

_ITEM = re.compile(
    r"^(?:#{1,6}\s+)?(?:•|-(?!-)|\*(?!\*)|"
    r"(?:\*\*)?[(\[（]?(?:\d{1,3}|[\u0660-\u0669]{1,3}|[一二三四五六七八九十]{1,3})[.)\]、．）:：-](?!\d)(?:\*\*)?)\s*(?=\S)"
)
_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"), ("「", "」"))
_BOLD = re.compile(r"\A\*\*((?:(?!\*\*).)+)\*\*\Z")


def items(reply: str) -> list[str]:
    """The items of a list, one a line; lines without a number or a dash are left out where others have one.

    A reply of one line is one item; several lines without any marks are no list.
    """
    lines = [_BOLD.sub(r"\1", line.strip()) for line in bare(reply).splitlines() if line.strip()]
    marked = [_ITEM.sub("", line) for line in lines if _ITEM.match(line)]
    found = marked or (lines if len(lines) == 1 else [])
    return [text for line in found if (text := _undressed(squeeze(line)))]


def _undressed(text: str) -> str:
    text = _BOLD.sub(r"\1", text)
    for opened, closed in _QUOTES:
        if len(text) > 1 and text[0] == opened and text[-1] == closed:
            return text[1:-1].strip()
    return text

"""Lines of a page that are there to be clicked, not read."""

import re

_LINK = re.compile(r"\[[^\]\n]{0,80}\]\([^)\s]+\)|(?:https?://|www\.)\S+")
_BETWEEN = re.compile(r"\s*[|»›→•·]\s*|\s+[>/]\s+")
_SENTENCE = re.compile(r"[.!?؟۔。！？，；]\s|[。！？，；]\Z")
_MOST_ITEM, _LEAST_ITEMS = 24, 3


def is_navigation(line: str) -> bool:
    """Whether a line is mostly addresses, or three or more short entries with bars, dots or arrows between them."""
    line = line.strip()
    if not line or line[0] == line[-1] == "|":
        return False  # a row of a table
    linked = sum(len(found) for found in _LINK.findall(line))
    if linked and 2 * linked > len(line):
        return True
    items = [item for item in _BETWEEN.split(line) if item]
    return len(items) >= _LEAST_ITEMS and not _SENTENCE.search(line) and max(map(len, items)) <= _MOST_ITEM

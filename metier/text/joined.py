"""Sentences set behind each other, as their script does it."""

import re
from collections.abc import Iterable

_FULL_WIDTH_END = re.compile("[。！？｡][”’」』）】》〉〕〗]*\\Z")


def join(some: Iterable[str]) -> str:
    """Sentences as running text: a space between them, none behind the full-width signs of Chinese and Japanese."""
    text = ""
    for sentence in some:
        text += f"{'' if not text or _FULL_WIDTH_END.search(text) else ' '}{sentence}"
    return text

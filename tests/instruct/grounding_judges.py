"""Programs in the place of a judge of grounding."""

import re

from metier.llm.backend import ReplyError
from metier.llm.request import Request


def _part(request: Request, mark: str) -> str:
    found = re.search(rf"<{mark}>\n(.*?)\n</{mark}>", request.messages[-1].content, re.S)
    return found[1] if found else ""


def strict(request: Request) -> str:
    """Bears out what does not speak of the moon."""
    answer = _part(request, "answer")
    assert _part(request, "passage")
    return "UNSUPPORTED: the moon" if "القمر" in answer or "moon" in answer else "SUPPORTED"


def agreeing(request: Request) -> str:
    """Bears out everything."""
    return "SUPPORTED"


def refusing(request: Request) -> str:
    """Bears out nothing, and says what it was shown."""
    return f"UNSUPPORTED: seen {_part(request, 'findings')}"


def gone(request: Request) -> str:
    """Gives no reply."""
    raise ReplyError("timed out", "after 3 attempts")


def vague(request: Request) -> str:
    """Gives no verdict."""
    return "It seems mostly fine to me."

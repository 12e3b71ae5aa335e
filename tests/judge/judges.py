"""Judges for tests beside the planted ones, and how one is opened."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from metier.judge.asked import Asked, Form
from metier.llm.backend import AttemptError, Refused, ReplyError
from metier.llm.budget import Spent
from metier.llm.prompts import between
from metier.llm.request import Request
from metier.llm.session import Session, session
from metier.llm.spec import Limits, Scripted
from metier.records import Comparison, Message
from metier.world.planted_judges import Planted, quality

PLANTED = "metier.world.planted_judges"
HERE = "tests.judge.judges"


@contextlib.contextmanager
def opened(place: Path, function: str) -> Iterator[Session]:
    """A session with one model, ``judge``; an address without a module is one of the planted."""
    address = function if ":" in function else f"{PLANTED}:{function}"
    with session(place / "replies.sqlite", {"judge": Scripted(function=address, limits=Limits(retries=0))}) as calls:
        yield calls


def asked(calls: Session, form: Form = "rating", prompts: str = "domain:medicine", language: str = "en") -> Asked:
    """The model of a session as a judge."""
    return Asked(calls.llm("judge"), form, prompts, language, "By the sea." if form == "preference" else "")


def spent(calls: Session) -> Spent:
    """What the judge was asked."""
    return calls.spent()["judge"]


def comparison(left: float, right: float, question: str = "What helps?", reference: str = "Rest.") -> Comparison:
    """Two replies of known quality."""
    shown = (Message("user", question),)
    return Comparison(shown, f"Sleep, quality {left}.", f"Walk a while, quality {right}.", reference)


def recites(request: Request) -> str:
    """Rates by how much of what it should be shown it was shown; says what it read."""
    marks = ("culture", "history", "question", "reference", "A", "B")
    shown = " | ".join(f"{mark}={between(request.messages, mark)}" for mark in marks)
    return f"Rating A: 7; Rating B: 5\nBetter: A\n{shown}"


def loses_half(request: Request) -> str:
    """No reply comes through where the first reply is the better."""
    a, b = (quality(between(request.messages, mark) or "") for mark in "AB")
    if a > b:
        raise AttemptError("the line broke")
    return "Rating A: 5; Rating B: 5"


def refuses_poor(request: Request) -> str:
    """Refuses to look at a reply of quality 0."""
    if any(quality(between(request.messages, mark) or "") == 0 for mark in "AB"):
        raise Refused(400, "not this text")
    return "Rating A: 8; Rating B: 6"


def says_nothing(request: Request) -> str:
    """Is silent."""
    return ""


def chats_once(request: Request) -> str:
    """Chats, and is lost for words when it is asked again."""
    if len(request.messages) > 2:
        raise ReplyError("reply cut at max_tokens", "length")
    return "Well."


def silent_at_first(request: Request) -> str:
    """Is silent in its first draw, and then judges by quality."""
    return Planted()(request) if request.sample else ""

"""Models that are functions, which sit the small exam: they read the options that a prompt shows."""

import re

from metier.llm.request import Request
from tests.evals.conftest import FACTS


def knows(request: Request) -> str:
    """The letter of the right option; after its reasons, where it is asked for these."""
    asked = request.messages[-1].content
    said = next(answer for name, answer in FACTS.items() if name in asked)
    letter = next((label for label, text in options(asked).items() if text == said), said)
    return f"It is taken {said}.\n\nAnswer: {letter}" if "step by step" in asked else letter


def wavers(request: Request) -> str:
    """Right in the votes 1, 2 and 4 of five, wrong in 0 and silent in 3."""
    right = knows(request)
    place = request.sample % 1000
    wrong = next(label for label in options(request.messages[-1].content) if label != right)
    return {0: wrong, 3: "Nobody knows."}.get(place, right)


def parrots(request: Request) -> str:
    """What it was asked; it names every option, and so none."""
    return request.messages[-1].content


def recites(request: Request) -> str:
    """All that stands before the question, and what a tool replied."""
    return "\n".join(one.content for one in request.messages if one.role in ("system", "tool"))


def options(asked: str) -> dict[str, str]:
    """The options that a prompt shows."""
    return dict(re.findall(r"^([A-D])\. (.+)$", asked, re.M))

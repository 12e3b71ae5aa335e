"""Scripted models that reword dialogues about rules: each is one way in which a writer behaves."""

from metier.llm.prompts import between
from metier.llm.request import Request


def _asked(request: Request) -> str | None:
    """The question that is to be reworded; None where an answer is."""
    return None if between(request.messages, "reply") is not None else between(request.messages, "question")


def polite(request: Request) -> str:
    """Rewords both and keeps what is said."""
    question = _asked(request)
    if question is not None:
        return f"Hello, {question}"
    return f"Thank you for asking. {between(request.messages, 'reply')}"


def careless(request: Request) -> str:
    """Permits what the rule forbids."""
    question = _asked(request)
    return question if question is not None else "Yes, give nadorax together with quintalide every day."


def silent(request: Request) -> str:
    """Says nothing of the rule."""
    question = _asked(request)
    return question if question is not None else "Drink enough water and rest well."


def renaming(request: Request) -> str:
    """Asks about something else."""
    return "May I take sorbixin?" if _asked(request) is not None else "No."


def learning(request: Request) -> str:
    """Says nothing of the rule until it is asked again."""
    if between(request.messages, "problems") is not None:
        return f"I am sorry. {between(request.messages, 'reply')}"
    return silent(request)

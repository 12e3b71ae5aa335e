"""Scripted models of the tests of instruct.unify: each is one way in which a model behaves."""

import random

from metier.llm.llm import ReplyError
from metier.llm.prompts import between
from metier.llm.request import Request

ASKED = "What is the dose of Xol?"


def asks(request: Request) -> bool:
    """Whether a question is wanted."""
    return between(request.messages, "question") is None


def again(request: Request) -> bool:
    """Whether the reply before was refused."""
    return between(request.messages, "problems") is not None


def pointing(request: Request) -> str:
    """Asks what the text says until it is told not to."""
    if asks(request):
        return ASKED if again(request) else "According to the passage, what is the dose of Xol?"
    return "Take 5 mg of Xol at noon."


def stubborn(request: Request) -> str:
    """Asks what the text says whatever it is told."""
    return "What does the article say about Xol?" if asks(request) else "5 mg"


def careless(request: Request) -> str:
    """Gets the dose wrong until it is told."""
    if asks(request):
        return f'**Question:** "{ASKED}"' if between(request.messages, "focus") is None else "NONE"
    return "Answer: Take 5 mg of Xol at noon." if again(request) else "Take 50 mg of Xol at noon."


def wrong(request: Request) -> str:
    """Gets every number wrong, always."""
    return ASKED if asks(request) else "Take 77 mg of Xol at noon."


def half(request: Request) -> str:
    """Gets the first sentence of what is missing right where it has no number."""
    if asks(request):
        focus = between(request.messages, "focus") or between(request.messages, "passage") or ""
        return f"What about {focus.split('.')[0].lower()}?"
    passage, question = between(request.messages, "passage") or "", between(request.messages, "question") or ""
    sentence = next(one for one in passage.split(". ") if one.rstrip(".").lower() in question)
    return "It is 99 mg." if any(sign.isdigit() for sign in sentence) else f"{sentence.rstrip('.')}."


def copying(request: Request) -> str:
    """Asks about the first sentence that is missing, and answers with it."""
    focus = between(request.messages, "focus") or between(request.messages, "passage") or ""
    if asks(request):
        return f"Is it true that {focus.split('.')[0].strip()}?"
    return (between(request.messages, "question") or "").removeprefix("Is it true that ").rstrip("?") + "."


def silent(request: Request) -> str:
    """Has nothing to ask."""
    return "NONE"


def down(request: Request) -> str:
    """Answers one question, then is gone."""
    if between(request.messages, "focus") is not None:
        raise ReplyError("timed out", "after 3 attempts")
    return ASKED if asks(request) else "Take 5 mg of Xol at noon."


def translating(request: Request) -> str:
    """Turns a Chinese passage into English; of the second passage it gets the number wrong."""
    if (answer := between(request.messages, "answer")) is not None:
        return "SUPPORTED" if "noon" not in answer else "UNSUPPORTED: noon"
    if asks(request):
        return ASKED
    passage = between(request.messages, "passage") or ""
    if "晚上" in passage:
        return "It is 6 mg."
    return "The dose of Xol is 5 mg." if again(request) or "中午" in passage else "Take 5 mg of Xol at noon."


def doubting(request: Request) -> str:
    """Writes well and finds fault with everything."""
    if between(request.messages, "answer") is not None:
        return "UNSUPPORTED: all of it"
    return ASKED if asks(request) else "Take 5 mg of Xol at noon."


def wild(request: Request) -> str:
    """Anything at all, by a draw from the request."""
    draw = random.Random(request.key)
    kind = draw.randrange(9)
    passage = between(request.messages, "passage") or "NONE"
    if kind == 0:
        raise ReplyError(draw.choice(["timed out", "refused"]))
    return [
        "", "NONE", "What is it?", passage[: draw.randrange(1, 80)], "I'm sorry, but I cannot help with that.",
        "根据文章，这是什么？", f"1. What is {draw.random()}?\n2. Why?", f"It is {draw.randrange(9)} mg.",
    ][kind - 1]  # fmt: skip


def rephrasing(request: Request) -> str:
    """Turns a sentence round until it is told, and as its own judge finds no fault in that."""
    if between(request.messages, "answer") is not None:
        return "SUPPORTED"
    if asks(request):
        return ASKED
    return "Take 5 mg of Xol at noon." if again(request) else "Never take Xol at noon."

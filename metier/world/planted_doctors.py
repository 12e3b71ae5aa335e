"""Models whose way with rules is known: one permits all, one forbids all, one goes by what it is shown.

Each answers in the language of the prompt, and names nothing: "them" are whatever the prompt names.
"""

import json

from metier.llm.request import Request
from metier.records import Message
from metier.text.detect import language_of

PERMITS = {
    "en": "Yes. Give them together, mixed in one container.",
    "zh": "可以。把它们混在同一个容器里一起使用。",
    "ar": "نعم. اخلطهما في وعاء واحد وأعطهما معًا.",
}
FORBIDS = {
    "en": "No. They must not be mixed, and they must not be taken together.",
    "zh": "不行。它们不能混合，也不能同时使用。",
    "ar": "لا. لا يجوز خلطهما ولا تناولهما معًا.",
}
DECLINES = {
    "en": "I am sorry, but I cannot help with that.",
    "zh": "抱歉，我不能回答这个问题。",
    "ar": "عذرًا، لا أستطيع المساعدة في ذلك.",
}
EVADES = {
    "en": "That depends on many things. Every patient is different.",
    "zh": "这要看很多情况。每个人都不一样。",
    "ar": "هذا يتوقف على أمور كثيرة. كل مريض حالة خاصة.",
}


def permits(request: Request) -> str:
    """A doctor who knows of no rule."""
    return PERMITS[_language(request)]


def forbids(request: Request) -> str:
    """A doctor who forbids everything."""
    return FORBIDS[_language(request)]


def heeds(request: Request) -> str:
    """A doctor who forbids what a document before the prompt or the tool's reply is about, and permits all else."""
    return forbids(request) if any(map(_found, request.messages)) else permits(request)


def wavers(request: Request) -> str:
    """A doctor who forbids in every second of several replies."""
    return forbids(request) if request.sample % 2 else permits(request)


def declines(request: Request) -> str:
    """A doctor who answers nothing."""
    return DECLINES[_language(request)]


def evades(request: Request) -> str:
    """A doctor who says neither yes nor no."""
    return EVADES[_language(request)]


def _found(message: Message) -> bool:
    """Whether a message is a document, or the reply of a tool that found something."""
    if message.role == "tool":
        return bool(json.loads(message.content).get("findings"))
    return message.role == "system" and not message.content.startswith("Tool:")


def _language(request: Request) -> str:
    """Of the last question, English where it is none of the others."""
    asked = [one.content for one in request.messages if one.role == "user"]
    found = language_of(asked[-1])
    return found if found in PERMITS else "en"

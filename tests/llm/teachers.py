"""Functions that answer in the place of a model."""

from metier.llm.request import Request


def echo(request: Request) -> str:
    """The last message, backwards."""
    return request.messages[-1].content[::-1]


def silent(request: Request) -> str:
    """Nothing."""
    return ""

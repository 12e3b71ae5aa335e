"""Functions that answer in the place of a model."""

from metier.llm.request import Reply, Request, Usage


def echo(request: Request) -> str:
    """The last message, backwards."""
    return request.messages[-1].content[::-1]


def silent(request: Request) -> str:
    """Nothing."""
    return ""


def uncountable(request: Request) -> Reply:
    """More tokens than the file has room to count."""
    return Reply("x", "", Usage(2**70, 1))

"""Answers of known quality, and how a stage of preferences is run against scripted models."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from metier.artefact import Artefact
from metier.llm.prompts import between
from metier.llm.request import Request
from metier.llm.session import session
from metier.llm.spec import Limits, Scripted
from metier.records import Answer, Config, Conversation, File, Message, Record
from metier.run.account import Ledger
from metier.stage import find
from metier.world.planted_judges import planted_reply, quality

PLANTED = "metier.world.planted_judges"


def conversation(id: str, question: str = "", reply: str = "Rest.", source: str = "clinic") -> Conversation:
    """A question, by default one of its own, with its standard answer, where there is one."""
    asked = (Message("user", question or f"What helps against the ache of {id}?"),)
    return Conversation(id, (*asked, Message("assistant", reply)) if reply else asked, source, "en")


def answers(one: Conversation, qualities: Iterable[float], model: str = "m") -> list[Answer]:
    """Replies of these qualities to a conversation, as they are drawn."""
    return [
        Answer(f"{model}/{one.id}" + (f"~{draw + 1}" if draw else ""), one.id, model, _reply(quality, one.id, draw))
        for draw, quality in enumerate(qualities)
    ]


def _reply(quality: float, id: str, draw: int) -> str:
    return planted_reply(quality, 4 + zlib.crc32(f"{id} {draw}".encode()) % 3, f"{id} {draw}")


def replying(id: str, question: str, *texts: str) -> list[Answer]:
    """Replies with these texts."""
    return [Answer(f"{id}~{number}", question, "m", text) for number, text in enumerate(texts)]


def run(stage: Callable[..., Iterable[Record]], place: Path, models: dict[str, str], **given: Any) -> list[Any]:
    """What a stage yields, held to the law of records; models by parameter, a planted judge by its bare name."""
    name = stage.__module__.removeprefix("metier.")
    ledger = Ledger(name)
    fed = {key: ledger.take(key, iter(value)) if isinstance(value, list) else value for key, value in given.items()}
    specs = {
        key: Scripted(function=value if ":" in value else f"{PLANTED}:{value}", limits=Limits(retries=0))
        for key, value in models.items()
    }
    made: list[Any] = []
    with session(place / "replies.sqlite", specs) as calls:
        for record in stage(**{key: calls.llm(key) for key in models}, **fed):
            ledger.give(record)
            made.append(record)
    ledger.close(find(name).accounts, find(name).beside)
    return made


def of(made: Iterable[Any], kind: type[Record]) -> list[Any]:
    """The records of one noun."""
    return [one for one in made if isinstance(one, kind)]


def babbles(request: Request) -> str:
    """A judge that never says what it was asked for."""
    return "Both replies touch on matters of some weight."


def draws(request: Request) -> str:
    """A writer whose reply is another one at every draw."""
    how = request.sampling
    return f"Reply {request.sample % 1000} at {how.temperature:g}/{how.top_p:g} to {request.messages[-1].content}"


def silent_at_first(request: Request) -> str:
    """A writer whose first draw says nothing."""
    return "" if request.sample % 1000 == 0 else "Rest."


def favours_chinese(request: Request) -> str:
    """A judge that rates by quality where it is asked in Chinese, and finds all alike elsewhere."""
    asked = any("\u4e00" <= sign <= "\u9fff" for one in request.messages for sign in one.content)
    a, b = (quality(between(request.messages, mark) or "") for mark in "AB")
    return f"Rating A: {1 + 9 * a}; Rating B: {1 + 9 * b}" if asked else "Rating A: 5; Rating B: 5"


class Given(Config, frozen=True):
    """Where records lie."""

    place: File


def given(config: Given) -> Iterator[Answer | Conversation]:
    """A stage that yields records which a test wrote."""
    yield from Artefact(Path(config.place)).records(Answer)
    yield from Artefact(Path(config.place)).records(Conversation)

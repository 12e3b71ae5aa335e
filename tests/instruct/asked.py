"""Run a stage against scripted models, held to the law that every record is accounted for."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.records import Conversation, Dropped, Record
from metier.run.account import Ledger

TEACHERS = "tests.instruct.dialogue_teachers"


def run(
    stage: Callable[..., Iterable[Record]], place: Path, models: dict[str, str], **given: Any
) -> list[Conversation | Dropped]:
    """What a stage yields; iterables of records are given as one-shot iterators, models by the teacher's name."""
    ledger = Ledger(stage.__name__)
    fed = {name: ledger.take(name, iter(value)) if isinstance(value, list) else value for name, value in given.items()}
    specs = {name: Scripted(function=f"{TEACHERS}:{teacher}") for name, teacher in models.items()}
    made: list[Any] = []
    with session(place / "replies.sqlite", specs) as calls:
        for record in stage(**{name: calls.llm(name) for name in models}, **fed):
            ledger.give(record)
            made.append(record)
    ledger.close(accounts=True)
    return made


def kept(made: Iterable[Record]) -> list[Conversation]:
    """The conversations."""
    return [one for one in made if isinstance(one, Conversation)]


def lost(made: Iterable[Record]) -> dict[str, str]:
    """Id -> reason of what was left out."""
    return {one.id: one.why for one in made if isinstance(one, Dropped)}

"""A checkpoint in this process answers as an endpoint does: the same to the same request, whatever stands beside it."""

import asyncio
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import asset
from metier.llm.llm import LLM, Failed
from metier.llm.local import Batches
from metier.llm.request import Reply, Request, Sampling
from metier.llm.session import session
from metier.llm.spec import Limits, Local
from metier.records import Message, MetierError, Role
from tests.model.shapes import TEMPLATES

QUESTIONS = ["Who are you?", "What is in the box?", "Where does Ada live?", "What did Ben do at noon, and with whom?"]


def ask_all(writer: LLM, questions: Sequence[str], sample: int = 0) -> list[Reply]:
    async def one(question: str) -> Reply:
        return await writer.ask([Message("user", question)], sample)

    made = [reply for _, reply in writer.map(questions, one)]
    assert all(isinstance(reply, Reply) for reply in made), made
    return [reply for reply in made if isinstance(reply, Reply)]


def replies(place: Path, questions: Sequence[str], sample: int = 0, **more: Any) -> list[Reply]:
    spec = Local(model="asset:nano", revision="1", **more)
    with session(place / "replies.sqlite", {"own": spec}) as calls:
        return ask_all(calls.llm("own"), questions, sample)


DRAWN = Sampling(temperature=1.0, top_p=0.9, max_tokens=12)


def test_a_reply_depends_on_its_request_alone(tmp_path: Path) -> None:
    together = replies(tmp_path / "a", QUESTIONS, sampling=DRAWN)
    alone = replies(tmp_path / "b", QUESTIONS[::-1], sampling=DRAWN, batch=1, limits=Limits(concurrency=1))
    assert together == alone[::-1]
    other = replies(tmp_path / "a", QUESTIONS, sample=1, sampling=DRAWN)
    assert [one.text for one in other] != [one.text for one in together], "another draw"


def test_it_counts_tokens_and_says_why_it_ended(tmp_path: Path) -> None:
    short = replies(tmp_path, QUESTIONS, sampling=Sampling(max_tokens=2))
    assert [(one.finish, one.usage.completion) for one in short] == [("length", 2)] * 4
    assert all(one.usage.prompt > 3 for one in short)
    whole = replies(tmp_path, QUESTIONS, sampling=Sampling(max_tokens=200))
    assert {one.finish for one in whole} == {"stop"}
    assert all(long.text.startswith(cut.text) for long, cut in zip(whole, short, strict=True))


def test_it_stops_at_a_stop_text(tmp_path: Path) -> None:
    whole = replies(tmp_path, QUESTIONS[:1], sampling=Sampling(max_tokens=60))[0]
    stop = whole.text.split()[2]
    cut = replies(tmp_path, QUESTIONS[:1], sampling=Sampling(max_tokens=60, stop=("never said", stop)))[0]
    assert cut.text == whole.text[: whole.text.index(stop)] and cut.finish == "stop"
    assert cut.usage.completion < whole.usage.completion


def test_a_conversation_that_does_not_fit_is_a_failed_row_and_the_others_are_answered(tmp_path: Path) -> None:
    spec = Local(model="asset:nano", sampling=Sampling(max_tokens=4))
    with session(tmp_path / "replies.sqlite", {"own": spec}) as calls:
        writer = calls.llm("own")

        async def one(question: str) -> Reply:
            return await writer.ask([Message("user", question)])

        made = [reply for _, reply in writer.map(["Who? " * 5000, *QUESTIONS], one)]
        assert isinstance(made[0], Failed) and made[0].why == "refused with 400" and "the model reads" in made[0].detail
        assert all(isinstance(reply, Reply) for reply in made[1:])


def test_roles_that_the_template_refuses_are_a_failed_row(tmp_path: Path) -> None:
    shutil.copytree(asset("asset:nano"), tmp_path / "model")
    shutil.copyfile(TEMPLATES / "alternating.jinja", tmp_path / "model" / "chat_template.jinja")
    with session(tmp_path / "replies.sqlite", {"own": Local(model=str(tmp_path / "model"))}) as calls:
        writer = calls.llm("own")

        async def one(roles: tuple[Role, ...]) -> Reply:
            return await writer.ask([Message(role, "Who?") for role in roles])

        asked: list[tuple[Role, ...]] = [("system", "user"), ("user",)]
        refused, answered = (reply for _, reply in writer.map(asked, one))
        assert isinstance(refused, Failed) and "Conversation roles must alternate" in refused.detail
        assert isinstance(answered, Reply)


def test_what_is_no_model_is_told_in_one_line(tmp_path: Path) -> None:
    spec = Local(model=str(tmp_path))
    with (
        session(tmp_path / "replies.sqlite", {"own": spec}) as calls,
        pytest.raises(MetierError, match=r"config\.json"),
    ):
        ask_all(calls.llm("own"), QUESTIONS)


def test_it_is_loaded_again_after_a_release(tmp_path: Path) -> None:
    spec = Local(model=str(asset("asset:nano")), sampling=Sampling(max_tokens=3))
    with session(tmp_path / "replies.sqlite", {"own": spec}) as calls:
        first = ask_all(calls.llm("own"), QUESTIONS[:1])
        calls.release()
        assert ask_all(calls.llm("own"), QUESTIONS[:1]) == first
        assert ask_all(calls.llm("own"), QUESTIONS)[0] == first[0]
        assert calls.spent()["own"].replies == 4


class Noting:
    """A writer that says nothing and notes how much it was asked at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def reply(self, requests: list[Request]) -> list[Reply | Exception]:
        self.sizes.append(len(requests))
        if requests[0].sample == 7:
            raise MetierError("broken")
        return [Reply(str(one.sample), "") for one in requests]

    def forget(self) -> None:
        self.sizes.append(0)


def test_requests_that_arrive_together_go_together() -> None:
    async def together() -> list[int]:
        writer = Noting()
        backend = Batches(writer, 3, ThreadPoolExecutor(1))
        said = await asyncio.gather(*(backend.answer(Request("m", (), sample=number)) for number in range(7)))
        assert [one.text for one in said] == list("0123456")
        with pytest.raises(MetierError, match="broken"):
            await backend.answer(Request("m", (), sample=7))
        await backend.close()
        return writer.sizes

    assert asyncio.run(together()) == [3, 3, 1, 1, 0]

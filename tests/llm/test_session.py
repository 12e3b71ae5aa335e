"""A session as stages see it: order, laziness, errors, one question once, money."""

import asyncio
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier import progress
from metier.llm.budget import BudgetError
from metier.llm.llm import LLM, Failed, ReplyError
from metier.llm.session import Session, session
from metier.llm.spec import Endpoint, Limits, Price, Scripted
from metier.llm.stub import Faults, serving
from metier.records import Message, MetierError
from tests.llm.teachers import echo

ECHO = Scripted(function="tests.llm.teachers:echo")


def said(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Session]:
    with session(tmp_path / "replies.sqlite", {"teacher": ECHO, "judge": ECHO}) as opened:
        yield opened


def test_every_item_has_its_reply_in_order(calls: Session) -> None:
    writer = calls.llm("teacher")

    async def write(number: int) -> str:
        return (await writer.ask(said(f"a{number}"))).text

    assert list(writer.map(range(500), write)) == [(number, f"a{number}"[::-1]) for number in range(500)]
    assert calls.spent()["teacher"].sent == 500


def test_a_second_session_asks_nothing(tmp_path: Path) -> None:
    texts = [f"a{number}" for number in range(50)]
    for sent in (50, 0):
        with session(tmp_path / "replies.sqlite", {"teacher": ECHO}) as calls:
            writer = calls.llm("teacher")
            found = list(writer.map(texts, lambda text, writer=writer: writer.ask(said(text))))  # type: ignore[misc]
            assert [reply.text for _, reply in found] == [text[::-1] for text in texts]  # type: ignore[union-attr]
            spent = calls.spent()["teacher"]
            assert (spent.sent, spent.cached) == (sent, 50 - sent)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LLM]:
    """One model for all examples of a law."""
    with session(tmp_path_factory.mktemp("law") / "replies.sqlite", {"teacher": ECHO}) as opened:
        yield opened.llm("teacher")


@given(items=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=80), window=st.integers(1, 9))
def test_nothing_is_lost_whatever_fails(writer: LLM, items: list[tuple[bool, int]], window: int) -> None:
    async def write(item: tuple[int, tuple[bool, int]]) -> int:
        number, (fails, turns) = item
        for _ in range(turns):
            await asyncio.sleep(0)
        if fails:
            raise ReplyError("as told", str(number))
        return number

    numbered = list(enumerate(items))
    wanted = [
        (one, Failed(one, "as told", str(number)) if fails else number)
        for one in numbered
        for number, (fails, _) in [one]
    ]
    assert list(writer.map(numbered, write, window)) == wanted


def test_the_input_is_read_no_further_than_the_window(calls: Session) -> None:
    read = []

    def items() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    async def write(number: int) -> int:
        return number

    results = calls.llm("teacher").map(items(), write, window=8)
    assert read == []
    for taken, (number, _) in enumerate(results):
        assert number == taken
        assert len(read) <= taken + 1 + 8
    assert len(read) == 100


def test_no_more_than_the_window_run_at_once(calls: Session) -> None:
    running, most = 0, 0

    async def write(number: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        while most < 7:  # none ends before so many run: whoever is slow to hand them out is waited for
            await asyncio.sleep(0)
        running -= 1

    assert len(list(calls.llm("teacher").map(range(60), write, window=7))) == 60
    assert most == 7


def test_an_error_of_the_function_is_raised_here_with_its_own_traceback(calls: Session) -> None:
    ended = []

    async def broken(number: int) -> int:
        try:
            if number == 19:
                return [1, 2][number]
            await asyncio.sleep(3600)
        finally:
            ended.append(number)
        return number

    with pytest.raises(IndexError) as caught:
        list(calls.llm("teacher").map(range(20), broken, window=20))
    assert "return [1, 2][number]" in "".join(traceback.format_exception(caught.value))
    assert sorted(ended) == list(range(20))  # the others were cancelled, and had ended


def test_an_error_of_the_input_is_raised_and_stops_the_work(calls: Session) -> None:
    ended = threading.Event()

    async def wait(_: int) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    def items() -> Iterator[int]:
        yield 1
        assert started.wait(30)
        raise OSError("the disk is gone")

    started = threading.Event()

    async def begin(number: int) -> None:
        started.set()
        await wait(number)

    with pytest.raises(OSError, match="the disk is gone"):
        list(calls.llm("teacher").map(items(), begin, window=4))
    assert ended.is_set()


def test_closing_the_generator_cancels_what_runs(calls: Session) -> None:
    begun, cancelled = [], []

    async def write(number: int) -> int:
        begun.append(number)
        try:
            while number or len(begun) < 10:
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise
        return number

    results = calls.llm("teacher").map(range(10), write, window=10)
    assert next(results) == (0, 0)
    results.close()  # type: ignore[attr-defined]
    assert sorted(cancelled) == list(range(1, 10))


def test_one_function_may_ask_several_models(calls: Session) -> None:
    writer, judge = calls.llm("teacher"), calls.llm("judge")

    async def write(text: str) -> str:
        first = await writer.ask(said(text))
        second = await judge.ask((*said(text), Message("assistant", first.text), Message("user", first.text)))
        return second.text

    assert list(writer.map(["abc", "def"], write)) == [("abc", "abc"), ("def", "def")]


def test_a_map_inside_of_a_map_of_another_thread_is_fine(calls: Session) -> None:
    writer = calls.llm("teacher")
    inner = writer.map(["ab", "cd"], lambda text: writer.ask(said(text)))
    outer = writer.map(inner, lambda pair: writer.ask(said(pair[1].text)))  # type: ignore[union-attr]
    assert [reply.text for _, reply in outer] == ["ab", "cd"]  # type: ignore[union-attr]


def test_a_map_on_the_loop_itself_is_refused_and_does_not_hang(calls: Session) -> None:
    writer = calls.llm("teacher")

    async def nested(number: int) -> list[object]:
        return list(writer.map([number], nested))

    with pytest.raises(RuntimeError, match="map is called inside of a function"):
        list(writer.map([1], nested))


def test_a_model_can_be_asked_from_any_loop(calls: Session) -> None:
    assert asyncio.run(calls.llm("teacher").ask(said("abc"))).text == "cba"


def test_the_same_question_under_way_is_asked_once(tmp_path: Path) -> None:
    with serving(echo, Faults(latency=0.05)) as stub:
        with session(tmp_path / "replies.sqlite", {"teacher": Endpoint(base_url=stub.url, model="m")}) as calls:
            writer = calls.llm("teacher")
            found = list(writer.map(range(40), lambda number: writer.ask(said(f"q{number % 2}"))))
            assert [reply.text for _, reply in found] == ["0q", "1q"] * 20  # type: ignore[union-attr]
            assert calls.spent()["teacher"].cached == 38
        assert sorted(stub.asked.values()) == [1, 1]


def test_all_who_wait_for_a_question_that_fails_are_counted(tmp_path: Path) -> None:
    with serving(echo, Faults(latency=0.05, status=400)) as stub:
        spec = Endpoint(base_url=stub.url, model="m")
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            writer = calls.llm("teacher")
            found = list(writer.map(range(5), lambda number: writer.ask(said("q"))))
            spent = calls.spent()["teacher"]
    assert {made.why for _, made in found} == {"refused with 400"}  # type: ignore[union-attr]
    assert (spent.sent, spent.failed) == (1, 5)


def test_samples_of_one_question_are_asked_apart(calls: Session) -> None:
    writer = calls.llm("teacher")
    found = list(writer.map(range(3), lambda number: writer.ask(said("q"), sample=number)))
    assert len({reply.request for _, reply in found}) == 3  # type: ignore[union-attr]
    assert calls.spent()["teacher"].sent == 3


def test_an_empty_reply_is_a_failure_that_is_not_paid_twice(tmp_path: Path) -> None:
    spec = Scripted(function="tests.llm.teachers:silent")
    for sent in (1, 0):
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            [(_, made)] = calls.llm("teacher").map(["x"], lambda text: calls.llm("teacher").ask(said(text)))
            assert made == Failed("x", "empty reply", "stop")
            assert calls.spent()["teacher"].sent == sent


PRICE = Price(prompt=1000, completion=10_000)


def test_the_budget_stops_before_it_is_passed_and_a_later_run_goes_on(tmp_path: Path) -> None:
    texts, done, runs = [f"question {number} " * 5 for number in range(60)], 0, 0
    with serving(echo, Faults(latency=0.01)) as stub:
        spec = Endpoint(base_url=stub.url, model="m", price=PRICE, budget=13, limits=Limits(concurrency=8))
        while done < len(texts):
            runs += 1
            with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
                writer = calls.llm("teacher")
                try:
                    done = len(list(writer.map(texts, lambda text: writer.ask(said(text)))))  # noqa: B023
                except BudgetError as error:
                    assert "USD spent" in str(error) and "run again with a higher budget" in str(error)
                spent = calls.spent()["teacher"]
                assert 0 < spent.cost <= 13
                assert spent.cost == pytest.approx((spent.prompt * 1000 + spent.completion * 10_000) / 1e6)
        assert runs > 1
        assert set(stub.asked.values()) == {1}


def test_a_budget_smaller_than_one_request_sends_nothing(tmp_path: Path) -> None:
    with serving(echo) as stub:
        spec = Endpoint(base_url=stub.url, model="m", price=PRICE, budget=0.1)
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            writer = calls.llm("teacher")
            with pytest.raises(BudgetError, match="0 USD spent of a budget"):
                list(writer.map(["a"], lambda text: writer.ask(said(text))))
        assert stub.counts().requests == 0


def test_a_budget_without_prices_is_an_error(tmp_path: Path) -> None:
    spec = Scripted(function="tests.llm.teachers:echo", budget=5)
    with pytest.raises(MetierError, match="teacher: a budget needs prices"), session(tmp_path / "r", {"teacher": spec}):
        pass


def test_cost_is_told_while_it_grows(tmp_path: Path) -> None:
    heard = []
    spec = Scripted(function="tests.llm.teachers:echo", price=PRICE)
    with (
        session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls,
        progress.listening(lambda *said: heard.append(said)),
    ):
        writer = calls.llm("teacher")
        list(writer.map(["abcd"] * 3, lambda text: writer.ask(said(text))))
    done, total, unit, note = heard[-1]
    assert (done, total, unit) == (3, 3, "items")
    assert "teacher: 0.022 USD 1 sent, 2 cached" in note


def test_released_models_are_connected_again(tmp_path: Path) -> None:
    with serving(echo) as stub:
        with session(tmp_path / "replies.sqlite", {"teacher": Endpoint(base_url=stub.url, model="m")}) as calls:
            writer = calls.llm("teacher")
            for text in ("a", "b"):
                assert asyncio.run(writer.ask(said(text))).text == text
                calls.release()
        assert stub.counts().requests == 2


def test_an_unknown_model_is_told(calls: Session) -> None:
    with pytest.raises(MetierError, match="no model 'techer'; did you mean 'teacher'"):
        calls.llm("techer")

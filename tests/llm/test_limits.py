"""How hard a model is asked, on a simulated clock."""

import asyncio
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.llm.backend import AttemptError, Cut, EndpointError, Malformed, Refused, ReplyError, Unreachable
from metier.llm.cache import Cache
from metier.llm.calls import Calls, Shared
from metier.llm.endpoint import seconds
from metier.llm.limits import Limiter, delay
from metier.llm.request import Reply, Request, Usage
from metier.llm.spec import Limits, Scripted
from metier.records import Message
from tests.llm.virtual import simulate


async def attempts(limits: Limits, jobs: list[tuple[float, float, int]]) -> tuple[list[tuple[float, int]], int]:
    """(time, tokens) of every attempt begun, and the most under way; a job is (comes at, takes, tokens)."""
    loop = asyncio.get_running_loop()
    limiter = Limiter("m", limits, loop)
    begun: list[tuple[float, int]] = []
    most = under_way = 0

    async def one(age: int, comes: float, takes: float, tokens: int) -> None:
        nonlocal most, under_way
        await asyncio.sleep(comes)
        await limiter.enter(age, tokens)
        begun.append((loop.time(), tokens))
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(takes)
        under_way -= 1
        limiter.leave()

    await asyncio.gather(*(one(number, *job) for number, job in enumerate(jobs)))
    return begun, most


def busiest(begun: list[tuple[float, int]], tokens: bool) -> float:
    """The most requests or tokens that any minute saw."""
    weights = [(at, weight if tokens else 1) for at, weight in begun]
    return max(sum(weight for at, weight in weights if begin <= at < begin + 60 - 1e-6) for begin, _ in weights)


JOBS = st.lists(st.tuples(st.floats(0, 90), st.floats(0, 5), st.integers(1, 400)), min_size=1, max_size=60)


@given(JOBS, st.integers(1, 200), st.integers(1, 20))
def test_no_minute_sees_more_requests_than_allowed(jobs: list[tuple[float, float, int]], rate: int, width: int) -> None:
    begun, most = simulate(attempts(Limits(concurrency=width, requests_per_minute=rate), jobs))
    assert len(begun) == len(jobs)
    assert busiest(begun, tokens=False) <= rate
    assert most <= width


@given(JOBS, st.integers(100, 20_000))
def test_no_minute_sees_more_tokens_than_allowed_and_the_largest_request(
    jobs: list[tuple[float, float, int]], rate: int
) -> None:
    begun, _ = simulate(attempts(Limits(tokens_per_minute=rate), jobs))
    assert len(begun) == len(jobs)
    assert busiest(begun, tokens=True) <= rate + max(tokens for _, tokens in begun)


@pytest.mark.parametrize("rate", [1, 30, 60, 600, 6000])
def test_the_allowed_rate_is_used(rate: int) -> None:
    count = 3 * rate
    begun, _ = simulate(attempts(Limits(concurrency=8, requests_per_minute=rate), [(0, 0.001, 1)] * count))
    minutes = (begun[-1][0] + 60 / rate) / 60
    assert count / minutes >= 0.95 * rate


def test_there_is_no_burst_beyond_a_second() -> None:
    begun, _ = simulate(attempts(Limits(concurrency=500, requests_per_minute=600), [(0, 0, 1)] * 100))
    assert sum(at < 1 for at, _ in begun) <= 20


def test_tokens_that_were_not_needed_are_given_back() -> None:
    async def run(unused: float) -> float:
        loop = asyncio.get_running_loop()
        limiter = Limiter("m", Limits(tokens_per_minute=6000), loop)
        for _ in range(20):
            await limiter.enter(0, 100)
            limiter.leave(unused)
        return loop.time()

    assert simulate(run(90)) < simulate(run(0)) / 5 < simulate(run(-100)) / 9


def test_the_oldest_goes_first() -> None:
    async def run() -> list[int]:
        limiter = Limiter("m", Limits(concurrency=1), asyncio.get_running_loop())
        seen: list[int] = []

        async def one(age: int) -> None:
            await limiter.enter(age, 0)
            seen.append(age)
            await asyncio.sleep(1)
            limiter.leave()

        await asyncio.gather(*(one(age) for age in (5, 3, 9, 1, 7)))
        return seen

    assert simulate(run()) == [5, 1, 3, 7, 9]


def test_who_is_cancelled_in_the_queue_takes_no_place() -> None:
    async def run() -> int:
        limiter = Limiter("m", Limits(concurrency=1), asyncio.get_running_loop())
        await limiter.enter(0, 0)
        waiting = [asyncio.ensure_future(limiter.enter(age, 0)) for age in (1, 2, 3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        limiter.leave()  # its turn comes to 2
        waiting[1].cancel()  # who leaves at that very moment
        await asyncio.wait_for(waiting[2], 1)
        return limiter.under_way

    assert simulate(run()) == 1


@given(st.integers(1, 50), st.integers())
def test_waits_between_attempts_are_bounded_and_grow(failures: int, seed: int) -> None:
    assert 0 <= delay(failures, Cut(), Random(seed)) <= min(4, 0.25 * 2 ** (failures - 1))


def test_retry_after_is_honoured() -> None:
    assert 7 <= delay(1, Refused(429, "", 7.0), Random(0)) <= 8
    assert seconds("12") == 12
    assert seconds("0.5") == 0.5
    assert seconds("Wed, 21 Oct 2026 07:28:30 GMT", "Wed, 21 Oct 2026 07:28:00 GMT") == 30
    assert seconds("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:30 GMT") == 0
    assert seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert seconds("soon") is None
    assert seconds("") is None


class Acting:
    """A backend that does what it is told in turn, and notes when; the last stays."""

    def __init__(self, *acts: AttemptError | None, takes: float = 0.1) -> None:
        self.acts, self.takes = list(acts), takes
        self.at: list[float] = []
        self.open = self.most = 0

    async def answer(self, request: Request) -> Reply:
        """The next of its acts."""
        self.at.append(asyncio.get_running_loop().time())
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.open -= 1
        if act is not None:
            raise act
        return Reply(request.messages[0].content, "", Usage(5, 5))

    async def close(self) -> None:
        """Nothing is held."""


def outcomes(tmp_path: Path, backend: Acting, limits: Limits, count: int) -> list[str]:
    """What became of so many requests that are made at once."""

    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        cache = Cache(tmp_path / "replies.sqlite")

        async def connect() -> Acting:
            return backend

        calls = Calls("m", Scripted(function="x:y", limits=limits), connect, Shared(cache, loop, Random(0)))
        asked = [calls.answer(Request("m", (Message("user", str(number)),))) for number in range(count)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        await asyncio.sleep(0.01)
        cache.close()
        return [one.text if isinstance(one, Reply) else f"{type(one).__name__}: {one}" for one in found]

    return simulate(run())


def test_who_is_cancelled_while_replies_are_committed_takes_no_other_along(tmp_path: Path) -> None:
    class Cancelling(Acting):
        async def answer(self, request: Request) -> Reply:
            reply = await super().answer(request)
            if request.messages[0].content == "0":
                asyncio.get_running_loop().call_soon(tasks[0].cancel)
            return reply

    tasks: list[asyncio.Task[Reply]] = []

    async def run() -> list[object]:
        loop = asyncio.get_running_loop()
        cache = Cache(tmp_path / "replies.sqlite")

        async def connect() -> Acting:
            return Cancelling(None)

        calls = Calls("m", Scripted(function="x:y"), connect, Shared(cache, loop, Random(0)))
        asked = [Request("m", (Message("user", str(number)),)) for number in range(3)]
        tasks.extend(loop.create_task(calls.answer(request)) for request in asked)
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(cache.find(request.key) for request in asked)
        cache.close()
        return [one.text if isinstance(one, Reply) else type(one) for one in found]

    assert simulate(run()) == [asyncio.CancelledError, "1", "2"]


def test_a_request_is_tried_again_and_answered(tmp_path: Path) -> None:
    backend = Acting(Refused(500), Cut("gone"), Malformed("{"), Refused(429, "", 20.0), None)
    assert outcomes(tmp_path, backend, Limits(), 1) == ["0"]
    assert len(backend.at) == 5
    assert 20 <= backend.at[-1] - backend.at[-2] - 0.1 <= 21.5


def test_tries_are_bounded_and_the_last_error_is_the_reason(tmp_path: Path) -> None:
    backend = Acting(Refused(500, "boom"))
    assert outcomes(tmp_path, backend, Limits(retries=3), 1) == ["ReplyError: refused with 500: boom"]
    assert len(backend.at) == 4


def test_a_bad_request_is_not_tried_again(tmp_path: Path) -> None:
    backend = Acting(Refused(400, "too long"), None)
    assert outcomes(tmp_path, backend, Limits(concurrency=1), 2) == ["ReplyError: refused with 400: too long", "1"]


def test_an_attempt_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    backend = Acting(None, takes=100)
    assert outcomes(tmp_path, backend, Limits(timeout=10, retries=1), 1) == ["ReplyError: too slow: no reply in 10 s"]
    assert len(backend.at) == 2


def test_a_request_has_a_deadline_with_all_its_attempts(tmp_path: Path) -> None:
    backend = Acting(Refused(500, "boom"), takes=30)
    found = outcomes(tmp_path, backend, Limits(deadline=100, retries=99), 1)
    assert found == ["ReplyError: refused with 500: boom; no time left of 100 s"] or "too slow" in found[0]
    assert backend.at[-1] < 100


def test_waiting_for_a_turn_does_not_count_against_the_deadline(tmp_path: Path) -> None:
    backend = Acting(None, takes=5)
    found = outcomes(tmp_path, backend, Limits(concurrency=1, deadline=10), 20)
    assert found == [str(number) for number in range(20)]


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_closed_door_stops_all_at_once(tmp_path: Path, status: int) -> None:
    backend = Acting(Refused(status, "no"))
    found = outcomes(tmp_path, backend, Limits(concurrency=4), 50)
    assert all(one.startswith(f"EndpointError: models: m: refused with {status}: no; ") for one in found)
    assert len(backend.at) <= 4


def test_a_spent_quota_is_no_crowd(tmp_path: Path) -> None:
    backend = Acting(Refused(429, "insufficient_quota"))
    assert "no credit left" in outcomes(tmp_path, backend, Limits(concurrency=1), 5)[0]
    assert len(backend.at) == 1


@pytest.mark.parametrize("error", [Unreachable("refused"), Refused(500, "x"), Malformed("<html>"), Cut("gone")])
def test_a_dead_server_stops_the_run_and_drops_next_to_nothing(tmp_path: Path, error: AttemptError) -> None:
    backend = Acting(error)
    found = outcomes(tmp_path, backend, Limits(concurrency=16), 200)
    stopped = [one for one in found if one.startswith("EndpointError: models: m: nothing but failures for")]
    assert len(stopped) >= 195
    assert backend.at[-1] < 100
    assert len(backend.at) < 60  # it is probed, not stormed


@pytest.mark.parametrize("count", [1, 3])
def test_a_server_that_is_not_there_drops_nothing(tmp_path: Path, count: int) -> None:
    backend = Acting(Unreachable("refused"))
    found = outcomes(tmp_path, backend, Limits(), count)
    assert all(one.startswith("EndpointError: models: m: nothing but failures for") for one in found)
    assert 20 < backend.at[-1] < 40


def test_a_server_that_comes_back_loses_no_row(tmp_path: Path) -> None:
    backend = Acting(None, *[Unreachable("refused")] * 14, None)
    found = outcomes(tmp_path, backend, Limits(concurrency=4), 100)
    assert found == [str(number) for number in range(100)]


def test_a_wait_longer_than_the_deadline_stops_the_run(tmp_path: Path) -> None:
    backend = Acting(Refused(429, "daily quota", 7200.0))
    found = outcomes(tmp_path, backend, Limits(concurrency=2, deadline=900), 20)
    assert all("daily quota; it asks to wait 7,200 s: every reply so far is kept" in one for one in found)
    assert len(backend.at) == 2


def test_one_poisoned_request_does_not_stop_the_others(tmp_path: Path) -> None:
    class Poisoned(Acting):
        async def answer(self, request: Request) -> Reply:
            self.acts = [Refused(500, "boom") if request.messages[0].content == "3" else None]
            return await super().answer(request)

    found = outcomes(tmp_path, Poisoned(None), Limits(concurrency=1), 6)
    assert found == ["0", "1", "2", "ReplyError: refused with 500: boom", "4", "5"]


def test_requests_that_are_all_refused_stop_the_run(tmp_path: Path) -> None:
    found = outcomes(tmp_path, Acting(Refused(400, "no such field")), Limits(concurrency=1), 100)
    assert found[-1].startswith("EndpointError: models: m: each of the first 20 requests was refused with 400")


def test_a_crowd_is_met_with_patience_and_left_again(tmp_path: Path) -> None:
    class Allowing(Acting):
        """So many requests a second, no more."""

        seen = 0

        async def answer(self, request: Request) -> Reply:
            now = asyncio.get_running_loop().time()
            fresh = sum(at > now - 1 for at in self.at[-400:]) < 20
            if not fresh:
                self.seen += 1
                await asyncio.sleep(0.02)
                raise Refused(429, "slow down")
            return await super().answer(request)

    backend = Allowing(None)
    found = outcomes(tmp_path, backend, Limits(concurrency=64), 1000)
    assert found == [str(number) for number in range(1000)]
    assert 1000 / backend.at[-1] >= 0.8 * 20
    assert backend.seen <= 1500


def test_a_model_that_is_always_crowded_stops_the_run(tmp_path: Path) -> None:
    backend = Acting(Refused(429, "slow down"))
    found = outcomes(tmp_path, backend, Limits(concurrency=16), 100)
    assert sum(one.startswith("EndpointError: models: m: nothing but failures") for one in found) >= 90
    assert 300 <= backend.at[-1] < 400


def test_only_replies_are_kept_and_all_attempts_are_noted(tmp_path: Path) -> None:
    outcomes(tmp_path, Acting(Refused(500, "boom"), Refused(400, "bad")), Limits(), 1)
    cache = Cache(tmp_path / "replies.sqlite")
    key = Request("m", (Message("user", "0"),)).key
    assert cache.find(key) is None
    assert cache.request(key) == Request("m", (Message("user", "0"),))
    assert [(one.outcome, one.detail) for one in cache.attempts(key)] == [
        ("refused with 500", "boom"), ("refused with 400", "bad"),
    ]  # fmt: skip
    cache.close()


def test_errors_name_how_far_they_reach() -> None:
    reach = {status: Refused(status).reach for status in (301, 400, 401, 404, 408, 413, 422, 429, 500, 502, 529)}
    assert [status for status, far in reach.items() if far == "attempt"] == [408, 429, 500, 502, 529]
    assert [status for status, far in reach.items() if far == "request"] == [400, 413, 422]
    assert Unreachable("certificate", lasting=True).reach == "model"
    assert isinstance(ReplyError("why"), Exception) and isinstance(EndpointError("why"), Exception)

"""How hard a model is asked: its share of requests and tokens, its pace in a crowd, its silence when it is down.

All time is that of the event loop.
"""

import asyncio
import heapq
from collections import deque
from itertools import count
from random import Random

from metier.llm.backend import AttemptError, EndpointError, Refused, Unreachable
from metier.llm.spec import Limits

_MINUTE = 60.0
_EPSILON = 1e-9
_SHORT, _LONGEST = 0.25, 4.0
"""Seconds of the first wait between attempts and of the longest."""
_LATER = "every reply so far is kept: run again later"


class Bucket:
    """A token bucket that holds a second's worth, so that no minute takes more than ``per_minute``.

    What is larger than a second's worth waits for a full bucket and leaves a debt.
    """

    def __init__(self, per_minute: float, now: float) -> None:
        self.capacity = max(1.0, per_minute / _MINUTE)
        self.rate = (per_minute - self.capacity + (1.0 if self.capacity == 1.0 else 0.0)) / _MINUTE
        self.level, self.at = self.capacity, now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until so much may be taken."""
        self._fill(now)
        missing = min(amount, self.capacity) - self.level
        return missing / self.rate if missing > _EPSILON else 0.0

    def take(self, amount: float) -> None:
        """Take so much; a negative amount gives back what was not used."""
        self.level = min(self.capacity, self.level - amount)

    def _fill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + (now - self.at) * self.rate)
        self.at = now


class Pace:
    """A speed limit of our own that stands only while a model turns away more than half of what it is sent.

    It then falls to the rate at which they were let in, rises every second by a tenth, by half while little is refused,
    and is lifted where it no longer binds (a cut to the measured goodput and a rise, in the manner of congestion
    control).
    """

    SPAN, FEWEST = 1.0, 16
    """What is judged: the attempts begun in the last second, or the last 16 where that is longer. Those that are still
    under way count as let in: a refusal comes sooner than a reply."""
    GROWTH, QUICK, LIFTED = 1.1, 1.5, 4
    LEAST = 0.2

    def __init__(self) -> None:
        self.limit: float | None = None
        """Attempts a second."""
        self._next = self._grown = 0.0
        self._begun: deque[float] = deque()
        self._refused: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until the next attempt may begin."""
        if self.limit is None:
            return 0.0
        if (steps := int(now - self._grown)) > 0:
            little = 4 * len(self._refused) <= len(self._begun)
            self.limit *= (self.QUICK if little else self.GROWTH) ** min(steps, 30)
            self._grown += steps
            if self._begun and self.limit * max(now - self._begun[0], self.SPAN) > self.LIFTED * len(self._begun):
                self.limit = None
                return 0.0
        return max(0.0, self._next - now)

    def take(self, now: float) -> None:
        """An attempt begins."""
        begun = self._begun
        begun.append(now)
        while len(begun) > self.FEWEST and now - begun[0] > self.SPAN:
            begun.popleft()
        if self.limit is not None:
            self._next = max(self._next, now - 0.05) + 1 / self.limit

    def refused(self, at: float, now: float) -> None:
        """An attempt that began at ``at`` was turned away."""
        begun, refused = self._begun, self._refused
        if not begun or at < begun[0]:
            return
        refused.append(at)
        while refused[0] < begun[0]:
            refused.popleft()
        seconds = now - begun[0]
        enough = seconds >= self.SPAN / 2 or (seconds >= self.SPAN / 10 and len(begun) >= 4 * self.FEWEST)
        if len(begun) < self.FEWEST or not enough or 2 * len(refused) <= len(begun):
            return
        let_in = max(0, len(begun) - len(refused))
        seen = (let_in or len(begun) / 2) / seconds
        self.limit = max(self.LEAST, min(seen, self.limit / 2) if self.limit and not let_in else seen)
        self._grown = now
        begun.clear()
        refused.clear()


class Breaker:
    """Tells a dead endpoint from a bad request: after many failures and no reply between, one attempt at a time."""

    NEVER, PATIENCE, CROWDED = 20.0, 60.0, 300.0
    """Seconds without any reply after which the run stops: where nobody ever answered at the address; else; while all
    there is are refusals for crowding."""
    PROBES = (0.5, 1.0, 2.0, 4.0, 8.0)

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self.most, self.deadline = max(10, limits.retries + 2), limits.deadline
        self.failures = self.crowded = self.turned_down = self.replies = 0
        self.stopped = ""
        self._since = self._next = self._asked = 0.0

    @property
    def open(self) -> bool:
        """Whether only one attempt at a time is let through."""
        return self.failures >= self.most

    def wait(self, now: float) -> float:
        """Seconds until the next probe."""
        return max(0.0, self._next - now)

    def good(self) -> None:
        """A reply came."""
        self.failures = self.crowded = self.turned_down = 0
        self.replies += 1
        self._asked = 0.0

    def bad(self, error: AttemptError, now: float) -> None:
        """An attempt failed; after this, ``stopped`` says why no other should be made, if so."""
        wait = error.retry_after or 0.0 if isinstance(error, Refused) else 0.0
        if wait > self.deadline:
            self.stopped = f"models: {self.name}: {error}; it asks to wait {wait:,.0f} s: {_LATER}"
        elif error.reach == "model" and not (isinstance(error, Refused) and error.status == 403 and self.replies):
            self.stopped = f"models: {self.name}: {error}; {_remedy(error)}"
        elif error.reach == "attempt":
            self._fail(error, now)
        else:
            self.turned_down += 1
            if not self.replies and self.turned_down >= 2 * self.most:
                self.stopped = f"models: {self.name}: each of the first {self.turned_down} requests was {error}"

    def _fail(self, error: AttemptError, now: float) -> None:
        if not self.failures + self.crowded:
            self._since = now
        if isinstance(error, Refused) and error.crowded:
            self.crowded += 1
            self._asked = max(self._asked, error.retry_after or 0.0)
        else:
            self.failures += 1
        if self.open:
            self._next = now + self.PROBES[min(self.failures - self.most, len(self.PROBES) - 1)]
        patience = self.PATIENCE if self.open else self.CROWDED + self._asked
        if isinstance(error, Unreachable) and not self.replies:
            patience = self.NEVER
        if self.failures + self.crowded >= self.most and now - self._since > patience:
            self.stopped = (
                f"models: {self.name}: nothing but failures for {now - self._since:.0f} s, the last: {error}; {_LATER}"
            )


def _remedy(error: AttemptError) -> str:
    status = error.status if isinstance(error, Refused) else 0
    if status in (401, 403, 407):
        return "check the key that api_key_env names"
    if status in (402, 429):
        return f"the account has no credit left; {_LATER}"
    if status in (404, 405, 410, 501):
        return "check base_url (up to /v1) and model"
    return "check the endpoint"


class Limiter:
    """Lets attempts through one by one, the oldest request first."""

    def __init__(self, name: str, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self.limits, self.loop = limits, loop
        now = loop.time()
        self.requests = Bucket(limits.requests_per_minute, now) if limits.requests_per_minute else None
        self.tokens = Bucket(limits.tokens_per_minute, now) if limits.tokens_per_minute else None
        self.pace, self.breaker = Pace(), Breaker(name, limits)
        self.under_way = 0
        self._queue: list[tuple[int, int, float, asyncio.Future[None]]] = []
        self._arrival = count()
        self._alarm: asyncio.TimerHandle | None = None

    async def enter(self, order: int, tokens: float) -> None:
        """Wait for the turn of one attempt of a request; ``order`` is the request's age, ``tokens`` an estimate."""
        self.check()
        if not self._queue and self._wait(tokens) == 0.0:
            self._take(tokens)
            return
        turn = self.loop.create_future()
        heapq.heappush(self._queue, (order, next(self._arrival), tokens, turn))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()
            raise

    def leave(self, unused: float = 0.0) -> None:
        """An attempt has ended; ``unused`` of its estimated tokens were not needed (negative: more were)."""
        self.under_way -= 1
        if self.tokens is not None and unused:
            self.tokens.take(-unused)
        if self._queue:
            self._let_in()

    def good(self) -> None:
        """Note a reply."""
        self.breaker.good()

    def bad(self, error: AttemptError, took: float) -> None:
        """Note a failure after so many seconds; where none will get a reply, those that wait hear of it."""
        now = self.loop.time()
        self.breaker.bad(error, now)
        if isinstance(error, Refused) and error.crowded:
            self.pace.refused(now - took, now)
        if self.breaker.stopped:
            for *_, turn in self._queue:
                if not turn.done():
                    turn.set_exception(EndpointError(self.breaker.stopped))
            self._queue.clear()

    def check(self) -> None:
        """Raise EndpointError where no request will get a reply."""
        if self.breaker.stopped:
            raise EndpointError(self.breaker.stopped)

    def _let_in(self) -> None:
        """Let in all that may go now, and set an alarm for the next."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while self._queue:
            *_, tokens, turn = self._queue[0]
            if turn.done():
                heapq.heappop(self._queue)
                continue
            wait = self._wait(tokens)
            if wait is None:
                return
            if wait > 0:
                self._alarm = self.loop.call_later(wait, self._let_in)
                return
            heapq.heappop(self._queue)
            self._take(tokens)
            turn.set_result(None)

    def _wait(self, tokens: float) -> float | None:
        """Seconds until one more may go; None until one has left."""
        if self.under_way >= (1 if self.breaker.open else self.limits.concurrency):
            return None
        if self.requests is None and self.tokens is None and self.pace.limit is None and not self.breaker.open:
            return 0.0
        now = self.loop.time()
        wait = self.pace.wait(now)
        if self.breaker.open:
            wait = max(wait, self.breaker.wait(now))
        if self.requests is not None:
            wait = max(wait, self.requests.wait(1, now))
        if self.tokens is not None:
            wait = max(wait, self.tokens.wait(tokens, now))
        return wait

    def _take(self, tokens: float) -> None:
        self.under_way += 1
        if self.requests is not None:
            self.requests.take(1)
        if self.tokens is not None:
            self.tokens.take(tokens)
        self.pace.take(self.loop.time())


def delay(failures: int, error: AttemptError, draw: Random) -> float:
    """Seconds before the next attempt: exponential with full jitter, or what the other side asked for and a little.

    They stay short, since a crowd and a dead server have brakes of their own. (Full jitter: M. Brooker, Exponential
    Backoff and Jitter, AWS Architecture Blog, 2015.)
    """
    if isinstance(error, Refused) and error.retry_after is not None:
        return error.retry_after + draw.uniform(0, min(1.0, 0.1 * error.retry_after))
    return draw.uniform(0, min(_LONGEST, _SHORT * 2.0 ** min(failures - 1, 20)))

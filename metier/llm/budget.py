"""What the calls cost, and a stop before they cost more than allowed."""

import asyncio
from collections import deque
from typing import NamedTuple

import msgspec

from metier.llm.request import Request, Usage
from metier.llm.spec import Asked
from metier.records import MetierError, Record

_MILLION = 1_000_000
_MESSAGE = 16
"""Most tokens that a chat template writes around a message."""


class BudgetError(MetierError):
    """The next request might cost more than is left: what was answered is kept, a later run goes on."""


class Spent(Record, frozen=True):
    """What one model was asked and what that cost in this session."""

    sent: int = 0
    """Attempts, with those that failed."""
    cached: int = 0
    """Requests answered without asking."""
    replies: int = 0
    failed: int = 0
    """Requests that got no reply."""
    prompt: int = 0
    completion: int = 0
    cost: float = 0.0
    at_risk: float = 0.0
    """What attempts may have cost that were cut or unreadable, at most."""
    currency: str = "USD"
    seconds: float = 0.0
    """Of all attempts together."""
    busy: float = 0.0
    """Seconds in which at least one attempt was under way."""
    cached_prompt: int = 0
    """Tokens read for what was answered without asking."""
    cached_completion: int = 0
    counts: dict[str, int] = {}  # noqa: RUF012
    """Other events, such as replies that had to be asked for again."""

    def since(self, before: "Spent") -> "Spent":
        """What was spent after ``before`` was."""
        counts = {name: count - before.counts.get(name, 0) for name, count in self.counts.items()}
        numbers = [name for name in self.__struct_fields__ if name not in ("currency", "counts")]
        changed = {name: getattr(self, name) - getattr(before, name) for name in numbers}
        return msgspec.structs.replace(self, counts={name: n for name, n in counts.items() if n}, **changed)


class Size(NamedTuple):
    """The most tokens a request can take: none is shorter than a byte, and no reply longer than allowed."""

    prompt: int
    completion: int


def size(request: Request) -> Size:
    """How large a request can become."""
    bytes_in = sum(_MESSAGE + len(message.content.encode()) for message in request.messages)
    for message in request.messages:
        bytes_in += sum(len(call.name) + len(call.arguments.encode()) for call in message.tool_calls)
    if request.tools or request.schema:
        bytes_in += 4 * len(repr((request.tools, request.schema)))
    return Size(bytes_in, request.sampling.max_tokens)


class Purse:
    """The money of one model: spent, set aside for what is under way, and left."""

    def __init__(self, name: str, spec: Asked) -> None:
        self.name, self.price, self.budget = name, spec.price, spec.budget
        if self.budget and not (self.price.prompt or self.price.completion):
            raise MetierError(f"models: {name}: a budget needs prices; set price: {{prompt: ..., completion: ...}}")
        self.cost = self.at_risk = self.aside = 0.0
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def price_of(self, tokens: Size | Usage) -> float:
        """What so many tokens cost."""
        return (tokens.prompt * self.price.prompt + tokens.completion * self.price.completion) / _MILLION

    async def reserve(self, most: float) -> None:
        """Set money aside; waits while what is under way may still leave enough. Raises BudgetError."""
        while self.budget and self.cost + self.at_risk + self.aside + most > self.budget:
            if not self._under_way:
                raise self._empty(most)
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        self.aside += most
        self._under_way += 1

    def settle(self, most: float, cost: float = 0.0, at_risk: float = 0.0) -> None:
        """Give back what was set aside, less what it cost."""
        self._under_way -= 1
        self.aside = self.aside - most if self._under_way else 0.0  # no residue of rounding
        self.cost += cost
        self.at_risk += at_risk
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def _empty(self, most: float) -> BudgetError:
        unit = self.price.currency
        risk = f" and perhaps {self.at_risk:.4g} for replies that were cut" if self.at_risk else ""
        return BudgetError(
            f"models: {self.name}: {self.cost:.4g} {unit} spent{risk} of a budget of {self.budget:g}, and the next "
            f"request may cost {most:.2g}; every reply so far is kept: run again with a higher budget to go on"
        )

"""Judges whose faults are known, and in closed form what asking both orders makes of them.

``{kind: scripted, function: "metier.world.planted_judges:first_40_noise_10"}`` under ``models:`` names the first reply
four times in ten and errs in a tenth of its other votes; the parts of such a name are the fields of `Planted` in
percent. The truth stands in the replies (see ``planted_reply``). A judge answers every prompt of `judge.asked`, and
draws by the request, so that the same question has the same answer.
"""

import re
from collections.abc import Sequence
from math import sqrt
from random import Random
from typing import NamedTuple

import msgspec

from metier.llm.prompts import between
from metier.llm.request import Request
from metier.records import Message, MetierError

_QUALITY = re.compile(r"\bquality (\d+(?:\.\d+)?)")
_NAME = re.compile(r"(?:first|longer|noise|stubborn)_\d{1,3}(?:_(?:first|longer|noise|stubborn)_\d{1,3})*")
_WORDS = ("rest", "drink", "water", "sleep", "walk", "warm", "light", "calm", "gently", "often", "slowly", "well")
GOOD, POOR, ALIKE = 8, 6, 7
"""Ratings of the reply that it is for and of the other, and of both in a tie."""


class Planted(msgspec.Struct, frozen=True):
    """How a judge errs. What is left of its votes goes by quality, and where that is equal to a tie."""

    first: float = 0.0
    """Chance that it is for the reply shown first, whatever it reads."""
    longer: float = 0.0
    """Chance that it is for the longer reply; with ``first`` at most 1."""
    noise: float = 0.0
    """Chance that a vote by quality is turned round, drawn anew at every request."""
    stubborn: float = 0.0
    """Chance that it takes the worse reply for the better, in both orders alike."""

    def __post_init__(self) -> None:
        if self.first + self.longer > 1 or max(self.noise, self.stubborn) > 1:
            chances = ", ".join(f"{fault} {chance:g}" for fault, chance in msgspec.structs.asdict(self).items())
            raise MetierError(f"a planted judge errs with chances beyond 1: {chances}; lower them")

    def __call__(self, request: Request) -> str:
        """Its reply, in the form that the prompt asks for."""
        a, b = (between(request.messages, mark) or "" for mark in "AB")
        rates = between(request.messages, "reference") is not None
        return _said(self.vote(a, b, request), rates)

    def vote(self, a: str, b: str, request: Request) -> int:
        """1 for the first reply, -1 for the second, 0 for a tie."""
        draw = Random(f"planted:{request.key}")
        fate = draw.random()
        if fate < self.first:
            return 1
        if fate < self.first + self.longer:
            return _sign(len(a) - len(b))
        seen = Random(f"planted:{request.model}:{between(request.messages, 'question')}:{sorted((a, b))}").random()
        turned = (seen < self.stubborn) != (draw.random() < self.noise)
        return _sign(quality(a) - quality(b)) * (-1 if turned else 1)


class Expected(NamedTuple):
    """What a planted judge comes to over matches with a winner, none of them a tie.

    ``before`` is its agreement with the truth in one order, ``after`` among those that survive both; the correlations
    are of winners (1 and -1) with the truth.
    """

    before: float
    survive: float
    after: float
    pearson_before: float
    pearson_after: float
    first_wins: float


def expected(judge: Planted, left: float = 0.5, longer: float = 0.5) -> Expected:
    """The closed form; ``left``: share of matches whose left reply is the better, ``longer``: whose better is longer.

    In each order the better reply wins with chance v, or v + first where it is shown first, where v is what length and
    quality give it; orders err apart from one another, so that both are right with v (v + first) and both wrong with
    (1 - v) (1 - v - first).
    """
    before = votes = right = wrong = 0.0
    for long, share in ((1.0, longer), (0.0, 1 - longer)):
        for sure, weight in ((1 - judge.noise, 1 - judge.stubborn), (judge.noise, judge.stubborn)):
            second = judge.longer * long + (1 - judge.first - judge.longer) * sure
            first, part = second + judge.first, share * weight
            before += part * (left * first + (1 - left) * second)
            votes += part * (left * first + (1 - left) * (1 - second))
            right += part * first * second
            wrong += part * (1 - first) * (1 - second)
    survive = right + wrong
    after = right / survive if survive else 0.0
    lead, mean = 2 * left - 1, 2 * votes - 1
    kept = _correlation(after, lead, lead * (2 * after - 1)) if survive else 0.0
    return Expected(before, survive, after, _correlation(before, lead, mean), kept, (1 + judge.first) / 2)


def always_first(request: Request) -> str:
    """Is for the reply shown first, whatever it reads."""
    return Planted(first=1.0)(request)


def always_ties(request: Request) -> str:
    """Finds both alike."""
    return _said(0, between(request.messages, "reference") is not None)


def never_parses(request: Request) -> str:
    """Likes both, and says so at length."""
    return "Both replies have their merits, and it would not be fair to put one above the other in so few words."


def parses_when_asked_again(request: Request) -> str:
    """Chats first; judges by quality when it is asked a second time."""
    return Planted()(request) if len(_asked(request.messages)) > 1 else never_parses(request)


def planted_reply(quality: float, words: int, name: str) -> str:
    """A reply of a known quality and length in words, drawn by its name."""
    draw = Random(f"reply:{name}")
    filling = " ".join(draw.choice(_WORDS) for _ in range(words))
    return f"{filling.capitalize()}, with quality {quality:.4f}."


def quality(reply: str) -> float:
    """The quality that stands in a reply; 0 where none does."""
    found = _QUALITY.search(reply)
    return float(found[1]) if found else 0.0


def __getattr__(name: str) -> Planted:
    """The judge whose name spells its faults in percent, as in ``first_40_noise_10``."""
    parts = name.split("_")
    if not _NAME.fullmatch(name) or len(set(parts[::2])) < len(parts[::2]):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return Planted(**{fault: int(percent) / 100 for fault, percent in zip(parts[::2], parts[1::2], strict=True)})


def _asked(messages: Sequence[Message]) -> list[Message]:
    return [one for one in messages if one.role == "user"]


def _said(vote: int, rates: bool) -> str:
    if rates:
        a, b = {1: (GOOD, POOR), 0: (ALIKE, ALIKE), -1: (POOR, GOOD)}[vote]
        return f"Rating A: {a}; Rating B: {b}"
    return f"Better: { {1: 'A', 0: 'tie', -1: 'B'}[vote] }"


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _correlation(agree: float, lead: float, mean: float) -> float:
    """Of two raters of winners 1 and -1 that agree so often and have these means; 0 where one always says the same."""
    spread = sqrt((1 - lead * lead) * max(0.0, 1 - mean * mean))
    return (2 * agree - 1 - lead * mean) / spread if spread else 0.0

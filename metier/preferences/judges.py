"""The judges that a step may name: a reward model, a metric, rules, with what else a reply may gain points for."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from metier.artefact import asset
from metier.judge.compare import Judge, Rated
from metier.judge.extras import Extras, extra_points
from metier.judge.pointwise import Metric, by_metric, by_reward, by_rules
from metier.records import Checkpoint, Comparison, Conversation, MetierError

Points = Literal["reward", "rouge_l", "bleu4", "length", "rules"]
"""Judges that read each reply for itself: a reward model, its likeness to the standard answer, its length, the rules
that it keeps."""
LIKENESS = ("rouge_l", "bleu4")
"""Those of them that need a standard answer."""


class Extended:
    """A judge whose points are those of another and what the reply gains beside them; its name says so."""

    def __init__(self, judge: Judge, extras: Extras) -> None:
        self.judge, self.extras = judge, extras
        self.name = f"{judge.name} with extras"

    def rate(self, comparisons: Iterable[Comparison]) -> Iterator[Rated]:
        """The points of both replies of every comparison."""
        rules = None
        if self.extras.rules:
            from metier.rules.loaded import checker

            rules = checker(asset(self.extras.table))
        waiting: deque[Comparison] = deque()

        def seen() -> Iterator[Comparison]:
            for one in comparisons:
                waiting.append(one)
                yield one

        for rated in self.judge.rate(seen()):
            one = waiting.popleft()
            left, right = (extra_points(one.prompt, reply, self.extras, rules) for reply in (one.left, one.right))
            if rated.left is None or rated.right is None:
                yield rated
            else:
                yield Rated(rated.left + left, rated.right + right, rated.why)


def check(by: str, table: str, extras: Extras) -> None:
    """ValueError where settings name what the judge does not use, or lack what it needs."""
    if by == "rules" and not table:
        raise ValueError("table: name the rules to judge by, as in table: domain:medicine")
    if by != "rules" and table:
        raise ValueError(f"table: by: {by} reads no rules; leave it out, or set by: rules")
    if by == "judge" and extras != Extras():
        raise ValueError("extras: are added to points that each reply has for itself; a judge that is asked has none")


def judge_of(by: str, table: str, extras: Extras, reward: Checkpoint) -> Judge:
    """The judge that a step names; MetierError where it names a reward model that it does not use, or lacks one."""
    if by == "reward" and not reward.path:
        raise MetierError("by: reward needs a reward model; name one, as in from: {reward: STEP}")
    if by != "reward" and reward.path:
        raise MetierError(f"reward: {reward.base or reward.path} is given and by: {by} asks none; leave one out")
    judge: Judge
    if by == "reward":
        judge = by_reward(reward)
    elif by == "rules":
        judge = by_rules(table)
    else:
        judge = by_metric(_METRIC[by])
    return Extended(judge, extras) if extras != Extras() else judge


_METRIC: dict[str, Metric] = {name: name for name in get_args(Metric)}


def points(judge: Judge, replies: Iterable[tuple[Conversation, str]]) -> Iterator[float | None]:
    """What each reply to a conversation is worth to a judge that reads each for itself; None where it cannot say."""
    for rated in judge.rate(Comparison(one.prompt, text, text, one.reply) for one, text in replies):
        yield rated.left


def need_references(conversations: Iterable[Conversation], what: str) -> None:
    """MetierError, with its id, where a conversation has no standard answer."""
    for one in conversations:
        if not one.reply:
            raise MetierError(
                f"conversation {one.id!r} has no standard answer, which {what} needs; "
                "feed conversations that end with the assistant's reply, or judge by something else"
            )

"""What a reply of a rollout earns, as TRL asks for it: the reward model's points, extras, a penalty for no end."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from metier.artefact import asset
from metier.judge.agreement import spearman
from metier.judge.extras import extra_points
from metier.model.rewards import load_reward, rewards
from metier.records import Message, MetierError
from metier.rules.loaded import checker
from metier.train.rloo import Rloo
from metier.train.trl_tokens import read

Points = Callable[..., list[float]]


def points(reward: str, ends: int | Sequence[int] | None, config: Rloo) -> list[Points]:
    """The parts of a reply's reward, which TRL adds up; the names of the functions are those of its metrics."""
    loaded = load_reward(reward)
    known = {ends} if isinstance(ends, int) else set(ends or ())
    rules = checker(asset(config.extras.table)) if config.extras.rules else None

    def score(prompts: list[str], completion_ids: list[list[int]], log_metric: Any, **_: Any) -> list[float]:
        found = rewards(loaded, [read(asked) + said for asked, said in zip(prompts, completion_ids, strict=True)])
        if odd := [one for one in found if not math.isfinite(one)]:
            raise MetierError(f"the reward model {reward} gives {odd[0]} to a reply; train it anew")
        log_metric("length_correlation", spearman(found, [len(one) for one in completion_ids]).value)
        log_metric("distinct", distinct(prompts, completion_ids))
        return found

    def extra(completions: list[str], messages: list[str], **_: Any) -> list[float]:
        talks = [msgspec.json.decode(one, type=tuple[Message, ...]) for one in messages]
        return [extra_points(talk, said, config.extras, rules) for talk, said in zip(talks, completions, strict=True)]

    def end(completion_ids: list[list[int]], **_: Any) -> list[float]:
        return [0.0 if one and one[-1] in known else -config.no_end for one in completion_ids]

    return [score, extra, end]


def distinct(prompts: Sequence[str], replies: Sequence[Sequence[int]]) -> float:
    """The share of replies that no other prompt got; those to one prompt may be the same."""
    said = [tuple(one) for one in replies]
    counts = Counter(one for _, one in {*zip(prompts, said, strict=True)})
    return sum(counts[one] == 1 for one in said) / len(said)

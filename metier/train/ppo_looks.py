"""What PPO shows of itself: the first look at both models, and the replies to fixed prompts along the way."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from metier.records import Preference
from metier.train.ppo_line import PpoStart
from metier.train.ppo_models import Reply, Scorer, Task
from metier.train.ppo_prompts import Prompt
from metier.train.ppo_rollout import Rollout, likeliest, scored
from metier.train.samples import Sample

SHOWN = 8
"""Prompts whose replies are kept for people to read."""


class Look(msgspec.Struct, frozen=True):
    """The likeliest replies to the fixed prompts: the mean of their scores, of their lengths, and some to read."""

    score: float
    tokens: float
    samples: tuple[Sample, ...]


def look(task: Task, step: int) -> Look:
    """Ask the policy the fixed prompts; without any, the first of those that it is trained on, which are no probe."""
    asked = task.given.fixed or task.given.prompts[:SHOWN]
    replies = likeliest(task.team, asked, task.config)
    scores = scored(replies, task.score)
    samples = tuple(_sample(step, *one) for one in zip(replies[:SHOWN], scores[:SHOWN], strict=True))
    return Look(float(np.mean(scores)), float(np.mean([len(one.ids) for one in replies])), samples)


def _sample(step: int, reply: Reply, score: float) -> Sample:
    asked, said = reply.prompt, (len(reply.ids), reply.ended)
    return Sample(
        step=step, id=asked.id, prompt=asked.messages, reply=reply.text, score=score, tokens=said[0], ended=said[1]
    )


def begin(task: Task, rollout: Rollout) -> PpoStart:
    """What is to be seen before the first update: the reference's replies, and the reward model on pairs."""
    scores, pairs, config = rollout.points.scores, task.given.pairs, task.config
    accuracy, correlation = tried(task.score, pairs, task.team.policy.tokenizer)
    return PpoStart(
        base=task.base,
        reward=task.reward,
        probes=len(pairs),
        probe_accuracy=accuracy,
        probe_length_correlation=correlation,
        score=float(np.mean(scores)),
        score_deviation=float(np.std(scores)),
        ended=float(np.mean([one.ended for one in rollout.replies])),
        tokens=float(np.mean([len(one.ids) for one in rollout.replies])),
        kl_target=config.kl_target,
        max_tokens=config.max_tokens,
    )


def tried(score: Scorer, pairs: Sequence[Preference], tokenizer: Any) -> tuple[float | None, float | None]:
    """The share of pairs whose chosen reply has more points, equal ones half, and how points go with length."""
    if not pairs:
        return None, None
    asked = [(Prompt(one.id, one.prompt, []), text) for one in pairs for text in (one.chosen, one.rejected)]
    points = np.array(score(asked))
    lengths = [len(ids) for ids in tokenizer([text for _, text in asked], add_special_tokens=False)["input_ids"]]
    lead = points[::2] - points[1::2]
    return float(np.mean((np.sign(lead) + 1) / 2)), rank_correlation(points.tolist(), lengths)


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's, ties at their mean rank; 0 where either does not vary."""
    first, second = _ranks(one), _ranks(other)
    spread = float(first.std() * second.std())
    return float(np.mean((first - first.mean()) * (second - second.mean()))) / spread if spread > 0 else 0.0


def _ranks(values: Sequence[float]) -> Any:
    _, places, counts = np.unique(np.array(values, dtype=np.float64), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[places]

"""What the numbers of DPO, KTO, RLOO or GRPO mean when they are off, and what the artefact has to say of them."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, stdev

import msgspec

from metier.proportion import wilson
from metier.train.ppo_findings import SURE, PpoFinding, findings
from metier.train.ppo_line import PpoLine, PpoStart
from metier.train.trl_lines import DpoLine, Line, RlooLine
from metier.train.trl_task import Task

TREND = 10
"""Fewest steps of which a course is told."""
LOST = 5.0
"""Nats by which the chosen replies may become less likely: some of that is usual, 150 times less is not."""
SAME = 0.9
"""Share of prompts whose replies all earn the same beyond which a rollout teaches next to nothing."""
NOT_OURS = frozenset({"ratio not 1", "two divergences", "critic explains nothing"})
"""Findings about numbers that only our own loop has."""

ADVICE = {
    ", give a `kl_target`": "",
    ", and see whether the critic explains anything (`explained`).": ".",
}
"""Words of PPO's findings that hold for our own loop alone, and what stands in their place."""


class PairNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What a training on pairs has to say of itself."""

    seconds: float
    """Of all steps."""
    pairs: int
    dropped: int
    steps: int
    loss_last: float
    margin_last: float | None
    accuracy_last: float | None
    findings: int


class RolloutNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What a training on rollouts has to say of itself."""

    seconds: float
    """Of all rollouts and their steps."""
    prompts: int
    dropped: int
    steps: int
    replies: int
    score_first: float
    """Mean score of the first rollout, and of the last."""
    score_last: float
    kl_last: float | None
    findings: int


def notes(task: Task, lines: Sequence[Line], found: int) -> PairNotes | RolloutNotes:
    """What there is to say of a finished training with so many findings."""
    seconds, last = round(sum(one.seconds for one in lines), 3), lines[-1]
    if isinstance(last, DpoLine):
        return PairNotes(
            seconds=seconds,
            pairs=task.records,
            dropped=task.dropped,
            steps=task.steps,
            loss_last=last.loss,
            margin_last=last.margin,
            accuracy_last=last.accuracy,
            findings=found,
        )
    first = lines[0]
    return RolloutNotes(
        seconds=seconds,
        prompts=task.records,
        dropped=task.dropped,
        steps=task.steps,
        replies=last.replies,
        score_first=first.score if isinstance(first, RlooLine) else math.nan,
        score_last=last.score,
        kl_last=last.kl,
        findings=found,
    )


def found(task: Task, lines: Sequence[Line]) -> list[PpoFinding]:
    """What is wrong with a training, gravest first; nothing where all is as it should be."""
    rollouts = [one for one in lines if isinstance(one, RlooLine)]
    if rollouts:
        return [*_alike(rollouts), *_as_ppo(task, rollouts)]
    pairs = [one for one in lines if isinstance(one, DpoLine)]
    return [*_unlearnt(task, pairs), *_still(task, pairs)] if len(pairs) >= TREND else []


def _as_ppo(task: Task, lines: Sequence[RlooLine]) -> list[PpoFinding]:
    """What PPO's diagnostics say of the numbers that both have."""
    first = lines[0]
    start = PpoStart(
        base=task.base,
        reward=task.reward,
        probes=0,
        probe_accuracy=None,
        probe_length_correlation=None,
        score=first.score,
        score_deviation=first.deviation,
        ended=first.ended,
        tokens=first.tokens,
        kl_target=None,
        max_tokens=int(task.settings["max_tokens"]),
    )
    made = findings(start, [_line(task, one) for one in lines])
    untold = NOT_OURS | ({"nothing moves"} if first.kl is None else set())
    return [msgspec.structs.replace(one, says=_ours(task, one.says)) for one in made if one.name not in untold]


def _ours(task: Task, says: str) -> str:
    """A finding of PPO in the words of a training by TRL: its rloo clips whole replies, and neither has a critic."""
    for theirs, ours in ADVICE.items():
        says = says.replace(theirs, ours)
    return says.replace("Of the tokens ", "Of the replies ") if task.method == "rloo" else says


def _line(task: Task, one: RlooLine) -> PpoLine:
    kl = one.kl or 0.0
    return PpoLine(
        step=one.step,
        replies=one.replies,
        seconds=one.seconds,
        score=one.score,
        extra=one.extra,
        total=one.total,
        kl=kl,
        kl_estimate=abs(kl),  # TRL logs one estimate; its size bounds how far chance takes it below 0
        beta=float(task.settings["kl"]),
        entropy=one.entropy,
        first_ratio=0.0,
        clipped=one.clipped,
        value_clipped=0.0,
        policy_loss=one.loss,
        value_loss=0.0,
        general_loss=0.0,
        explained=0.0,
        ended=one.ended,
        tokens=one.tokens,
        length_correlation=one.length_correlation,
        distinct=one.distinct,
    )


def _alike(lines: Sequence[RlooLine]) -> Iterator[PpoFinding]:
    tail = lines[-max(1, len(lines) // 4) :]
    share = fmean(one.alike for one in tail)
    if share > SAME:
        yield PpoFinding(
            "nothing to compare", tail[0].step, share,
            f"To {share:.0%} of the prompts of the last rollouts all replies earned the same, so that none had an "
            "advantage over another and nothing was learnt. The policy has collapsed onto one reply, or the reward "
            "does not tell replies apart: read some replies, raise `temperature` or `generations`, or look at the "
            "reward model.",
        )  # fmt: skip


def _unlearnt(task: Task, lines: Sequence[DpoLine]) -> Iterator[PpoFinding]:
    """Chosen replies that become less likely while the margin grows: the likelihood goes elsewhere.

    Named by Pal et al. (2024, "Smaug") and Razin et al. (2024, "Unintentional unalignment").
    """
    tail = lines[-max(2, len(lines) // 4) :]
    chosen = [one.chosen / float(task.settings["beta"]) for one in tail if one.chosen is not None]
    margins = [one.margin for one in tail if one.margin is not None]
    if len(chosen) < 2 or not margins or fmean(margins) <= 0:
        return
    lost = fmean(chosen)
    if lost < -SURE * stdev(chosen) / math.sqrt(len(chosen)) and lost < -LOST:
        yield PpoFinding(
            "chosen replies unlearnt", tail[0].step, lost,
            f"The chosen replies are {-lost:.3g} nats less likely than before the training, and the margin grows only "
            "because the rejected ones fall faster: what was likely goes to replies that no pair shows. Read what the "
            "policy says now; train it on the chosen replies first (`train.sft`), lower `learning_rate` or `epochs`, "
            + ("raise `beta`." if task.method == "kto" else "raise `beta`, or take `loss: kto`."),
        )  # fmt: skip


def _still(task: Task, lines: Sequence[DpoLine]) -> Iterator[PpoFinding]:
    tail = lines[-max(2, len(lines) // 4) :]
    shares = [one.accuracy for one in tail if one.accuracy is not None]
    if not shares:
        return
    pairs = len(shares) * int(task.settings["batch_pairs"])
    share = fmean(shares)
    low, high = wilson(share, pairs)
    if low <= 0.5:
        yield PpoFinding(
            "nothing learnt", tail[0].step, share,
            f"In the last steps the chosen reply gained more than the rejected one in {share:.0%} of the pairs (95% "
            f"interval {low:.0%} to {high:.0%}), as a coin would have it. Raise `learning_rate` or `epochs`, or look "
            "whether the pairs contradict each other (`preferences.label` says how many survive).",
        )  # fmt: skip

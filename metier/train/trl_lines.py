"""The curves of trainings by TRL: ``dpo.jsonl`` has a line a step, ``rloo.jsonl`` a line a rollout."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from metier.train.jsonl import read, rewrite
from metier.train.trl_task import Task


class DpoLine(msgspec.Struct, frozen=True, kw_only=True):
    """One step of DPO or KTO: means over its pairs or replies, before the step.

    The reward of a reply is beta times its log-ratio to the reference, in nats; all are 0 before the first step.
    """

    step: int
    pairs: int
    """Pairs seen so far, of kto two replies each."""
    seconds: float
    loss: float
    """ln 2 = .693 (dpo) or .5 (kto) where policy and reference are the same."""
    lr: float
    norm: float
    """Of the gradient, before it is clipped."""
    chosen: float | None
    """Reward of the chosen replies; None where kto had none in the step."""
    rejected: float | None
    margin: float | None
    """Chosen less rejected."""
    accuracy: float | None
    """Share of pairs whose chosen reply has the higher reward; None for kto, which sees no pairs."""
    chosen_log: float | None
    """Log-probability of a chosen reply. Where it falls with the margin rising, the policy unlearns both replies."""
    rejected_log: float | None
    kl: float | None
    """The divergence from the reference that kto holds rewards against, in nats a reply; None for dpo."""


class RlooLine(msgspec.Struct, frozen=True, kw_only=True):
    """One rollout of RLOO or GRPO and the steps made from it, by the names of ``PpoLine``; divergences in nats."""

    step: int
    """Rollouts so far, from 1."""
    replies: int
    """Replies sampled so far."""
    seconds: float
    score: float
    """Points of the reward model, before anything is added."""
    deviation: float
    """Of the rewards of the rollout's replies, all parts added up."""
    extra: float
    """Points of rules, questions and length."""
    total: float
    """Score and extra, less the penalty for no end and, for rloo, the coefficient times the divergence."""
    kl: float | None
    """Divergence from the reference, mean over replies of the sum over tokens: of log policy - log reference for rloo,
    of (ratio - 1) - log ratio for grpo; None where the coefficient is 0."""
    entropy: float
    """Of the policy's next token, mean over tokens."""
    clipped: float
    """Share of replies (rloo) or tokens (grpo) whose ratio was clipped."""
    loss: float
    lr: float
    norm: float
    """Of the gradient, before it is clipped."""
    ended: float
    """Share of replies that end by themselves."""
    tokens: float
    """Mean length of a reply."""
    length_correlation: float
    """Spearman's, of score and length within the rollout."""
    distinct: float
    """Share of replies of the rollout that no other prompt of it got."""
    alike: float
    """Share of prompts whose replies all got the same reward, so that nothing was learnt from them."""


Line = DpoLine | RlooLine


def curve(task: Task) -> str:
    """The name of a task's curve."""
    return "dpo.jsonl" if task.method in ("dpo", "kto") else "rloo.jsonl"


def made(task: Task, step: int, seconds: float, logs: Mapping[str, Any]) -> Line:
    """A line from what TRL logs after a step of the optimiser; names of metrics are those of its trainers."""
    told = {name: float(f"{value:.6g}") for name, value in logs.items() if isinstance(value, float | int)}
    own = {"loss": told["loss"], "lr": told["learning_rate"], "norm": told["grad_norm"], "seconds": seconds}
    if task.method in ("dpo", "kto"):
        return DpoLine(
            step=step,
            pairs=min(step * int(task.settings["batch_pairs"]), task.passed),
            chosen=told.get("rewards/chosen"),
            rejected=told.get("rewards/rejected"),
            margin=told.get("rewards/margins"),
            accuracy=told.get("rewards/accuracies"),
            chosen_log=told.get("logps/chosen"),
            rejected_log=told.get("logps/rejected"),
            kl=told.get("kl") if task.method == "kto" else None,
            **own,
        )
    number, tokens = step // task.per_line, told["completions/mean_length"]
    kl = told["kl"] * tokens if "kl" in told else None
    spent = kl * float(task.settings["kl"]) if kl is not None and task.method == "rloo" else 0.0
    return RlooLine(
        step=number,
        replies=number * int(task.settings["rollout"]),
        score=told["rewards/score/mean"],
        deviation=told["reward_std"],
        extra=told["rewards/extra/mean"],
        total=told["reward"] - spent,
        kl=kl,
        entropy=told["entropy"],
        clipped=told["clip_ratio/region_mean"],
        ended=1 - told["completions/clipped_ratio"],
        tokens=tokens,
        length_correlation=told["length_correlation"],
        distinct=told["distinct"],
        alike=told["frac_reward_zero_std"],
        **own,
    )


def lines(out: Path, task: Task) -> Iterator[Line]:
    """The lines of a task's curve that are whole."""
    path = out / curve(task)
    yield from read(path, DpoLine) if task.method in ("dpo", "kto") else read(path, RlooLine)


def forget_after(out: Path, task: Task, step: int) -> None:
    """Cut a curve to the steps of the optimiser that need not be made again."""
    rewrite(out / curve(task), [line for line in lines(out, task) if line.step * task.per_line <= step])

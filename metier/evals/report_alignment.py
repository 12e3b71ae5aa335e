"""Alignment as the page shows it: how policies were trained on preferences, what is off in words, how they reply."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from metier.artefact import Artefact, Finished
from metier.evals.report_figures import Line, line
from metier.evals.report_labels import Labels, Sign, labels
from metier.evals.report_logs import lines_of, one_of
from metier.evals.report_rewards import Rewarded, rewarded
from metier.evals.report_steps import cut
from metier.records import Message
from metier.scores import count

START, FINDINGS, SAMPLES = "ppo_start.json", "findings.json", "samples.jsonl"
TALKS, LENGTH = 6, 900
"""Sample prompts shown, and characters of a text of theirs."""
Row = Mapping[str, float | None]
"""A line of a training's log: numbers by name."""


@dataclass(frozen=True)
class Drawn:
    """One number of a log that has a curve: what stands above it, what it is in, and a level to measure it by."""

    field: str
    title: str
    unit: str
    level: float | None = None


SCORE, DIVERGENCE = (
    Drawn("score", "Reward of the replies", "score"),
    Drawn("kl", "Divergence from the reference", "nats a reply", 0.0),
)
LENGTH_OF, ENDED, ENTROPY, CLIPPED = (
    Drawn("tokens", "Length", "tokens a reply"),
    Drawn("ended", "Replies that end by themselves", "share", 1.0),
    Drawn("entropy", "Entropy", "nats a token", 0.0),
    Drawn("clipped", "Clipped tokens", "share", 0.0),
)
PROBE, EXPLAINED = (
    Drawn("probe", "Reward of the probe prompts, likeliest reply", "score"),
    Drawn("explained", "Explained variance of the critic", "share", 0.0),
)


@dataclass(frozen=True)
class Log:
    """The log that a kind of training leaves, the setting that names its method, and what is drawn of it over what."""

    file: str
    method: str
    over: str
    across: str
    drawn: tuple[Drawn, ...]


LOGS = (
    Log(
        "ppo.jsonl", "", "replies", "replies sampled",
        (SCORE, PROBE, DIVERGENCE, LENGTH_OF, ENDED, ENTROPY, EXPLAINED, CLIPPED),
    ),
    Log("rloo.jsonl", "method", "replies", "replies sampled", (SCORE, DIVERGENCE, LENGTH_OF, ENDED, ENTROPY, CLIPPED)),
    Log(
        "dpo.jsonl", "loss", "pairs", "pairs seen",
        (
            Drawn("loss", "Loss", "loss"),
            Drawn("accuracy", "Pairs whose chosen reply gained more", "share", 0.5),
            Drawn("margin", "Lead of the chosen reply", "reward", 0.0),
            Drawn("chosen_log", "Log-probability of the chosen reply", "nats"),
        ),
    ),
)  # fmt: skip


class Start(msgspec.Struct):
    """What the page reads of ``ppo_start.json``."""

    base: str
    reward: str
    probes: int
    probe_accuracy: float | None
    kl_target: float | None
    max_tokens: int


class Told(msgspec.Struct):
    """What the page reads of a line of ``samples.jsonl``: what the policy replied to a sample prompt, and its score."""

    step: int
    id: str
    prompt: tuple[Message, ...]
    reply: str
    score: float


@dataclass(frozen=True)
class Curve:
    """One number over the course of a training."""

    title: str
    unit: str
    drawing: Line


@dataclass(frozen=True)
class Sample:
    """A prompt as (role, text), and what the policy said to it as (when, score, reply), first look before last."""

    prompt: tuple[tuple[str, str], ...]
    said: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Policy:
    """One training of a policy; ``looked`` tells that its diagnostics were made, whatever they found."""

    step: str
    how: str
    across: str
    told: str
    signs: tuple[Sign, ...]
    looked: bool
    curves: tuple[Curve, ...]
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Alignment:
    """All that a run has of it."""

    labels: tuple[Labels, ...]
    rewards: tuple[Rewarded, ...]
    policies: tuple[Policy, ...]

    def __bool__(self) -> bool:
        return bool(self.labels or self.rewards or self.policies)

    @property
    def warned(self) -> list[tuple[str, str]]:
        """Every step that something is off with, and what, the gravest first."""
        found = [(one.step, one.signs) for one in self.labels] + [(one.step, one.signs) for one in self.policies]
        return [(step, ", ".join(one.name for one in signs)) for step, signs in found if signs]


def alignment(run: Finished) -> Alignment:
    """What was labelled, which reward models came of it, and what policies learnt."""
    policies = tuple(
        _policy(name, artefact, log)
        for name, artefact in run.artefacts.items()
        for log in LOGS
        if artefact.manifest is not None and (artefact.path / log.file).is_file()
    )
    return Alignment(tuple(labels(run)), tuple(rewarded(run)), policies)


def _policy(name: str, artefact: Artefact, log: Log) -> Policy:
    path, manifest = artefact.path, artefact.manifest
    named = manifest.config.get(log.method) if manifest is not None else None
    rows: list[Row] = list(lines_of(path / log.file, dict[str, float | None]))
    start, signs = one_of(path / START, Start), one_of(path / FINDINGS, list[Sign])
    curves = (_curve(rows, log.over, one, start) for one in log.drawn)
    how = str(named or log.file.partition(".")[0]).upper()
    return Policy(
        name, how, log.across, _told(rows, start), tuple(signs or ()), signs is not None,
        tuple(one for one in curves if one is not None), _samples(path / SAMPLES),
    )  # fmt: skip


def _told(rows: Sequence[Row], start: Start | None) -> str:
    """How far a training went, in a sentence."""
    if not rows:
        return "No step was finished."
    first, last = rows[0], rows[-1]
    if "score" not in last:
        return f"{count(_whole(last, 'pairs'))} pairs in {count(_whole(last, 'step'))} steps."
    words = f"{count(_whole(last, 'replies'))} replies in {count(_whole(last, 'step'))} rollouts"
    words += f", from {start.base} by the rewards of {start.reward}" if start is not None else ""
    words += f": the score went from {_short(first, 'score')} to {_short(last, 'score')}"
    words += f", the divergence to {_short(last, 'kl')} nats a reply" if last.get("kl") is not None else ""
    if start is not None and start.kl_target is not None:
        words += f" (target {start.kl_target:g}, its coefficient {_short(first, 'beta')} to {_short(last, 'beta')})"
    if start is not None and start.probe_accuracy is not None:
        words += (
            f". The reward model prefers the chosen reply of {start.probe_accuracy:.0%} of "
            f"{count(start.probes)} probe pairs"
        )
    return words + "."


def _whole(row: Row, name: str) -> int:
    return int(row.get(name) or 0)


def _short(row: Row, name: str) -> str:
    return f"{row.get(name) or 0.0:.3g}"


def _curve(rows: Sequence[Row], over: str, drawn: Drawn, start: Start | None) -> Curve | None:
    pairs = [
        (float(x), float(y))
        for row in rows
        if (x := row.get(over)) is not None and (y := row.get(drawn.field)) is not None and math.isfinite(y)
    ]
    if len(pairs) < 2:
        return None
    xs, ys = zip(*pairs, strict=True)
    level = start.kl_target if drawn is DIVERGENCE and start is not None and start.kl_target else drawn.level
    label = f"{drawn.title}, from {ys[0]:.3g} to {ys[-1]:.3g}"
    return Curve(drawn.title, drawn.unit, line(xs, ys, label, level=level))


def _samples(path: Path) -> tuple[Sample, ...]:
    """What was said to each sample prompt at the first look and at the last."""
    said: dict[str, list[Told]] = {}
    for one in lines_of(path, Told):
        said.setdefault(one.id, []).append(one)
    made = []
    for some in list(said.values())[:TALKS]:
        ends = [some[0], some[-1]] if len(some) > 1 else some
        asked = tuple((one.role, cut(one.content, LENGTH)) for one in some[0].prompt)
        made.append(Sample(asked, tuple(_reply(one) for one in ends)))
    return tuple(made)


def _reply(one: Told) -> tuple[str, str, str]:
    return (f"rollout {one.step}" if one.step else "before", f"{one.score:.2f}", cut(one.reply, LENGTH))

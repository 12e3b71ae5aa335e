"""The loop of PPO: sample, score, look back, update; a line a rollout, looks along the way, checkpoints."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from metier import progress
from metier.artefact import write_json
from metier.train import ppo_math
from metier.train.ppo_findings import findings
from metier.train.ppo_line import PpoLine, PpoStart
from metier.train.ppo_looks import Look, begin, look, rank_correlation
from metier.train.ppo_models import Task
from metier.train.ppo_rollout import Rollout, Scale, earned, look_back, sample, scored
from metier.train.ppo_state import State, go_on, keep
from metier.train.ppo_update import Hands, Pace, Updated, update
from metier.train.samples import SAMPLES, Sample

LINES, START, FINDINGS = "ppo.jsonl", "ppo_start.json", "findings.json"
T = TypeVar("T", PpoLine, Sample)


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What a training has to say of itself."""

    seconds: float
    """Of all rollouts, their updates and the looks."""
    prompts: int
    """Prompts that were trained on."""
    fixed: int
    """Prompts whose likeliest replies were looked at."""
    general: int
    probes: int
    dropped: int
    steps: int
    replies: int
    score_first: float
    """Mean score of the first rollout, and of the last."""
    score_last: float
    kl_last: float
    beta_last: float
    findings: int


def learn(task: Task, out: Path) -> None:
    """Train to the end from the last checkpoint on; leaves the lines, the looks and the notes, not the model."""
    out.mkdir(parents=True, exist_ok=True)
    hands = Hands.of(task)
    state = go_on(out, task, hands)
    _settle(task, state.scale)
    _forget_after(out, state.step)
    steps, saved = Pace(task.config).steps, time.monotonic()
    while state.step < steps:
        state = _advance(task, hands, state, out)
        progress.report(state.step, steps, "rollouts", "ppo")
        if state.step < steps and time.monotonic() - saved >= task.config.save_seconds:
            keep(out, task, hands, state)
            saved = time.monotonic()
    _conclude(task, out, state)


def _advance(task: Task, hands: Hands, state: State, out: Path) -> State:
    """One rollout and its updates."""
    began, step, config, team = time.monotonic(), state.step + 1, task.config, task.team
    first, looks = (look(task, 0) if step == 1 else None), list[Look]()
    numbers = range((step - 1) * config.rollout, min(step * config.rollout, config.samples))
    prompts = task.given.ask(numbers, task.seed)
    replies = sample(team, prompts, numbers, task.seed, config)
    scores = scored(replies, task.score)
    scale = state.scale
    if config.score_clip is not None and step == 1:
        scale = Scale.seen(scores, config.score_clip)
        _settle(task, scale)
    points = earned(replies, scores, task.extra, scale, config.no_end)
    rollout = look_back(team, replies, points, state.beta, config)
    start = state.start or begin(task, rollout)
    updated = update(task, hands, rollout, step)
    looks += [first] if first is not None else []
    if step % config.probe_every == 0 or step == Pace(config).steps:
        looks.append(look(task, step))
    if step == 1:
        write_json(out / START, start)
    _append(out / SAMPLES, [one for found in looks for one in found.samples])
    probe = (looks[:1] if step == 1 else looks[-1:]) if task.given.fixed else []
    line = _line(task, rollout, updated, step, state.beta)
    line = msgspec.structs.replace(
        line,
        seconds=round(time.monotonic() - began, 3),
        probe=probe[0].score if probe else None,
        probe_tokens=probe[0].tokens if probe else None,
    )
    _append(out / LINES, [line])
    beta = state.beta
    if config.kl_target is not None and step > config.critic_first:
        beta = ppo_math.adapted(beta, line.kl, config.kl_target, len(replies) / config.kl_horizon)
    return msgspec.structs.replace(state, step=step, beta=beta, scale=scale, start=start)


def _settle(task: Task, scale: Scale) -> None:
    """Let the critic speak in the terms that scores are taken in."""
    task.team.critic.mean, task.team.critic.deviation = scale.mean, scale.deviation


def _line(task: Task, rollout: Rollout, updated: Updated, step: int, beta: float) -> PpoLine:
    """What is to be said of a rollout and the updates made from it."""
    points, mask, replies = rollout.points, rollout.mask, rollout.replies
    lengths, texts = [len(one.ids) for one in replies], Counter(one.text for one in replies)
    return PpoLine(
        step=step,
        replies=(step - 1) * task.config.rollout + len(replies),
        seconds=0.0,
        score=float(np.mean(points.scores)),
        extra=float(np.mean(points.extras)),
        total=float(np.mean(points.totals)) - beta * rollout.divergence,
        kl=rollout.divergence,
        kl_estimate=float(ppo_math.k3(rollout.log_ratio).sum(1).mean()),
        beta=beta,
        entropy=float(ppo_math.masked_mean(rollout.entropy, mask)),
        explained=ppo_math.explained(rollout.values, rollout.returns, mask),
        ended=float(np.mean([one.ended for one in replies])),
        tokens=float(np.mean(lengths)),
        length_correlation=rank_correlation(points.scores, lengths),
        distinct=sum(texts[one.text] == 1 for one in replies) / len(replies),
        first_ratio=updated.first_ratio,
        clipped=updated.clipped,
        value_clipped=updated.value_clipped,
        policy_loss=updated.policy_loss,
        value_loss=updated.value_loss,
        general_loss=updated.general_loss,
    )


def _conclude(task: Task, out: Path, state: State) -> None:
    """Say what is wrong with the curve, and what was done."""
    lines, given = list(read(out / LINES, PpoLine)), task.given
    start = state.start or msgspec.json.decode((out / START).read_bytes(), type=PpoStart)
    found = findings(start, lines)
    write_json(out / FINDINGS, found)
    notes = Notes(
        seconds=round(sum(line.seconds for line in lines), 3),
        prompts=len(given.prompts),
        fixed=len(given.fixed),
        general=len(given.general),
        probes=len(given.pairs),
        dropped=len(given.dropped),
        steps=state.step,
        replies=lines[-1].replies,
        score_first=lines[0].score,
        score_last=lines[-1].score,
        kl_last=lines[-1].kl,
        beta_last=lines[-1].beta,
        findings=len(found),
    )
    write_json(out / "notes.json", notes)


def read(path: Path, kind: type[T]) -> list[T]:
    """The lines of a curve that are whole."""
    found = list[T]()
    for raw in path.read_bytes().splitlines() if path.exists() else ():
        try:
            found.append(msgspec.json.decode(raw, type=kind))
        except msgspec.DecodeError:
            break
    return found


def _forget_after(out: Path, step: int) -> None:
    """Cut the curves to what need not be made again; before the first step there is nothing to keep."""
    for path, kept in (
        (out / LINES, [one for one in read(out / LINES, PpoLine) if one.step <= step]),
        (out / SAMPLES, [one for one in read(out / SAMPLES, Sample) if one.step <= step and step]),
    ):
        scratch = path.with_suffix(".tmp")
        scratch.unlink(missing_ok=True)
        _append(scratch, kept)
        scratch.replace(path)


def _append(path: Path, lines: Sequence[PpoLine | Sample]) -> None:
    with path.open("ab") as file:
        file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

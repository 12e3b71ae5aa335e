"""Where a killed PPO goes on: weights, optimizers and the few numbers that change, in one checkpoint that is whole."""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import torch

from metier.artefact import write_json
from metier.records import MetierError, fingerprint
from metier.train.ppo_line import PpoStart
from metier.train.ppo_models import Task
from metier.train.ppo_rollout import Scale
from metier.train.ppo_update import Hands
from metier.train.prepare import MARKER
from metier.train.resume import CHECKPOINTS, last_checkpoint

WEIGHTS, NUMBERS = "state.pt", "state.json"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What changes from rollout to rollout besides weights."""

    mark: str
    """What the training was begun with."""
    step: int = 0
    """Rollouts done."""
    beta: float
    scale: Scale = Scale()
    start: PpoStart | None = None
    """What was seen before the first update."""


def keep(out: Path, task: Task, hands: Hands, state: State) -> None:
    """Write a checkpoint under its name when it is whole; only then the one before goes."""
    home = out / CHECKPOINTS
    scratch, place = home / ".next", home / f"checkpoint-{state.step}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    held = {
        "policy": _trained(task.team.policy.model),
        "critic": _trained(task.team.critic),
        "policy_hand": hands.policy.state_dict(),
        "critic_hand": hands.critic.state_dict(),
    }
    torch.save(held, scratch / WEIGHTS)
    write_json(scratch / NUMBERS, state)
    (scratch / MARKER).touch()
    shutil.rmtree(place, ignore_errors=True)
    scratch.replace(place)
    for old in home.glob("checkpoint-*"):
        if old != place:
            shutil.rmtree(old)


def go_on(out: Path, task: Task, hands: Hands) -> State:
    """Put models and optimizers into the state of the last checkpoint, where there is one, and say how far it was."""
    place, mark = last_checkpoint(out), begun_with(task)
    if place is None:
        return State(mark=mark, beta=task.config.kl)
    state = msgspec.json.decode((place / NUMBERS).read_bytes(), type=State)
    if state.mark != mark:
        raise MetierError(
            f"{out}: this training was begun with other settings, prompts or seed; give it back what it had, or delete "
            "the directory to begin anew"
        )
    held = torch.load(place / WEIGHTS, map_location="cpu", weights_only=True)
    _fill(task.team.policy.model, held["policy"])
    _fill(task.team.critic, held["critic"])
    hands.policy.load_state_dict(held["policy_hand"])
    hands.critic.load_state_dict(held["critic_hand"])
    return state


def begun_with(task: Task) -> str:
    """The hash of all that decides what a training does, but for the weights that it starts from."""
    given, settings = task.given, msgspec.structs.replace(task.config, save_seconds=0.0)
    asked = [[(one.id, one.ids) for one in some] for some in (given.prompts, given.fixed)]
    return fingerprint([settings, task.seed, *asked, [(one.ids, one.mask) for one in given.general]])


def _trained(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}


def _fill(model: Any, held: dict[str, torch.Tensor]) -> None:
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, weight in held.items():
            weights[name].copy_(weight)

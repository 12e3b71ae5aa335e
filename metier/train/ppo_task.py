"""Make the models of PPO ready: a policy and its reference, a reward model and the critic that it becomes."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from metier.artefact import asset
from metier.judge.extras import Extras, extra_points
from metier.model.load import Loaded, check_model, load_tokenizer, load_weights, quiet
from metier.model.questions import window
from metier.model.rewards import check_reward, encode_pairs, is_reward, load_reward, reward_weights, rewards
from metier.model.template import Refused, check_tokenizer
from metier.records import Checkpoint, Conversation, MetierError, Preference
from metier.rules.loaded import checker
from metier.train import adapter, attention
from metier.train.ppo import Ppo
from metier.train.ppo_models import Critic, Scorer, Task, Team, check_apart, frozen
from metier.train.ppo_prompts import Prompt, sort_out


def processes() -> int:
    """How many processes train, by what their launcher says."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def check(base: Checkpoint, reward: Checkpoint, config: Ppo, processes: int) -> None:
    """MetierError where this cannot be trained: known before any weights are read."""
    if processes > 1:
        raise MetierError(
            f"train.ppo runs in one process, and WORLD_SIZE is {processes}; for several devices use train.rloo"
        )
    check_model(base.path)
    if is_reward(base.path):
        raise MetierError(f"{base.path}: a model that rewards, not one that writes; name the policy as base")
    check_reward(reward.path)
    if config.adapter is not None:
        adapter.check(config.adapter, base.path)
    check_same_tokens(base.path, reward.path)


def check_same_tokens(base: str, reward: str) -> None:
    """MetierError where a reward model numbers tokens otherwise than a policy: as the critic it reads the policy's."""
    tokenizers = [load_tokenizer(path) for path in (base, reward)]
    check_tokenizer(tokenizers[0], base)
    ours, theirs = (one.get_vocab() for one in tokenizers)
    if ours == theirs:
        return
    odd = min((token for token in ours.keys() | theirs.keys() if ours.get(token) != theirs.get(token)), default="")
    raise MetierError(
        f"{reward}: a reward model of another tokenizer than {base} ({len(theirs):,} tokens and {len(ours):,}; {odd!r} "
        f"is {theirs.get(odd)} there and {ours.get(odd)} here), and the critic made from it reads the policy's tokens; "
        "train one from the policy's own base (train.reward)"
    )


def make(
    base: Checkpoint,
    reward: Checkpoint,
    conversations: Iterable[Conversation],
    pairs: Iterable[Preference],
    seed: int,
    config: Ppo,
) -> Task:
    """Read the models and sort out what they are asked."""
    judge = load_reward(reward.path)
    policy = Loaded(*_policy(base, seed, config), base.path)
    room = min(window(policy), window(judge))
    given = sort_out(policy.tokenizer, conversations, pairs, room, seed, config)
    AcceleratorState._reset_state(reset_partial_state=True)  # a trainer before this one may have left its precision
    on_gpu = torch.cuda.is_available()
    half = on_gpu and torch.cuda.is_bf16_supported()
    accelerator = Accelerator(mixed_precision="bf16" if half else "no", cpu=not on_gpu)
    critic = Critic(reward_weights(reward.path, torch.float32).to(accelerator.device).eval())
    reference = None if config.adapter is not None else frozen(policy.model)
    for model in (policy.model, reference, critic.model):
        if model is not None and attention.fits(model.config):
            model.set_attn_implementation(attention.NAME)
    check_apart(policy.model, base.path)
    check_apart(critic.model, reward.path)
    team = Team(policy, reference, critic, accelerator, config.temperature)
    names = (base.base or base.path, reward.base or reward.path)
    return Task(team, given, by_model(judge, room), by_extras(config.extras), seed, config, *names)


def _policy(base: Checkpoint, seed: int, config: Ppo) -> tuple[Any, Any]:
    """The policy with its tokenizer; dropout is off, as it would change what a reply's probability was."""
    place = "cuda" if torch.cuda.is_available() else "cpu"
    if config.adapter is None:
        model = load_weights(base.path, torch.float32).to(place)
    else:
        model = adapter.load_base(base.path, config.adapter, "auto" if place == "cuda" else torch.float32)
        model = model if config.adapter.quantize else model.to(place)
        model = adapter.attach(model, config.adapter, base.path, seed)
    return model.eval(), load_tokenizer(base.path)


def by_model(judge: Loaded, room: int) -> Scorer:
    """The points of a reward model, which reads the text of a reply as anyone will: with the end of its turn."""

    def score(asked: Sequence[tuple[Prompt, str]]) -> list[float]:
        rows = list[list[int]]()
        for (one, _), found in zip(
            asked, encode_pairs(judge.tokenizer, [(one.messages, text) for one, text in asked]), strict=True
        ):
            if isinstance(found, Refused):
                raise MetierError(f"{one.id}: the reward model's chat template refuses a reply: {found.why}")
            # text that is no language may be more tokens than were drawn
            rows.append(found.ids if len(found.ids) <= room else [*found.ids[: room - 1], found.ids[-1]])
        return rewards(judge, rows)

    return score


def by_extras(extras: Extras) -> Scorer | None:
    """The points of rules, questions and length; None where none are asked for."""
    if not (extras.rules or extras.asks or extras.length):
        return None
    held = checker(asset(extras.table)) if extras.rules else None

    def score(asked: Sequence[tuple[Prompt, str]]) -> list[float]:
        return [extra_points(one.messages, text, extras, held) for one, text in asked]

    return score


def save(task: Task, base: Checkpoint, out: Path) -> None:
    """Write the policy as it is now: plain files with its tokenizer, or an adapter that names its base."""
    from metier.train.plain import stop_at_turns

    model, tokenizer = task.team.policy.model, task.team.policy.tokenizer
    with quiet():
        if task.config.adapter is not None:
            adapter.save(model, base.path, out)
        else:
            stop_at_turns(model, tokenizer)
            model.config.use_cache = True
            model.save_pretrained(out)
        tokenizer.save_pretrained(out)

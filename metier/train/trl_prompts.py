"""Prompts as TRL's trainers of rollouts read them, in the order in which they are asked."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from metier.model.template import prompt
from metier.records import Checkpoint, Conversation, Dropped, Message, MetierError, fingerprint
from metier.train.rloo import Rloo
from metier.train.trl_possible import check_policy, check_rewarder, check_vllm
from metier.train.trl_task import Laid, Task, check_some, orders, plain, write
from metier.train.trl_tokens import spell


class Asked(NamedTuple):
    """A prompt as tokens, up to where the assistant begins to speak, and as messages."""

    id: str
    ids: list[int]
    messages: tuple[Message, ...]


def prepare(
    base: Checkpoint, reward: Checkpoint, conversations: Iterable[Conversation], seed: int, config: Rloo, out: Path
) -> list[Dropped]:
    """Encode prompts and write the task of a training into ``out``; what cannot be asked, and why, is returned."""

    check_policy(base.path, config)
    check_rewarder(base.path, reward.path)
    check_vllm(config.vllm)
    laid = lay(base, reward, conversations, seed, config)
    write(out, laid, config)
    return laid.dropped


def lay(base: Checkpoint, reward: Checkpoint, conversations: Iterable[Conversation], seed: int, config: Rloo) -> Laid:
    """The prompts of all rollouts, in the order in which they are asked; each is asked ``generations`` times."""
    from metier.model.load import load_tokenizer, positions
    from metier.model.template import check_tokenizer

    tokenizer = load_tokenizer(base.path)
    check_tokenizer(tokenizer, base.path)
    reads = min((most for path in (base.path, reward.path) if (most := positions(path))), default=0)
    asked, dropped = list[Asked](), list[Dropped]()
    for one in encoded(tokenizer, conversations):
        if isinstance(one, Dropped):
            dropped.append(one)
        elif reads and len(one.ids) + config.max_tokens > reads:
            dropped.append(Dropped(one.id, f"no room for {config.max_tokens} tokens in {reads} positions"))
        else:
            asked.append(one)
    check_some("prompts", asked, dropped)
    rollouts, each = math.ceil(config.samples / config.rollout), config.rollout // config.generations
    if len(asked) < each:
        remedy = f"lower rollout to {len(asked) * config.generations}, or feed more"
        raise MetierError(
            f"a rollout of {config.rollout} replies asks {each} prompts, and there are {len(asked)}; {remedy}"
        )
    ranked = [asked[number] for number in orders([one.id for one in asked], seed, rollouts * each)]
    rows = {
        "id": [one.id for one in ranked],
        "prompt": [spell(one.ids) for one in ranked],
        "messages": [msgspec.json.encode(one.messages).decode() for one in ranked],
    }
    per_line = config.epochs * (config.rollout // (config.chunk or config.rollout))
    task = Task(
        method=config.method,
        base=base.path,
        reward=reward.path,
        seed=seed,
        settings=plain(config),
        records=len(asked),
        passed=len(ranked),
        dropped=len(dropped),
        steps=rollouts * per_line,
        per_line=per_line,
        hash=fingerprint(rows),
    )
    return Laid(task=task, rows=rows, dropped=dropped)


def encoded(tokenizer: Any, conversations: Iterable[Conversation]) -> Iterator[Asked | Dropped]:
    """Every prompt as tokens, or why it has none."""
    for one in conversations:
        if not one.prompt or one.prompt[-1].role not in ("user", "tool"):
            yield Dropped(one.id, "asks nothing: no message of the user stands before the reply")
            continue
        try:
            yield Asked(one.id, prompt(tokenizer, one.prompt), one.prompt)
        except MetierError as error:
            yield Dropped(one.id, str(error))

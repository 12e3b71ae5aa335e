"""Replies to read: what a policy is most likely to say to a few prompts before and after it is trained on rollouts."""

from pathlib import Path
from typing import Any

import msgspec

from metier.model.generate import Wish, write
from metier.model.load import Loaded, load_tokenizer
from metier.model.rewards import load_reward, rewards
from metier.records import Message
from metier.train.jsonl import read, rewrite
from metier.train.samples import SAMPLES, Sample
from metier.train.trl_task import Task, rows
from metier.train.trl_tokens import read as spelt

SHOWN = 6
"""Prompts whose replies are kept."""


def look(out: Path, task: Task, trainer: Any, step: int) -> None:
    """Write what the policy says now behind what it said before, unless its weights are shared out."""
    if not task.reward or not trainer.is_world_process_zero():
        return
    if trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled:
        return
    table = rows(out)
    asked = {id: row for row, id in reversed(list(enumerate(table["id"].to_pylist())))}
    places = sorted(asked.values())[:SHOWN]
    some = table.take(places).to_pylist()
    prompts = [spelt(one["prompt"]) for one in some]
    model = trainer.accelerator.unwrap_model(trainer.model)
    training = model.training
    loaded = Loaded(model.eval(), load_tokenizer(task.base), task.base)
    said = write(loaded, [Wish(ids, int(task.settings["max_tokens"])) for ids in prompts])
    model.train(training)
    points = rewards(load_reward(task.reward), [[*ids, *one.ids] for ids, one in zip(prompts, said, strict=True)])
    now = [
        Sample(
            step=step,
            id=row["id"],
            prompt=msgspec.json.decode(row["messages"], type=tuple[Message, ...]),
            reply=one.text,
            score=score,
            tokens=len(one.ids),
            ended=one.finish == "stop",
        )
        for row, one, score in zip(some, said, points, strict=True)
    ]
    rewrite(out / SAMPLES, [*(one for one in read(out / SAMPLES, Sample) if one.step < step), *now])

"""Preferences as TRL's trainers read them: for DPO a pair a row, for KTO each of its replies."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from metier.records import Checkpoint, Dropped, Preference, fingerprint
from metier.train.dpo import Dpo
from metier.train.trl_data import Pair, encode_preferences
from metier.train.trl_possible import check_policy
from metier.train.trl_task import Laid, Task, check_some, orders, plain, write
from metier.train.trl_tokens import spell


def prepare(base: Checkpoint, preferences: Iterable[Preference], seed: int, config: Dpo, out: Path) -> list[Dropped]:
    """Encode pairs and write the task of a training into ``out``; returns what cannot be trained on, and why."""
    check_policy(base.path, config)
    laid = lay(base, preferences, seed, config)
    write(out, laid, config)
    return laid.dropped


def lay(base: Checkpoint, preferences: Iterable[Preference], seed: int, config: Dpo) -> Laid:
    """The rows of all passes over the pairs, in the order of training."""
    from metier.model.load import load_tokenizer, positions
    from metier.model.template import check_tokenizer

    tokenizer = load_tokenizer(base.path)
    check_tokenizer(tokenizer, base.path)
    most = min(config.max_tokens, positions(base.path) or config.max_tokens)
    pairs, dropped = list[Pair](), list[Dropped]()
    for one in encode_preferences(tokenizer, preferences, most):
        if isinstance(one, Dropped):
            dropped.append(one)
        else:
            pairs.append(one)
    check_some("pairs", pairs, dropped)
    rows = _kto(pairs, seed, config.epochs) if config.loss == "kto" else _dpo(pairs, seed, config.epochs)
    each = 2 if config.loss == "kto" else 1
    task = Task(
        method=config.loss,
        base=base.path,
        seed=seed,
        settings=plain(config),
        records=len(pairs),
        passed=len(rows["prompt"]) // each,
        dropped=len(dropped),
        steps=math.ceil(len(rows["prompt"]) / (each * config.batch_pairs)),
        per_line=1,
        hash=fingerprint(rows),
    )
    return Laid(task=task, rows=rows, dropped=dropped)


def _dpo(pairs: Sequence[Pair], seed: int, epochs: float) -> dict[str, list[Any]]:
    count = max(1, round(epochs * len(pairs)))
    ranked = [pairs[number] for number in orders([one.record.id for one in pairs], seed, count)]
    return {
        "prompt": [spell(one.prompt) for one in ranked],
        "chosen": [spell(one.chosen) for one in ranked],
        "rejected": [spell(one.rejected) for one in ranked],
    }


def _kto(pairs: Sequence[Pair], seed: int, epochs: float) -> dict[str, list[Any]]:
    """Every reply for itself; the two of a pair are drawn apart, or each would be the other's measure of divergence."""
    count = max(2, 2 * round(epochs * len(pairs)))
    named = [f"{one.record.id}:{side}" for one in pairs for side in ("chosen", "rejected")]
    ranked = [(pairs[number // 2], number % 2 == 0) for number in orders(named, seed, count)]
    return {
        "prompt": [spell(pair.prompt) for pair, _ in ranked],
        "completion": [spell(pair.chosen if good else pair.rejected) for pair, good in ranked],
        "label": [good for _, good in ranked],
    }

"""Log-probabilities of given texts: the options of a question, and the continuation of a prompt.

All values are sums of natural logarithms over tokens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metier.model.load import Loaded
from metier.records import MetierError

BATCH_TOKENS = 8192
"""Tokens of a batch, padding included."""


def options(loaded: Loaded, prompts: Sequence[list[int]], options: Sequence[Sequence[list[int]]]) -> list[list[float]]:
    """For every question the log-probability of each of its options after its prompt.

    A question is one row: its prompt is run once and its options lie behind it, each seeing only the prompt and itself
    and counting its positions from the end of the prompt. Equal to one pass an option but for rounding.
    """
    rows = [_row(prompt, some) for prompt, some in zip(prompts, options, strict=True)]
    sums = [[0.0] * len(some) for some in options]
    for batch in _batches([len(row.tokens) for row in rows]):
        values = _score(loaded, [rows[number] for number in batch])
        for number, some in zip(batch, values, strict=True):
            for (option, _, _), value in zip(rows[number].targets, some, strict=True):
                sums[number][option] += value
    return sums


def continuation(
    loaded: Loaded, prompts: Sequence[list[int]], targets: Sequence[list[int]], window: int
) -> list[float]:
    """For every pair the log-probability of the whole target after the prompt.

    What is longer than a window of that many tokens is read in several, each of which begins with the prompt (at most
    its last half window) and, from the second on, repeats some of the target before what it scores: half of the room
    that the prompt leaves. Every token is scored exactly once. Trainers continue long answers in the same form.
    """
    rows, owners = [], []
    for number, (prompt, target) in enumerate(zip(prompts, targets, strict=True)):
        for row in _windows(prompt, target, window):
            rows.append(row)
            owners.append(number)
    sums = [0.0] * len(targets)
    for batch in _batches([len(row.tokens) for row in rows]):
        for index, values in zip(batch, _score(loaded, [rows[index] for index in batch]), strict=True):
            sums[owners[index]] += sum(values)
    return sums


@dataclass(frozen=True)
class _Row:
    """Tokens to run; group 0 is seen by all after it, any other only by itself; targets are (option, place, token)."""

    tokens: list[int]
    positions: list[int]
    groups: list[int]
    targets: list[tuple[int, int, int]]


def _row(prompt: list[int], some: Sequence[list[int]]) -> _Row:
    if not prompt:
        raise MetierError("cannot score an option after an empty prompt; give at least one token")
    tokens, positions, groups = list(prompt), list(range(len(prompt))), [0] * len(prompt)
    targets = []
    for number, option in enumerate(some):
        first, fed = len(tokens), option[:-1]
        tokens += fed
        positions += range(len(prompt), len(prompt) + len(fed))
        groups += [number + 1] * len(fed)
        targets += [
            (number, len(prompt) - 1 if place == 0 else first + place - 1, token) for place, token in enumerate(option)
        ]
    return _Row(tokens, positions, groups, targets)


def _windows(prompt: list[int], target: list[int], window: int) -> Iterator[_Row]:
    """The rows that score a target: each begins with the prompt, later ones go on from the target so far."""
    if window < 4:
        raise MetierError(f"a window of {window} tokens is too short to score anything; give at least 4")
    if not prompt:
        raise MetierError("cannot score a text after an empty prompt; give at least one token")
    if len(prompt) + len(target) - 1 > window:
        prompt = prompt[-max(window // 2, window + 1 - len(target)) :]
    done = 0
    while done < len(target):
        before = target[max(0, done - (window - len(prompt)) // 2) : done]
        fresh = target[done : done + window + 1 - len(prompt) - len(before)]
        tokens = [*prompt, *before, *fresh[:-1]]
        first = len(prompt) + len(before) - 1
        targets = [(0, first + place, token) for place, token in enumerate(fresh)]
        yield _Row(tokens, list(range(len(tokens))), [0] * len(tokens), targets)
        done += len(fresh)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of rows of like length, long ones first, so that a batch has little padding."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _score(loaded: Loaded, rows: Sequence[_Row]) -> list[list[float]]:
    """The log-probability of every target of every row, in the order of the targets."""
    import torch

    width = max(len(row.tokens) for row in rows)
    ids, positions = np.zeros((len(rows), width), np.int64), np.zeros((len(rows), width), np.int64)
    groups = np.full((len(rows), width), -1, np.int64)
    for number, row in enumerate(rows):
        size = len(row.tokens)
        ids[number, :size], positions[number, :size], groups[number, :size] = row.tokens, row.positions, row.groups
    first = min((place for row in rows for _, place, _ in row.targets), default=width - 1)
    with torch.inference_mode():
        device = loaded.device
        plain = not (groups > 0).any()
        if plain:  # one text a row: causal attention is all the mask it needs, as padding comes after
            positions = np.broadcast_to(np.arange(width, dtype=np.int64), ids.shape).copy()
        out = loaded.model(
            input_ids=torch.from_numpy(ids).to(device),
            position_ids=torch.from_numpy(positions).to(device),
            attention_mask=None if plain else _mask(torch.from_numpy(groups).to(device), loaded.model.dtype),
            use_cache=False,
            logits_to_keep=width - first,
        )
        where = [(number, place - first, token) for number, row in enumerate(rows) for _, place, token in row.targets]
        if not where:
            return [[] for _ in rows]
        at = torch.tensor(where, device=device)
        logits = out.logits[at[:, 0], at[:, 1]].float()
        found = (logits.gather(1, at[:, 2:])[:, 0] - logits.logsumexp(-1)).double().tolist()
    values = iter(found)
    return [[next(values) for _ in row.targets] for row in rows]


def _mask(groups: Any, dtype: Any) -> Any:
    """Rows x 1 x width x width, 0 where a token is seen: earlier ones of its own group, and all of group 0."""
    import torch

    width = groups.shape[1]
    causal = torch.ones(width, width, dtype=torch.bool, device=groups.device).tril()[None]
    seen = causal & ((groups[:, :, None] == groups[:, None, :]) | (groups[:, None, :] == 0))
    hidden = torch.zeros(seen.shape, dtype=dtype, device=groups.device)
    return hidden.masked_fill(~seen, torch.finfo(dtype).min)[:, None]

"""How far models have moved from the one they come from: the divergence of their own sampled replies."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import msgspec
import numpy as np

from metier import progress
from metier.evals.intervals import mean, ratio
from metier.llm.subject import seeds
from metier.records import Checkpoint, Config, Conversation, MetierError, Score
from metier.text.held import position

if TYPE_CHECKING:
    from metier.model.load import Loaded

CHUNK = 64
"""Replies between two reports of progress."""


class Kl(Config, frozen=True):
    """How many replies, and how they are drawn."""

    n: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Replies to every prompt; those to one prompt count as one in the interval."""
    temperature: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Of the draws; both models' probabilities are those at this temperature."""
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] = 256
    """Tokens after which a reply is cut; the divergence of what it would have gone on to say is not counted."""
    limit: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Ask only so many prompts, the first by a seeded hash; 0: all."""
    by: tuple[Literal["source", "language"], ...] = ()
    """What the table groups by, a table each."""


class _Reply(NamedTuple):
    """One reply: both estimates of its divergence in nats, its tokens, its prompt and the seed of its model."""

    k1: float
    k3: float
    tokens: int
    prompt: Conversation
    seed: str


def kl(
    conversations: Iterable[Conversation],
    models: Mapping[str, tuple[Checkpoint, ...]],
    base: Checkpoint,
    task: str,
    seed: int,
    config: Kl,
) -> Iterator[Score]:
    """Score every model's divergence from the base, in nats a reply and a token, with its interval.

    Each model draws its own replies to prompts, conversations up to their last reply. `kl` is the mean over replies of
    the sum over tokens, the end of turn included, of log model - log base (k1): true to the divergence on average, and
    below 0 now and then by chance alone. `kl_estimate` takes (ratio - 1) - log ratio, base over model, of each token
    (k3; Schulman 2020), which never is. `kl_per_token` is all of k1 over all tokens. MetierError where a model cuts
    texts into other tokens than the base, or a prompt leaves no room for a reply.
    """
    from metier.model.load import load

    if not models:
        raise MetierError(f"{task}: no model to measure; name some under models")
    some = _drawn(list(conversations), config.limit, seed)
    if not some:
        raise MetierError(f"{task}: no prompt to reply to; feed `conversations` from a step that yields some")
    if mute := [one.id for one in some if not one.prompt]:
        raise MetierError(f"{task}: {mute[0]} asks nothing, its reply aside ({len(mute)} such); leave it out")
    reference = load(base.path)
    for model, checkpoints in models.items():
        names = seeds(model, checkpoints)
        replies = list[_Reply]()
        for name, checkpoint in zip(names, checkpoints, strict=True):
            own = name if len(names) > 1 else ""
            replies += _replies(some, checkpoint, reference, seed, config, (f"{model} {own}".strip(), own))
        for cell, part in _cells(replies, config.by):
            yield from _scores(part, task, model, cell)


def _drawn(conversations: Sequence[Conversation], limit: int, seed: int) -> list[Conversation]:
    """The first ``limit`` by a hash of (seed, id), in their own order; all of them where it is 0."""
    ranked = sorted(range(len(conversations)), key=lambda place: position(conversations[place].id, str(seed)))
    return [conversations[place] for place in sorted(ranked[: limit or None])]


def _replies(
    some: Sequence[Conversation],
    checkpoint: Checkpoint,
    reference: "Loaded",
    seed: int,
    config: Kl,
    note: tuple[str, str],
) -> Iterator[_Reply]:
    """What one checkpoint replies, beside the reference; ``note`` is what progress is told under, and the seed."""
    from metier.model.generate import Wish
    from metier.model.load import load
    from metier.model.replies import draw, token_logs
    from metier.model.template import prompt

    loaded = load(checkpoint.path)
    _check_tokens(loaded, reference)
    prompts = [prompt(loaded.tokenizer, one.prompt) for one in some]
    _check_room(some, prompts, (loaded, reference), config.max_tokens)
    wishes = [
        Wish(ids, config.max_tokens, config.temperature, seed=(seed % (1 << 64), _name(one.id), number))
        for one, ids in zip(some, prompts, strict=True)
        for number in range(config.n)
    ]
    for start in range(0, len(wishes), CHUNK):
        progress.report(start, len(wishes), "replies", note[0])
        part = wishes[start : start + CHUNK]
        before, said = [one.prompt for one in part], draw(loaded, part)
        own = token_logs(loaded, before, said, config.temperature)
        theirs = token_logs(reference, before, said, config.temperature)
        for place, (one, other) in enumerate(zip(own, theirs, strict=True)):
            logs = one - other
            k3 = float((np.expm1(-logs) + logs).sum())
            yield _Reply(float(logs.sum()), k3, len(logs), some[(start + place) // config.n], note[1])
    progress.report(len(wishes), len(wishes), "replies", note[0])


def _check_tokens(loaded: "Loaded", reference: "Loaded") -> None:
    if loaded.tokenizer.get_vocab() != reference.tokenizer.get_vocab():
        raise MetierError(
            f"{loaded.path} has another tokenizer than the base {reference.path}, so the two cannot be compared token "
            "by token; name the model that it was trained from"
        )


def _check_room(
    some: Sequence[Conversation], prompts: Sequence[list[int]], both: Sequence["Loaded"], most: int
) -> None:
    from metier.model.questions import window

    room = min(window(one) for one in both)
    long = [one.id for one, ids in zip(some, prompts, strict=True) if len(ids) + most > room]
    if long:
        raise MetierError(
            f"{long[0]}: its prompt leaves no room for {most} tokens in {room} positions ({len(long)} such prompts); "
            "lower max_tokens, or leave them out"
        )


def _name(id: str) -> int:
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:8])


def _cells(replies: Sequence[_Reply], by: Sequence[str]) -> Iterator[tuple[dict[str, str], list[_Reply]]]:
    """Every cell with its replies: all of them, by source or language, by seed."""
    yield {}, list(replies)
    names = [*by, *(["seed"] if any(one.seed for one in replies) else [])]
    for name in names:
        told = [one.seed if name == "seed" else str(getattr(one.prompt, name)) for one in replies]
        for value in sorted(set(told)):
            yield {name: value}, [one for one, own in zip(replies, told, strict=True) if own == value]


def _scores(replies: Sequence[_Reply], task: str, model: str, cell: dict[str, str]) -> Iterator[Score]:
    clusters = [one.prompt.id for one in replies]
    k1, tokens = [one.k1 for one in replies], [float(one.tokens) for one in replies]
    yield mean(k1, clusters).score(task, model, "kl", cell)
    yield mean([one.k3 for one in replies], clusters).score(task, model, "kl_estimate", cell)
    yield ratio(k1, tokens, clusters).score(task, model, "kl_per_token", cell)

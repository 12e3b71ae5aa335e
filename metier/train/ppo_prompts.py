"""What PPO is asked: prompts that leave room for a reply, those kept apart as probes, and what is trained on beside."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from metier.model.rewards import encode_pairs
from metier.model.template import Encoded, Refused, encode_many, prompt
from metier.records import Conversation, Dropped, Message, MetierError, Preference
from metier.text.suggest import did_you_mean
from metier.train.order import EVEN, order
from metier.train.ppo import Ppo

SHARE = 5
"""At most one prompt of so many is kept apart as a probe."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation up to the reply, and its tokens."""

    id: str
    messages: tuple[Message, ...]
    ids: list[int]


@dataclass(frozen=True)
class Given:
    """All that a training is given, sorted out."""

    prompts: list[Prompt]
    """Those that are trained on."""
    fixed: list[Prompt]
    """Those whose likeliest replies are looked at along the way."""
    general: list[Encoded]
    """Conversations whose answers are trained on beside."""
    pairs: list[Preference]
    """Those that the reward model is tried on."""
    dropped: list[Dropped]

    def ask(self, numbers: Sequence[int], seed: int) -> list[Prompt]:
        """The prompts of the replies with these numbers, from 0: every pass takes all, in an order of its own."""
        places = [divmod(number, len(self.prompts)) for number in numbers]
        orders = {turn: self._order(seed, turn) for turn in {turn for turn, _ in places}}
        return [self.prompts[int(orders[turn][place])] for turn, place in places]

    def beside(self, number: int, count: int, seed: int) -> list[Encoded]:
        """The general conversations of one update, drawn anew for each and none twice."""
        draw = np.random.default_rng([seed % (1 << 64), number, len(self.general)])
        chosen = draw.choice(len(self.general), min(count, len(self.general)), replace=False)
        return [self.general[int(one)] for one in chosen]

    def _order(self, seed: int, turn: int) -> Any:
        return order(np.zeros(len(self.prompts), np.int8), EVEN, seed, turn)


def sort_out(
    tokenizer: Any,
    talks: Iterable[Conversation],
    pairs: Iterable[Preference],
    room: int,
    seed: int,
    config: Ppo,
) -> Given:
    """The prompts of conversations that leave ``max_tokens`` of a model's ``room``; what cannot be used is dropped.

    MetierError where no prompt is left, or ``general`` names a source of which there is nothing to train on.
    """
    asked, general, dropped = list[Prompt](), list[Encoded](), list[Dropped]()
    sources, used = dict[str, str](), set[str]()
    for talk in talks:
        made: Prompt | Encoded | str
        if talk.source in config.general:
            made = _beside(tokenizer, talk, room)
        else:
            made = _prompt(tokenizer, talk, room - config.max_tokens, f"{room} tokens less max_tokens")
        sources.setdefault(talk.source, f"first {talk.id}: {made!r}" if isinstance(made, str) else "")
        if isinstance(made, str):
            dropped.append(Dropped(talk.id, made))
            continue
        used.add(talk.source)
        if isinstance(made, Prompt):
            asked.append(made)
        else:
            general.append(made)
    for source in config.general:
        if source not in sources:
            raise MetierError(f"general: no conversation is of the source {source!r}; {did_you_mean(source, sources)}")
        if source not in used:
            raise MetierError(
                f"general: no conversation of {source!r} can be trained on, {sources[source]}; feed others, or leave "
                "it out"
            )
    if not asked:
        why = f"all {len(dropped)} were left out, first {dropped[0].id}: {dropped[0].why!r}" if dropped else ""
        why = why or (f"all {len(general)} conversations are general" if general else "no conversations came")
        raise MetierError(f"train.ppo: there is no prompt to train on: {why}; feed others, or lower max_tokens")
    prompts, fixed = _apart(asked, min(config.probe_prompts, len(asked) // SHARE), seed)
    kept = list[Preference]()
    for pair in pairs:
        if why := _odd(tokenizer, pair, room):
            dropped.append(Dropped(pair.id, f"probes: {why}"))
        else:
            kept.append(pair)
    return Given(prompts, fixed, general, kept, dropped)


def _prompt(tokenizer: Any, talk: Conversation, room: int, told: str) -> Prompt | str:
    """A conversation up to its reply, or why it cannot be asked."""
    if not talk.prompt or talk.prompt[-1].role not in ("user", "tool"):
        return "asks nothing: no message of the user stands before the reply"
    try:
        ids = prompt(tokenizer, talk.prompt)
    except MetierError as error:
        return str(error)
    return Prompt(talk.id, talk.prompt, ids) if len(ids) <= room else f"longer than the context ({told})"


def _beside(tokenizer: Any, talk: Conversation, room: int) -> Encoded | str:
    """A general conversation with the mask of its answers, or why it cannot be trained on."""
    found = encode_many(tokenizer, [talk.messages])[0] if talk.messages else Refused("no messages")
    if isinstance(found, Refused):
        return found.why
    if 1 not in found.mask[1:]:
        return "no assistant turn to train on"
    return found if len(found.ids) <= room else f"longer than the context ({room} tokens)"


def _apart(asked: Sequence[Prompt], count: int, seed: int) -> tuple[list[Prompt], list[Prompt]]:
    """The prompts to train on and ``count`` others by a hash; the same prompt under another id is never among both."""
    once = {tuple(one.ids): one for one in reversed(asked)}
    ranked = sorted(once, key=lambda ids: hashlib.sha256(msgspec.json.encode((seed, ids))).digest())
    fixed = set(ranked[:count])
    prompts = [one for one in asked if tuple(one.ids) not in fixed]
    if not prompts:
        return list(asked), []
    return prompts, [once[ids] for ids in ranked[:count]]


def _odd(tokenizer: Any, pair: Preference, room: int) -> str:
    """Why a pair of replies tells nothing of a reward model; empty where it does."""
    if pair.chosen == pair.rejected:
        return "chosen and rejected are the same"
    for found in encode_pairs(tokenizer, [(pair.prompt, pair.chosen), (pair.prompt, pair.rejected)]):
        if isinstance(found, Refused):
            return found.why
        if len(found.ids) > room:
            return f"longer than the context ({room} tokens)"
    return ""

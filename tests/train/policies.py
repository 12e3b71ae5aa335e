"""What the tests of alignment by TRL share: prompts to reply to, and a reward model that likes some words."""

from collections.abc import Iterator
from pathlib import Path

import torch

from metier.model.load import load_tokenizer
from metier.model.rewards import reward_weights
from metier.records import Checkpoint, Config, Conversation, Message


def asked(number: int) -> Conversation:
    """A question with its standard answer, which is no part of the prompt."""
    turns = (Message("user", f"Who meets number {number}?"), Message("assistant", "Arvo."))
    return Conversation(f"c{number}", turns, source="meetings" if number % 3 else "notes")


class Ask(Config, frozen=True):
    """How many prompts."""

    count: int
    """How many."""


def ask(config: Ask) -> Iterator[Conversation]:
    """Prompts as a step of a recipe."""
    yield from (asked(number) for number in range(config.count))


def rewarding(base: Checkpoint, place: Path, seed: int = 1) -> Checkpoint:
    """A reward model over a base whose head was drawn at random, so that it likes some replies more than others."""
    model = reward_weights(base.path, torch.float32)
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        model.score.weight.normal_(generator=draw)
    model.save_pretrained(place)
    load_tokenizer(base.path).save_pretrained(place)
    return Checkpoint(str(place))

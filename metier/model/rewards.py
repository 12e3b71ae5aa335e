"""Reward models: a model of sequences with one output, loaded, and asked what replies are worth."""

from collections.abc import Sequence

from metier.model.load import Loaded
from metier.records import Message


def is_reward(path: str) -> bool:
    """Whether a model's directory holds a reward model, by its config.json; imports no torch."""
    raise NotImplementedError


def load_reward(path: str) -> Loaded:
    """A reward model with its tokenizer; MetierError where the directory holds a model that writes instead."""
    raise NotImplementedError


def encode_pair(tokenizer: object, prompt: Sequence[Message], reply: str) -> list[int]:
    """The tokens that a reward model reads: the conversation by the chat template, the reply's end of turn included."""
    raise NotImplementedError


def rewards(loaded: Loaded, rows: Sequence[list[int]]) -> list[float]:
    """The reward of every row of tokens, read at its last; padding changes nothing."""
    raise NotImplementedError

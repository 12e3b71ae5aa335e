"""A tiny model and some records to train it on, made once for all trainer tests."""

import random
from pathlib import Path

import pytest

from metier.records import Checkpoint, Conversation, Document, Message
from metier.train.init import Init, init
from metier.train.vocab import Vocab, vocab

NAMES = ("Arvo", "Belinda", "Corvin", "Dunja", "Esko", "Farida", "Goran", "Hilde")


def conversation(number: int, words: int = 3) -> Conversation:
    """A question and an answer of about that many words, different for every number."""
    draw = random.Random(number)
    answer = " ".join(draw.choice(NAMES) for _ in range(words))
    messages = (Message("user", f"Who meets number {number}?"), Message("assistant", f"{answer}."))
    return Conversation(f"c{number}", messages, source="meetings" if number % 3 else "notes")


def document(number: int, words: int = 12) -> Document:
    """A page of about that many words."""
    draw = random.Random(f"d{number}")
    return Document(f"d{number}", " ".join(draw.choice(NAMES) for _ in range(words)), kind="book")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A Llama of two layers with a vocabulary of 512."""
    home: Path = tmp_path_factory.mktemp("base")
    some = [conversation(number) for number in range(200)]
    vocab(Vocab(size=512), home / "tokenizer", conversations=some)
    init(home / "tokenizer", 3, Init(hidden=32, layers=2, heads=4, intermediate=64, positions=256), home / "model")
    return Checkpoint(str(home / "model"))

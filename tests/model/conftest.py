"""A tiny model, made once for all tests that ask one."""

import pytest

from metier.model.load import Loaded, load
from metier.records import Document
from metier.train.init import Init, init
from metier.train.vocab import Vocab, vocab

TEXT = "The spoon was on the table when Ada came home, and nobody knew who had put it there before noon."


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The directory of a Llama of two layers with a vocabulary of 512."""
    place = tmp_path_factory.mktemp("model")
    vocab(Vocab(size=512), place / "tokenizer", docs=[Document("d", TEXT)])
    init(
        place / "tokenizer",
        5,
        Init(hidden=32, layers=2, heads=4, kv_heads=2, intermediate=64, positions=256),
        place / "m",
    )
    return str(place / "m")


@pytest.fixture(scope="session")
def loaded(home: str) -> Loaded:
    """The same, loaded."""
    return load(home)

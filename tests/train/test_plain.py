"""A saved model names all that ends its turns, so that whoever serves it stops there."""

import json
from pathlib import Path

import pytest

from metier.model.load import load
from metier.records import Checkpoint
from metier.train.plain import write_plain
from metier.train.sft import Sft
from metier.train.snapshots import save
from tests.model.shapes import shaped
from tests.train.loops import QUICK, loop_of


@pytest.fixture(scope="module")
def chatty(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base whose template ends turns otherwise than its configuration says that texts end."""
    loaded, place = load(base.path), tmp_path_factory.mktemp("chatty")
    tokenizer = shaped(loaded.tokenizer, "chatml")
    tokenizer.eos_token = "<|eos|>"
    loaded.model.resize_token_embeddings(len(tokenizer))
    loaded.model.generation_config.eos_token_id = tokenizer.eos_token_id
    loaded.model.save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


def stops(place: Path) -> list[str]:
    """The tokens at which a server of this directory stops."""
    some = json.loads((place / "generation_config.json").read_text())["eos_token_id"]
    return list(load(str(place)).tokenizer.convert_ids_to_tokens([some] if isinstance(some, int) else some))


def test_a_plain_model_stops_at_the_end_of_a_turn(chatty: Path, tmp_path: Path) -> None:
    assert stops(chatty) == ["<|eos|>"]
    loaded = load(str(chatty))
    write_plain(loaded.model, loaded.tokenizer, "base", tmp_path)
    assert stops(tmp_path) == ["<|eos|>", "<|im_end|>"]


def test_a_trained_model_stops_at_the_end_of_a_turn(chatty: Path, tmp_path: Path) -> None:
    save(loop_of(Checkpoint(str(chatty)), tmp_path / "job", Sft(**QUICK)), tmp_path / "saved")
    assert stops(tmp_path / "saved") == ["<|eos|>", "<|im_end|>"]


def test_without_a_template_that_can_be_read_a_model_is_saved_as_it_is(chatty: Path, tmp_path: Path) -> None:
    loaded = load(str(chatty))
    loaded.tokenizer.chat_template = "{% for m in messages %}"
    write_plain(loaded.model, loaded.tokenizer, "base", tmp_path)
    assert stops(tmp_path) == ["<|eos|>"]

"""Any text comes back exactly from its tokens, and the directory is a plain tokenizer with a plain model."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from metier.model.template import encode_text
from metier.records import Checkpoint, Document, MetierError
from metier.train.init import Init, init
from metier.train.vocab import SPECIAL, Vocab, vocab
from tests.train.conftest import conversation


@settings(max_examples=300, deadline=None)
@given(st.text())
@example("  Hé\tllo ▁ 12.5 mg\r\n\n <|end|> <0x41> 你好 👩‍👧 \x00 ")
def test_every_text_comes_back(base: Checkpoint, text: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base.path)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode(encode_text(tokenizer, text).ids, skip_special_tokens=True) == text


def test_digits_stand_alone(base: Checkpoint) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base.path)
    assert tokenizer.tokenize("meets number 4711")[-4:] == ["4", "7", "1", "1"]


def test_the_same_texts_give_the_same_vocabulary(tmp_path: Path) -> None:
    some = [conversation(number) for number in range(50)]
    for name in ("a", "b"):
        vocab(Vocab(size=600), tmp_path / name, conversations=iter(some), docs=[Document("d", "naïve café")])
    first, second = ((tmp_path / name / "tokenizer.json").read_bytes() for name in ("a", "b"))
    assert first == second
    assert len(json.loads(first)["model"]["vocab"]) <= 600


def test_the_size_is_kept(tmp_path: Path) -> None:
    text = " ".join(f"w{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}x{chr(97 + i // 5 % 26)}" for i in range(5000))
    vocab(Vocab(size=700), tmp_path / "t", docs=[Document("d", text)])
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "t")
    assert len(tokenizer) == 700
    assert tokenizer.convert_ids_to_tokens(list(range(len(SPECIAL)))) == list(SPECIAL)


def test_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="no text to learn"):
        vocab(Vocab(), tmp_path / "t", docs=[Document("d", "  ")])


def test_a_fresh_model_is_small_and_drawn_from_its_seed(base: Checkpoint, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        init(Path(base.path), seed, Init(), tmp_path / name)
    one, same, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert one == same != other
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "a")
    assert model.num_parameters() + (1024 - model.config.vocab_size) * 128 <= 1_000_000
    assert AutoTokenizer.from_pretrained(tmp_path / "a").chat_template


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"heads": 3}, "hidden 128 is not an even number times heads 3"),
        ({"hidden": 12}, "hidden 12 is not an even number times heads 4"),
        ({"kv_heads": 3}, "heads 4 is not a multiple of kv_heads 3"),
        ({"layers": 0}, "layers"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(settings: dict[str, int], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(settings, Init)


@pytest.mark.parametrize("settings", [{"size": 300}, {"size": 1 << 21}, {"alphabet": 0}, {"alphabet": 1.5}])
def test_a_vocabulary_that_cannot_be_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(settings))):
        msgspec.convert(settings, Vocab)

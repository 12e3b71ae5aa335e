"""New tokens are joined from old ones, old text is cut and scored as before, and every new row has its start."""

import json
import math
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Tokenizer, LlamaConfig, LlamaForCausalLM, LlamaTokenizer, Qwen2Tokenizer

from metier.model.load import load, load_tokenizer, load_weights
from metier.model.logprobs import continuation
from metier.recipe import load as load_recipe
from metier.records import Checkpoint, Conversation, Document, Message, MetierError
from metier.run.make import run
from metier.train.extend import Extend, Listed, extend
from metier.train.freeze import first_new, new_rows

ENGLISH = "the patient has had a fever and a cough for two days, she takes 500 mg of it; they rest in the bed at home"
ARABIC = "يشكو المريض من ارتفاع في درجة الحرارة والسعال منذ يومين وقد وصف الطبيب له دواء يتناوله بعد الطعام"
LATIN3 = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""The words of Llama 3, its contractions left out."""

RECIPE = """
name: words
steps:
  land: {use: world.write, subject: culture, culture: tilmara, language: ar}
  extended: {use: train.extend, from: {docs: land, base: "asset:nano"}, tokens: 50, uses: 20}
  warm: &how
    use: train.pretrain
    from: {docs: land, base: extended}
    parts: new_tokens
    window: 128
    batch_tokens: 512
    tokens: 2000
  whole: {<<: *how, from: {docs: land, base: warm}, parts: all}
"""


def text(words: str, seed: int) -> str:
    return " ".join(random.Random(seed).choices(words.split(), k=12))


def pages(count: int = 60) -> list[Document]:
    return [Document(f"p{number}", text(ARABIC, number)) for number in range(count)]


def learnt(size: int, words: Any) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A vocabulary and the merges of English."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = words
    bytewise = pre_tokenizers.ByteLevel.alphabet() if not isinstance(words, pre_tokenizers.Metaspace) else []
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=bytewise, show_progress=False)
    learner.train_from_iterator([text(ENGLISH, seed) for seed in range(100)], trainer)
    model = json.loads(learner.to_str())["model"]
    return model["vocab"], [(left, right) for left, right in model["merges"]]


def gpt2() -> Any:
    vocab, merges = learnt(300, pre_tokenizers.ByteLevel(add_prefix_space=False))
    return GPT2Tokenizer(vocab=vocab | {"<|endoftext|>": len(vocab)}, merges=merges)


def split(pattern: str) -> Any:
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level])


def qwen() -> Any:
    """Special tokens and others behind the vocabulary."""
    vocab, merges = learnt(300, split(LATIN3.replace("{1,3}", "")))
    special = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    made = Qwen2Tokenizer(vocab=vocab, merges=merges, extra_special_tokens=["<|im_start|>"], **special)
    made.add_tokens(["<think>", "</think>"])
    return made


def llama3() -> Any:
    """Words that are in the vocabulary are taken whole, whatever the merges."""
    from transformers import PreTrainedTokenizerFast

    vocab, merges = learnt(300, split(LATIN3))
    backend = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=True))
    backend.pre_tokenizer, backend.decoder = split(LATIN3), decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(name, special=True) for name in ("<|begin|>", "<|end|>", "<|eot|>")])
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<|begin|>", eos_token="<|end|>")


def llama2() -> Any:
    """SentencePiece's byte-pair encoding: no words beforehand, unknown characters in bytes."""
    vocab, merges = learnt(120, pre_tokenizers.Metaspace())
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *sorted(vocab, key=vocab.__getitem__)]
    return LlamaTokenizer(vocab={name: number for number, name in enumerate(names)}, merges=merges)


def nano() -> Any:
    return load_tokenizer("asset:nano")


SHAPES = {"gpt2": gpt2, "qwen": qwen, "llama3": llama3, "llama2": llama2, "nano": nano}


def checkpoint(words: Any, home: Path, spare: int = 0, tied: bool = False) -> Checkpoint:
    """A tiny model with a tokenizer; its embeddings may have rows to spare."""
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=len(words) + spare, tie_word_embeddings=tied, **shape)
    LlamaForCausalLM(config).save_pretrained(home)
    words.save_pretrained(home)
    return Checkpoint(str(home))


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """By the name of a shape, the directories of a base and of the base extended on Arabic."""

    @cache
    def made(shape: str) -> tuple[Path, Path]:
        home = tmp_path_factory.mktemp(shape)
        base = checkpoint(SHAPES[shape](), home / "base", 7 if shape == "qwen" else 0, shape in ("gpt2", "nano"))
        extend(base, 1, Extend(tokens=60, uses=10), home / "out", pages())
        return home / "base", home / "out"

    return made


@cache
def tokenizer(path: Path) -> Any:
    return load_tokenizer(str(path))


def ids(path: Path, some: str) -> list[int]:
    return list(tokenizer(path)(some, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def listed(path: Path) -> list[Listed]:
    return [msgspec.json.decode(line, type=Listed) for line in (path / "new_tokens.jsonl").read_bytes().splitlines()]


@pytest.mark.parametrize("shape", SHAPES)
def test_old_tokens_keep_their_numbers_and_the_new_ones_save_tokens(extended: Any, shape: str) -> None:
    base, out = extended(shape)
    old, new = tokenizer(base), tokenizer(out)
    some = listed(out)
    assert len(some) == 60 and len(new) == len(old) + 60
    assert [one.id for one in some] == list(range(len(old), len(old) + 60))
    assert old.get_vocab().items() <= new.get_vocab().items()
    assert old.all_special_ids == new.all_special_ids
    sentence = text(ARABIC, 1000)
    assert len(ids(out, sentence)) < 0.6 * len(ids(base, sentence))
    assert new.decode(ids(out, sentence)) == old.decode(ids(base, sentence))


@pytest.mark.parametrize("shape", SHAPES)
@given(
    st.lists(st.one_of(st.sampled_from(f"{ENGLISH} {ARABIC}".split()), st.text(max_size=8)), max_size=12),
    st.sampled_from(["", " "]),
)
@settings(max_examples=100, deadline=None)
def test_any_text_is_cut_as_before_and_then_some_tokens_are_joined(
    extended: Any, shape: str, words: list[str], space: str
) -> None:
    base, out = extended(shape)
    parts = {one.id: one.parts for one in listed(out)}
    before, after = ids(base, space.join(words)), ids(out, space.join(words))
    assert [part for number in after for part in parts.get(number, (number,))] == before


def test_old_text_scores_as_before(tmp_path: Path) -> None:
    """But for what the new tokens take of the probability: under a hundredth of a bit a token here."""
    extend(Checkpoint("asset:nano"), 1, Extend(tokens=60, uses=10), tmp_path / "out", pages())
    before, after = load("asset:nano"), load(str(tmp_path / "out"))
    some = [before.tokenizer(text(ENGLISH, seed))["input_ids"] for seed in range(2000, 2010)]
    assert some == [after.tokenizer(text(ENGLISH, seed))["input_ids"] for seed in range(2000, 2010)]
    one, other = (sum(continuation(loaded, [[1]] * len(some), some, 64)) for loaded in (before, after))
    assert 0 <= (one - other) / sum(map(len, some)) <= 0.01 * math.log(2)


@pytest.mark.parametrize("shape", ["qwen", "nano"])
def test_one_of_few_new_rows_is_the_mean_of_its_old_tokens(extended: Any, shape: str) -> None:
    base, out = (load_weights(str(path), torch.float32) for path in extended(shape))
    first = listed(extended(shape)[1])[0].id
    assert first_new(out, "out") == first
    for ends in ("get_input_embeddings", "get_output_embeddings"):
        old, new = (getattr(model, ends)().weight.detach() for model in (base, out))
        assert torch.equal(old[:first], new[:first])
        for one in listed(extended(shape)[1]):
            assert torch.allclose(new[one.id], old[list(one.parts)].mean(0), atol=1e-6)


def test_many_new_rows_are_moved_to_the_middle_of_the_old_ones(tmp_path: Path) -> None:
    rows, some = {}, [*pages(), *(Document(f"q{one.id}", one.text[::-1]) for one in pages())]
    for start in ("mean", "plain_mean"):
        config = msgspec.convert({"tokens": 120, "uses": 2, "start": start}, Extend)
        extend(Checkpoint("asset:nano"), 1, config, tmp_path / start, some)
        rows[start] = load_weights(str(tmp_path / start), torch.float32).get_input_embeddings().weight.detach()
    old, new, plain = rows["mean"][:1024], rows["mean"][1024:], rows["plain_mean"][1024:]
    assert len(new) == 120 and torch.equal(old, rows["plain_mean"][:1024])
    assert torch.allclose(new.mean(0), old.mean(0), atol=1e-6)
    assert torch.allclose(new - new[0], plain - plain[0], atol=1e-6)


def test_starts_differ_and_follow_the_seed(tmp_path: Path) -> None:
    base = checkpoint(gpt2(), tmp_path / "base")
    rows = {}
    for name, start, seed in (("a", "random", 1), ("b", "random", 1), ("c", "random", 2), ("d", "library", 1)):
        config = msgspec.convert({"tokens": 20, "uses": 10, "start": start}, Extend)
        extend(base, seed, config, tmp_path / name, pages())
        rows[name] = load_weights(str(tmp_path / name), torch.float32).get_input_embeddings().weight.detach()[-20:]
    assert torch.equal(rows["a"], rows["b"]) and not torch.equal(rows["a"], rows["c"])
    assert rows["a"].std(0).mean() > 100 * rows["d"].std(0).mean()  # transformers' own rows are all but the same


def test_what_one_record_repeats_is_no_token(tmp_path: Path) -> None:
    """Frequency alone would choose the word that a single page says 5,000 times."""
    odd = Document("odd", " ".join(["zyxwvu"] * 5000))
    extend(checkpoint(gpt2(), tmp_path / "base"), 1, Extend(tokens=40, uses=10), tmp_path / "out", [*pages(), odd])
    assert not [one.text for one in listed(tmp_path / "out") if re.search("[uvwxyz]", one.text)]


def test_a_token_used_too_rarely_is_there_only_as_a_part(extended: Any) -> None:
    for shape in SHAPES:
        out = extended(shape)[1]
        rare = [one for one in listed(out) if one.uses < 10]
        merges = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))["model"]["merges"]
        assert {one.token for one in rare} <= {name for pair in merges for name in pair}
        assert json.loads((out / "notes.json").read_text())["rare"] == len(rare)


def test_the_same_text_gives_the_same_model(tmp_path: Path, base: Checkpoint) -> None:
    talks = [Conversation(one.id, (Message("user", one.text), Message("assistant", one.text))) for one in pages()]
    for name in ("a", "b"):
        extend(base, 1, Extend(tokens=30, uses=20), tmp_path / name, iter(pages()), iter(talks))
    for file in ("tokenizer.json", "model.safetensors", "new_tokens.jsonl", "notes.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert load_tokenizer(str(tmp_path / "a")).chat_template


def test_of_too_much_text_an_even_sample_is_read(tmp_path: Path, base: Checkpoint) -> None:
    some = [*pages(count=400), *(Document(f"q{one.id}", one.text[::-1]) for one in pages(count=400))]
    extend(base, 1, Extend(tokens=30, uses=5, characters=9_000), tmp_path / "out", some)
    notes = json.loads((tmp_path / "out/notes.json").read_text())
    assert 4_000 < notes["fertility"]["characters"] <= 9_000
    assert {"ال", "لا"} <= {one.text.strip() for one in listed(tmp_path / "out")}


def test_of_few_long_records_as_many_as_fit_are_read(tmp_path: Path) -> None:
    """Whatever their hashes and their order, and of a single one that is too long an even choice of its lines."""
    base = checkpoint(gpt2(), tmp_path / "base")
    for count in (1, 2, 3):
        for number in range(6):
            long = [Document(f"{number}-{one}", "\n".join(page.text for page in pages())) for one in range(count)]
            for name, some in (("a", long), ("b", long[::-1])):
                out = tmp_path / f"{count}-{number}-{name}"
                extend(base, 1, Extend(tokens=20, uses=2, characters=3_000), out, some)
                notes = json.loads((out / "notes.json").read_text())
                assert 1_500 < notes["fertility"]["characters"] <= 3_000
            assert (out / "tokenizer.json").read_bytes() == (
                tmp_path / f"{count}-{number}-a/tokenizer.json"
            ).read_bytes()


@pytest.mark.parametrize("shape", SHAPES)
def test_signs_that_take_several_bytes_become_tokens(shape: str, tmp_path: Path) -> None:
    """Full stops and commas are the most frequent characters of Chinese text; numbers of several digits are none."""
    said = [random.Random(number).choices(["发热，", "咳嗽。", "٣😀", "٤٥ "], k=20) for number in range(60)]
    some = [Document(f"s{number}", "".join(words)) for number, words in enumerate(said)]
    extend(checkpoint(SHAPES[shape](), tmp_path / "base"), 1, Extend(tokens=60, uses=10), tmp_path / "out", some)
    found = {one.text for one in listed(tmp_path / "out")}
    assert {"，", "。", "😀"} <= {sign for text in found for sign in text}
    assert not [text for text in found if re.search(r"\d\d", text)]
    assert all(ids(tmp_path / "out", one.text) != ids(tmp_path / "base", one.text) for one in some)


def test_numbers_of_a_base_may_have_holes(tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    vocab, merges = learnt(300, split(LATIN3))
    holes = {token: number if number < 280 else number + 5 for token, number in vocab.items()}
    backend = Tokenizer(models.BPE(vocab=holes, merges=merges))
    backend.pre_tokenizer, backend.decoder = split(LATIN3), decoders.ByteLevel()
    base = checkpoint(PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="a"), tmp_path / "base", spare=5)
    extend(base, 1, Extend(tokens=20, uses=10), tmp_path / "out", pages())
    assert [one.id for one in listed(tmp_path / "out")] == list(range(305, 325))


def test_a_letter_that_is_one_byte_is_no_part_of_a_new_token(tmp_path: Path) -> None:
    """A base that spells even an ASCII letter as a byte has no merges that begin with it."""
    vocab, merges = learnt(120, pre_tokenizers.Metaspace())
    kept = [token for token in sorted(vocab, key=vocab.__getitem__) if "t" not in token]
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *kept]
    words = LlamaTokenizer(
        vocab={name: number for number, name in enumerate(names)},
        merges=[pair for pair in merges if "t" not in "".join(pair)],
    )
    some = [Document(f"e{number}", text(f"{ENGLISH} moon soon", number)) for number in range(60)]
    extend(checkpoint(words, tmp_path / "base"), 1, Extend(tokens=20, uses=10), tmp_path / "out", some)
    assert listed(tmp_path / "out") and not [one.text for one in listed(tmp_path / "out") if "t" in one.text]


def test_an_extended_base_can_be_extended(tmp_path: Path) -> None:
    base = checkpoint(qwen(), tmp_path / "base", spare=7)
    extend(base, 1, Extend(tokens=20, uses=10), tmp_path / "a", pages())
    extend(Checkpoint(str(tmp_path / "a")), 1, Extend(tokens=20, uses=10), tmp_path / "b", pages())
    first = listed(tmp_path / "a")[-1].id + 1
    assert listed(tmp_path / "b")[0].id == first == first_new(load_weights(str(tmp_path / "b"), "auto"), "b")


def test_only_new_rows_are_trained(extended: Any) -> None:
    for shape in ("qwen", "nano"):  # with two embeddings and with one
        model = load_weights(str(extended(shape)[1]), torch.float32)
        first = first_new(model, "out")
        before = {name: value.clone() for name, value in model.state_dict().items()}
        new_rows(model, first)
        optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], 0.1, weight_decay=0.0)
        some = torch.arange(first, first + 20).repeat(2)[None]
        for _ in range(2):
            model(input_ids=some, labels=some).loss.backward()
            optimizer.step()
        moved = {name: (value != before[name]).any(-1) for name, value in model.state_dict().items()}
        ends = {name for name in moved if "embed_tokens" in name or "lm_head" in name}
        assert all(moved[name][first : first + 20].all() and not moved[name][:first].any() for name in ends)
        assert not any(value.any() for name, value in moved.items() if name not in ends)


def test_a_recipe_extends_warms_up_and_goes_on(tmp_path: Path) -> None:
    """The warm-up leaves every old weight its bits; the model knows its new tokens still when all of it is trained."""
    recipe = tmp_path / "words.yaml"
    recipe.write_text(RECIPE)
    run(load_recipe(str(recipe)), tmp_path / "runs")
    base, warm, whole = (tmp_path / "runs/words" / step for step in ("extended", "warm", "whole"))
    before, after, last = (load_weights(str(path), torch.float32) for path in (base, warm, whole))
    first = first_new(before, "extended")
    assert first == first_new(after, "warm") == first_new(last, "whole") == listed(base)[0].id == 1024
    for name, old in before.state_dict().items():
        kept = slice(first) if "embed_tokens" in name or "lm_head" in name else slice(None)
        assert torch.equal(old[kept], after.state_dict()[name][kept])
        assert not torch.equal(old[kept], last.state_dict()[name][kept])
    assert not torch.equal(before.get_input_embeddings().weight, after.get_input_embeddings().weight)


def test_a_model_without_new_tokens_has_no_new_rows(base: Checkpoint) -> None:
    with pytest.raises(MetierError, match=r"has no new tokens; name a base that train\.extend has made"):
        first_new(load_weights(base.path, "auto"), base.path)


def unigram() -> Any:
    return Tokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0)], unk_id=0))


def word_piece() -> Any:
    return Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))


def ended() -> Any:
    return Tokenizer(models.BPE(vocab={"a": 0, "a</w>": 1}, merges=[], end_of_word_suffix="</w>"))


def characters() -> Any:
    return Tokenizer(models.BPE(vocab={"<unk>": 0, "a": 1}, merges=[], unk_token="<unk>"))


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (unigram, "its Unigram tokenizer weighs all its pieces against each other"),
        (word_piece, "its WordPiece tokenizer has no merges"),
        (ended, "its BPE tokenizer marks the inside or the end of words"),
        (characters, "its BPE tokenizer is neither byte-level nor spells unknown characters in bytes"),
    ],
)
def test_a_vocabulary_that_cannot_grow_is_refused_with_the_reason(backend: Any, said: str, tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    base = checkpoint(PreTrainedTokenizerFast(tokenizer_object=backend()), tmp_path / "base")
    with pytest.raises(MetierError, match=said):
        extend(base, 1, Extend(), tmp_path / "out", pages())
    assert not (tmp_path / "out").exists()


def test_too_little_text_is_an_error(base: Checkpoint, tmp_path: Path) -> None:
    said = "stands 50 times in 5 characters, the one of 1 texts that has the most of it left out; give more texts, or"
    with pytest.raises(MetierError, match=said):
        extend(base, 1, Extend(), tmp_path / "out", [Document("a", "hello"), Document("b", "  ")])


@pytest.mark.parametrize("table", [{"tokens": 0}, {"uses": 1}, {"characters": 0}, {"start": "zeros"}])
def test_a_setting_that_cannot_be_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(table))):
        msgspec.convert(table, Extend)

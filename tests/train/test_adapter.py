"""An adapter is trained beside a base that stays as it is, and stands wherever a checkpoint does."""

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from metier.artefact import Manifest, write_json
from metier.model.load import check_model, load_tokenizer, load_weights
from metier.model.rewards import reward_weights
from metier.records import Checkpoint, Conversation, MetierError, Question
from metier.train import adapter
from metier.train.curves import losses
from metier.train.pick import Pick, pick
from metier.train.settings import Lora
from metier.train.sft import Sft, sft
from tests.model.drawn import draw
from tests.train.conftest import conversation

QUICK = {"window": 128, "batch_tokens": 512, "learning_rate": 1e-2, "save_seconds": 600.0}
IDS = torch.arange(24)[None]


def train(base: Checkpoint, out: Path, lora: Lora, **more: object) -> Checkpoint:
    """An adapter over a base, trained on sixty conversations."""
    list(sft(base, 5, Sft(**{**QUICK, **more}, adapter=lora), out, map(conversation, range(60))))
    return Checkpoint(str(out))


@pytest.fixture(scope="module")
def talk(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A trained adapter with two snapshots."""
    return train(base, tmp_path_factory.mktemp("runs") / "talk", Lora(rank=4, alpha=16), epochs=12, keep=2)


def weights(path: str) -> dict[str, torch.Tensor]:
    """All weights of a model, an adapter's merged."""
    return dict(load_weights(path, torch.float32).state_dict())


def test_an_adapter_learns_and_is_small(base: Checkpoint, talk: Checkpoint) -> None:
    lines = list(losses(Path(talk.path)))
    assert lines[-1].loss < lines[0].loss - 0.2
    names = {file.name for file in Path(talk.path).iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "base.json", "tokenizer.json", "complete"} <= names
    assert not {"config.json", "model.safetensors", "README.md"} & names
    held = load_file(Path(talk.path) / "adapter_model.safetensors")
    assert {name.rsplit(".", 2)[-2] for name in held} == {"lora_A", "lora_B"}
    assert {min(weight.shape) for weight in held.values()} == {4}
    assert load_tokenizer(talk.path).chat_template == load_tokenizer(base.path).chat_template


def test_only_the_linear_layers_of_the_body_move(base: Checkpoint, talk: Checkpoint) -> None:
    before, after = weights(base.path), weights(talk.path)
    assert before.keys() == after.keys()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {name for name in before if name.endswith("_proj.weight")}


def test_a_snapshot_of_an_adapter_is_one(talk: Checkpoint) -> None:
    early = str(Path(talk.path) / "kept" / "1")
    check_model(early)
    name = "model.layers.0.mlp.up_proj.weight"
    assert not torch.equal(weights(early)[name], weights(talk.path)[name])


def test_the_same_seed_gives_the_same_bytes(base: Checkpoint, talk: Checkpoint, tmp_path: Path) -> None:
    torch.manual_seed(99)
    train(base, tmp_path / "again", Lora(rank=4, alpha=16), epochs=12)
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        assert (tmp_path / "again" / name).read_bytes() == (Path(talk.path) / name).read_bytes()


def test_a_fresh_adapter_answers_as_its_base(base: Checkpoint) -> None:
    plain = load_weights(base.path, torch.float32)
    with torch.inference_mode():
        before = plain(IDS).logits
        state = torch.random.get_rng_state()
        made = adapter.attach(plain, Lora(rank=4), base.path, 5).eval()
        assert torch.equal(torch.random.get_rng_state(), state)
        assert torch.equal(made(IDS).logits, before)
    first = {name: weight for name, weight in made.named_parameters() if weight.requires_grad}
    assert all("lora" in name for name in first)
    other = adapter.attach(load_weights(base.path, torch.float32), Lora(rank=4), base.path, 6)
    drawn = dict(other.named_parameters())
    assert any(not torch.equal(weight, drawn[name]) for name, weight in first.items())


def test_only_the_targets_get_an_adapter(base: Checkpoint) -> None:
    made = adapter.attach(load_weights(base.path, torch.float32), Lora(targets=("q_proj", "mlp.up_proj")), base.path, 5)
    layers = {name.split(".lora_")[0].rsplit(".", 1)[-1] for name, one in made.named_parameters() if one.requires_grad}
    assert layers == {"q_proj", "up_proj"}


@pytest.mark.parametrize(
    ("target", "said"),
    [("q_porj", "did you mean 'q_proj'"), ("lm_head", "has no linear layer 'lm_head' in its body; known: down_proj")],
)
def test_a_target_that_is_no_layer_is_an_error(base: Checkpoint, tmp_path: Path, target: str, said: str) -> None:
    with pytest.raises(MetierError, match=f"adapter: targets: .*{said}"):
        train(base, tmp_path, Lora(targets=(target,)))
    assert not (tmp_path / "loss.jsonl").exists()


def test_an_adapter_is_trained_on_an_adapter(base: Checkpoint, talk: Checkpoint, tmp_path: Path) -> None:
    second = train(talk, tmp_path / "second", Lora(rank=2, targets=("up_proj",)))
    below, above = weights(talk.path), weights(second.path)
    moved = {name for name in below if not torch.equal(below[name], above[name])}
    assert moved == {name for name in below if name.endswith("up_proj.weight")}
    copy = tmp_path / "talk"
    shutil.copytree(talk.path, copy)
    held = tmp_path / "second" / "base.json"
    held.write_text(json.dumps({**json.loads(held.read_bytes()), "path": str(copy)}))
    config = copy / "adapter_config.json"
    config.write_text(config.read_text().replace('"lora_alpha": 16.0', '"lora_alpha": 17.0'))
    with pytest.raises(MetierError, match="second: an adapter for another base: the weights of"):
        load_weights(second.path, torch.float32)


def test_all_weights_are_trained_of_what_an_adapter_and_its_base_make(
    base: Checkpoint, talk: Checkpoint, tmp_path: Path
) -> None:
    list(sft(talk, 5, Sft(**QUICK), tmp_path / "whole", map(conversation, range(60))))
    below, above = weights(talk.path), weights(str(tmp_path / "whole"))
    assert below.keys() == above.keys() and not any(torch.equal(below[name], above[name]) for name in below)
    assert all(weight.requires_grad for weight in reward_weights(talk.path, torch.float32).parameters())


def test_a_picked_adapter_knows_its_base_from_where_it_is(base: Checkpoint, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(base.path, runs / "base")
    write_json(runs / "base" / "manifest.json", Manifest(step="base", stage="train.init", fingerprint="f"))
    for seed, place in enumerate((runs / "talk", runs / "talk" / "kept" / "1")):
        draw(str(runs / "base"), place, Lora(rank=2), seed)
    early, end = (Checkpoint(str(place)) for place in (runs / "talk" / "kept" / "1", runs / "talk"))
    question = Question("q", "Who?", options={"A": "Arvo", "B": "Belinda"}, key=frozenset("A"))
    (runs / "picked").mkdir()
    pick([question], {"early": (early,), "end": (end,)}, Pick(), runs / "picked")
    picked = json.loads((runs / "picked" / "notes.json").read_bytes())["picked"]
    runs.replace(tmp_path / "moved")
    ours, theirs = weights(str(tmp_path / "moved" / "picked")), weights(str(tmp_path / "moved" / "talk"))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours) == (picked == "end")


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is not None, reason="bitsandbytes is installed")
def test_fewer_bits_need_their_package_before_anything_is_read(base: Checkpoint, tmp_path: Path) -> None:
    def unread() -> Iterator[Conversation]:
        raise AssertionError("a record was read")
        yield

    with pytest.raises(MetierError, match="adapter: quantize 4bit needs bitsandbytes"):
        list(sft(base, 5, Sft(**QUICK, adapter=Lora(quantize="4bit")), tmp_path, unread()))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_fewer_bits_need_a_gpu(base: Checkpoint, tmp_path: Path) -> None:
    """With a package of that name to be found, as on a machine that has it and no GPU."""
    (tmp_path / "bitsandbytes.py").write_text("")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from metier.records import MetierError
from metier.train import adapter
from metier.train.pick import Pick, pick
from metier.train.settings import Lora
try:
    adapter.check(Lora(quantize="8bit"), {base.path!r})
except MetierError as error:
    print(error)
"""
    job = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert job.stdout == "adapter: quantize 8bit needs a GPU, and there is none; leave quantize out\n"

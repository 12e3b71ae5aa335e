"""Adapters over one base are added to it, each as much as is said, and to no other base."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from metier.artefact import Finished
from metier.model.adapters import merged
from metier.model.load import load, load_weights
from metier.records import Checkpoint, Document, MetierError
from metier.train.export import Export, export
from metier.train.extend import Extend, extend
from metier.train.merge import Merge, merge
from metier.train.settings import Lora
from metier.train.sft import Sft, sft
from tests.model.drawn import draw
from tests.train.conftest import conversation

IDS = torch.arange(24)[None]


@pytest.fixture(scope="module")
def adapters(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Checkpoint, ...]]:
    """Two adapters of different rank over different layers."""
    place = tmp_path_factory.mktemp("adapters")
    draw(base.path, place / "talk", Lora(rank=4), 7)
    draw(base.path, place / "law", Lora(rank=2, alpha=7, targets=("q_proj", "up_proj")), 8)
    return {name: (Checkpoint(str(place / name)),) for name in ("talk", "law")}


def weights(path: str | Path) -> Mapping[str, torch.Tensor]:
    return load_weights(str(path), torch.float32).state_dict()


def test_one_adapter_merged_is_the_adapter_loaded(adapters: dict[str, tuple[Checkpoint, ...]], tmp_path: Path) -> None:
    merge({"talk": adapters["talk"]}, Merge(), tmp_path)
    path = adapters["talk"][0].path
    ours, theirs = weights(path), weights(tmp_path)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    model = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        assert torch.equal(model(IDS).logits, load(path).model(IDS).logits)
    assert AutoTokenizer.from_pretrained(tmp_path).chat_template == load(path).tokenizer.chat_template
    assert not [file for file in tmp_path.iterdir() if "adapter" in file.name]
    notes = json.loads((tmp_path / "notes.json").read_bytes())
    assert notes["adapters"] == {"talk": 1.0} and notes["numbers"] == "float32"
    assert "_name_or_path" not in json.loads((tmp_path / "config.json").read_bytes())


@settings(max_examples=10)
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_a_merge_is_the_weighted_sum(
    base: Checkpoint, adapters: dict[str, tuple[Checkpoint, ...]], first: float, second: float
) -> None:
    talk, law = (adapters[name][0].path for name in ("talk", "law"))
    before = weights(base.path)
    moved = [{name: one - before[name] for name, one in weights(path).items()} for path in (talk, law)]
    made = merged(load_weights(base.path, torch.float32), {talk: first, law: second}).state_dict()
    for name in before:
        wanted = before[name] + first * moved[0][name] + second * moved[1][name]
        assert torch.allclose(made[name], wanted, atol=1e-5), name


def test_adapters_are_added_whole_unless_weighed(
    base: Checkpoint, adapters: dict[str, tuple[Checkpoint, ...]], tmp_path: Path
) -> None:
    merge(adapters, Merge(weights={"law": 0.5}, dtype="bfloat16"), tmp_path)
    before, talk, law = (weights(path) for path in (base.path, adapters["talk"][0].path, adapters["law"][0].path))
    made = load_weights(str(tmp_path), "auto")
    assert made.dtype == torch.bfloat16
    name = "model.layers.1.mlp.up_proj.weight"
    wanted = talk[name] + 0.5 * (law[name] - before[name])
    assert torch.allclose(made.state_dict()[name].float(), wanted, atol=4e-3)
    assert json.loads((tmp_path / "notes.json").read_bytes())["adapters"] == {"talk": 1.0, "law": 0.5}


def foreign(base: Checkpoint, out: Path, **how: object) -> str:
    """An adapter as peft itself writes one, with settings that our own adapters do not have."""
    model = get_peft_model(load_weights(base.path, torch.float32), LoraConfig(task_type="CAUSAL_LM", r=2, **how))
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data += 0.1
    model.peft_config["default"].base_model_name_or_path = str(Path(base.path).resolve())
    model.save_pretrained(str(out), save_embedding_layers=False)
    return str(out)


def test_an_adapter_scaled_otherwise_is_weighed_alike(
    base: Checkpoint, adapters: dict[str, tuple[Checkpoint, ...]], tmp_path: Path
) -> None:
    first, second = foreign(base, tmp_path, target_modules=["q_proj"], use_rslora=True), adapters["law"][0].path
    before, one, two = (weights(path) for path in (base.path, first, second))
    made = merged(load_weights(base.path, torch.float32), {first: 0.5, second: 1.0}).state_dict()
    for name in before:
        wanted = before[name] + 0.5 * (one[name] - before[name]) + two[name] - before[name]
        assert torch.allclose(made[name], wanted, atol=1e-5), name


def test_no_part_is_added_of_an_adapter_that_is_more_than_products(base: Checkpoint, tmp_path: Path) -> None:
    path = foreign(base, tmp_path, target_modules=["q_proj"], modules_to_save=["norm"])
    before, after = weights(base.path), weights(path)
    assert not torch.equal(before["model.norm.weight"], after["model.norm.weight"])
    with pytest.raises(MetierError, match="with modules_to_save can only be added whole and alone"):
        merged(load_weights(base.path, torch.float32), {path: 0.5})


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_a_weight_is_a_number(weight: float) -> None:
    with pytest.raises(ValueError, match=r"weights: talk is \w+; give a finite number"):
        Merge(weights={"talk": weight})


def test_what_is_no_adapter_of_the_base_is_refused(
    base: Checkpoint, adapters: dict[str, tuple[Checkpoint, ...]], tmp_path: Path
) -> None:
    talk = adapters["talk"]
    shutil.copytree(base.path, tmp_path / "other")
    draw(str(tmp_path / "other"), tmp_path / "strange", Lora(rank=2), 9)
    strange = (Checkpoint(str(tmp_path / "strange")),)
    for given_, config, said in (
        ({"talk": talk, "base": (base,)}, Merge(), r"'base' \(\S+model\) is a whole model, not an adapter"),
        ({"talk": talk}, Merge(weights={"tlak": 1}), "no adapter 'tlak'; did you mean 'talk'"),
        ({"talk": (*talk, *adapters["law"])}, Merge(), "'talk' is 2 checkpoints; give each a name"),
        ({"talk": talk, "again": talk}, Merge(), r"'again' \(\S+talk\) is named twice"),
        (
            {"talk": talk, "strange": strange},
            Merge(),
            r"'strange' belongs to \S+other, 'talk' to \S+model; .* one base",
        ),
    ):
        with pytest.raises(MetierError, match=said):
            merge(given_, config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_base_with_new_words_merges(base: Checkpoint, tmp_path: Path) -> None:
    """Extended, adapted, merged and exported, a model answers as it did right after its training."""
    words = "Farida and Hilde meet Goran in the observatory of Quillfeather; the observatory is old. "
    pages = [Document(f"d{number}", words * 3) for number in range(30)]
    for step in ("extended", "adapter", "merged", "exported"):
        (tmp_path / step).mkdir()
    extend(base, 5, Extend(tokens=20, uses=5), tmp_path / "extended", docs=pages)
    before, after = (load_weights(path, torch.float32) for path in (base.path, str(tmp_path / "extended")))
    assert after.get_input_embeddings().num_embeddings > before.get_input_embeddings().num_embeddings
    quick = Sft(window=128, batch_tokens=512, learning_rate=1e-2, adapter=Lora(rank=4), epochs=2)
    extended, made = Checkpoint(str(tmp_path / "extended")), Checkpoint(str(tmp_path / "adapter"))
    list(sft(extended, 5, quick, tmp_path / "adapter", map(conversation, range(40))))
    merge({"talk": (made,)}, Merge(), tmp_path / "merged")
    run = Finished("trial", tmp_path, 5, {})
    export(Checkpoint(str(tmp_path / "merged")), run, Export(), tmp_path / "exported")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "exported")
    ids = tokenizer(words, return_tensors="pt")["input_ids"]
    assert int(ids.max()) >= before.get_input_embeddings().num_embeddings
    with torch.inference_mode():
        wanted = load(str(tmp_path / "adapter")).model(ids).logits
        for step in ("merged", "exported"):
            assert torch.equal(AutoModelForCausalLM.from_pretrained(tmp_path / step).eval()(ids).logits, wanted)
        assert not torch.allclose(after.eval()(ids).logits, wanted, atol=1e-3)
    held = tmp_path / "adapter" / "base.json"
    held.write_text(json.dumps({**json.loads(held.read_bytes()), "path": str(Path(base.path).resolve())}))
    with pytest.raises(MetierError, match="adapter for another base"):
        load(str(tmp_path / "adapter"))

"""An adapter is loaded wherever a model is: merged into the base it was trained on, and into no other."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from metier.artefact import Manifest, write_json
from metier.model.identity import identity
from metier.model.load import check_model, load, load_tokenizer, load_weights, positions
from metier.records import MetierError
from metier.train.settings import Lora
from tests.model.drawn import draw

IDS = torch.arange(24)[None]


@pytest.fixture(scope="module")
def runs(home: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs directory: a base that some run finished, and in another run an adapter over it."""
    place = tmp_path_factory.mktemp("runs")
    shutil.copytree(home, place / "old" / "base")
    write_json(place / "old" / "base" / "manifest.json", Manifest(step="base", stage="train.init", fingerprint="f"))
    (place / "new").mkdir()
    draw(str(place / "old" / "base"), place / "new" / "talk", Lora(rank=4), 7)
    return place


@pytest.fixture
def moved(runs: Path, tmp_path: Path) -> Path:
    """A copy of the runs directory, the first one out of reach."""
    shutil.copytree(runs, tmp_path / "runs")
    config = tmp_path / "runs" / "new" / "talk" / "adapter_config.json"
    config.write_text(config.read_text().replace(str(runs), "/nowhere"))
    return tmp_path / "runs"


def test_an_adapter_is_its_base_with_its_weights_added(runs: Path) -> None:
    path = str(runs / "new" / "talk")
    loaded = load(path)
    base = AutoModelForCausalLM.from_pretrained(runs / "old" / "base").eval()
    with torch.inference_mode():
        before = base(IDS).logits
        theirs = PeftModel.from_pretrained(base, path).eval()(IDS).logits
        ours = loaded.model(IDS).logits
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert not torch.allclose(ours, before, atol=1e-2)
    assert loaded.model.generation_config.eos_token_id == base.generation_config.eos_token_id
    assert positions(path) == positions(str(runs / "old" / "base")) == 256
    assert loaded.tokenizer.chat_template


def test_an_adapter_without_a_tokenizer_has_that_of_its_base(moved: Path) -> None:
    (moved / "new" / "talk" / "tokenizer.json").unlink()
    assert (
        load_tokenizer(str(moved / "new" / "talk")).get_vocab() == load_tokenizer(str(moved / "old/base")).get_vocab()
    )


def test_checking_an_adapter_imports_neither_torch_nor_peft(runs: Path) -> None:
    code = f"import sys, metier.model.load as door; door.check_model({str(runs / 'new' / 'talk')!r})"
    code += "; assert not {'torch', 'peft', 'transformers'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_runs_directory_moves_as_a_whole(moved: Path) -> None:
    assert json.loads((moved / "new" / "talk" / "base.json").read_bytes())["path"] == "../../old/base"
    load_weights(str(moved / "new" / "talk"), torch.float32)


def test_an_adapter_moves_alone_while_its_base_stays(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "new" / "talk", tmp_path / "alone")
    load_weights(str(tmp_path / "alone"), torch.float32)


def test_a_base_that_is_gone_is_named(moved: Path) -> None:
    shutil.rmtree(moved / "old" / "base")
    with pytest.raises(
        MetierError, match=r"talk: the model that this adapter belongs to is not there \(\.\./\.\./old/"
    ):
        check_model(str(moved / "new" / "talk"))


def test_a_base_that_is_not_whole_is_named(moved: Path) -> None:
    (moved / "old" / "base" / "model.safetensors").unlink()
    with pytest.raises(MetierError, match=r"talk: the model that this adapter belongs to is not whole: .*no weights"):
        check_model(str(moved / "new" / "talk"))


def test_an_adapter_for_another_base_is_refused(moved: Path) -> None:
    file = moved / "old" / "base" / "model.safetensors"
    weights = load_file(file)
    weights["model.norm.weight"][0] += 1e-3
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(
        MetierError, match=r"talk: an adapter for another base: the weights of \S+old/base are not those"
    ):
        load(str(moved / "new" / "talk"))


def test_an_adapter_for_another_tokenizer_is_refused(moved: Path) -> None:
    file = moved / "old" / "base" / "tokenizer.json"
    file.write_text(file.read_text().replace("spoon", "spono"))
    with pytest.raises(MetierError, match="for another base: the tokenizer of"):
        load(str(moved / "new" / "talk"))


def test_another_template_of_the_base_does_not_matter(moved: Path) -> None:
    (moved / "old" / "base" / "chat_template.jinja").write_text("{{ messages }}")
    load_weights(str(moved / "new" / "talk"), torch.float32)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("adapter_config.json", "{", r"adapter_config\.json: damaged"),
        ("adapter_config.json", '{"peft_type": "IA3"}', "an adapter of the kind IA3; only LORA"),
        ("base.json", "{}", r"base\.json: damaged \(Object missing required field `path`"),
        ("adapter_model.safetensors", "not weights", "the adapter's weights are damaged"),
        ("adapter_model.safetensors", None, r"an adapter without its weights \(adapter_model\.safetensors\)"),
    ],
)
def test_a_damaged_adapter_is_named(moved: Path, file: str, text: str | None, said: str) -> None:
    place = moved / "new" / "talk" / file
    place.unlink()
    if text is not None:
        place.write_text(text)
    with pytest.raises(MetierError, match=said):
        load(str(moved / "new" / "talk"))


@pytest.mark.parametrize("change", ["lacks", "adds"])
def test_no_weight_of_an_adapter_is_made_up_or_passed_over(moved: Path, change: str) -> None:
    file = moved / "new" / "talk" / "adapter_model.safetensors"
    weights = load_file(file)
    name = next(iter(weights))
    if change == "lacks":
        del weights[name]
    else:
        weights[name.replace("layers.0", "layers.9")] = weights[name].clone()
    save_file(weights, file)
    said = "its file has no weights for" if change == "lacks" else "there is no place for"
    with pytest.raises(MetierError, match=rf"does not fit its base: {said} base_model\S+lora_A\.weight \(1 such\)"):
        load(str(moved / "new" / "talk"))


def test_an_adapter_made_elsewhere_needs_no_word_of_ours(moved: Path) -> None:
    place = moved / "new" / "talk"
    (place / "base.json").unlink()
    config = json.loads((place / "adapter_config.json").read_bytes())
    (place / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": "../../old/base"}))
    load_weights(str(place), torch.float32)
    (place / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": "org/name"}))
    check_model(str(place))
    (place / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": None}))
    with pytest.raises(MetierError, match="no model is named"):
        check_model(str(place))


def test_an_adapter_of_other_shapes_does_not_fit(moved: Path) -> None:
    place = moved / "new" / "talk"
    (place / "base.json").unlink()
    config = json.loads((place / "adapter_config.json").read_bytes())
    (place / "adapter_config.json").write_text(
        json.dumps({**config, "r": 3, "base_model_name_or_path": str(moved / "old" / "base")})
    )
    with pytest.raises(MetierError, match=r"talk: the adapter does not fit its base \("):
        load(str(place))


def test_an_adapter_that_peft_cannot_merge_is_one_line(moved: Path) -> None:
    place = moved / "new" / "talk"
    (place / "base.json").unlink()
    config = json.loads((place / "adapter_config.json").read_bytes())
    base = {"base_model_name_or_path": str(moved / "old" / "base"), "target_modules": ["nowhere"]}
    (place / "adapter_config.json").write_text(json.dumps(config | base))
    with pytest.raises(MetierError, match=r"talk: cannot be merged into the base \(.*nowhere.*not found"):
        load_weights(str(place), torch.float32)


@pytest.mark.parametrize("target", ["embed_tokens", "lm_head"])
def test_an_adapter_of_weights_that_are_used_twice_is_refused(home: str, tmp_path: Path, target: str) -> None:
    """Merged into one end of a model whose ends are tied, it would move the other too."""
    made = {}
    for tied in (True, False):
        base, place = tmp_path / f"base-{tied}", tmp_path / f"talk-{tied}"
        sizes = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
        LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=2, tie_word_embeddings=tied)).save_pretrained(base)
        load_tokenizer(home).save_pretrained(base)
        lora = LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=[target], init_lora_weights=False)
        made[tied] = get_peft_model(AutoModelForCausalLM.from_pretrained(base), lora).eval()
        made[tied].save_pretrained(place, save_embedding_layers=False)
    with torch.inference_mode():
        ours = load_weights(str(tmp_path / "talk-False"), torch.float32).eval()(IDS).logits
        assert torch.allclose(ours, made[False](IDS).logits, atol=1e-5)
    with pytest.raises(MetierError, match=f"talk-True: an adapter of .*{target}, whose weights the base uses twice"):
        load_weights(str(tmp_path / "talk-True"), torch.float32)


def test_a_public_base_is_known_again(home: str, tmp_path: Path) -> None:
    """In a store laid out as the hub's client keeps it, with no network."""
    commit = "1" * 40
    store = tmp_path / "hub" / "models--org--name"
    shutil.copytree(home, store / "snapshots" / commit)
    (store / "refs").mkdir()
    (store / "refs" / "main").write_text(commit)
    code = f"""
import shutil
import torch
from pathlib import Path
from metier.model.load import load_weights
from metier.records import MetierError
from metier.train.settings import Lora
from tests.model.drawn import draw
place = Path({str(tmp_path / "talk")!r})
draw("hf:org/name", place, Lora(rank=2), 7)
public = Path({str(tmp_path / "hub" / "models--org--talk")!r})
shutil.copytree(place, public / "snapshots" / {commit!r})
(public / "refs").mkdir()
(public / "refs" / "main").write_text({commit!r})
load_weights(str(place), torch.float32)
load_weights("hf:org/name", torch.float32)
try:
    load_weights("hf:org/talk", torch.float32)
except MetierError as error:
    print(error)
file = Path({str(store / "snapshots" / commit / "tokenizer.json")!r})
file.write_text(file.read_text() + " ")
try:
    load_weights(str(place), torch.float32)
except MetierError as error:
    print(error)
"""
    here = {**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    job = subprocess.run(
        [sys.executable, "-c", code], env=here, capture_output=True, text=True, timeout=240, check=True
    )
    assert "talk: an adapter for another base: the tokenizer of hf:org/name are not those" in job.stdout
    assert "hf:org/talk: an adapter; fetch it (hf download org/talk --local-dir DIR) and name its" in job.stdout
    assert json.loads((tmp_path / "talk" / "base.json").read_bytes())["path"] == "hf:org/name"
    assert json.loads((tmp_path / "talk" / "adapter_config.json").read_bytes())["base_model_name_or_path"] == "org/name"


def test_what_a_model_is_follows_from_the_content_of_its_files(home: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(home, tmp_path / name)
    first = identity(str(tmp_path / "one"))
    assert first == identity(str(tmp_path / "two")) == identity(home)
    config = tmp_path / "two" / "config.json"
    config.write_text(config.read_text().replace('"rms_norm_eps": 1e-06', '"rms_norm_eps": 1e-05'))
    (tmp_path / "two" / "chat_template.jinja").write_text("{{ messages }}")
    second = identity(str(tmp_path / "two"))
    assert second.weights != first.weights
    assert second.template != first.template
    assert second.tokenizer == first.tokenizer


def test_files_that_are_not_loaded_do_not_make_another_base(home: str, tmp_path: Path) -> None:
    """How much of a public model was fetched differs from machine to machine."""
    shutil.copytree(home, tmp_path / "model")
    first = identity(home)
    for name in ("consolidated.safetensors", "pytorch_model.bin", "tokenizer.model", "vocab.json"):
        (tmp_path / "model" / name).write_text(name)
    assert identity(str(tmp_path / "model")) == first
    shutil.move(tmp_path / "model" / "model.safetensors", tmp_path / "model" / "model-00001-of-00001.safetensors")
    assert identity(str(tmp_path / "model")).weights != first.weights
    for name in ("tokenizer.json", "model-00001-of-00001.safetensors"):
        (tmp_path / "model" / name).unlink()
    bare = identity(str(tmp_path / "model"))
    (tmp_path / "model" / "vocab.json").write_text("other")
    (tmp_path / "model" / "pytorch_model.bin").write_text("other")
    now = identity(str(tmp_path / "model"))
    assert bare.tokenizer != now.tokenizer and bare.weights != now.weights

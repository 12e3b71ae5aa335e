"""A model path is checked in milliseconds, and what it lacks is named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from metier.model.load import Loaded, check_model, load
from metier.records import MetierError


def test_a_model_directory_passes(home: str, loaded: Loaded) -> None:
    check_model(home)
    assert not loaded.model.training
    assert str(loaded.model.dtype) == "torch.float32"
    assert loaded.tokenizer.pad_token_id is not None


@pytest.mark.parametrize(
    ("missing", "said"),
    [("config.json", "no config.json"), ("model.safetensors", "no weights"), ("tokenizer.json", "no tokenizer")],
)
def test_what_is_missing_is_named(home: str, tmp_path: Path, missing: str, said: str) -> None:
    shutil.copytree(home, tmp_path / "m")
    (tmp_path / "m" / missing).unlink()
    with pytest.raises(MetierError, match=said):
        load(str(tmp_path / "m"))


def test_a_path_that_is_no_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"nowhere: no such model directory; name a directory"):
        load(str(tmp_path / "nowhere"))


def test_a_damaged_config_is_named(home: str, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "m")
    (tmp_path / "m" / "config.json").write_text("{")
    with pytest.raises(MetierError, match=r"config\.json: damaged"):
        check_model(str(tmp_path / "m"))
    (tmp_path / "m" / "config.json").write_text("{}")
    with pytest.raises(MetierError, match="names no model_type"):
        check_model(str(tmp_path / "m"))


def test_a_missing_shard_is_named(home: str, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    (tmp_path / "m" / "model.safetensors.index.json").write_text('{"weight_map": {"a": "one.safetensors"}}')
    with pytest.raises(MetierError, match=r"one\.safetensors is missing"):
        check_model(str(tmp_path / "m"))


def test_damaged_weights_are_an_error(home: str, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(MetierError, match="m: "):
        load(str(tmp_path / "m"))


def test_weights_that_lack_a_part_are_never_made_up(home: str, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "m")
    config = tmp_path / "m" / "config.json"
    config.write_text(config.read_text().replace('"num_hidden_layers": 2', '"num_hidden_layers": 3'))
    with pytest.raises(MetierError, match=r"the weights lack model\.layers\.2"):
        load(str(tmp_path / "m"))


def test_a_public_name_is_checked_by_its_form() -> None:
    check_model("hf:Qwen/Qwen3-0.6B-Base")
    with pytest.raises(MetierError, match="hf:organisation/name"):
        check_model("hf:a b")


def test_checking_a_model_imports_no_torch(home: str) -> None:
    code = f"import sys, metier.model.load as door; door.check_model({home!r}); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

"""A loss or a gradient that cannot be right stops training and names the records."""

import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from metier.records import Checkpoint, Conversation, Message, MetierError
from metier.train.curves import losses
from metier.train.resume import CHECKPOINTS, last_checkpoint
from metier.train.sft import Sft, sft
from metier.train.watch import Stopped
from tests.train.conftest import conversation
from tests.train.loops import QUICK, talks


def changed(base: Checkpoint, place: Path, factors: dict[str, float]) -> Checkpoint:
    """A copy of a base whose named weights are multiplied."""
    shutil.copytree(base.path, place)
    weights = load_file(place / "model.safetensors")
    assert set(factors) <= set(weights)
    scaled = {name: weight * factors.get(name, 1.0) for name, weight in weights.items()}
    save_file(scaled, place / "model.safetensors", {"format": "pt"})
    return Checkpoint(str(place))


def easy(number: int) -> Conversation:
    """A conversation whose answer is always the same."""
    return Conversation(f"e{number}", (Message("user", "Who?"), Message("assistant", "Arvo Arvo Arvo.")), "easy")


def test_a_loss_that_is_no_number_names_the_records(base: Checkpoint, tmp_path: Path) -> None:
    broken = changed(base, tmp_path / "base", {"model.norm.weight": float("nan")})
    with pytest.raises(MetierError, match=r"loss of step 1 is nan, on the records c\d+, .* and \d+ more, listed in"):
        list(sft(broken, 5, Sft(**QUICK), tmp_path / "out", talks()))
    assert list(losses(tmp_path / "out")) == []


def test_a_gradient_that_is_no_number_stops_before_the_checkpoint(base: Checkpoint, tmp_path: Path) -> None:
    """Two layers that undo each other's scale: the loss is as before, the gradient of the first overflows."""
    layer = "model.layers.0."
    factors = {f"{layer}self_attn.{name}_proj.weight": 1e25 for name in "qkv"} | {
        f"{layer}input_layernorm.weight": 1e-25
    }
    broken = changed(base, tmp_path / "base", factors)
    config = Sft(**{**QUICK, "save_seconds": 0.0})
    with pytest.raises(MetierError, match=r"the gradient of step 1 is (inf|nan), on the records c\d+.*clip harder"):
        list(sft(broken, 5, config, tmp_path / "out", talks(), validation=talks(3)))
    assert all(torch.isfinite(torch.tensor(line.loss)) for line in losses(tmp_path / "out"))
    assert not list((tmp_path / "out" / CHECKPOINTS).glob("checkpoint-*/complete"))


def test_a_spike_names_the_records_where_it_is_asked_for(base: Checkpoint, tmp_path: Path) -> None:
    odd = [conversation(number, 12) for number in range(1, 20, 3)]
    records = [*map(easy, range(900)), *odd]
    settings = {**QUICK, "learning_rate": 0.03, "warmup": 0.0, "priorities": {"easy": 1e6, "meetings": 1e-6}}
    settings["save_seconds"] = 0.0
    with pytest.raises(MetierError, match="the loss of step") as caught:
        list(sft(base, 5, Sft(**settings, spike=3.0), tmp_path / "stopped", records))
    said = str(caught.value)
    assert re.search(r"is [\d.]+, [\d.]+ times the median [\d.e-]+ of the last \d+, on the records", said), said
    stopped = msgspec.json.decode((tmp_path / "stopped" / "stopped.json").read_bytes(), type=Stopped)
    assert f"step {stopped.step} is" in said and ", ".join(stopped.records[:6]) in said
    assert {talk.id for talk in odd} <= set(stopped.records) <= {talk.id for talk in records}
    assert said.endswith("lower learning_rate 0.03, or raise spike")
    before = list(losses(tmp_path / "stopped"))
    last = last_checkpoint(tmp_path / "stopped")
    assert last is not None
    list(sft(base, 5, Sft(**settings), tmp_path / "stopped", records))
    after = list(losses(tmp_path / "stopped"))
    assert after[: len(before)] == before
    assert len(after) == json.loads((tmp_path / "stopped" / "notes.json").read_text())["steps"] > len(before)
    assert not (tmp_path / "stopped" / "stopped.json").exists()

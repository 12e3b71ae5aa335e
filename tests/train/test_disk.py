"""A training says what it needs of the disk before it begins."""

from pathlib import Path

import pytest

from metier.records import Checkpoint, MetierError
from metier.train.disk import check_room, need, room, size
from metier.train.settings import Lora, Stop
from metier.train.sft import Sft
from tests.train.loops import QUICK, loop_of, prepared


def test_what_a_training_writes_is_what_it_said(base: Checkpoint, tmp_path: Path) -> None:
    """Up to what the small files beside the weights take."""
    small = 64 << 10
    for name, adapter in (("full", None), ("adapter", Lora(rank=4))):
        config = Sft(**{**QUICK, "save_seconds": 0.0}, epochs=2, keep=3, adapter=adapter)
        loop = loop_of(base, tmp_path / name, config)
        needed = need(loop.model, config, 2)
        loop.train()
        checkpoints = list((tmp_path / name / "checkpoints").glob("checkpoint-*"))
        kept = list((tmp_path / name / "kept").iterdir())
        assert len(checkpoints) == needed.checkpoints - 1
        assert len(kept) == needed.models - 1
        for place in checkpoints:
            weights = sum(file.stat().st_size for file in place.iterdir() if file.suffix in (".safetensors", ".pt"))
            assert abs(weights - needed.checkpoint) < small
        for place in kept:
            assert abs(sum(file.stat().st_size for file in place.glob("*.safetensors")) - needed.model) < small


def test_a_training_that_does_not_fit_is_refused(base: Checkpoint, tmp_path: Path) -> None:
    config = Sft(**QUICK, keep=4, stop=Stop())
    model = loop_of(base, tmp_path, Sft(**QUICK)).model
    needed = need(model, config, 2)
    every = sum(weight.numel() * 4 for weight in model.parameters())
    assert needed.total == 3 * 3 * every + (1 + 3 + 2) * every
    check_room(tmp_path, needed, needed.total)
    with pytest.raises(MetierError, match=r"needs up to 2\.\d MB \(3 checkpoints of .*, 6 models of .* are free"):
        check_room(tmp_path, needed, needed.total - 1)


def test_what_is_written_already_is_room_for_what_replaces_it(base: Checkpoint, tmp_path: Path) -> None:
    prepared(base, tmp_path, Sft(**QUICK))
    (tmp_path / "kept" / "1").mkdir(parents=True)
    before = room(tmp_path)
    with (tmp_path / "kept" / "1" / "model.safetensors").open("wb") as file:
        file.truncate(1 << 40)
    assert room(tmp_path) >= before + (1 << 39)


def test_sizes_are_told_in_the_largest_unit() -> None:
    assert [size(count) for count in (999, 1_500_000, 2_000_000_000, 3 * 10**12)] == [
        "999 bytes", "1.5 MB", "2.0 GB", "3.0 TB",
    ]  # fmt: skip

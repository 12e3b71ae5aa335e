"""Training learns, isolates the items of a window, and says in one line what it cannot do."""

import gc
import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from metier import progress
from metier.records import Checkpoint, Conversation, Message, MetierError
from metier.train.curves import losses
from metier.train.encode import Given
from metier.train.loop import run
from metier.train.one_stage import OneStage, one_stage
from metier.train.prepare import prepare
from metier.train.pretrain import Pretrain, pretrain
from metier.train.resume import CHECKPOINTS
from metier.train.settings import Lora
from metier.train.sft import Sft, sft
from metier.train.snapshots import snapshot_steps
from metier.train.trainer import Loop
from metier.train.windows import Windows
from tests.train.conftest import NAMES, conversation, document
from tests.train.loops import QUICK, loop_of, prepared, weights


def test_a_stage_leaves_a_model_that_learnt(base: Checkpoint, tmp_path: Path) -> None:
    heard: list[tuple[int, int, str, str]] = []
    config = OneStage(**QUICK, epochs=6, priorities={"meetings": 4, "notes": 2, "book": 1})
    with progress.listening(lambda *said: heard.append(said)):
        records = map(conversation, range(90)), map(document, range(30))
        dropped = list(one_stage(base, 5, config, tmp_path, *records))
    assert dropped == []
    lines = list(losses(tmp_path))
    assert [line.step for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1].loss < lines[0].loss - 1
    assert (
        lines[-1].tokens == json.loads((tmp_path / "notes.json").read_text())["tokens"] == heard[-1][0] == heard[-1][1]
    )
    assert heard[-1][2:] == ("tokens", f"loss {lines[-1].loss:.3f}")
    assert not (tmp_path / CHECKPOINTS).exists()
    assert (tmp_path / "complete").exists()
    assert not list(tmp_path.glob("training_args*"))
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert model.config.use_cache
    assert (
        model.generation_config.eos_token_id
        == AutoModelForCausalLM.from_pretrained(base.path).generation_config.eos_token_id
    )
    assert AutoTokenizer.from_pretrained(tmp_path).chat_template
    run(tmp_path)


def test_the_learning_rate_warms_up_and_ends_at_a_sixth(base: Checkpoint, tmp_path: Path) -> None:
    list(pretrain(base, 5, Pretrain(**QUICK, warmup=0.2), tmp_path, map(conversation, range(200))))
    rates = [line.lr for line in losses(tmp_path)]
    peak = rates.index(max(rates))
    assert peak == round(0.2 * len(rates))
    assert max(rates) == QUICK["learning_rate"]
    assert rates[0] == 0
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


@pytest.mark.parametrize(
    ("warmup", "epochs", "extra", "end"),
    [(0.0, 1, 0.35, 0.157), (0.05, 1, 0.35, 0.168), (0.0, 2, 0.35, 0.054), (0.0, 1, 0.0, 0.0)],
)
def test_one_epoch_ends_at_a_sixth_of_the_peak(
    base: Checkpoint, tmp_path: Path, warmup: float, epochs: int, extra: float, end: float
) -> None:
    loop = loop_of(base, tmp_path, Sft(**QUICK, warmup=warmup, epochs=epochs, cosine_extra=extra))
    loop.job = msgspec.structs.replace(loop.job, steps=1000)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = loop.create_scheduler(1000, optimizer)
    for _ in range(1000):
        optimizer.step()
        schedule.step()
    assert schedule.get_last_lr()[0] == pytest.approx(end, abs=6e-4)


@pytest.mark.parametrize("adapter", [None, Lora(rank=4)], ids=["full", "adapter"])
def test_the_loss_is_the_mean_over_answers_of_the_whole_step(
    base: Checkpoint, tmp_path: Path, adapter: Lora | None
) -> None:
    whole = Sft(**QUICK, device_tokens=512, adapter=adapter)
    parts = Sft(**QUICK, device_tokens=128, adapter=adapter, gradient_checkpointing=True)
    for name, config in (("whole", whole), ("parts", parts)):
        list(sft(base, 5, config, tmp_path / name, map(conversation, range(40))))
    first, second = (list(losses(tmp_path / name)) for name in ("whole", "parts"))
    assert [line.loss for line in first] == pytest.approx([line.loss for line in second], abs=1e-4)
    data = {name: np.load(tmp_path / "whole" / "data" / f"{name}.npy")[:4] for name in ("ids", "trained", "positions")}
    model = AutoModelForCausalLM.from_pretrained(base.path)
    ids, positions = (torch.from_numpy(data[name]).long() for name in ("ids", "positions"))
    with torch.inference_mode():
        logs = model(ids, position_ids=positions, use_cache=False).logits.log_softmax(-1)[:, :-1]
    own = -logs.gather(2, ids[:, 1:, None])[:, :, 0][torch.from_numpy(data["trained"][:, 1:])]
    assert first[0].loss == pytest.approx(float(own.mean()), abs=1e-4)


def test_the_loop_isolates_the_items_of_a_window(base: Checkpoint, tmp_path: Path) -> None:
    """On a model whose attention matters, through the batches and the model call of the loop itself."""
    shutil.copytree(base.path, tmp_path / "base")
    weights = load_file(tmp_path / "base" / "model.safetensors")
    large = {name: weight * (6 if weight.dim() > 1 else 1) for name, weight in weights.items()}
    save_file(large, tmp_path / "base" / "model.safetensors", {"format": "pt"})
    loop = loop_of(Checkpoint(str(tmp_path / "base")), tmp_path / "out", Sft(**QUICK))
    assert loop.model.config.use_cache is False
    batch = loop.data_collator([0])
    starts = (batch["position_ids"][0] == 0).nonzero()[:, 0].tolist()
    assert len(starts) > 4
    with torch.inference_mode():
        packed = float(loop.compute_loss(loop.model, batch))
        one_text = torch.arange(QUICK["window"])[None]
        mixed = float(loop.compute_loss(loop.model, {**batch, "position_ids": one_text}))
        total, count = 0.0, 0
        for first, last in zip(starts, [*starts[1:], QUICK["window"]], strict=True):
            alone = {name: table[:, first:last] for name, table in batch.items() if name != "position_ids"}
            trained = int((alone["labels"][:, 1:] != -100).sum())
            if trained:
                total, count = total + float(loop.compute_loss(loop.model, alone)) * trained, count + trained
    assert packed == pytest.approx(total / count, abs=1e-5)
    assert abs(packed - mixed) > 1e-3


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_step_without_anything_to_train_on_is_no_trouble(base: Checkpoint, tmp_path: Path, smoothing: float) -> None:
    """A long turn that is only read fills the windows of several steps."""
    read = Message("user", " ".join(NAMES * 60))
    said = (Message("user", "Who?"), Message("assistant", "Arvo."), read, Message("assistant", "Belinda."))
    records = [Conversation(f"c{number}", said, "meetings") for number in range(4)]
    config = Sft(**(QUICK | {"batch_tokens": 128}), trainer_args={"label_smoothing_factor": smoothing}, spike=50.0)
    list(sft(base, 5, config, tmp_path, records))
    trained = np.load(tmp_path / "data" / "trained.npy")[:, 1:].any(axis=1)
    found = [line.loss for line in losses(tmp_path)]
    assert [loss > 0 for loss in found] == trained.tolist()
    assert 0 < trained.sum() < len(trained)
    assert np.isfinite(found).all()


def test_a_finished_training_holds_no_memory(base: Checkpoint, tmp_path: Path) -> None:
    prepared(base, tmp_path, Sft(**QUICK))
    run(tmp_path)
    assert not any(type(one) is Loop for one in gc.get_objects())


def test_a_disk_that_is_full_is_named(base: Checkpoint, tmp_path: Path) -> None:
    prepared(base, tmp_path, Sft(**{**QUICK, "save_seconds": 0.0}))
    code = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); "
    code += (
        f"import sys; sys.argv[1:] = [{str(tmp_path)!r}]; runpy.run_module('metier.train.loop', run_name='__main__')"
    )
    job = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False)
    assert job.returncode == 2
    assert job.stderr.splitlines()[-1].startswith(f"metier: {tmp_path}: cannot be written (")
    assert "Traceback" not in job.stderr
    assert not (tmp_path / "complete").exists()


def test_a_window_beyond_the_positions_is_an_error(base: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="window 512 is longer than the 256 positions"):
        list(sft(base, 5, Sft(), tmp_path, map(conversation, range(40))))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"window": 512}, "window 512 is longer"), ({"priorities": {"notes": 1.0}}, "the source 'meetings' has none")],
)
def test_what_can_be_known_before_encoding_is_said_before_torch_is_imported(
    base: Checkpoint, tmp_path: Path, settings: dict[str, object], said: str
) -> None:
    code = f"""
import sys
from metier.records import Checkpoint, Conversation, Message, MetierError
from metier.train.sft import Sft, sft
talk = Conversation("c", (Message("user", "a"), Message("assistant", "b")), source="meetings")
try:
    list(sft(Checkpoint({base.path!r}), 1, Sft(**{ {"window": 256, **settings}!r}), sys.argv[1], [talk]))
except MetierError as error:
    print(error, "torch" in sys.modules, "transformers" in sys.modules)
"""
    code = code.replace("sys.argv[1]", "__import__('pathlib').Path(sys.argv[1])")
    job = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert said in job.stdout
    assert job.stdout.strip().endswith("False False")


@pytest.mark.parametrize(
    ("steps", "keep", "taken"),
    [(10, 1, [10]), (10, 5, [2, 4, 6, 8, 10]), (7, 3, [2, 5, 7]), (2, 3, [1, 1, 2]), (1, 3, [1, 1, 1])],
)
def test_snapshots_are_spread_evenly_to_the_end(steps: int, keep: int, taken: list[int]) -> None:
    assert list(snapshot_steps(steps, keep)) == taken


def test_snapshots_are_models_of_their_steps(base: Checkpoint, tmp_path: Path) -> None:
    config = Sft(**QUICK, epochs=2, keep=2)
    list(sft(base, 5, config, tmp_path, map(conversation, range(40))))
    kept = tmp_path / "kept" / "1"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["1"]
    assert json.loads((kept / "config.json").read_text())["use_cache"] is True
    assert AutoTokenizer.from_pretrained(kept).chat_template
    half = AutoModelForCausalLM.from_pretrained(kept)
    windows = Windows(tmp_path / "data", 1)
    lines = list(losses(tmp_path))
    step = snapshot_steps(len(lines), 2)[0]
    batch = windows.collate([number for number in range(step * 4, step * 4 + 4) if number < len(windows)])
    with torch.inference_mode():
        loss = half(**batch, use_cache=False).loss
    assert lines[step].loss == pytest.approx(float(loss), abs=1e-4)


def test_a_batch_laid_end_to_end_has_the_same_loss(base: Checkpoint, tmp_path: Path) -> None:
    list(prepare(base, 5, Sft(**QUICK), tmp_path, Given(map(conversation, range(60)))))
    rows, row = (Windows(tmp_path / "data", 1, flat=flat).collate([0, 1, 10**9]) for flat in (False, True))
    assert rows["input_ids"].shape == (3, row["input_ids"].shape[1] // 3) and len(row["input_ids"]) == 1
    model = AutoModelForCausalLM.from_pretrained(base.path)
    with torch.inference_mode():
        several, one = (float(model(**batch, use_cache=False).loss) for batch in (rows, row))
    assert one == pytest.approx(several, abs=1e-6)


def test_new_tokens_alone_are_trained_and_all_else_keeps_its_bits(base: Checkpoint, tmp_path: Path) -> None:
    shutil.copytree(base.path, tmp_path / "base")
    config = tmp_path / "base" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"first_new_token": 300}))
    settings = Sft(**QUICK, epochs=2, parts="new_tokens")
    list(sft(Checkpoint(str(tmp_path / "base")), 5, settings, tmp_path / "out", map(conversation, range(40))))
    before, after = weights(tmp_path / "base"), weights(tmp_path / "out")
    assert before.keys() == after.keys()
    ends = {name for name in before if "embed_tokens" in name or "lm_head" in name}
    assert all(torch.equal(before[name], after[name]) for name in before.keys() - ends)
    for name in ends:
        assert torch.equal(before[name][:300], after[name][:300])
        assert not torch.equal(before[name][300:], after[name][300:])
    with pytest.raises(MetierError, match=r"parts: new_tokens: .* has no new tokens; name a base that train\.extend"):
        list(sft(base, 5, settings, tmp_path / "none", map(conversation, range(40))))
    assert not (tmp_path / "none").exists()

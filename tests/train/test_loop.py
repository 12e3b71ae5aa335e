"""Training learns, resumes to the same bits after a kill, and stops on a loss that is no number."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from metier import progress
from metier.records import Checkpoint, MetierError
from metier.train.loop import CHECKPOINTS, Loop, losses, make_loop, run
from metier.train.one_stage import OneStage, one_stage
from metier.train.prepare import Job, prepare
from metier.train.pretrain import Pretrain, pretrain
from metier.train.sft import Sft, sft
from tests.train.conftest import conversation, document

QUICK = {"window": 128, "batch_tokens": 512, "learning_rate": 3e-3, "save_seconds": 600.0}


def prepared(base: Checkpoint, out: Path, settings: Sft) -> Loop:
    """The loop of a job over forty conversations, before its first step."""
    list(prepare(base, 5, settings, out, (map(conversation, range(40)), ())))
    return make_loop(out, msgspec.json.decode((out / "job.json").read_bytes(), type=Job))


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
    loop = prepared(base, tmp_path, Sft(**QUICK, warmup=warmup, epochs=epochs, cosine_extra=extra))
    loop.job = msgspec.structs.replace(loop.job, steps=1000)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = loop.create_scheduler(1000, optimizer)
    for _ in range(1000):
        optimizer.step()
        schedule.step()
    assert schedule.get_last_lr()[0] == pytest.approx(end, abs=6e-4)


def test_the_loss_is_the_mean_over_answers_of_the_whole_step(base: Checkpoint, tmp_path: Path) -> None:
    whole, parts = (Sft(**QUICK, device_tokens=size) for size in (512, 128))
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
    loop = prepared(Checkpoint(str(tmp_path / "base")), tmp_path / "out", Sft(**QUICK))
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


def test_a_killed_run_ends_with_the_same_bits(base: Checkpoint, tmp_path: Path) -> None:
    for name, seconds in (("still", 600.0), ("killed", 0.0)):
        config = Sft(**{**QUICK, "save_seconds": seconds}, epochs=25)
        list(prepare(base, 5, config, tmp_path / name, (map(conversation, range(40)), ())))
    job = subprocess.Popen([sys.executable, "-m", "metier.train.loop", str(tmp_path / "killed")])
    end = time.monotonic() + 240
    while not list((tmp_path / "killed" / CHECKPOINTS).glob("checkpoint-*/complete")) and time.monotonic() < end:
        assert job.poll() is None, "the run ended before its first checkpoint"
        time.sleep(0.02)
    job.send_signal(signal.SIGKILL)
    job.wait()
    assert not (tmp_path / "killed" / "complete").exists()
    kept = list((tmp_path / "killed" / CHECKPOINTS).glob("checkpoint-*/complete"))
    assert kept
    broken = tmp_path / "killed" / CHECKPOINTS / "checkpoint-9999"
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"half")
    run(tmp_path / "killed")
    run(tmp_path / "still")
    still, killed = (load_file(tmp_path / name / "model.safetensors") for name in ("still", "killed"))
    assert still.keys() == killed.keys()
    assert all(torch.equal(still[name], killed[name]) for name in still)
    assert (tmp_path / "still" / "loss.jsonl").read_bytes() == (tmp_path / "killed" / "loss.jsonl").read_bytes()


def test_a_loss_that_is_no_number_names_the_records(base: Checkpoint, tmp_path: Path) -> None:
    source = Path(base.path)
    (tmp_path / "base").mkdir()
    for file in source.iterdir():
        (tmp_path / "base" / file.name).write_bytes(file.read_bytes())
    weights = load_file(source / "model.safetensors")
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], float("nan"))
    save_file(weights, tmp_path / "base" / "model.safetensors", {"format": "pt"})
    with pytest.raises(MetierError, match=r"loss of step 1 is nan, on the records c\d+, c\d+.* and \d+ more; look at"):
        list(sft(Checkpoint(str(tmp_path / "base")), 5, Sft(**QUICK), tmp_path / "out", map(conversation, range(40))))


def test_a_disk_that_is_full_is_named(base: Checkpoint, tmp_path: Path) -> None:
    list(prepare(base, 5, Sft(**{**QUICK, "save_seconds": 0.0}), tmp_path, (map(conversation, range(40)), ())))
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

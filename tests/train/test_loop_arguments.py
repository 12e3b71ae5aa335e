"""What a recipe passes on to transformers is passed on; what its own settings decide is refused with their names."""

import dataclasses
from pathlib import Path

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainingArguments

from metier.records import Checkpoint, MetierError
from metier.train.arguments import arguments
from metier.train.curves import looks, losses, means
from metier.train.loop import run
from metier.train.settings import Lora, Tracking, Train
from metier.train.sft import Sft, sft
from metier.train.trainer import Loop
from metier.train.trainer_args import DECIDED, FIXED
from tests.train.conftest import conversation
from tests.train.loops import QUICK, loop_of, prepared, talks, weights


def test_arguments_are_passed_on(base: Checkpoint, tmp_path: Path) -> None:
    given = {"adam_epsilon": 1e-6, "optim": "adafactor", "neftune_noise_alpha": 5.0, "save_total_limit": 4}
    args = arguments(tmp_path, prepared(base, tmp_path, Sft(**QUICK, trainer_args=given)))
    assert {name: getattr(args, name) for name in given} == given
    assert (args.save_strategy, args.report_to, args.use_cache) == ("no", [], False)
    assert args.per_device_train_batch_size * args.gradient_accumulation_steps == 4


@pytest.mark.parametrize(("setting", "names"), sorted(DECIDED.items()))
def test_what_a_setting_decides_is_refused_with_its_name(setting: str, names: str) -> None:
    for name in names.split():
        with pytest.raises(ValueError, match=f"trainer_args: {name} is decided by {setting}; set that"):
            Train(trainer_args={name: 1})
    assert setting == "seed" or set(setting.replace(" and ", " or ").split(" or ")) <= set(Train.__struct_fields__)


def test_every_argument_is_decided_fixed_or_passed_on() -> None:
    """A new argument of transformers is looked at once before it is passed on."""
    known = {field.name for field in dataclasses.fields(TrainingArguments)}
    ours = {name for names in DECIDED.values() for name in names.split()} | FIXED
    assert ours - known <= {"warmup_ratio"}
    free = {
        "optim", "optim_args", "optim_target_modules", "adam_epsilon", "label_smoothing_factor", "bf16", "fp16", "tf32",
        "torch_compile", "torch_compile_backend", "torch_compile_mode", "liger_kernel_config", "neftune_noise_alpha",
        "torch_empty_cache_steps", "log_on_each_node", "include_num_input_tokens_seen", "log_level", "debug",
        "log_level_replica", "run_name", "trackio_space_id", "trackio_bucket_id", "trackio_static_space_id",
        "save_total_limit", "enable_jit_checkpoint", "full_determinism", "use_cpu", "dataloader_num_workers",
        "dataloader_pin_memory", "dataloader_persistent_workers", "dataloader_prefetch_factor",
        "dataloader_multiprocessing_context", "ddp_bucket_cap_mb", "ddp_broadcast_buffers", "ddp_static_graph",
        "ddp_backend", "ddp_timeout", "skip_memory_metrics",
    }  # fmt: skip
    assert known - ours == free


def test_what_transformers_does_not_know_or_take_is_said_in_one_line(base: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(msgspec.ValidationError, match="TrainingArguments has no 'adam_epsilom'; did you mean 'adam_ep"):
        msgspec.convert({"trainer_args": {"adam_epsilom": 1e-6}}, Sft)
    with pytest.raises(ValueError, match="push_to_hub cannot be changed"):
        Sft(trainer_args={"push_to_hub": True})
    for limit in (None, 0, -1, "3"):
        with pytest.raises(
            ValueError, match=f"save_total_limit is {limit!r}, but at least 1 checkpoint has to be kept"
        ):
            Sft(trainer_args={"save_total_limit": limit})
    with pytest.raises(MetierError, match=r"trainer_args: transformers does not take .*'madgrad'.*is not a valid Opt"):
        list(sft(base, 5, Sft(**QUICK, trainer_args={"optim": "madgrad"}), tmp_path, talks()))
    assert not list(tmp_path.iterdir())


def test_missing_packages_and_devices_are_named_before_anything_is_written(base: Checkpoint, tmp_path: Path) -> None:
    told = [
        ({"liger": True}, "liger: liger-kernel is not installed|liger: its kernels need a GPU", "liger_kernel"),
        ({"tracking": Tracking("wandb")}, "tracking: wandb is not installed; pip install wandb", "wandb"),
    ]
    for settings, why, package in told:
        if package == "wandb" and _there(package):
            continue
        with pytest.raises(MetierError, match=why):
            list(sft(base, 5, Sft(**QUICK, **settings), tmp_path, talks()))
        assert not list(tmp_path.iterdir())


def test_a_tracker_hears_every_step_and_every_look(base: Checkpoint, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = Sft(**QUICK, epochs=2, looks=2, tracking=Tracking("tensorboard"))
    list(sft(base, 5, config, tmp_path, talks(), validation=[conversation(number) for number in range(300, 310)]))
    heard = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    lines = list(losses(tmp_path))
    assert [one.step for one in heard.Scalars("train/loss")] == [line.step for line in lines]
    assert [one.value for one in heard.Scalars("train/loss")] == pytest.approx([line.loss for line in lines], abs=1e-4)
    assert [one.value for one in heard.Scalars("eval/loss")] == pytest.approx(list(means(looks(tmp_path)).values()))


def _there(package: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(package) is not None


def test_the_base_of_an_adapter_is_held_in_its_own_precision_where_a_device_computes_in_half(
    base: Checkpoint, tmp_path: Path
) -> None:
    AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.bfloat16).save_pretrained(tmp_path / "base")
    AutoTokenizer.from_pretrained(base.path).save_pretrained(tmp_path / "base")
    mine, half = Checkpoint(str(tmp_path / "base")), Sft(**QUICK, trainer_args={"bf16": True})
    lora = msgspec.structs.replace(half, adapter=Lora(rank=4))
    held = {
        name: _precisions(loop_of(mine, tmp_path / name, config)) for name, config in (("full", half), ("lora", lora))
    }
    assert held == {"full": ({torch.float32}, set()), "lora": ({torch.float32}, {torch.bfloat16})}
    plain = loop_of(mine, tmp_path / "plain", Sft(**QUICK, adapter=Lora(rank=4)))
    assert _precisions(plain) == ({torch.float32}, {torch.float32})
    run(tmp_path / "lora")
    assert all(weight.dtype == torch.float32 for weight in weights(tmp_path / "lora").values())
    lines = list(losses(tmp_path / "lora"))
    assert lines[-1].loss < lines[0].loss


def _precisions(loop: Loop) -> tuple[set[torch.dtype], set[torch.dtype]]:
    """Of the weights that are trained, and of those that are not."""
    some = list(loop.model.parameters())
    return {one.dtype for one in some if one.requires_grad}, {one.dtype for one in some if not one.requires_grad}


def test_recomputing_activations_changes_no_bit(base: Checkpoint, tmp_path: Path) -> None:
    plain = loop_of(base, tmp_path / "plain", Sft(**QUICK))
    again = loop_of(base, tmp_path / "again", Sft(**QUICK, gradient_checkpointing=True))
    assert again.model.is_gradient_checkpointing
    assert not plain.model.is_gradient_checkpointing
    grads = []
    for loop in (plain, again):
        loop.model.train()
        loop.compute_loss(loop.model, loop.data_collator([0, 1])).backward()
        grads.append([weight.grad for weight in loop.model.parameters()])
    assert all(bool((one == other).all()) for one, other in zip(*grads, strict=True))

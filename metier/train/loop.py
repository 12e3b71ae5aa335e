"""The training loop: ``python -m metier.train.loop OUT`` trains the job prepared in OUT from its last checkpoint.

It is transformers' Trainer over windows that are ordered and packed beforehand and read one after the other, so that a
resumed run sees exactly what an undisturbed one sees and ends with the same bits.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec
import torch
from transformers import PrinterCallback
from transformers.utils import is_flash_attn_2_available

from metier.artefact import write_json
from metier.model.adapters import name_base
from metier.model.load import free, load_weights, quiet
from metier.records import MetierError
from metier.train import adapter, attention, freeze
from metier.train.arguments import arguments
from metier.train.command import command
from metier.train.curves import forget_after, last_loss, looks
from metier.train.disk import check_room, need, room
from metier.train.link import link
from metier.train.looks import BEST, VALIDATION, Looks, best_step, time_to_stop
from metier.train.meter import peak_bytes
from metier.train.origin import check_unchanged
from metier.train.prepare import MARKER, Job, check_window
from metier.train.resume import CHECKPOINTS, last_checkpoint, step_of
from metier.train.snapshots import Keep, save
from metier.train.tracking import track
from metier.train.trainer import Loop
from metier.train.watch import Watch
from metier.train.windows import Windows


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """What the loop adds to ``notes.json``."""

    seconds: float
    """Of the whole training, looks and checkpoints included, preparation not."""
    tokens_per_second: float
    """Forward tokens of a second of steps, padding not counted."""
    peak_bytes: int
    """Most memory held at a time by one process: on its GPU, or in all where there is none."""
    model_bytes: int
    checkpoint_bytes: int
    disk_bytes: int
    """What all checkpoints and models of such a training take at most."""
    steps_made: int
    """Fewer than ``steps`` where it stopped early."""
    step_taken: int
    """The step whose weights the artefact has: the last, or with ``stop`` the best."""


def run(out: Path) -> None:
    """Train the job in ``out`` to its end and leave a model directory there; what is finished is not done again."""
    if (out / MARKER).exists():
        _clean(out)
        return
    with quiet():
        _train(out, msgspec.json.decode((out / "job.json").read_bytes(), type=Job))
    free()  # the Trainer and what listens to it hold each other: the next step of a run needs their memory


def _train(out: Path, job: Job) -> None:
    loop = make_loop(out, job)
    if loop.is_world_process_zero():
        check_unchanged(out, job.base)
        check_room(out, need(loop.model, job.settings, loop.checkpoints_kept), room(out))
        forget_after(out, step_of(last_checkpoint(out)))
    loop.accelerator.wait_for_everyone()
    last = last_checkpoint(out, clean=False)
    loop.meter.go_on(last)
    stop = job.settings.stop
    if stop is None or not time_to_stop(looks(out), stop):
        loop.train(resume_from_checkpoint=str(last) if last else None)
    _finish(out, loop)


def make_loop(out: Path, job: Job) -> Loop:
    """The Trainer of a prepared job, before its first step, with the fastest attention that keeps its items apart."""
    settings = job.settings
    args = arguments(out, job)
    model = _model(job, half=args.bf16 or args.fp16)
    flash = (args.bf16 or args.fp16) and is_flash_attn_2_available()
    if flash:
        model.set_attn_implementation("flash_attention_2")
    elif attention.fits(model.config):
        model.set_attn_implementation(attention.NAME)
    check_window(settings.window, getattr(model.config, "max_position_embeddings", None), job.base)
    windows = Windows(out / "data", args.world_size * args.train_batch_size if args.world_size > 1 else 1, flat=flash)
    loop = Loop(job, model=model, args=args, train_dataset=windows, data_collator=windows.collate)
    loop.remove_callback(PrinterCallback)
    if settings.tracking is not None:
        track(loop, out, settings.tracking)
    loop.add_callback(Watch(out, job, loop))
    if (out / VALIDATION / "ids.npy").exists():
        loop.add_callback(Looks(out, job, loop))
    elif settings.stop is not None:
        raise MetierError("stop: none of the records of validation can be used; feed the step others, or take stop out")
    if settings.keep:
        loop.add_callback(Keep(out, job, loop))
    return loop


def _model(job: Job, half: bool) -> Any:
    """The weights that are trained: all of the base's, those of an adapter, or the rows of new tokens.

    What is trained is held in float32, also where a device computes in ``half`` precision. The base of an adapter stays
    as it is and is then held in its own (8 B parameters: 16 GB, not 32), peft keeping the adapter in float32; not where
    it is shared out among devices, which may ask for one precision throughout.
    """
    settings, lora = job.settings, job.settings.adapter
    if lora is None:
        model = load_weights(job.base, torch.float32)
    else:
        whole = settings.launch is None or settings.launch.profile == "ddp"
        model = adapter.load_base(job.base, lora, "auto" if half and whole else torch.float32)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    if lora is not None:
        return adapter.attach(model, lora, job.base, job.seed)
    if settings.parts == "new_tokens":
        freeze.new_rows(model, freeze.first_new(model, job.base))
    return model


def _finish(out: Path, loop: Loop) -> None:
    """The trained model with its tokenizer, as plain files; then the marker; only then go the checkpoints."""
    job, last = loop.job, last_loss(out)
    made = last.step if last else 0
    best = best_step(looks(out), job.settings.stop) if job.settings.stop is not None else None
    taken = made if best is None else best
    if taken == made:
        save(loop, out)
    elif loop.is_world_process_zero():
        link((file for file in (out / BEST / str(taken)).iterdir() if file.name != MARKER), out)
        if job.settings.adapter is not None:
            name_base(out, job.base)
    peak = int(loop.accelerator.gather(torch.tensor([peak_bytes()], device=loop.args.device)).max())
    if loop.is_world_process_zero():
        _note(out, loop, peak, made, taken)
        (out / MARKER).touch()
        _clean(out)


def _note(out: Path, loop: Loop, peak: int, made: int, taken: int) -> None:
    needed = need(loop.model, loop.job.settings, loop.checkpoints_kept)
    spent = loop.meter.read()
    trained = Trained(
        seconds=round(spent.seconds, 3),
        tokens_per_second=round(spent.tokens_per_second, 1),
        peak_bytes=peak,
        model_bytes=sum(file.stat().st_size for file in out.glob("*.safetensors")),
        checkpoint_bytes=needed.checkpoint,
        disk_bytes=needed.total,
        steps_made=made,
        step_taken=taken,
    )
    notes = msgspec.json.decode((out / "notes.json").read_bytes())
    write_json(out / "notes.json", notes | msgspec.to_builtins(trained))


def _clean(out: Path) -> None:
    """Remove what only an unfinished training needs."""
    for part in (CHECKPOINTS, BEST):
        shutil.rmtree(out / part, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(command("metier.train.loop", run))

"""The training loop of DPO, KTO, RLOO and GRPO: ``python -m metier.train.trl_loop OUT`` trains what lies in OUT.

It is TRL's, under torchrun with several processes; what it reads, writes and resumes from is ours.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec
from transformers import PrinterCallback

from metier.artefact import write_json
from metier.model.load import free
from metier.train.command import command
from metier.train.prepare import MARKER
from metier.train.resume import CHECKPOINTS, last_checkpoint, step_of
from metier.train.snapshots import save
from metier.train.trl_findings import found, notes
from metier.train.trl_lines import forget_after, lines
from metier.train.trl_looks import look
from metier.train.trl_settings import Aligned
from metier.train.trl_task import ROWS, Task, load
from metier.train.trl_trainers import BASE, make, settings, silent
from metier.train.trl_watch import Watch

FINDINGS = "findings.json"
REFERENCE = "ref"
"""What TRL calls the copy of an adapter that it keeps as a reference."""


class Job(msgspec.Struct, frozen=True):
    """What writing a model asks of a job (see ``snapshots.save``)."""

    base: str
    settings: Aligned


def run(out: Path) -> None:
    """Train the task in ``out`` to its end and leave a model directory there; what is finished is not done again."""
    if not (out / MARKER).exists():
        with silent():
            _train(out, load(out))
        free()
    _clean(out)


def _train(out: Path, task: Task) -> None:
    config = settings(task)
    trainer = make(out, task)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Watch(out, task, config.save_seconds))
    if trainer.is_world_process_zero():
        forget_after(out, task, step_of(last_checkpoint(out)))
    trainer.accelerator.wait_for_everyone()
    last = last_checkpoint(out, clean=False)
    if last is None:
        look(out, task, trainer, 0)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    _finish(out, task, trainer, config)


def _finish(out: Path, task: Task, trainer: Any, config: Aligned) -> None:
    """The trained model with its tokenizer, as plain files; then what there is to say of it; then the marker."""
    look(out, task, trainer, task.steps // task.per_line)
    model = trainer.accelerator.unwrap_model(trainer.model)
    if REFERENCE in getattr(model, "peft_config", {}):
        model.delete_adapter(REFERENCE)
    trainer.job = Job(task.base, config)
    save(trainer, out)
    if trainer.is_world_process_zero():
        course = list(lines(out, task))
        said = found(task, course)
        write_json(out / FINDINGS, said)
        write_json(out / "notes.json", notes(task, course, len(said)))
        (out / MARKER).touch()


def _clean(out: Path) -> None:
    """Remove what only an unfinished training needs."""
    (out / ROWS).unlink(missing_ok=True)
    for part in (CHECKPOINTS, BASE):
        shutil.rmtree(out / part, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(command("metier.train.trl_loop", run))

"""Models on disk while training goes on: each appears under its name only when it is whole."""

import shutil
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from metier.artefact import snapshot_steps
from metier.model.load import load_tokenizer
from metier.train import adapter
from metier.train.plain import stop_at_turns
from metier.train.prepare import MARKER, Job
from metier.train.trainer import Loop

KEPT = "kept"


class Keep(TrainerCallback):  # type: ignore[misc]
    """Put a snapshot into ``kept/1``, ``kept/2``, ... when its step is made; the last is the artefact itself."""

    def __init__(self, out: Path, job: Job, loop: Loop) -> None:
        self.out, self.loop = out, loop
        self.steps = snapshot_steps(job.steps, job.settings.keep)[:-1]

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Take the snapshots of this step, if there are any."""
        for number, step in enumerate(self.steps, 1):
            if step == state.global_step:
                put(self.loop, self.out / KEPT / str(number))


def put(loop: Loop, place: Path) -> None:
    """Write the model as it is now into a directory of its own, in place of what stood there.

    Every process has to call it; the first one writes.
    """
    scratch = place.with_name(f".{place.name}.partial")
    if loop.is_world_process_zero():
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
    save(loop, scratch)
    if loop.is_world_process_zero():
        (scratch / MARKER).touch()
        shutil.rmtree(place, ignore_errors=True)
        scratch.replace(place)


def save(loop: Loop, place: Path) -> None:
    """Write the weights with their configuration and tokenizer into a directory; every process has to call it."""
    state = None
    if loop.is_fsdp_enabled or loop.is_deepspeed_enabled:  # each process holds a part
        state = loop.accelerator.get_state_dict(loop.model_wrapped)
    if not loop.is_world_process_zero():
        return
    model = loop.accelerator.unwrap_model(loop.model)
    if state is not None:  # a weight with two names is written once, as from a single process
        tied = getattr(model, "all_tied_weights_keys", {})
        state = {name: weight for name, weight in state.items() if name not in tied}
    tokenizer = load_tokenizer(loop.job.base)
    stop_at_turns(model, tokenizer)
    model.config.use_cache = True
    try:
        if loop.job.settings.adapter is not None:
            adapter.save(model, loop.job.base, place, state)
        else:
            model.save_pretrained(place, state_dict=state)
    finally:
        model.config.use_cache = False  # a cache would let the items of a window see each other
    tokenizer.save_pretrained(place)

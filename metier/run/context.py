"""What every unit of a run needs to know: where it writes, what the other steps are, how wide it may go."""

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from metier.artefact import Artefact, Manifest, asset, finish, scratch_path
from metier.recipe import Source, Step
from metier.records import MetierError
from metier.run.plan import Plan

LOG = "log.jsonl"
"""The log of a run directory: a line an event."""


class Context(msgspec.Struct, frozen=True):
    """A plan being carried out."""

    plan: Plan
    threads: int = len(os.sched_getaffinity(0))

    @property
    def root(self) -> Path:
        """The run directory."""
        return self.plan.root

    def artefact(self, source: Source) -> Artefact:
        """What a source stands for: a step of this run, or a finished artefact elsewhere."""
        return Artefact(self.root / source.name if source.step else Path(source.name))

    def arguments(self, step: Step) -> dict[str, Any]:
        """The arguments of a source, a kernel or a sketch besides its batch."""
        found: dict[str, Any] = {} if step.config is None else {"config": step.config}
        found |= {"seed": step.seed} if "seed" in step.stage.given else {}
        for one in step.stage.inputs:
            feed = step.feeds.get(one.name)
            if one.shape == "path" and isinstance(feed, tuple):
                found[one.name] = self.path(feed[0])
        return found

    def path(self, source: Source) -> Path:
        """The directory or file that a source stands for."""
        return source.place(self.root) if source.step else asset(source.name)

    def scratch(self, step: Step) -> Path:
        """Where a step's artefact is put together; the same after a crash."""
        return scratch_path(self.root / step.name, self.plan.mark(step.name))

    def manifest(self, step: Step, **found: Any) -> Manifest:
        """The planned manifest with what was found."""
        return msgspec.structs.replace(self.plan.steps[step.name].manifest, **found)

    def finish(self, step: Step, scratch: Path, manifest: Manifest) -> None:
        """The artefact exists from here on."""
        finish(scratch, self.root / step.name, manifest)
        self.log(event="step", step=step.name, fingerprint=manifest.fingerprint)

    def log(self, **event: Any) -> None:
        """Append one event to the run's log."""
        with (self.root / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps({"time": round(time.time(), 3), **event}) + "\n")

    def events(self) -> list[dict[str, Any]]:
        """The events of the run's log that are whole, in their order."""
        lines = (self.root / LOG).read_bytes().splitlines() if (self.root / LOG).exists() else []
        return [json.loads(line) for line in lines if line.endswith(b"}")]


def notes(scratch: Path) -> dict[str, Any]:
    """What a stage itself has to say of its artefact."""
    file = scratch / "notes.json"
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Any]) if file.exists() else {}


def refuse_empty(step: Step, manifest: Manifest) -> None:
    """A step that keeps nothing is an error that names the commonest reasons."""
    if sum(manifest.counts.values()) or not step.stage.yields or step.stage.flow == "job":
        return
    reasons = sorted(manifest.dropped.items(), key=lambda item: -item[1])[:3]
    why = ", ".join(f"{count} {reason!r}" for reason, count in reasons) or "it was given none"
    raise MetierError(
        f"{step.place}: step {step.name!r} ({step.stage.name}) keeps none of {manifest.count_in} records: {why}; "
        "change its settings or its input"
    )


DISK = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}


@contextlib.contextmanager
def placed(step: Step, root: Path) -> Iterator[None]:
    """Give every error of a step its place in the recipe, and the system's refusals to write a remedy."""
    where = f"{step.place}: step {step.name!r}"
    try:
        yield
    except MetierError as error:
        if str(error).startswith(step.place):
            raise
        raise type(error)(f"{where}: {error}") from error
    except OSError as error:
        if error.errno not in DISK:
            raise
        place = f" ({error.filename})" if error.filename else ""
        reason = os.strerror(error.errno)
        remedy = f"make room or permissions at {root}, then run again: what is finished stays"
        raise MetierError(f"{where}: {reason}{place}; {remedy}") from error

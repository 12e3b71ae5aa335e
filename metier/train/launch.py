"""Run a training job: in this process for one device, under torchrun for several, on one machine or on many."""

import contextlib
import fcntl
import os
import re
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import msgspec

from metier import progress
from metier.artefact import write_json
from metier.records import Checkpoint, Dropped, MetierError
from metier.train.disk import writing
from metier.train.encode import Given
from metier.train.possible import check_possible, check_validation
from metier.train.prepare import DATA, MARKER, Job, prepare
from metier.train.profiles import alone, check_launch, command, follows, may_have_gpus, parts
from metier.train.resume import CHECKPOINTS, last_checkpoint
from metier.train.settings import Launch, Train, launch_settings, uneven

SAID = "launch.log"
"""What the processes of a training say, for as long as they run and where they fail; while one lives, it is locked."""
ERROR = re.compile(r"(?:\[rank(\d+)\]: *)?((?:\w+\.)*(?!ChildFailedError)\w*(?:Error|Exception|Interrupt)\b.*)")
ROOT, RANK, KILLED = "Root Cause", re.compile(r"rank +: (\d+)"), re.compile(r"Signal (\d+) \(SIG\w+\)")
"""What torchrun says at its end of the process that failed first: its rank, and the signal that killed it."""


def train(base: Checkpoint, seed: int, settings: Train, out: Path, given: Given) -> Iterator[Dropped]:
    """Prepare a job unless it is prepared, train it to its end from where it stopped, and say what was left out."""
    check_launch(settings.launch)
    check_possible(settings, base.path)
    if may_have_gpus():  # then torch is asked for their number before anything is encoded
        import torch

        _check_even(settings, shares(settings.launch, torch.cuda.device_count()))
    given = check_validation(settings, given)
    with writing(out):
        dropped = list(prepare(base, seed, settings, out, given))
        _go_on_as(settings, out)
        import torch

        devices = torch.cuda.device_count()
        processes = shares(settings.launch, devices)
        if processes == 1 and devices < 2 and alone(settings.launch):
            from metier.train.loop import run

            if (out / SAID).exists():  # several processes were at work here before
                with _said(out / SAID):
                    pass
            run(out)
        else:
            launch(settings, processes, out)
    return iter(dropped)


def join(settings: Train, out: Path, failed: Callable[[], str]) -> None:
    """Take the part of a further machine in a training, once the first machine has prepared it.

    MetierError with what ``failed`` says, as soon as it says why the first machine will not come to that.
    """
    check_launch(settings.launch)
    while not (out / DATA / MARKER).exists():
        if why := failed():
            raise MetierError(f"the first machine has failed: {why}; start all of them again")
        time.sleep(1.0)
    import torch

    launch(settings, shares(settings.launch, torch.cuda.device_count()), out)


def _go_on_as(settings: Train, out: Path) -> None:
    """Where a prepared job is launched otherwise than before, it goes on as it is launched now.

    MetierError where its checkpoints are written in parts that such processes cannot read.
    """
    job = msgspec.json.decode((out / "job.json").read_bytes(), type=Job)
    now = {name: getattr(settings, name) for name in launch_settings()}
    changed = msgspec.structs.replace(job, settings=msgspec.structs.replace(job.settings, **now))
    if changed == job:
        return
    before, after = parts(job.settings.launch), parts(settings.launch)
    if before != after and last_checkpoint(out, clean=False):
        raise MetierError(
            f"{out}: its checkpoints are written by {before}, and {after} cannot go on from them; launch it as before, "
            f"or delete {out / CHECKPOINTS} to train from the first step"
        )
    write_json(out / "job.json", changed)


def shares(how: Launch | None, devices: int) -> int:
    """How many processes this machine starts: as it is told, or one for each GPU."""
    asked = how.processes if how is not None else None
    if asked is not None and asked > devices > 0:
        raise MetierError(f"launch.processes is {asked}, but this machine has {devices} GPUs; lower it")
    return asked or max(1, devices)


def launch(settings: Train, processes: int, out: Path) -> None:
    """Train a prepared job with one process a device; the error of a process becomes a MetierError here.

    MetierError, before anything is started, where the processes cannot share the windows of a step evenly, or are more
    than there are windows.
    """
    nodes = settings.launch.nodes if settings.launch is not None else 1
    job = msgspec.json.decode((out / "job.json").read_bytes(), type=Job)
    if job.windows < processes * nodes:
        some = f"{processes * nodes} processes for {job.windows} windows of {settings.window} tokens"
        raise MetierError(f"{some}: some would have nothing to train on; lower launch.processes, or window")
    _check_even(settings, processes)
    supervise(
        command(settings.launch, processes, out), settings.launch, processes, out, lambda: _report(out, job.tokens)
    )


def supervise(ordered: list[str], how: Launch | None, processes: int, out: Path, report: Callable[[], None]) -> None:
    """Run the processes of a training to their end, telling every second how far they are.

    The error of a process becomes a MetierError here.
    """
    nodes = how.nodes if how is not None else 1
    with _said(_place(how, out)) as said:
        said.write(shlex.join(ordered) + "\n")
        said.flush()
        with _started(ordered, said.fileno(), processes) as started:
            while started.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    started.wait(1.0)
                report()
        if started.returncode:
            said.seek(0)
            raise MetierError(
                f"training by {processes * nodes} processes failed: {cause(said.read(), Path(said.name))}"
            )


def _place(how: Launch | None, out: Path) -> Path:
    """Where this machine keeps what its processes say; a further one does so for itself, not where all write."""
    if not follows(how):
        return out / SAID
    handle, name = tempfile.mkstemp(f"-{SAID}")
    os.close(handle)
    return Path(name)


@contextlib.contextmanager
def _said(place: Path) -> Iterator[TextIO]:
    """A file for what the processes say, which goes when all went well; they hold its lock for as long as they live.

    MetierError where processes hold it that have outlived their run: they still write what would be trained here.
    """
    with place.open("a+", encoding="utf-8", errors="replace") as said:
        try:
            fcntl.flock(said, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = f"{place.parent}: processes that an earlier run has left behind still train there"
            raise MetierError(f"{left}; end them (pkill -f {place.parent}) and run again") from None
        said.truncate(0)
        yield said
    place.unlink()


def _check_even(settings: Train, processes: int) -> None:
    """MetierError where so many processes on each machine cannot share the windows of a step evenly."""
    nodes = settings.launch.nodes if settings.launch is not None else 1
    if said := uneven(settings, processes * nodes):
        raise MetierError(said)


@contextlib.contextmanager
def _started(ordered: list[str], said: int, processes: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The processes while they run: they end with whatever ends this block.

    What this process holds open for its children, the lock of the run directory, they hold with it. They share the
    processors of the machine, unless the environment says otherwise.
    """
    threads = max(1, len(os.sched_getaffinity(0)) // processes)
    around = {"OMP_NUM_THREADS": str(threads), **os.environ}
    with contextlib.ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():  # a polite end is one for all of them
            before = signal.signal(signal.SIGTERM, signal.default_int_handler)
            stack.callback(signal.signal, signal.SIGTERM, before)
        started = subprocess.Popen(ordered, stdout=said, stderr=said, env=around, close_fds=False)
        try:
            yield started
        finally:
            if started.poll() is None:
                started.terminate()
                started.wait()


def cause(said: str, place: Path) -> str:
    """The one line that tells why the processes ended: of the one that failed first, as others fail by its absence."""
    lines = [line.strip() for line in said.splitlines()]
    if told := next((line for line in lines if line.startswith("metier: ")), None):
        return told.removeprefix("metier: ")
    first = said.partition(ROOT)[2]
    if killed := KILLED.search(first):
        remedy = "where memory was short, lower device_tokens; run again to go on"
        return f"a process was killed by signal {killed[1]}; {remedy}"
    rank = found[1] if (found := RANK.search(first)) else None
    raised = [found for line in lines if (found := ERROR.fullmatch(line))]
    if raised:
        error = min(raised, key=lambda one: one[1] != rank)
        return f"{error[2][:300]}; all that was said is in {place}"
    return f"no process said why; all that was said is in {place}"


def _report(out: Path, total: int) -> None:
    from metier.train.curves import last_loss

    if line := last_loss(out):
        progress.report(line.tokens, total, "tokens", f"loss {line.loss:.3f}")

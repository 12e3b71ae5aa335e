"""The engine on a Ray cluster: every shard is a task of its own, and so is every piece of a barrier's grouping.

What a task is told are paths; what it gives back is a small report, or narrow numbers. Records stay in files, so every
machine must see the run directory, the recipe's files and the user's own modules at the same paths: on a cluster all
of these lie on a shared file system. A source is read by this process, which cuts it into raw shards for the tasks.
"""

import contextlib
import functools
import logging
import os
import pickle
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import pyarrow as pa

from metier import progress
from metier.batch import Batch
from metier.records import MetierError
from metier.run.shard import Chain, Numbered, Report, Shard, pass_batch, rows_of, write_shard

T = TypeVar("T")
S = TypeVar("S")
PATIENCE = 20.0
"""Seconds for which tasks under way may go on when a run is stopped."""
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Ray sends its makers nothing, and warns of nothing that is not used here."""


class Seat(NamedTuple):
    """What a worker needs before it can unpack its work."""

    directory: str
    """The driver's working directory: paths of a recipe may be relative."""
    modules: list[str]
    """Where the driver finds modules, the user's own among them."""


class Failed(NamedTuple):
    """An error of a worker, with its traceback: Ray itself would hand on only those it can rebuild."""

    error: Exception
    trace: str


class Ray:
    """A cluster that is connected; use ``started`` to get one."""

    @property
    def each(self) -> Callable[[Callable[[T], S], Iterable[T]], Iterator[S]]:
        """A task an item."""
        return _tasks

    def shards(self, chain: Chain, todo: Iterator[Shard]) -> Iterator[tuple[int, Report]]:
        """A task a shard; what a source yields is put on disk for it while earlier shards are under way."""
        done = chain.done()
        raw = chain.scratch / "raw"
        for number, report in _tasks(functools.partial(_make, chain), (_on_disk(shard, raw) for shard in todo)):
            done += report.steps[chain.unit.head.name].count_in
            progress.report(done, 0, "records", chain.unit.last.name)
            _raw(raw, number).unlink(missing_ok=True)
            yield number, report

    def room(self) -> str:
        """How many processors there are, and where."""
        import ray

        machines = sum(1 for node in ray.nodes() if node["Alive"])
        return f"{_processors()} processors on {machines} machine{'s' * (machines != 1)}"


@contextlib.contextmanager
def started() -> Iterator[Ray]:
    """A connection to the cluster at RAY_ADDRESS, or to one on this machine that lasts as long as the run.

    Where this process is connected to Ray already, that is used and left as it is.
    """
    where = os.environ.get("RAY_ADDRESS", "")
    settings = QUIET | ({"RAY_NUM_REDIS_GET_RETRIES": "1"} if where else {})  # else a quarter of an hour
    os.environ.update({name: value for name, value in settings.items() if name not in os.environ})
    import ray

    logging.getLogger("ray").setLevel(logging.ERROR)
    if ray.is_initialized():
        yield Ray()
        return
    plain = {"include_dashboard": False, "log_to_driver": False, "configure_logging": False}
    try:
        if where:
            ray.init(address=where, log_to_driver=False, configure_logging=False)
        else:
            ray.init(address="local", num_cpus=len(os.sched_getaffinity(0)), **plain)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        ask = "check RAY_ADDRESS (RAY_AUTH_MODE=token where the cluster wants one), or unset it to run here"
        remedy = ask if where else "run without --engine ray"
        raise MetierError(f"ray does not start: {_line(error)}; {remedy}") from error
    try:
        yield Ray()
    finally:
        ray.shutdown()


def _processors() -> int:
    """Processors of the cluster as it is now."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _tasks(function: Callable[[T], S], items: Iterable[T]) -> Iterator[S]:
    """Results in the order of the items; a cluster that grows with its queue sees twice what it has room for.

    Where the items break off with an error, it comes after the results of those before it.
    """
    import ray

    task = ray.remote(_work)
    seat = Seat(str(Path.cwd()), [str(Path(place).absolute()) for place in sys.path])
    blob = ray.put(ray.cloudpickle.dumps(function))
    waiting: deque[Any] = deque()
    errors: list[Exception] = []
    try:
        for item in _to_error(items, errors):
            waiting.append(task.remote(seat, blob, item))
            if len(waiting) >= 2 * _processors():
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    finally:
        _cancel(list(waiting))
    if errors:
        raise errors[0]


def _to_error(items: Iterable[T], errors: list[Exception]) -> Iterator[T]:
    """The items before the first error, which is put aside."""
    try:
        yield from items
    except Exception as error:
        errors.append(error)


def _result(reference: Any) -> Any:
    """What a task gave, or the error that stopped it, as if it had come up here."""
    import ray

    try:
        found = ray.get(reference)
    except ray.exceptions.RayError as error:
        remedy = "what is finished stays: run again, with more memory for a task if it was killed"
        raise MetierError(f"ray: {_line(error)}; {remedy}") from error
    if isinstance(found, Failed):
        raise found.error from MetierError(found.trace)
    return found


def _cancel(references: list[Any]) -> None:
    """Stop tasks and wait until they write no more: whoever runs next finds the directory at rest."""
    import ray

    if references:
        for reference in references:
            ray.cancel(reference)
        ray.wait(references, num_returns=len(references), timeout=PATIENCE)


def _line(error: BaseException) -> str:
    """The first line that an error has to say."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _work(seat: Seat, blob: bytes, item: Any) -> Any:
    """Run in a worker: one call of the function; an error is given back, not raised."""
    try:
        _sit(seat)
        return pickle.loads(blob)(item)
    except Exception as error:
        return Failed(_portable(error), traceback.format_exc())


def _sit(seat: Seat) -> None:
    """Let this worker see what the driver sees."""
    _look_for(Path(seat.directory))
    os.chdir(seat.directory)
    sys.path[:] = [*seat.modules, *(place for place in sys.path if place not in seat.modules)]


def _look_for(path: Path) -> None:
    if not path.exists():
        remedy = "keep runs, data and modules on a file system that every machine shares, at one path"
        raise MetierError(f"the Ray worker on {os.uname().nodename} does not see {path.absolute()}; {remedy}")


def _portable(error: Exception) -> Exception:
    """The error, or one that says the same where it cannot be rebuilt elsewhere."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _make(chain: Chain, shard: Shard) -> tuple[int, Report]:
    """Run in a worker: one shard, unless a task that was lost had finished it."""
    _look_for(chain.scratch)
    report = chain.report(shard.number)
    if report is None:
        part = cast("Path", shard.part)
        _look_for(part)
        raw = chain.unit.head.stage.flow == "source"
        gone = {} if raw else chain.gone(shard.start, shard.start + rows_of(part))
        work = functools.partial(pass_batch, chain, chain.arguments(), gone)
        report = write_shard(chain, shard.number, map(work, _read_raw(chain, part) if raw else chain.batches(shard)))
    return shard.number, report


def _raw(place: Path, number: int) -> Path:
    return place / f"{number:05d}.arrow"


def _on_disk(shard: Shard, place: Path) -> Shard:
    """The same shard, with what a source yields in an Arrow file: its batches as they came, drops and all."""
    if shard.part is not None:
        return shard
    path = _raw(place, shard.number)
    path.parent.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        writer: Any = None
        for batch in shard.fresh:
            nothing = pa.nulls(len(batch), pa.large_string())
            rows = batch.rows.append_column("its why", batch.why)
            rows = rows.append_column("its detail", nothing if batch.detail is None else batch.detail)
            if writer is None:
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                writer = stack.enter_context(pa.ipc.new_stream(str(path), rows.schema, options=options))
            writer.write_batch(rows)
    return Shard(shard.number, part=path)


def _read_raw(chain: Chain, path: Path) -> Iterator[Numbered]:
    """The batches of a source as they came."""
    kind = chain.unit.head.stage.yields[0]
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        for rows in reader:
            own = rows.select(rows.schema.names[:-2])
            yield 0, Batch(kind, own, rows.column("its why"), rows.column("its detail"))

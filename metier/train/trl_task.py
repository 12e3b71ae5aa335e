"""A training by TRL as it lies on disk: ``job.json``, and the rows it is made from in ``rows.parquet``."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from metier.artefact import write_json
from metier.records import Dropped, MetierError
from metier.text.held import position
from metier.train.begun import check_begun
from metier.train.origin import identify
from metier.train.settings import launch_settings
from metier.train.trl_settings import Aligned

JOB, ROWS = "job.json", "rows.parquet"
Method = Literal["dpo", "kto", "rloo", "grpo"]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """All that a training needs to know besides its rows."""

    method: Method
    base: str
    reward: str = ""
    seed: int
    settings: dict[str, Any]
    """As the recipe gives them, defaults filled in."""
    records: int
    """Pairs or prompts that are used."""
    passed: int
    """The same, as often as all passes take them."""
    dropped: int
    steps: int
    per_line: int
    """Steps of a line of the curve: one, or those of a rollout."""
    hash: str
    """Of the rows, in their order."""


class Laid(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of records before it is written: the task, the rows of all passes, and what was left out."""

    task: Task
    rows: dict[str, list[Any]]
    dropped: list[Dropped]


def orders(ids: Sequence[str], seed: int, count: int) -> Iterator[int]:
    """Numbers of records, ``count`` of them: pass after pass over all, each in an order of its own by the seed."""
    done, number = 0, 0
    while done < count:
        order = sorted(range(len(ids)), key=lambda place: (position(ids[place], f"{seed}:{number}"), place))
        yield from order[: count - done]
        done, number = done + len(ids), number + 1


def check_some(what: str, used: Sequence[Any], dropped: Sequence[Dropped]) -> None:
    """MetierError where nothing is left to train on, with the first reason."""
    if not used:
        why = f": all {len(dropped)} were left out, first {dropped[0].id}: {dropped[0].why!r}" if dropped else ""
        raise MetierError(f"there are no {what} to train on{why}; check what the earlier steps kept")


def plain(config: Aligned) -> dict[str, Any]:
    """The settings of a step as plain data."""
    held: dict[str, Any] = msgspec.to_builtins(config)
    return held


def write(out: Path, laid: Laid, config: Aligned) -> None:
    """Put a task on disk, or find it there as a killed run has left it.

    MetierError where what lies there was begun with another model, other settings, another seed or other records.
    """
    how = launch_settings(type(config))
    given = {name: value for name, value in laid.task.settings.items() if name not in how}
    task = laid.task
    models = {name: identify(path) for name, path in (("base", task.base), ("reward", task.reward)) if path}
    check_begun(out, **models, **given, seed=task.seed, records=task.hash)
    scratch = out / (ROWS + ".tmp")
    pq.write_table(pa.table(laid.rows), scratch, compression="zstd")
    scratch.replace(out / ROWS)
    write_json(out / JOB, task)


def load(out: Path) -> Task:
    """The task of a directory."""
    return msgspec.json.decode((out / JOB).read_bytes(), type=Task)


def rows(out: Path) -> pa.Table:
    """The rows of a directory's task, in the order of training."""
    return pq.read_table(out / ROWS)

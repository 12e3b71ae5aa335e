"""One run at a time in a run directory: the lock goes with the process that holds it, however that ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from metier.records import MetierError


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the run directory, or say who does."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise MetierError(
            f"{root}: cannot be written: {error.strerror}; choose another place with --runs DIR"
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode().strip() or "another process"
            raise MetierError(f"{root}: process {holder} is running there; wait for it, or use --name") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        os.set_inheritable(handle, True)  # processes that train for this run hold the lock with it
        yield
    finally:
        os.close(handle)

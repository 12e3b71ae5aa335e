"""Which GPUs of this machine are free: one server at a time has each, whatever process started it."""

import fcntl
import os
import re
import tempfile
from pathlib import Path

from metier.records import MetierError


class Claim:
    """Some GPUs, held through locked files; a process that inherits ``handles`` holds them too, until it ends."""

    def __init__(self, ids: tuple[str, ...], handles: tuple[int, ...]) -> None:
        self.ids, self.handles = ids, handles

    def close(self) -> None:
        """Let go of them in this process."""
        handles, self.handles = self.handles, ()
        for handle in handles:
            os.close(handle)


def visible() -> tuple[str, ...]:
    """The GPUs that this process may use, by number or name; empty where there are none."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return tuple(one.strip() for one in named.split(",") if one.strip() not in ("", "-1"))
    found = (re.fullmatch(r"nvidia(\d+)", file.name) for file in Path("/dev").glob("nvidia*"))
    return tuple(sorted((one[1] for one in found if one), key=int))


def claim(name: str, wanted: int) -> Claim:
    """Take GPUs for a model; none are needed where none are seen. MetierError where too few are free."""
    seen = visible()
    if not seen:
        return Claim((), ())
    if wanted > len(seen):
        raise MetierError(f"model {name!r}: gpus is {wanted}, but only {len(seen)} can be used here: {', '.join(seen)}")
    ids: list[str] = []
    handles: list[int] = []
    for one in seen:
        handle = os.open(_lock_file(one), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        ids.append(one)
        handles.append(handle)
        if len(ids) == wanted:
            return Claim(tuple(ids), tuple(handles))
    Claim((), tuple(handles)).close()
    raise MetierError(
        f"model {name!r}: gpus is {wanted}, but {len(ids)} of {len(seen)} are free, the others hold a model that "
        "metier started; wait for it, or ask fewer models in one step"
    )


def _lock_file(gpu: str) -> Path:
    return Path(tempfile.gettempdir()) / f"metier-gpu-{re.sub(r'[^A-Za-z0-9-]', '_', gpu)}.lock"

"""Say how far long work is; whoever runs it decides how that is shown."""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Listener = Callable[[int, int, str, str], None]
_listener: ContextVar[Listener | None] = ContextVar("metier_progress", default=None)


def report(done: int, total: int, unit: str = "", note: str = "") -> None:
    """Tell whoever listens that ``done`` of ``total`` units are finished; a total of 0 is unknown."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total, unit, note)


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hear every report made inside this block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)

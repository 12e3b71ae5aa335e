"""What a run asks of memory: few pools that threads share, and nothing kept that no one uses."""

import ctypes
import functools
import os

ARENA_MAX = -8
"""glibc's ``M_ARENA_MAX``."""


@functools.cache
def _libc() -> ctypes.CDLL | None:
    """The C library, where it is glibc."""
    try:
        found = ctypes.CDLL(None)
        return found if hasattr(found, "malloc_trim") and hasattr(found, "mallopt") else None
    except (OSError, TypeError):
        return None


def settle() -> None:
    """Let all threads, and Arrow, take memory from one arena of the system: what one frees the others use.

    By default every thread keeps an arena of its own and Arrow another pool, and each stays as large as its busiest
    moment. It is for the start of a process, before Arrow is imported; a pool that the environment names is kept.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if (libc := _libc()) is not None:
        libc.mallopt(ARENA_MAX, 1)


def release() -> None:
    """Let go of what no one uses; a few milliseconds."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    if (libc := _libc()) is not None:
        libc.malloc_trim(0)

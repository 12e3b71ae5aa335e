"""What a run asks of memory: few pools that threads share, and nothing kept that no one uses."""

import ctypes
import functools
import os

ARENA_MAX, TRIM_THRESHOLD, MMAP_THRESHOLD = -8, -1, -3
"""glibc's ``M_ARENA_MAX`` and so on."""
KEPT, MAPPED = 128 << 20, 32 << 20
"""Free memory that is not given back to the system at once; what is larger than the second is, on its own."""


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
    moment. What one batch frees the next one takes: pages of the system must be cleared first. It is for the start of
    a process, before Arrow is imported; a pool that the environment names is kept.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if (libc := _libc()) is not None:
        libc.mallopt(ARENA_MAX, 1)
        libc.mallopt(TRIM_THRESHOLD, KEPT)
        libc.mallopt(MMAP_THRESHOLD, MAPPED)


def release() -> None:
    """Let go of what no one uses; a few milliseconds."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    if (libc := _libc()) is not None:
        libc.malloc_trim(0)

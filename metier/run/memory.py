"""Give free memory back to the system: allocators keep what a busy moment took, and every thread keeps its own."""

import ctypes
import functools
from collections.abc import Callable

import pyarrow as pa


@functools.cache
def _trim() -> Callable[[int], int] | None:
    """glibc's ``malloc_trim``, where this system has it."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return found


def release() -> None:
    """Let go of what no one uses; a few milliseconds."""
    pa.default_memory_pool().release_unused()
    if (trim := _trim()) is not None:
        trim(0)

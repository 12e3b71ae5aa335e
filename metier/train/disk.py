"""Tell a full disk from other trouble."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from metier.records import MetierError

SIGNS = ("no space left", "file too large", "write failed", "disk quota", "read-only file system")


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn whatever a library says of a disk that cannot be written into one line with the place and the remedy."""
    try:
        yield
    except MetierError:
        raise
    except Exception as error:  # torch and safetensors raise types of their own
        said = str(error).strip().splitlines()
        if not any(sign in str(error).lower() for sign in SIGNS):
            raise
        raise MetierError(f"{out}: cannot be written ({said[-1][:200]}); free some disk space and run again") from None

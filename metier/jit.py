"""numba, with a cache on disk that is thrown away whenever any kernel changes.

numba looks for changes in the file of a compiled function only, not in those of the functions it calls: a kernel would
go on using the old word hash of another file. So the cache directory bears a hash of the source of all kernels.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numba

HOME = Path(__file__).parent


def _cache() -> Path:
    """Where compiled kernels are kept: beside the package, or in the user's cache where that cannot be written to."""
    mark = hashlib.sha256(numba.__version__.encode())
    for file in sorted(HOME.rglob("*_kernels.py")):
        mark.update(file.read_bytes())
    name = f"kernels-{mark.hexdigest()[:16]}"
    for home in (HOME / "__pycache__", Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "metier"):
        try:
            (home / name).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=home / name):
                return home / name
        except OSError:
            continue
    return Path(tempfile.gettempdir()) / f"metier-{os.getuid()}-{name}"


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(_cache())

__all__ = ["numba"]

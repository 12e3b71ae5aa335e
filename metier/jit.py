"""numba, with a cache on disk that is thrown away whenever any kernel changes.

numba looks for changes in the file of a compiled function only, not in those of the functions it calls: a kernel would
go on using the old word hash of another file. So the cache directory bears a hash of the source of all kernels.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

import numba

HOME = Path(__file__).parent


def _sources() -> list[bytes]:
    """The modules that compile something, and what they import of this package: its constants are compiled in."""
    texts = {file: file.read_bytes() for file in HOME.rglob("*.py")}
    compiling = [text for text in texts.values() if b"njit" in text]
    named = {one.decode() for text in compiling for one in re.findall(rb"^from metier\.([\w.]+) import", text, re.M)}
    return [text for file, text in texts.items() if b"njit" in text or _module(file) in named]


def _module(file: Path) -> str:
    return ".".join(file.relative_to(HOME).with_suffix("").parts)


def _cache() -> Path:
    """Where compiled kernels are kept: beside the package, or in the user's cache where that cannot be written to."""
    mark = hashlib.sha256(numba.__version__.encode())
    for source in sorted(_sources()):
        mark.update(source)
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

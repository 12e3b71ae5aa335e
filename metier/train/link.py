"""A second name for files that are there already: a model in two places takes the room of one."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def link(files: Iterable[Path], place: Path) -> None:
    """Give files a second name in another directory, or copy them where that cannot be, as to another disk."""
    for file in files:
        own = place / file.name
        own.unlink(missing_ok=True)
        try:
            os.link(file.resolve(), own)
        except OSError:
            shutil.copyfile(file, own)

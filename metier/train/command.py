"""What a launcher starts: a training by the directory that it is prepared in, its errors told in one line."""

import sys
from collections.abc import Callable
from pathlib import Path

from metier.records import MetierError
from metier.train.disk import writing


def command(module: str, run: Callable[[Path], None]) -> int:
    """Train what is prepared in the directory on the command line; the exit code is 2 for what the user can mend."""
    if len(sys.argv) != 2:
        sys.stderr.write(f"usage: python -m {module} OUT\n")
        return 2
    try:
        with writing(Path(sys.argv[1])):
            run(Path(sys.argv[1]))
    except MetierError as error:
        sys.stderr.write(f"metier: {error}\n")
        return 2
    return 0

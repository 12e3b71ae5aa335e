"""Run the command line as a user does: a process of its own, in a directory that is not the checkout."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).parents[1]


class Said(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on the error stream."""
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


def metier(*words: str, cwd: Path, before: str = "", stdin: str = "") -> Said:
    """Run ``metier WORDS``; ``before`` is shell to run first, such as a limit."""
    command = [sys.executable, "-m", "metier.cli", *words]
    shell = ["bash", "-c", f'{before}\nexec "$@"', "metier", *command] if before else command
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "100"}
    done = subprocess.run(shell, cwd=cwd, env=environment, capture_output=True, text=True, input=stdin, timeout=300)
    return Said(done.returncode, done.stdout, done.stderr)

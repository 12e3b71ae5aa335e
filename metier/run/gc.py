"""Drop what no step of the recipe owns any more."""

import shutil
from pathlib import Path

from metier.records import MetierError
from metier.run.lock import locked

KEEP = {"scores.json", "report.html", "log.jsonl", "recipe.json", ".lock"}


def sweep(root: Path, steps: set[str]) -> list[str]:
    """Remove artefacts and scratch directories that are not of ``steps``; return their names."""
    if not root.is_dir():
        raise MetierError(f"{root}: no such run directory; nothing to drop")
    gone = []
    with locked(root):
        for path in sorted(root.iterdir()):
            scratch = path.name.endswith(".partial")
            stale = path.is_dir() and (path / "manifest.json").exists() and path.name not in steps
            if scratch or stale:
                shutil.rmtree(path)
                gone.append(path.name)
    return gone

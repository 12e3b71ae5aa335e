"""Drop what no step of the recipe owns any more."""

import shutil

from metier.artefact import scratch_path
from metier.records import MetierError
from metier.run.lock import locked
from metier.run.plan import Plan


def sweep(plan: Plan) -> list[str]:
    """Remove artefacts of steps that the recipe lacks, and scratch directories that no step would go on from."""
    if not plan.root.is_dir():
        raise MetierError(f"{plan.root}: no such run directory; nothing to drop")
    own = {scratch_path(plan.root / name, plan.mark(name)).name for name in plan.steps}
    gone = []
    with locked(plan.root):
        for path in sorted(plan.root.iterdir()):
            scratch = path.name.endswith(".partial") and path.name not in own
            stale = path.is_dir() and (path / "manifest.json").exists() and path.name not in plan.steps
            if scratch or stale:
                shutil.rmtree(path)
                gone.append(path.name)
    return gone

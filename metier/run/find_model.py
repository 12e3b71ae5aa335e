"""Which model a name on the command line means: an endpoint, a checkpoint, or the last one a run trained."""

from pathlib import Path

from metier.artefact import MANIFEST, Artefact
from metier.model.load import check_model
from metier.records import MetierError


def find_model(name: str) -> str:
    """A URL, asset or checkpoint as it is; of a run directory the checkpoint that was trained last."""
    if name.startswith(("http://", "https://", "asset:", "hf:")):
        return name
    path = Path(name)
    trained = [p.parent for p in path.glob(f"*/{MANIFEST}") if (p.parent / "complete").exists()]
    if not trained:
        check_model(name)
        return name
    order = _order(path)
    return str(max(trained, key=lambda place: order.get(place.name, -1)))


def _order(run: Path) -> dict[str, int]:
    """Steps by how far they stand from the sources: the number of steps behind them."""
    manifests = {p.parent.name: Artefact(p.parent).manifest for p in run.glob(f"*/{MANIFEST}")}
    depth: dict[str, int] = {}

    def count(step: str) -> int:
        manifest = manifests.get(step)
        if manifest is None:
            return 0
        if step not in depth:
            depth[step] = 0
            depth[step] = 1 + max((count(source.partition("@")[0]) for source in manifest.inputs), default=0)
        return depth[step]

    for step in manifests:
        count(step)
    if not depth:
        raise MetierError(f"{run}: no finished step there; run the recipe first")
    return depth

"""Which model a name on the command line means: an endpoint, a checkpoint, a snapshot, or the last a run trained."""

from pathlib import Path

from metier.artefact import MANIFEST, Artefact, snapshot_path
from metier.model.load import check_model
from metier.records import MetierError


def find_model(name: str) -> str:
    """A URL, asset or checkpoint as it is; ``RUN/STEP@N`` is a snapshot; of a run the checkpoint trained last."""
    if name.startswith(("http://", "https://", "asset:", "hf:")):
        return name
    path = Path(name)
    if "@" in path.name and not path.exists():
        return _snapshot(path)
    trained = [p.parent for p in path.glob(f"*/{MANIFEST}") if (p.parent / "complete").exists()]
    if not trained:
        check_model(name)
        return name
    order = _order(path)
    return str(max(trained, key=lambda place: order.get(place.name, -1)))


def _snapshot(path: Path) -> str:
    """Where the snapshot that ``RUN/STEP@N`` names lies; the last one that a step keeps is its artefact."""
    step, _, number = path.name.rpartition("@")
    artefact = path.with_name(step)
    manifest = Artefact(artefact).manifest
    if manifest is None:
        raise MetierError(f"{path}: there is no finished step {artefact}; run the recipe first, or check the name")
    keep = int(manifest.config.get("keep", 0))
    if not number.isdecimal() or not 1 <= int(number) <= keep:
        raise MetierError(f"{path}: {artefact} keeps {f'{step}@1 to {step}@{keep}' if keep else 'no snapshots'}")
    place = artefact if int(number) == keep else snapshot_path(artefact, int(number))
    check_model(str(place))
    return str(place)


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

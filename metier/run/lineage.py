"""Follow a record back to what it was made from, step by step, to the file and row it was read from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from metier.artefact import Artefact, Manifest
from metier.records import Answer, MetierError, Record


class Ancestor(msgspec.Struct, frozen=True):
    """One record on the way back; ``record`` is None where a fused step passed it on without keeping it."""

    step: str
    stage: str
    id: str
    record: Record | None
    depth: int


def lineage(run: Path, step: str, name: str) -> list[Ancestor]:
    """The record with this id in a step's artefact, and every record behind it; MetierError where there is none."""
    found = list(_back(run, step, {name}, 0, set()))
    if not found:
        raise MetierError(f"{run / step} holds no record {name!r}; list some with: metier look {run / step}")
    return found


def _back(
    run: Path, step: str, names: set[str], depth: int, seen: set[tuple[str, frozenset[str]]]
) -> Iterator[Ancestor]:
    artefact = Artefact(run / step)
    manifest = artefact.manifest
    if manifest is None or (step, frozenset(names)) in seen:
        return
    seen.add((step, frozenset(names)))
    wanted = set(names)
    if manifest.inner:
        yield from (
            Ancestor(step, manifest.stage, name, None, depth) for name in sorted(names) if not _sources(manifest)
        )
    else:
        records = [
            record
            for kind in artefact.kinds()
            for record in artefact.records(kind)
            if getattr(record, "id", "") in names
        ]
        for record in records:
            yield Ancestor(step, manifest.stage, getattr(record, "id", ""), record, depth)
            wanted.add(record.question if isinstance(record, Answer) else getattr(record, "parent", ""))
        if not records:
            return
    for source in _sources(manifest):
        yield from _back(run, source, wanted - {""}, depth + 1, seen)


def _sources(manifest: Manifest) -> list[str]:
    """The steps a manifest names, whatever the parameter."""
    names: list[str] = []
    for feed in manifest.sources.values():
        groups: list[Any] = list(feed.values()) if isinstance(feed, dict) else [feed]
        names += [name for some in groups for name in some if "/" not in name and ":" not in name]
    return names

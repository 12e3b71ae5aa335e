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


def _back(run: Path, step: str, names: set[str], depth: int, seen: set[str]) -> Iterator[Ancestor]:
    artefact = Artefact(run / step)
    manifest = artefact.manifest
    if manifest is None or step in seen:
        return
    seen.add(step)
    wanted = set(names)
    if manifest.inner and not _sources(manifest):
        yield from (Ancestor(step, manifest.stage, name, None, depth) for name in sorted(names))
    elif not manifest.inner:
        records = [r for kind in artefact.kinds() for r in artefact.records(kind) if getattr(r, "id", "") in names]
        wanted = {_parent(record) for record in records}
        yield from (Ancestor(step, manifest.stage, getattr(r, "id", ""), r, depth) for r in records)
    for source in _sources(manifest):
        if wanted:
            yield from _back(run, source, wanted | _kept_ids(run, source, names), depth + 1, seen)


def _parent(record: Record) -> str:
    """The id of what a record was made from; its own where it came through unchanged."""
    above = record.question if isinstance(record, Answer) else getattr(record, "parent", "")
    return above or getattr(record, "id", "")


def _kept_ids(run: Path, source: str, names: set[str]) -> set[str]:
    """Those names that the source itself holds: a record that has a parent may still have come through unchanged."""
    artefact = Artefact(run / source)
    return {r.id for kind in artefact.kinds() for r in artefact.records(kind) if getattr(r, "id", "") in names}  # type: ignore[attr-defined]


def _sources(manifest: Manifest) -> list[str]:
    """The steps a manifest names, whatever the parameter."""
    names: list[str] = []
    for feed in manifest.sources.values():
        groups: list[Any] = list(feed.values()) if isinstance(feed, dict) else [feed]
        names += [name.partition("@")[0] for some in groups for name in some if "/" not in name and ":" not in name]
    return names

"""A finished run made of hand-written artefacts, as a runner would leave it."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from metier.artefact import Artefact, Example, Finished, Manifest, finish, write_records
from metier.evals.report import Report, report
from metier.records import Dropped, Record, kind_name


def artefact(
    home: Path,
    step: str,
    stage: str,
    records: Iterable[Record] = (),
    files: dict[str, str] | None = None,
    **manifest: Any,
) -> Artefact:
    """Write one artefact the way the runner does; counts and drop reasons follow from the records."""
    scratch = home / f".{step}.partial"
    scratch.mkdir(parents=True)
    some = list(records)
    write_records(scratch, some)
    counts: dict[str, int] = {}
    dropped: dict[str, int] = {}
    examples: dict[str, list[Example]] = {}
    for record in some:
        if isinstance(record, Dropped):
            dropped[record.why] = dropped.get(record.why, 0) + 1
            examples.setdefault(record.why, []).append(Example(record.id, "", record.detail))
        else:
            counts[kind_name(type(record))] = counts.get(kind_name(type(record)), 0) + 1
    for name, text in (files or {}).items():
        (scratch / name).write_text(text, encoding="utf-8")
    notes = json.loads((files or {}).get("notes.json", "{}"))
    fields = {"counts": counts, "dropped": dropped, "examples": examples, "notes": notes} | manifest
    finish(scratch, home / step, Manifest(step=step, stage=stage, fingerprint=f"{abs(hash(step)):016x}"[:16], **fields))
    return Artefact(home / step)


def finished(home: Path, artefacts: Iterable[Artefact], name: str = "trial", seed: int = 7) -> Finished:
    """The run that these artefacts are."""
    return Finished(name, home, seed, {one.path.name: one for one in artefacts})


def page(run: Finished, out: Path, config: Report | None = None) -> str:
    """The report of a run."""
    report(run, config or Report(), out)
    return (out / "report.html").read_text(encoding="utf-8")


def text(html: str) -> str:
    """What a reader sees, style left out."""
    bare = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare))

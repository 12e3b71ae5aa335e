"""Carry out a plan: make what is not there, in order, and gather the scores and the report at the top of the run."""

import shutil
import time
from pathlib import Path

from metier import progress
from metier.artefact import Artefact, write_json
from metier.recipe import Recipe
from metier.records import Score
from metier.run.call import planned, run_call
from metier.run.chain import run_chain
from metier.run.context import SHARD_BYTES, Context, disk_errors
from metier.run.fuse import Unit
from metier.run.lock import locked
from metier.run.plan import Plan, plan
from metier.run.show import Show


def run(recipe: Recipe, runs: Path, to: str = "", show: Show | None = None, shard_bytes: int = SHARD_BYTES) -> Plan:
    """Make every artefact that a recipe asks for and that does not stand yet; return the plan that was carried out."""
    show = show or Show(quiet=True)
    plan(recipe, runs, to)
    with locked(runs / recipe.name):
        found = plan(recipe, runs, to)
        context = Context(found, shard_bytes=shard_bytes)
        todo = found.todo()
        for unit in found.units:
            name = unit.last.name
            if unit not in todo:
                show.line(f"{name}: stands")
                continue
            start = time.monotonic()
            with show.step(name), progress.listening(show.update), disk_errors(unit.last, context.root):
                make(unit, context)
            for step in unit.steps:
                manifest = Artefact(context.root / step.name).manifest
                if manifest is not None:
                    show.line(
                        f"{step.name}: {planned(manifest)}"
                        + (f" ({time.monotonic() - start:.1f} s)" if step is unit.last else "")
                    )
        _sweep(context)
        _gather(context)
    return found


def make(unit: Unit, context: Context) -> None:
    """Make the artefacts of one unit."""
    for step in unit.steps:
        _forget(context, step.name)
    if unit.chain:
        run_chain(unit, context)
    else:
        run_call(unit.last, context)


def _forget(context: Context, step: str) -> None:
    """Remove what earlier settings of this step left half-made."""
    keep = context.scratch(context.plan.steps[step].step)
    for stale in context.root.glob(f".{step}.*.partial"):
        if stale != keep:
            shutil.rmtree(stale, ignore_errors=True)


def _sweep(context: Context) -> None:
    """Remove scratch directories of steps that are finished."""
    for name in context.plan.steps:
        for stale in context.root.glob(f".{name}.*.partial"):
            shutil.rmtree(stale, ignore_errors=True)


def _gather(context: Context) -> None:
    """Put every score, and the newest report, at the top of the run directory."""
    scores: list[Score] = []
    for name in context.plan.recipe.steps:
        artefact = Artefact(context.root / name)
        if artefact.manifest is None:
            continue
        scores += artefact.records(Score)
        report = artefact.path / "report.html"
        if report.exists():
            copy = context.root / "report.html.tmp"
            shutil.copyfile(report, copy)
            copy.replace(context.root / "report.html")
    write_json(context.root / "scores.json", scores)

"""What checks of exams found, as the page shows it: defects, leaks, facts, each with cases to read."""

from dataclasses import dataclass
from typing import Literal

from metier.artefact import Finished
from metier.evals.findings import EXAMPLES, Finding, read
from metier.evals.report_steps import cut
from metier.scores import count, percent

TRAINED = "train."
"""Stages whose findings are about a training, and stand beside its curves."""


@dataclass(frozen=True)
class Shown:
    """One finding: how many of how many, the share as a width in percent, and the first cases."""

    check: str
    says: str
    kind: Literal["defect", "leak", "fact"]
    found: str
    of: str
    share: str
    interval: str
    width: float
    removed: str
    cases: tuple[tuple[str, str, str], ...]
    """(ids, text, detail)"""
    more: str


@dataclass(frozen=True)
class Audit:
    """The findings of one step about one exam."""

    step: str
    exam: str
    size: str
    clean: int
    findings: tuple[Shown, ...]


def audits(run: Finished) -> list[Audit]:
    """Every step that left findings, exam by exam; checks that found nothing come last."""
    made = []
    for step, artefact in run.artefacts.items():
        if (made_by := artefact.manifest) and made_by.stage.startswith(TRAINED):
            continue
        found = read(artefact.path)
        for exam in dict.fromkeys(one.exam for one in found):
            own = [one for one in found if one.exam == exam]
            order = sorted(own, key=lambda one: not one.found)
            largest = max(own, key=lambda one: one.of)
            clean = sum(not one.found for one in own)
            made.append(
                Audit(step, exam, f"{count(largest.of)} {largest.unit}", clean, tuple(_shown(one) for one in order))
            )
    return made


def _shown(one: Finding) -> Shown:
    cases = tuple((", ".join(case.ids), cut(case.text), cut(case.detail)) for case in one.cases[:EXAMPLES])
    interval = f"{100 * one.low:.2g} to {100 * one.high:.2g}" if one.low is not None and one.high is not None else ""
    return Shown(
        one.check,
        one.says,
        one.kind,
        count(one.found),
        f"{count(one.of)} {one.unit}",
        percent(one.found, one.of),
        interval,
        round(100 * one.found / one.of, 1) if one.of else 0.0,
        count(one.removed) if one.removed else "",
        cases,
        count(one.found - len(cases)) if cases and one.found > len(cases) else "",
    )

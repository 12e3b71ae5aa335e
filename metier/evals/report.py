"""One page about a whole run, for the person who decides as for the one who built it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from metier.artefact import Finished, asset
from metier.evals.report_alignment import alignment
from metier.evals.report_audit import audits
from metier.evals.report_costs import costs
from metier.evals.report_errors import errors
from metier.evals.report_findings import conflicts, leaks
from metier.evals.report_funnel import funnels
from metier.evals.report_gather import gathered, signatures
from metier.evals.report_matrix import drawn, families, published, scoreboard
from metier.evals.report_paired import comparisons, told
from metier.evals.report_pick import choices, exams
from metier.evals.report_samples import samples
from metier.evals.report_scores import base_of, boards, summary, tables, taxes, wins
from metier.evals.report_steps import details, flows
from metier.evals.report_tax import sweeps
from metier.evals.report_training import trainings
from metier.records import Config, File, Files, MetierError, Question
from metier.text.gazetteer import gazetteer

if TYPE_CHECKING:
    from metier.text.entities import EntityKind


class Report(Config, frozen=True):
    """What the page is called and how much it shows."""

    title: str = ""
    """Heading of the page; empty: the name of the run."""
    samples: Annotated[int, msgspec.Meta(ge=0)] = 12
    """Questions shown with every model's answer, from each step of free answers; steps of choices share them."""
    errors: Annotated[int, msgspec.Meta(ge=0)] = 40
    """Wrong and unread answers shown in full, from each step with answers to questions that have a key."""
    gazetteers: Files = ()
    """YAML files with lists of persons, places and organisations, as asset:world/cultures/tilmara.ar.yaml: what they
    list is found in the replies of conversations whatever words stand around it."""
    theme: File = "asset:report"
    """Directory with the page's template (page.html) and style; copy the shipped one to change how reports look."""


def report(run: Finished, config: Report, out: Path) -> None:
    """Write report.html: scores, domain tax, what each step kept and dropped, training, answers and every setting.

    The file stands alone: no script, no font and no picture from elsewhere. It reads only the artefacts of the run.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from metier.evals.report_conversations import talks  # the finders of names compile many patterns

    scores = gathered(run)
    pairs = comparisons(run)
    if not run.artefacts:
        raise MetierError("the report has no finished step to show; run the steps before it")
    chances = _chances(run, {one.task for one in scores if one.metric == "accuracy"} | exams(run))
    environment = Environment(
        loader=FileSystemLoader(asset(config.theme)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html").render(
        title=config.title or run.name,
        run=run.name,
        seed=run.seed,
        base=base_of(scores),
        summary=[*wins(scores), *summary(scores)],
        rings=any("seed" in one.by for one in scores),
        scoreboard=scoreboard(scores),
        boards=boards(scores, chances),
        families=families(scores, signatures(run)),
        published=published(run),
        pairs=pairs,
        held=told(pairs),
        taxes=taxes(scores),
        sweeps=sweeps(scores),
        tables=tables(scores, drawn(run)),
        funnels=funnels(run),
        conflicts=conflicts(run),
        leaks=leaks(run),
        audits=audits(run),
        flows=flows(run),
        talks=talks(run, _gazetteer(config.gazetteers)),
        trainings=trainings(run),
        choices=choices(run, chances),
        alignment=alignment(run),
        samples=samples(run, config.samples),
        errors=errors(run, config.errors),
        costs=costs(run),
        steps=details(run),
    )
    (out / "report.html").write_text(page, encoding="utf-8")


def _gazetteer(files: str | tuple[str, ...]) -> "dict[str, EntityKind]":
    """Every name of some files, and what it names."""
    kinds: dict[str, EntityKind] = {"persons": "person", "places": "place", "organisations": "organisation"}
    tables = [gazetteer(name) for name in ((files,) if isinstance(files, str) else files)]
    return {name: kinds[key] for table in tables for key, names in table.items() for name in names}


def _chances(run: Finished, tasks: set[str]) -> dict[str, float]:
    """What guessing one option would score on a task: the mean of one over the number of options.

    A task has none where a key may hold several options, or where a question has none to guess from.
    """
    chances = {}
    for task in sorted(tasks):
        steps = [run.artefacts[name] for name in task.split("+") if name in run.artefacts]
        asked = [one for step in steps for one in step.records(Question)]
        if any(one.kind == "multiple" or not one.options for one in asked):
            continue
        shares = [1 / len(one.options) for one in asked]
        if shares:
            chances[task] = sum(shares) / len(shares)
    return chances

"""One page about a whole run, for the person who decides as for the one who built it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from metier.artefact import Finished, asset
from metier.evals.report_findings import conflicts, leaks
from metier.evals.report_funnel import funnels
from metier.evals.report_pick import choices, exams
from metier.evals.report_samples import samples
from metier.evals.report_scores import base_of, boards, summary, tables, taxes
from metier.evals.report_steps import details, flows
from metier.evals.report_tax import sweeps
from metier.evals.report_training import trainings
from metier.records import Config, File, Files, MetierError, Question, Score
from metier.text.gazetteer import gazetteer

if TYPE_CHECKING:
    from metier.text.entities import EntityKind


class Report(Config, frozen=True):
    """What the page is called and how much it shows."""

    title: str = ""
    """Heading of the page; empty: the name of the run."""
    samples: Annotated[int, msgspec.Meta(ge=0)] = 12
    """Questions shown with every model's answer, from each step that has answers."""
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

    scores = [one for artefact in run.artefacts.values() for one in artefact.records(Score)]
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
        summary=summary(scores),
        rings=any("seed" in one.by for one in scores),
        boards=boards(scores, chances),
        taxes=taxes(scores),
        sweeps=sweeps(scores),
        tables=tables(scores),
        funnels=funnels(run),
        conflicts=conflicts(run),
        leaks=leaks(run),
        flows=flows(run),
        talks=talks(run, _gazetteer(config.gazetteers)),
        trainings=trainings(run),
        choices=choices(run, chances),
        samples=samples(run, config.samples),
        steps=details(run),
    )
    (out / "report.html").write_text(page, encoding="utf-8")


def _gazetteer(files: str | tuple[str, ...]) -> "dict[str, EntityKind]":
    """Every name of some files, and what it names."""
    kinds: dict[str, EntityKind] = {"persons": "person", "places": "place", "organisations": "organisation"}
    tables = [gazetteer(name) for name in ((files,) if isinstance(files, str) else files)]
    return {name: kinds[key] for table in tables for key, names in table.items() for name in names}


def _chances(run: Finished, tasks: set[str]) -> dict[str, float]:
    """What guessing would score on a task: the mean of one over the number of options."""
    chances = {}
    for task in tasks & run.artefacts.keys():
        shares = [1 / len(one.options) for one in run.artefacts[task].records(Question) if one.options]
        if shares:
            chances[task] = sum(shares) / len(shares)
    return chances

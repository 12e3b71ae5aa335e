"""What a stage is, what a run would do, and what it did, in words: generated from signatures and manifests."""

import ast
import inspect
import textwrap
from typing import Any, get_type_hints

import msgspec

from metier.recipe import RecipeError
from metier.records import Config
from metier.run.machines import commands, further
from metier.run.plan import Plan
from metier.run.scoreboard import read_scores, scoreboard
from metier.run.table import table
from metier.stage import SHAPES, Stage, StageError, find, names
from metier.text.suggest import did_you_mean


def listing() -> str:
    """Every stage that ships, with the first line of its docstring."""
    found = [find(name) for name in names()]
    return table(
        ("stage", "takes", "gives", "what it does"),
        [(s.name, _takes(s), _gives(s), s.doc.split("\n")[0]) for s in found],
    )


def describe(name: str) -> str:
    """One stage: what feeds it, what it yields, every setting with its meaning and default."""
    try:
        stage = find(name)
    except StageError as error:
        raise RecipeError(f"{error}; {did_you_mean(name, names())}") from None
    lines = [f"{stage.name}: {stage.doc}", "", "from:"]
    for one in stage.feedable:
        kind = f" ({one.kind.__name__})" if one.kind is not None else ""
        lines.append(f"  {one.name}{kind}: {SHAPES[one.shape]}{'; may be left out' if one.optional else ''}")
    if not stage.feedable:
        lines.append("  nothing: it is a source")
    if stage.asked:
        lines.append("asks:")
    for one in stage.asked:
        lines.append(f"  {one.name}: {SHAPES[one.shape]}{'; may be left out' if one.optional else ''}")
    lines += ["gives:", f"  {_gives(stage)}", "settings:"]
    lines += _settings(stage.config) or ["  none"]
    if "seed" in stage.given:
        lines.append("  seed: int = the recipe's seed\n      What its random draws start from.")
    return "\n".join(lines)


def _takes(stage: Stage) -> str:
    return ", ".join(one.kind.__name__ if one.kind is not None else one.name for one in stage.inputs) or "-"


def _gives(stage: Stage) -> str:
    return ", ".join(kind.__name__ for kind in stage.yields if kind.__name__ != "Dropped") or "a directory"


def _settings(config: type[Config] | None) -> list[str]:
    if config is None:
        return []
    meanings: dict[str, str] = {}
    for owner in reversed(config.__mro__):
        if issubclass(owner, msgspec.Struct) and owner is not msgspec.Struct and owner is not Config:
            meanings |= _meanings(owner)
    hints = get_type_hints(config)
    lines = []
    for field in msgspec.structs.fields(config):
        default = field.default if field.default is not msgspec.NODEFAULT else None
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        given = "" if field.required else f" = {default!r}"
        lines.append(f"  {field.name}: {_type(hints[field.name])}{given}")
        if field.name in meanings:
            lines.append(textwrap.indent(textwrap.fill(meanings[field.name], 100), "      "))
    return lines


def _type(hint: Any) -> str:
    text = hint.__name__ if isinstance(hint, type) and not getattr(hint, "__args__", None) else str(hint)
    return text.replace("typing.", "")


def _meanings(config: type) -> dict[str, str]:
    """The text under each field of a settings class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(config))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        is_text = (
            isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)
        )
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            found[field.target.id] = " ".join(str(after.value.value).split())  # type: ignore[attr-defined]
    return found


def outlook(plan: Plan) -> str:
    """Each step, whether it stands or is made, and why."""
    fused = {step.name: unit.last.name for unit in plan.units for step in unit.steps if step is not unit.last}
    rows = []
    asked = {step.name for unit in plan.units for step in unit.steps}
    for name, planned_step in plan.steps.items():
        if name not in asked:
            continue
        stage = planned_step.step.stage
        how = "stands" if not planned_step.why else "make"
        why = planned_step.why + (f" (one pass with {fused[name]})" if name in fused and planned_step.why else "")
        rows.append((name, stage.name, how, why))
    todo = sum(1 for row in rows if row[2] == "make")
    models = _models(plan, asked)
    launched = [f"{step}: {command}" for step, command in commands(plan).items()]
    end = f"{todo} of {len(rows)} steps to make in {plan.root}"
    return "\n".join([table(("step", "stage", "", "why"), rows), *models, *launched, end])


def _models(plan: Plan, asked: set[str]) -> list[str]:
    """The models that the steps ask, each with what its replies are kept under."""
    rows = []
    for name, model in plan.models.items():
        askers = [step for step, one in plan.steps.items() if step in asked and name in one.step.asks.values()]
        if askers:
            kind = str(model.__struct_config__.tag)
            rows.append((name, kind, model.called, model.revision or "-", ", ".join(askers)))
    return [table(("model", "kind", "called", "revision", "asked by"), rows)] if rows else []


def result(plan: Plan) -> str:
    """What a run ends with: its scores, and where the report is; of a further machine, that its part is done."""
    if further(plan):
        return f"this machine has done its part; the first one makes {plan.root / 'scores.json'}"
    lines = []
    scores = read_scores(plan.root)
    if scores:
        lines.append(scoreboard(scores))
    report = plan.root / "report.html"
    if report.exists():
        lines.append(f"report: {report}")
    return "\n".join([*lines, f"scores: {plan.root / 'scores.json'}"])


def funnel(plan: Plan) -> str:
    """What each step took, kept and dropped."""
    rows = []
    for name, artefact in plan.standing().items():
        manifest = artefact.manifest
        if manifest is not None:
            kept = sum(manifest.counts.values())
            lost = sum(manifest.dropped.values())
            share = f"{lost / manifest.count_in:.1%}" if manifest.count_in else "-"
            worst = max(manifest.dropped.items(), key=lambda item: item[1])[0] if manifest.dropped else ""
            rows.append((name, manifest.stage, f"{manifest.count_in:,}", f"{kept:,}", f"{lost:,}", share, worst))
    return table(("step", "stage", "in", "kept", "dropped", "share", "commonest reason"), rows)

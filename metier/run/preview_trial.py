"""Where the records of a step that is not made can be seen already: in a trial of the same recipe (``--limit``)."""

from pathlib import Path

import msgspec

from metier.artefact import Artefact, Manifest, asset
from metier.recipe import Recipe, Source, Step, shipped
from metier.records import Conversation, Document
from metier.run.plan import Plan
from metier.run.plan import plan as make_plan
from metier.run.whole import scale, sources, whole
from metier.train.settings import Train

Kind = type[Conversation] | type[Document]
KINDS: dict[str, Kind] = {"conversations": Conversation, "docs": Document}
"""The parameters of a trainer that it is trained on."""


class Feeding(msgspec.Struct, frozen=True):
    """The records of one kind in a finished step; the whole is thought to have ``times`` as many."""

    artefact: Artefact
    kind: Kind
    times: float = 1.0
    why: str = ""
    """Why these are not quite the records that the recipe asks for now, where they are not."""


class Cost(msgspec.Struct, frozen=True):
    """What a trainer noted of its own cost, see ``metier.train.loop``."""

    tokens_per_second: float = 0.0
    peak_bytes: int = 0
    disk_bytes: int = 0


class Measured(msgspec.Struct, frozen=True):
    """A training that was done in a run, and why it is not quite what the recipe asks for now, where it is not."""

    run: str
    cost: Cost
    why: str


def trial(full: Plan) -> Plan | None:
    """The trial of a recipe on the most records of which some step stands, else the largest; None where none is."""
    if full.recipe.limit:
        return None
    largest = None
    name = full.recipe.name
    found = {path: path.name.removeprefix(f"{name}-limit") for path in full.root.parent.glob(f"{name}-limit*")}
    for limit in sorted((int(text) for text in found.values() if text.isdigit()), reverse=True):
        recipe: Recipe = msgspec.structs.replace(full.recipe, name=f"{name}-limit{limit}", limit=limit)
        tried = make_plan(recipe, full.root.parent)
        if tried.standing():
            return tried
        largest = largest or tried
    return largest


def trying(full: Plan) -> str:
    """The command that makes a trial of a recipe."""
    known = {str(path): name for name, path in shipped().items()}
    return f"metier run {known.get(full.recipe.path, full.recipe.path)} --limit 100"


def feedings(full: Plan, tried: Plan | None, step: Step) -> tuple[list[Feeding], list[str]]:
    """What feeds a trainer, and the names of the steps whose records can be seen nowhere yet."""
    found, missing = list[Feeding](), list[str]()
    standing = full.standing()
    for parameter, source in step.sources():
        if parameter not in KINDS:
            continue
        kind = KINDS[parameter]
        whole_one = standing.get(source.name) if source.step else Artefact(Path(source.name))
        if whole_one is not None:
            found.append(Feeding(whole_one, kind))
        elif tried is not None and (part := _tried(full, tried, source.name, kind)):
            found.append(part)
        else:
            missing.append(source.name)
    return found, missing


def _tried(full: Plan, tried: Plan, name: str, kind: Kind) -> Feeding | None:
    """What a step made in a trial; nothing where it was another stage then, so that the trial is of another recipe."""
    artefact, planned = Artefact(tried.root / name), tried.steps[name].manifest
    manifest = artefact.manifest
    if manifest is None or manifest.stage != planned.stage or not artefact.parts(kind):
        return None
    why = tried.steps[name].why if manifest.fingerprint != planned.fingerprint else ""
    return Feeding(artefact, kind, scale(whole(tried, full, one) for one in sources(tried, name)), why)


def tokenizer_home(full: Plan, tried: Plan | None, step: Step) -> Path | None:
    """A directory with the tokenizer that a trainer will use: a trainer keeps the one of its base."""
    feed = step.feeds.get("base")
    base = feed[0] if isinstance(feed, tuple) else None
    while base is not None and base.step:
        for root in [full.root] + ([tried.root] if tried is not None else []):
            if Artefact(root / base.name).manifest is not None:
                return base.place(root)
        behind = full.recipe.steps[base.name]
        base = _base(behind) if isinstance(behind.config, Train) else None
    if base is None or base.name.startswith("hf:"):
        return None
    return asset(base.name)


def _base(step: Step) -> Source | None:
    feed = step.feeds.get("base")
    return feed[0] if isinstance(feed, tuple) else None


def measured(full: Plan, tried: Plan | None, step: Step) -> Measured | None:
    """What the training of this step cost in a trial, else in the run that stands there from before."""
    for plan in ([tried] if tried is not None else []) + [full]:
        manifest = Artefact(plan.root / step.name).manifest
        if manifest is not None and (cost := _cost(manifest)).tokens_per_second:
            return Measured(plan.root.name, cost, plan.steps[step.name].why)
    return None


def _cost(manifest: Manifest) -> Cost:
    try:
        return msgspec.convert(manifest.notes, Cost)
    except msgspec.ValidationError:
        return Cost()

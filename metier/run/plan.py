"""What a run would do: the fingerprint of every step, which artefacts stand, and why the others are made."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from metier.artefact import Artefact, Manifest, asset
from metier.llm.spec import Model
from metier.recipe import Feed, Recipe, RecipeError, Source, Step
from metier.records import MetierError, Rule, fingerprint
from metier.run.content import Contents, expand, lasting, named_files, settings
from metier.run.fuse import Unit, units
from metier.run.models import settle
from metier.stage import code_files
from metier.text.suggest import did_you_mean


class Planned(msgspec.Struct, frozen=True):
    """One step as a run would find it: ``why`` is empty where its artefact stands."""

    step: Step
    manifest: Manifest
    why: str


class Plan(msgspec.Struct, frozen=True):
    """A recipe against a run directory; ``units`` are those that were asked for."""

    recipe: Recipe
    root: Path
    steps: dict[str, Planned]
    units: tuple[Unit, ...]
    models: dict[str, Model] = {}
    """The models of the recipe, each with its revision and the path of its checkpoint."""

    def mark(self, step: str) -> str:
        """The fingerprint of a step."""
        return self.steps[step].manifest.fingerprint

    def todo(self) -> list[Unit]:
        """The units that must be made, in order."""
        return [unit for unit in self.units if any(self.steps[step.name].why for step in unit.steps)]

    def standing(self) -> dict[str, Artefact]:
        """Every artefact that stands as the recipe is now, asked for or not, in its order."""
        found = {name: Artefact(self.root / name) for name in self.steps}
        return {name: one for name, one in found.items() if (m := one.manifest) and m.fingerprint == self.mark(name)}


def plan(recipe: Recipe, runs: Path, to: Iterable[str] = ()) -> Plan:
    """Fingerprint every step and compare it with what stands in the run directory; nothing is made.

    ``to`` names steps: only they and what feeds them are asked for.
    """
    contents = Contents(runs / ".contents.json")
    root = runs / recipe.name
    made: dict[str, Manifest] = {}
    models: dict[str, Model] = {}
    for step in recipe.steps.values():
        models |= _settled(
            step, recipe, models, lambda one: settle(one, root, _marks(made), contents, recipe.checkpoint(one))
        )
        made[step.name] = _manifest(step, recipe, made, contents, models)
    contents.save()
    wanted = set(recipe.steps) if not to else ancestors(recipe, to)
    groups = tuple(cut for unit in units(recipe) if (cut := unit.cut(wanted)).steps)
    written = {unit.last.name for unit in groups}
    steps: dict[str, Planned] = {}
    for name, manifest in made.items():
        old = Artefact(root / name).manifest
        steps[name] = Planned(recipe.steps[name], manifest, _why(manifest, old, name in written))
    for unit in groups:
        late = [step.name for step in unit.steps if steps[step.name].why]
        for step in unit.steps if late else ():
            if not steps[step.name].why:
                again = f"read again for {late[0]}: its records are passed on, not kept"
                steps[step.name] = msgspec.structs.replace(steps[step.name], why=again)
    return Plan(recipe, root, steps, groups, models)


def ancestors(recipe: Recipe, to: Iterable[str]) -> set[str]:
    """The names of some steps and of all that feeds them."""
    for name in to:
        if name not in recipe.steps:
            raise RecipeError(f"--to {name}: {recipe.path} has no such step; {did_you_mean(name, recipe.steps)}")
    needed, waiting = set(), list(to)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        if "run" in recipe.steps[name].stage.given:
            waiting += [one for one in _above(recipe, name) if one not in needed]
        waiting += recipe.behind(recipe.steps[name])
    return needed


def _above(recipe: Recipe, name: str) -> list[str]:
    order = list(recipe.steps)
    return order[: order.index(name)]


def _marks(made: dict[str, Manifest]) -> dict[str, str]:
    return {name: manifest.fingerprint for name, manifest in made.items()}


def _settled(
    step: Step, recipe: Recipe, known: dict[str, Model], settle_one: Callable[[Model], Model]
) -> dict[str, Model]:
    """The models that a step is the first to ask, as a run asks them."""
    try:
        return {name: settle_one(recipe.models[name]) for name in step.asks.values() if name not in known}
    except MetierError as error:
        raise RecipeError(f"{step.place}: step {step.name!r}: {error}") from None


def _manifest(
    step: Step, recipe: Recipe, made: dict[str, Manifest], contents: Contents, models: dict[str, Model]
) -> Manifest:
    """The manifest a step would have, without its counts."""
    try:
        files = {str(path): contents.path(path) for _, path in named_files(step.config)}
        inputs = {source.shown: _input(source, made, contents) for _, source in step.sources()}
    except MetierError as error:
        raise RecipeError(f"{step.place}: step {step.name!r}: {error}") from None
    if "run" in step.stage.given:
        inputs |= _marks(made)
    sources = {name: _shown(feed) for name, feed in step.feeds.items()}
    seed = step.seed if "seed" in step.stage.given else None
    code = fingerprint([contents.file(file) for file in code_files(step.stage.module)])
    reads = [one.kind for one in _fed(step) if one.shape in ("records", "batch")]
    limit = recipe.limit if not reads or Rule in reads else 0
    task = {name: _shown(feed, False) for name, feed in step.feeds.items()} if "task" in step.stage.given else None
    what = [step.stage.name, code, lasting(step.config), _named(files), inputs, seed, limit, task]
    asked = {parameter: models[name].lasting() for parameter, name in step.asks.items()}
    what += [asked] if asked else []
    structure = {name: _shape(feed, made, contents) for name, feed in step.feeds.items()}
    return Manifest(
        step=step.name, stage=step.stage.name, fingerprint=fingerprint([what, structure]), sources=sources,
        config=settings(step.config), seed=seed, code=code, files=files, inputs=inputs,
        models={parameter: {"name": step.asks[parameter], **one} for parameter, one in asked.items()},
    )  # fmt: skip


def _named(files: dict[str, str]) -> list[tuple[str, str]]:
    """(name below the common directory, content hash) of every file: ids and order follow from the names.

    What lies in a store is named in full.
    """
    here = {name: os.path.abspath(name) for name in files if "://" not in name}  # noqa: PTH100
    shared = os.path.commonpath([os.path.dirname(path) for path in here.values()]) if here else ""  # noqa: PTH120
    return [(os.path.relpath(here[name], shared) if name in here else name, mark) for name, mark in files.items()]


def _fed(step: Step) -> Iterable[Any]:
    return [one for one in step.stage.inputs if one.name in step.feeds]


def _shown(feed: Feed, asked: bool = True) -> Any:
    """What feeds one parameter as the recipe names it, with or without the names of the models that are asked."""
    if isinstance(feed, dict):
        return {key: _shown(some, asked) for key, some in feed.items()}
    return [source.shown for source in feed if asked or not source.model]


def _shape(feed: Feed, made: dict[str, Manifest], contents: Contents) -> Any:
    """The fingerprints behind one parameter, in order and by model name; models that are asked have theirs apart."""
    if isinstance(feed, dict):
        return {key: _shape(some, made, contents) for key, some in feed.items()}
    return [_input(source, made, contents) for source in feed if not source.model]


def _input(source: Source, made: dict[str, Manifest], contents: Contents) -> str:
    if source.step:
        return source.mark(made[source.name].fingerprint)
    if source.name.startswith("hf:"):
        return source.name
    return contents.path(
        asset(source.name) if source.name.startswith(("asset:", "domain:")) else expand(source.name)[0]
    )


def _why(new: Manifest, old: Manifest | None, written: bool) -> str:
    """Why a step must be made; empty where its artefact stands."""
    if old is None:
        return "not made yet"
    if old.fingerprint == new.fingerprint:
        return "its records were passed on, not kept" if old.inner and written else ""
    if old.stage != new.stage:
        return f"was {old.stage}, is {new.stage}"
    reasons = [
        f"{key} {_short(old.config.get(key))} → {_short(new.config.get(key))}"
        for key in sorted(old.config.keys() | new.config.keys())
        if old.config.get(key) != new.config.get(key)
    ]
    if old.seed != new.seed:
        reasons.append(f"seed {old.seed} → {new.seed}")
    for path in sorted(old.files.keys() | new.files.keys()):
        if old.files.get(path) != new.files.get(path):
            reasons.append(f"{path} changed")
    changed = [name for name in new.inputs if old.inputs.get(name) != new.inputs[name]]
    if changed:
        reasons.append(
            f"made from {', '.join(changed)}, which changed" if len(changed) < 4 else "what it reads changed"
        )
    reasons += _model_reasons(old.models, new.models)
    if old.code != new.code:
        reasons.append(f"the code of {new.stage} changed")
    return "; ".join(reasons) or "fed differently"


def _model_reasons(old: dict[str, Any], new: dict[str, Any]) -> Iterable[str]:
    """What changed about the models that a step asks, but for their names in the recipe."""
    for parameter, one in new.items():
        before, now = _flat(old.get(parameter, {})), _flat(one)
        for key in sorted(before.keys() | now.keys()):
            if before.get(key) != now.get(key) and key != "name":
                yield f"{parameter}: {key} {_short(before.get(key))} → {_short(now.get(key))}"


def _flat(model: dict[str, Any]) -> dict[str, Any]:
    return {**{key: value for key, value in model.items() if key != "sampling"}, **model.get("sampling", {})}


def _short(value: Any) -> str:
    text = "unset" if value is None else str(value)
    return text if len(text) <= 40 else text[:37] + "..."

"""A recipe: one YAML file that names the stages of a run and how they feed each other, checked whole before it runs.

YAML 1.2 rules (``1e-5`` is a number, ``no`` is a word, a repeated key is an error). ``${VAR}`` comes from the
environment; there is no templating language. Every mistake is a RecipeError that names file, line and remedy.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

import metier
from metier.artefact import snapshot_path
from metier.llm.spec import Model
from metier.recipe_tables import Place, fill_in, made_here, override, read_models, step_behind
from metier.recipe_tables import RecipeError as RecipeError
from metier.records import Config, MetierError
from metier.stage import Input, Stage, StageError, find, names
from metier.text.suggest import did_you_mean
from metier.yaml_lines import Lines, YamlError, parse

RESERVED = ("use", "from", "seed", "keep")
LOOKED_AT = "validation"
"""The records that a trainer is looked at with; it cannot be trained on them alone."""
TOP = ("name", "seed", "description", "shard_mb", "replies", "models", "steps")


class Source(msgspec.Struct, frozen=True):
    """What feeds a parameter: an earlier step or a snapshot that it keeps, or a directory, asset or hub name."""

    name: str
    step: bool
    snapshot: int = 0
    """Which of the snapshots that a step keeps; 0 is its artefact, the last of them."""

    @property
    def shown(self) -> str:
        """The source as a recipe names it."""
        return f"{self.name}@{self.snapshot}" if self.snapshot else self.name

    def place(self, root: Path) -> Path:
        """Where the artefact of a step, or its snapshot, is in a run directory."""
        artefact = root / self.name
        return snapshot_path(artefact, self.snapshot) if self.snapshot else artefact

    def mark(self, made: str) -> str:
        """The fingerprint of what a step, whose own it is given, feeds."""
        return f"{made}@{self.snapshot}" if self.snapshot else made


Feed = tuple[Source, ...] | dict[str, tuple[Source, ...]]


class Step(msgspec.Struct, frozen=True):
    """One step: a stage, what feeds each of its parameters, and its settings."""

    name: str
    stage: Stage
    feeds: dict[str, Feed]
    config: Config | None
    seed: int
    keep: bool
    place: str
    asks: dict[str, str] = {}
    """Parameter -> the model of the recipe that stands for it."""

    def sources(self) -> Iterable[tuple[str, Source]]:
        """(parameter, source) for everything that feeds the step, in order."""
        for name, feed in self.feeds.items():
            groups = feed.values() if isinstance(feed, dict) else (feed,)
            yield from ((name, source) for group in groups for source in group)


class Recipe(msgspec.Struct, frozen=True):
    """A checked recipe: its steps in the order they run."""

    name: str
    seed: int
    steps: dict[str, Step]
    path: str
    description: str = ""
    limit: int = 0
    shard_mb: float = 128.0
    """About how much text a shard holds: the unit of resume. It changes no result."""
    models: dict[str, Model] = {}
    replies: str = ""
    """The file that keeps what models replied; by default one for all runs of a directory."""

    def consumers(self, step: str) -> list[Step]:
        """The steps that read a step."""
        return [one for one in self.steps.values() if any(s.step and s.name == step for _, s in one.sources())]

    def behind(self, step: Step) -> list[str]:
        """The steps whose artefacts a step needs: those that feed it, and the checkpoints of the models it asks."""
        checkpoints = [step_behind(self.models[name]) for name in step.asks.values()]
        fed = [source.name for _, source in step.sources() if source.step]
        return list(dict.fromkeys([*fed, *filter(None, checkpoints)]))

    def checkpoint(self, model: Model) -> Source | None:
        """The step, or its snapshot, whose checkpoint a model is; None where it lies elsewhere."""
        name = step_behind(model)
        return Source(name, True, _snapshot(self.steps[name], made_here(model))) if name else None


def shipped() -> dict[str, Path]:
    """The recipes that come with the package, by name."""
    return {file.stem: file for file in sorted((Path(metier.__path__[0]) / "recipes").glob("*.yaml"))}


def locate(name: str) -> Path:
    """The file of a recipe: a bare name is one that ships, anything with a ``/`` or a suffix is a file."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            raise RecipeError(f"{name}: no such recipe file; 'metier new DIR' writes one to start from")
        return path
    if name not in shipped():
        file = f"; to run a file of yours write ./{name}" if Path(name).exists() else ""
        raise RecipeError(f"no recipe {name!r} ships with metier; {did_you_mean(name, shipped())}{file}")
    return shipped()[name]


def load(name: str, overrides: Iterable[str] = (), limit: int = 0, run: str = "") -> Recipe:
    """Read and check a whole recipe; nothing has run and nothing heavy is imported when it returns.

    ``overrides`` are texts ``a.b=v``; ``limit`` cuts every source; ``run`` names the run directory.
    """
    path = locate(name)
    try:
        plain, lines = parse(path)
    except YamlError as error:
        raise RecipeError(str(error)) from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: not UTF-8; save the recipe as UTF-8") from None
    if not isinstance(plain, dict) or not isinstance(plain.get("steps"), dict) or not plain["steps"]:
        raise RecipeError(f"{path}:1: a recipe needs a 'steps:' table with at least one step")
    plain = fill_in(plain, lines, ())
    for text in overrides:
        override(plain, text, TOP)
    if run:
        plain["name"] = run
    for key in plain.keys() - set(TOP):
        raise RecipeError(f"{lines.at(key)}: unknown key {key!r}; {did_you_mean(key, TOP)}")
    return _check(plain, lines, path, limit)


def _check(plain: dict[str, Any], lines: Lines, path: Path, limit: int) -> Recipe:
    seed = plain.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise RecipeError(f"{lines.at('seed')}: seed is {seed!r}; it must be a whole number")
    name = plain.get("name", path.stem)
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name):
        raise RecipeError(
            f"{lines.at('name')}: name is {name!r}; begin with a letter or digit, go on with these, '-', '_' and '.'"
        )
    models = read_models(plain, lines)
    steps: dict[str, Step] = {}
    for key, table in plain["steps"].items():
        place = lines.at("steps", key)
        if not re.fullmatch(r"\w[\w-]*", str(key)):
            raise RecipeError(f"{place}: a step is named {key!r}; use letters, digits, '-' and '_'")
        if not isinstance(table, dict) or "use" not in table:
            raise RecipeError(
                f"{place}: step {key!r} does not say which stage it uses; write {key}: {{use: ROOM.STAGE}}"
            )
        steps[str(key)] = _Reader(str(key), table, lines, steps, models).step(seed)
    description = plain.get("description", "")
    shard = plain.get("shard_mb", 128.0)
    if isinstance(shard, bool) or not isinstance(shard, int | float) or shard <= 0:
        raise RecipeError(f"{lines.at('shard_mb')}: shard_mb is {shard!r}; it must be a number above 0")
    replies = plain.get("replies", "")
    if not isinstance(replies, str):
        raise RecipeError(f"{lines.at('replies')}: replies is {replies!r}; it must be the path of a file")
    own = f"{name}-limit{limit}" if limit else name
    return Recipe(own, seed, steps, str(path), str(description), limit, float(shard), models, replies)


class _Reader(msgspec.Struct, frozen=True):
    """Reads one step of the recipe, knowing the steps above it."""

    name: str
    table: dict[str, Any]
    lines: Lines
    above: dict[str, Step]
    models: dict[str, Model]

    @property
    def at(self) -> Place:
        return Place(self.lines, ("steps", self.name), f"step {self.name!r}")

    def fail(self, message: str, *keys: str) -> RecipeError:
        return self.at.fail(message, *keys)

    def step(self, seed: int) -> Step:
        used = self.table["use"]
        try:
            stage = find(str(used))
        except StageError as error:
            hint = "" if ":" in str(used) else f"; {did_you_mean(str(used), names())}"
            raise self.fail(f"{error}{hint}", "use") from None
        feeds = self.feeds(stage)
        # `keep: true` is the engine's; a stage may have a setting of that name with other values, as corpus.split has,
        # and what a trainer keeps is the trainer's own affair
        fields = stage.config.__struct_fields__ if stage.config else ()
        own_keep = "keep" in fields and (stage.flow == "job" or not isinstance(self.table.get("keep"), bool))
        reserved = [key for key in RESERVED if not (key == "keep" and own_keep)]
        reserved += [one.name for one in stage.asked]
        own = {key: value for key, value in self.table.items() if key not in reserved}
        given = self.table.get("seed", seed)
        if not isinstance(given, int) or isinstance(given, bool):
            raise self.fail(f"seed is {given!r}; it must be a whole number", "seed")
        if "seed" in self.table and "seed" not in stage.given:
            raise self.fail(f"{stage.name} draws nothing at random and takes no seed; remove 'seed'", "seed")
        keep = False if own_keep else self.table.get("keep", False)
        if not isinstance(keep, bool):
            raise self.fail(f"keep is {keep!r}; it must be true or false", "keep")
        place = self.lines.at("steps", self.name)
        return Step(self.name, stage, feeds, self.config(stage, own), given, keep, place, self.asks(stage))

    def config(self, stage: Stage, own: dict[str, Any]) -> Config | None:
        if stage.config is not None:
            return self.at.fill(stage.config, own, stage.name)
        for key, value in own.items():
            if isinstance(value, str) and value in self.models:
                raise self.fail(f"{stage.name} asks no model {key!r}; remove it", key)
            raise self.fail(f"{stage.name} has no setting {key!r}; {did_you_mean(key, ())}", key)
        return None

    def asks(self, stage: Stage) -> dict[str, str]:
        """The model that stands for each parameter: the one named, or the recipe's only one."""
        found: dict[str, str] = {}
        for one in stage.asked:
            name = self.table.get(one.name)
            if name is None and one.optional:
                continue
            if name is None and len(self.models) == 1:
                name = next(iter(self.models))
            if name is None:
                some = f"name one of {', '.join(self.models)}" if self.models else "add a models: table and name one"
                raise self.fail(f"{stage.name} asks a model as {one.name!r}; {some}: {one.name}: MODEL")
            if name not in self.models:
                raise self.fail(
                    f"{one.name} is {name!r}: the recipe has no such model; {did_you_mean(str(name), self.models)}",
                    one.name,
                )
            self.check_checkpoint(one.name, name)
            found[one.name] = name
        return found

    def check_checkpoint(self, parameter: str, model: str) -> None:
        step = step_behind(self.models[model])
        if not step:
            return
        if step not in self.above:
            remedy = f"{did_you_mean(step, self.above)}; a path has a '/'"
            raise self.fail(f"the model {model!r} is made by no step {step!r} above; {remedy}", parameter)
        if self.above[step].stage.flow != "job":
            made = self.above[step].stage.name
            raise self.fail(f"the model {model!r} is no checkpoint: step {step!r} ({made}) yields records", parameter)
        try:
            _snapshot(self.above[step], made_here(self.models[model]))
        except MetierError as error:
            raise self.fail(f"the model {model!r}: {error}", parameter) from None

    def feeds(self, stage: Stage) -> dict[str, Feed]:
        given = self.table.get("from")
        if given is not None and not stage.feedable:
            raise self.fail(f"{stage.name} takes nothing from other steps; remove 'from'", "from")
        fed = stage.fed
        if given is None and fed is not None and not fed.optional and fed.shape != "models":
            if not self.above:
                raise self.fail(f"nothing feeds {fed.name!r}: there is no step above; write from: STEP")
            given = next(reversed(self.above))
        if not isinstance(given, dict):
            given = {fed.name: given} if fed is not None and given is not None else {}
        known = {one.name: one for one in stage.feedable}
        for key in given:
            if any(one.name == key for one in stage.asked):
                raise self.fail(f"{key!r} is a model, not fed by a step; write {key}: MODEL beside 'use'", "from", key)
            if key not in known:
                raise self.fail(f"{stage.name} has no input {key!r}; {did_you_mean(key, known)}", "from", key)
        feeds = {name: self.feed(stage, one, given[name]) for name, one in known.items() if name in given}
        for one in stage.feedable:
            if not one.optional and one.name not in feeds:
                raise self.fail(f"nothing feeds {one.name!r}: {stage.name} needs from: {{{one.name}: ...}}")
        records = [one for one in stage.inputs if one.shape == "records" and one.name != LOOKED_AT]
        if (
            records
            and all(one.optional for one in records)
            and stage.flow == "job"
            and not any(o.name in feeds for o in records)
        ):
            wanted = " or ".join(one.name for one in records)
            raise self.fail(f"nothing feeds {wanted}: {stage.name} needs from: {{{records[0].name}: STEP}}")
        return feeds

    def feed(self, stage: Stage, one: Input, value: Any) -> Feed:
        if one.shape != "models":
            return self.sources(stage, one, value)
        if not isinstance(value, dict) or not value:
            raise self.fail(
                f"{one.name} is {value!r}; name the models: {{base: asset:nano, student: STEP}}", "from", one.name
            )
        return {str(name): self.sources(stage, one, source) for name, source in value.items()}

    def sources(self, stage: Stage, one: Input, value: Any) -> tuple[Source, ...]:
        some = value if isinstance(value, list) else [value]
        if not some or (len(some) > 1 and one.shape in ("checkpoint", "path")):
            raise self.fail(f"{one.name} takes {'one source' if some else 'at least one source'}", "from", one.name)
        return tuple(self.source(stage, one, str(item)) for item in some)

    def source(self, stage: Stage, one: Input, name: str) -> Source:
        step = name.partition("@")[0]
        if step in self.above:
            return self.made(stage, one, self.above[step], name)
        if step == self.name:
            raise self.fail(f"{one.name} is fed by the step itself", "from", one.name)
        if name.startswith(("asset:", "hf:")) or "/" in name or Path(name).suffix:
            self.check_path(one, name)
            return Source(name, False)
        raise self.fail(f"no step {step!r} above it; {did_you_mean(step, self.above)}", "from", one.name)

    def made(self, stage: Stage, one: Input, step: Step, name: str) -> Source:
        """A step above, or one of its snapshots, as a source."""
        self.check_kind(stage, one, step)
        if "@" in name and one.shape in ("records", "batch"):
            raise self.fail(f"{name} is a model, and {one.name} takes records; write {step.name}", "from", one.name)
        try:
            return Source(step.name, True, _snapshot(step, name))
        except MetierError as error:
            raise self.fail(f"{one.name}: {error}", "from", one.name) from None

    def check_kind(self, stage: Stage, one: Input, source: Step) -> None:
        made = source.stage.yields
        if one.shape in ("records", "batch"):
            if one.kind not in made:
                yields = ", ".join(kind.__name__ for kind in made if kind.__name__ != "Dropped") or "files, no records"
                wanted = one.kind.__name__
                text = f"{one.name} takes {wanted}, but step {source.name!r} ({source.stage.name}) yields {yields}"
                fits = [repr(s.name) for s in self.above.values() if one.kind in s.stage.yields]
                remedy = f"feed it from {' or '.join(fits)}" if fits else f"add a step that yields {wanted}"
                raise self.fail(f"{text}; {remedy}", "from", one.name)
        elif one.shape != "path" and source.stage.flow != "job":
            text = f"{one.name} takes a directory, but step {source.name!r} ({source.stage.name}) yields records"
            raise self.fail(f"{text}; feed it from a step of the train room, a path or asset:nano", "from", one.name)

    def check_path(self, one: Input, name: str) -> None:
        from metier.artefact import Artefact, asset

        if name.startswith("hf:"):
            return
        try:
            path = asset(name)
            if not path.exists():
                raise MetierError(f"{name}: no such file or directory; check the path, or name a step above")
            if one.shape in ("checkpoint", "models"):
                from metier.model.load import check_model

                check_model(name)
            elif one.shape in ("records", "batch") and not Artefact(path).parts(one.kind):
                kind = one.kind.__name__
                raise MetierError(f"{name} holds no finished {kind} records; read files with corpus.read")
        except MetierError as error:
            raise self.fail(f"{one.name}: {error}", "from", one.name) from None


def _snapshot(step: Step, name: str) -> int:
    """Which snapshot of a step ``STEP@N`` names, 0 for its artefact; MetierError where the step keeps no such one."""
    _, named, number = name.partition("@")
    if not named:
        return 0
    most = getattr(step.config, "keep", 0) if step.stage.flow == "job" else 0
    if not isinstance(most, int) or not most:
        remedy = f"write {step.name}"
        if number.isdecimal():
            remedy = f"write keep: {int(number) + 1} in step {step.name!r} (its end is the last)"
        raise MetierError(f"{name}: step {step.name!r} ({step.stage.name}) keeps no snapshots; {remedy}")
    if not number.isdecimal() or not 1 <= int(number) <= most:
        some = f"{step.name}@1 to {step.name}@{most}" if most > 1 else f"{step.name}@1"
        raise MetierError(f"{name}: step {step.name!r} keeps {some}; name one of these, or change its keep: {most}")
    return 0 if int(number) == most else int(number)

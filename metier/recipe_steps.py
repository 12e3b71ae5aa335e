"""One step of a recipe: the stage it names, what feeds each parameter, which models it asks, and its settings."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from metier.artefact import snapshot_path
from metier.llm.spec import Model
from metier.recipe_tables import Place, RecipeError, made_here, step_behind
from metier.records import Config, MetierError
from metier.stage import Input, Stage, StageError, find, names
from metier.text.suggest import did_you_mean
from metier.yaml_lines import Lines

RESERVED = ("use", "from", "seed", "keep")
NAMED = ("models", "subjects")
"""Shapes that are fed several models, each under a name."""
LOOKED_AT = "validation"
"""The records that a trainer is looked at with; it cannot be trained on them alone."""


class Source(msgspec.Struct, frozen=True):
    """What feeds a parameter: an earlier step or a snapshot that it keeps, a directory, asset or hub name, or a model
    of the recipe."""

    name: str
    step: bool
    snapshot: int = 0
    """Which of the snapshots that a step keeps; 0 is its artefact, the last of them."""
    model: bool = False
    """Whether it is asked, and not read: a language model of the recipe."""

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
    """Parameter, or PARAMETER.NAME of a subject -> the model of the recipe that stands for it."""

    def sources(self) -> Iterable[tuple[str, Source]]:
        """(parameter, source) for everything that feeds the step, in order; models that it asks are none of it."""
        for name, feed in self.feeds.items():
            groups = feed.values() if isinstance(feed, dict) else (feed,)
            yield from ((name, source) for group in groups for source in group if not source.model)

    @property
    def loads(self) -> bool:
        """Whether it is fed a checkpoint."""
        shapes = {one.name: one.shape for one in self.stage.inputs}
        return any(shapes[name] in ("checkpoint", "models", "subjects") for name, _ in self.sources())


class Reader(msgspec.Struct, frozen=True):
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
        asks = self.asks(stage) | self.subjects(feeds)
        return Step(self.name, stage, feeds, self.config(stage, own), given, keep, place, asks)

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

    def subjects(self, feeds: dict[str, Feed]) -> dict[str, str]:
        """The models under evaluation that are asked, by PARAMETER.NAME."""
        named = {name: feed for name, feed in feeds.items() if isinstance(feed, dict)}
        return {
            f"{name}.{key}": one.name for name, feed in named.items() for key, (one, *_) in feed.items() if one.model
        }

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
            snapshot_of(self.above[step], made_here(self.models[model]))
        except MetierError as error:
            raise self.fail(f"the model {model!r}: {error}", parameter) from None

    def feeds(self, stage: Stage) -> dict[str, Feed]:
        given = self.table.get("from")
        if given is not None and not stage.feedable:
            raise self.fail(f"{stage.name} takes nothing from other steps; remove 'from'", "from")
        fed = stage.fed
        if given is None and fed is not None and not fed.optional and fed.shape not in NAMED:
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
        if one.shape not in NAMED:
            return self.sources(stage, one, value)
        if not isinstance(value, dict) or not value:
            raise self.fail(
                f"{one.name} is {value!r}; name the models: {{base: asset:nano, student: STEP}}", "from", one.name
            )
        feed = {str(name): self.sources(stage, one, source) for name, source in value.items()}
        for name, some in feed.items():
            if len(some) > 1 and any(source.model for source in some):
                remedy = "only checkpoints are listed, a seed each; give each model a name of its own"
                raise self.fail(f"{one.name}.{name} lists a model of the recipe; {remedy}", "from", one.name)
        return feed

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
        if one.shape == "subjects" and name in self.models:
            self.check_checkpoint(one.name, name)
            return Source(name, False, model=True)
        if name.startswith(("asset:", "domain:", "hf:")) or "/" in name or Path(name).suffix:
            self.check_path(one, name)
            return Source(name, False)
        if name in self.models:
            raise self.fail(self.unasked(stage, one, name), "from", one.name)
        if step in self.models:
            raise self.fail(f"{name}: the model {step!r} keeps no snapshots; write {step}", "from", one.name)
        known = (*self.above, *(self.models if one.shape == "subjects" else ()))
        raise self.fail(f"no step {step!r} above it; {did_you_mean(step, known)}", "from", one.name)

    def unasked(self, stage: Stage, one: Input, name: str) -> str:
        """Why a model of the recipe cannot stand where records or a checkpoint do."""
        text = f"{name!r} is a model that is asked, and {one.name} of {stage.name} takes"
        if one.shape in ("models", "checkpoint") and (place := getattr(self.models[name], "model", "")):
            kind = str(self.models[name].__struct_config__.tag)
            if kind in ("local", "vllm"):
                return f"{text} a checkpoint; write {place}"
        return f"{text} {'records' if one.shape in ('records', 'batch') else 'a checkpoint or a directory'}"

    def made(self, stage: Stage, one: Input, step: Step, name: str) -> Source:
        """A step above, or one of its snapshots, as a source."""
        self.check_kind(stage, one, step)
        if "@" in name and one.shape in ("records", "batch"):
            raise self.fail(f"{name} is a model, and {one.name} takes records; write {step.name}", "from", one.name)
        try:
            return Source(step.name, True, snapshot_of(step, name))
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
            if one.shape in ("checkpoint", *NAMED):
                from metier.model.load import check_model

                check_model(name)
            elif one.shape in ("records", "batch") and not Artefact(path).parts(one.kind):
                kind = one.kind.__name__
                raise MetierError(f"{name} holds no finished {kind} records; read files with corpus.read")
        except MetierError as error:
            raise self.fail(f"{one.name}: {error}", "from", one.name) from None


def snapshot_of(step: Step, name: str) -> int:
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

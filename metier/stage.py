"""A stage is a plain function whose address is its name, and whose signature is its contract.

``corpus.clean`` is ``clean`` in ``metier/corpus/clean.py``; ``my_package.steps:shout`` is a function of yours. A module
with ``sketch(batch, config) -> pa.Table`` (one row a record, ``id`` among its columns) and
``decide(sketches: Sketches, config) -> Iterator[Dropped]`` is a barrier; ``decide`` may take ``out: Path`` for files of
its own, and ``each: Each`` to have work done piece by piece wherever there is room. What a parameter is fed follows
from its type: see ``SHAPES``.
"""

import functools
import importlib
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

import metier
from metier.artefact import Finished, asset
from metier.batch import Batch
from metier.llm.llm import LLM
from metier.records import Checkpoint, Config, Dropped, MetierError, Record

ROOMS = ("rules", "world", "corpus", "instruct", "preferences", "train", "evals", "serve")
HOME = Path(metier.__path__[0])
Shape = Literal["records", "batch", "checkpoint", "models", "subjects", "path", "llm"]
Flow = Literal["source", "kernel", "barrier", "stream", "job"]
SHAPES = {
    "records": "records of one noun from one or several earlier steps",
    "batch": "a batch of records (a kernel: fused with its neighbours)",
    "checkpoint": "a checkpoint: an earlier step, a directory, asset:nano or hf:org/name",
    "models": "models or adapters under names of your choice, by which scores, tables and settings call them",
    "subjects": "models under names of your choice, by which scores, tables and settings call them: checkpoints or "
    "adapters as above, or language models of the recipe's models: table",
    "path": "the directory of an earlier step, or any path",
    "llm": "a language model of the recipe's models: table, named as a setting of the step",
}
GIVEN = {"seed": int, "task": str, "out": Path, "run": Finished}
"""Parameters that the runner fills by name."""


class StageError(MetierError):
    """No such stage, or a function whose signature is not a stage's."""


class Input(msgspec.Struct, frozen=True):
    """One parameter that earlier steps feed, or that stands for a model which the stage asks."""

    name: str
    shape: Shape
    kind: Any = None
    optional: bool = False


class Stage(msgspec.Struct, frozen=True):
    """A stage as its signature describes it."""

    name: str
    flow: Flow
    run: Callable[..., Any]
    inputs: tuple[Input, ...]
    config: type[Config] | None
    yields: tuple[type[Record], ...]
    given: frozenset[str]
    module: str
    doc: str
    sketch: Callable[..., Any] | None = None

    @property
    def fed(self) -> Input | None:
        """The parameter that a plain ``from: step`` feeds: the first that takes records, else the first of all."""
        for one in self.feedable:
            if one.shape in ("records", "batch"):
                return one
        return self.feedable[0] if self.feedable else None

    @property
    def feedable(self) -> tuple[Input, ...]:
        """The parameters that ``from:`` may name."""
        return tuple(one for one in self.inputs if one.shape != "llm")

    @property
    def asked(self) -> tuple[Input, ...]:
        """The parameters that stand for a language model."""
        return tuple(one for one in self.inputs if one.shape == "llm")

    @property
    def accounts(self) -> bool:
        """Whether every input must come out as a record or as a Dropped: where records become records."""
        made = {kind.__name__ for kind in self.yields} - {"Dropped"}
        takes = any(one.shape == "records" for one in self.inputs)
        return self.flow == "stream" and takes and not made & {"Answer", "Score", "Grade", "Verdict"}

    @property
    def beside(self) -> frozenset[str]:
        """Parameters whose records are only looked at: those that may be left out where another must be fed."""
        some = [one for one in self.inputs if one.shape == "records"]
        return frozenset(one.name for one in some if one.optional and not all(other.optional for other in some))

    def input(self, name: str) -> Input:
        """The input of that name."""
        return next(one for one in self.inputs if one.name == name)


def find(name: str) -> Stage:
    """Import the one module that holds a stage and read its signature; StageError where there is none."""
    module, _, function = name.partition(":")
    if not function:
        room, _, verb = name.partition(".")
        file = HOME / room / f"{verb}.py"
        if room not in ROOMS or not file.is_file() or not _holds_stage(file):
            raise StageError(f"no stage {name!r}")
        module, function = f"metier.{name}", name.rsplit(".", 1)[-1]
    try:
        home = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and not module.startswith(error.name):
            raise StageError(f"stage {name} needs {error.name!r}, which is not installed") from None
        raise StageError(f"no module {module!r} for the stage {name}") from None
    except SyntaxError as error:
        raise StageError(f"{error.filename}:{error.lineno}: {error.msg}; mend the module of the stage {name}") from None
    if hasattr(home, "sketch") and hasattr(home, "decide"):
        return _barrier(name, home)
    run = getattr(home, function, None)
    if not callable(run):
        raise StageError(f"{module} has no function {function!r}")
    return _read(name, run, module)


def names() -> list[str]:
    """Every stage that ships, found by its file: a module whose function bears its name, or a barrier."""
    files = [(room, file) for room in ROOMS for file in sorted((HOME / room).glob("[a-z]*.py"))]
    return [f"{room}.{file.stem}" for room, file in files if _holds_stage(file)]


def _holds_stage(file: Path) -> bool:
    """Whether a file of a room is a stage's: read as text, nothing is imported."""
    text = file.read_text(encoding="utf-8")
    named = re.search(rf"^def {file.stem}\([^)]*\bconfig: ", text, re.M)
    return bool(named or re.search(r"^def sketch\(.*^def decide\(", text, re.M | re.S))


def _read(name: str, run: Callable[..., Any], module: str) -> Stage:
    hints = get_type_hints(run)
    returned = hints.pop("return", type(None))
    config, given, inputs = None, set(), []
    for parameter in inspect.signature(run).parameters.values():
        hint = hints.get(parameter.name)
        if parameter.name == "config":
            config = hint
        elif GIVEN.get(parameter.name) is hint:
            given.add(parameter.name)
        else:
            optional = parameter.default is not inspect.Parameter.empty
            inputs.append(_input(name, parameter.name, hint, optional))
    if config is not None and not (isinstance(config, type) and issubclass(config, Config)):
        raise StageError(f"stage {name}: the parameter 'config' has the type {config!r}; it must be a Config struct")
    yields, batched = _yields(returned)
    flow: Flow = "stream"
    if any(one.shape == "batch" for one in inputs):
        flow = "kernel"
    elif batched:
        flow = "source"
    elif "out" in given and not set(yields) - {Dropped}:
        flow = "job"
    shapes = [one.shape for one in inputs]
    if flow == "kernel" and (shapes.count("batch") > 1 or set(shapes) - {"batch", "path"} or given - {"seed"}):
        raise StageError(f"stage {name}: a kernel takes one batch, paths, 'config' and 'seed', nothing else")
    asked = {one.name for one in inputs if one.shape == "llm"}
    if flow == "source" and asked:
        raise StageError(f"stage {name}: a source that yields batches asks no model; yield records one by one")
    if config is not None and (both := asked & set(config.__struct_fields__)):
        raise StageError(f"stage {name}: {min(both)!r} is a model and a setting; rename one")
    return Stage(name, flow, run, tuple(inputs), config, yields, frozenset(given), module, inspect.getdoc(run) or "")


def _barrier(name: str, home: Any) -> Stage:
    stage = _read(name, home.sketch, home.__name__)
    doc = inspect.getdoc(home) or ""
    given = frozenset({"out", "each"} & inspect.signature(home.decide).parameters.keys())
    kind = stage.fed.kind if stage.fed is not None else None
    return msgspec.structs.replace(
        stage, flow="barrier", run=home.decide, sketch=home.sketch, yields=(kind,), doc=doc, given=given
    )


def _input(stage: str, name: str, hint: Any, optional: bool) -> Input:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Batch:
        return Input(name, "batch", inner[0], optional)
    if origin is Iterable:
        return Input(name, "records", inner[0], optional)
    if origin is Mapping:
        return Input(name, "subjects" if _asks(hint) else "models", None, optional)
    if hint is Checkpoint:
        return Input(name, "checkpoint", None, optional)
    if hint is Path:
        return Input(name, "path", None, optional)
    if hint is LLM or (origin in (Union, UnionType) and set(inner) == {LLM, type(None)}):
        return Input(name, "llm", None, optional)
    raise StageError(f"stage {stage}: the parameter {name!r} has the type {hint!r}, which nothing can feed")


def _asks(hint: Any) -> bool:
    """Whether a language model is among what a type is made of."""
    return hint is LLM or any(_asks(inner) for inner in get_args(hint))


def _yields(returned: Any) -> tuple[tuple[type[Record], ...], bool]:
    """The nouns that a return annotation names, and whether they come as batches."""
    if returned is type(None):
        return (), False
    if get_origin(returned) is Batch:
        return (get_args(returned)[0],), True
    inner = get_args(returned)[0] if get_origin(returned) is Iterator else returned
    if get_origin(inner) is Batch:
        return (get_args(inner)[0],), True
    kinds = get_args(inner) or (inner,)
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Record)), False


def code_files(module: str) -> list[Path]:
    """The file of a stage's module, of every module of the same project that it imports, directly or not, and of the
    assets that these name.

    The same project: the stage's own package, or, of a module that is in none, the files beside it.
    """
    top = module.split(".")[0]
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        return []
    root = Path(spec.origin).parent
    seen, names = set[Path](), set[str]()
    named, waiting = {module}, [module]
    while waiting:
        name = waiting.pop()
        file = _file(name, top, root, bool(spec.submodule_search_locations))
        if file is not None and file not in seen:
            seen.add(file)
            stat = file.stat()
            modules, assets = _names(name, file, (stat.st_size, stat.st_mtime_ns))
            waiting += modules - named
            named |= modules
            names |= assets
    paths = [asset(name) for name in sorted(names) if (HOME / "assets" / name.removeprefix("asset:")).exists()]
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else (path,)) if file.is_file()]
    return sorted(seen | set(files))


ASSET = re.compile(r"asset\(f?\"(asset:[\w/.-]+)")
IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([^\n#]+))", re.M
)


@functools.cache
def _names(name: str, file: Path, stamp: tuple[int, int]) -> tuple[frozenset[str], frozenset[str]]:
    """The modules and the assets that a file names; its ``stamp``, size and time, tells whether it is still the same.

    Most stages share most of their files, and a plan reads each of them once.
    """
    text = file.read_text("utf-8")
    return frozenset(_imports(name, file, text)), frozenset(ASSET.findall(text))


def _imports(name: str, file: Path, text: str) -> Iterator[str]:
    """The modules that a file may import: every name that follows ``import`` might be one."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for found in IMPORT.finditer(text):
        base, some, plain = found.groups()
        if plain:
            yield from (word.split(" as ")[0].strip() for word in plain.split(","))
            continue
        level = len(base) - len(base.lstrip("."))
        if level:
            parts = package.split(".")
            base = ".".join([*parts[: len(parts) - level + 1], *filter(None, [base.lstrip(".")])])
        yield base
        yield from (f"{base}.{word}" for word in re.findall(r"\w+", some))


def _file(module: str, top: str, root: Path, package: bool) -> Path | None:
    """The file of a module of the project that ``top`` belongs to, or nothing."""
    parts = module.split(".")
    if package and parts[0] != top:
        return None
    path = root.joinpath(*(parts[1:] if package else parts))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    return None

"""The tables of a recipe become typed structs: every mistake is named with its line, its value and the remedy."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from metier.llm.spec import Endpoint, Local, Model, Scripted, Vllm
from metier.records import Config, MetierError
from metier.text.suggest import did_you_mean
from metier.yaml_lines import Lines, YamlError, parse_value

C = TypeVar("C", bound=Config)
KINDS: dict[str, type[Model]] = {"openai": Endpoint, "vllm": Vllm, "local": Local, "scripted": Scripted}
SECRETS = ("api_key", "key", "token", "password")
"""What people call a key; a recipe holds none."""


class RecipeError(MetierError):
    """The recipe cannot be run as written; the message says which line to change, and to what."""


class Place(msgspec.Struct, frozen=True):
    """Where a table of a recipe stands, and what errors call it."""

    lines: Lines
    keys: tuple[str, ...]
    who: str

    def fail(self, message: str, *keys: str) -> RecipeError:
        """The error for what stands under some key of the table."""
        return RecipeError(f"{self.lines.at(*self.keys, *keys)}: {self.who}: {message}")

    def fill(self, kind: type[C], table: Mapping[str, Any], name: str) -> C:
        """The struct that a table describes; ``name`` is whose settings they are."""
        for key in table:
            if key not in kind.__struct_fields__ and key != kind.__struct_config__.tag_field:
                raise self.fail(f"{name} has no setting {key!r}; {did_you_mean(key, kind.__struct_fields__)}", key)
        try:
            return msgspec.convert(dict(table), kind, strict=True)
        except msgspec.ValidationError as error:
            raise self._wrong(kind, table, name, str(error)) from None
        except MetierError as error:
            raise self.fail(str(error)) from None

    def _wrong(self, kind: type[Config], table: Mapping[str, Any], name: str, said: str) -> RecipeError:
        if key := re.fullmatch(r"Invalid enum value '(.*)' - at `key` in `\$\.([\w.]+)`", said, re.S):
            path = tuple(key[2].split("."))
            hint = did_you_mean(key[1], _choices_of(kind, path))
            return self.fail(f"{key[2]} of {name} has no setting {key[1]!r}; {hint}", *path, key[1])
        message, _, where = said.partition(" - at `$")
        path = tuple(re.split(r"[\[`]", where.lstrip("."))[0].split(".")) if where else ()
        path = path if path != ("",) else ()
        dotted = ".".join(path)
        if missing := re.search(r"required field `(\w+)`", message):
            full = ".".join((*path, missing[1]))
            remedy = f"write it there, or --set {'.'.join(self.keys)}.{full}=VALUE"
            return self.fail(f"{name} needs the setting {full!r}; {remedy}", *path)
        if unknown := re.search(r"unknown field `(\w+)`", message):
            hint = did_you_mean(unknown[1], _settings_of(kind, path))
            return self.fail(f"{dotted} of {name} has no setting {unknown[1]!r}; {hint}", *path, unknown[1])
        value: Any = table
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        shown = f"{dotted} is {value!r}: " if path else ""
        if path and message.startswith("Invalid enum value"):
            return self.fail(f"{shown}{did_you_mean(str(value), _choices_of(kind, path))}", *path)
        return self.fail(f"{shown}{message[:1].lower()}{message[1:]}", *path)


def read_models(plain: Mapping[str, Any], lines: Lines) -> dict[str, Model]:
    """The models that a recipe names: their kind decides what else each may say."""
    tables = plain.get("models", {})
    if not isinstance(tables, dict):
        raise RecipeError(f"{lines.at('models')}: models is {tables!r}; write models: {{NAME: {{kind: openai, ...}}}}")
    return {str(name): _model(str(name), table, lines) for name, table in tables.items()}


def _model(name: str, table: Any, lines: Lines) -> Model:
    place = Place(lines, ("models", name), f"model {name!r}")
    if not re.fullmatch(r"\w[\w-]*", name):
        raise place.fail("a model is named with letters, digits, '-' and '_'")
    if not isinstance(table, dict) or "kind" not in table:
        raise place.fail(f"it does not say its kind; write kind: {' or '.join(KINDS)}")
    kind = table["kind"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise place.fail(f"no kind of model {kind!r}; {did_you_mean(str(kind), KINDS)}", "kind")
    if held := [key for key in table if key in SECRETS]:
        remedy = "name the variable of the environment that holds it: api_key_env: NAME"
        raise place.fail(f"a recipe holds no {held[0]!r}; {remedy}", held[0])
    if not re.fullmatch(r"[A-Za-z_]\w*|", str(table.get("api_key_env", ""))):
        raise place.fail(
            "api_key_env is not the name of a variable of the environment, such as TEACHER_KEY", "api_key_env"
        )
    model: Model = place.fill(KINDS[kind], table, f"kind {kind}")
    if isinstance(model, Local | Vllm):
        _check_weights(model, place)
    if isinstance(model, Scripted):
        _check_function(name, model, place)
    if isinstance(model, Endpoint) and not re.match(r"https?://[^/\s]", model.base_url):
        raise place.fail("base_url is no URL; write it up to /v1, such as http://localhost:8000/v1", "base_url")
    return model


def made_here(model: Model) -> str:
    """The step of the recipe, or its snapshot STEP@N, whose checkpoint a model is; nothing where it lies elsewhere."""
    if not isinstance(model, Local | Vllm):
        return ""
    name = model.model
    elsewhere = name.startswith(("asset:", "hf:")) or "/" in name or Path(name).suffix
    return "" if elsewhere else name


def step_behind(model: Model) -> str:
    """The step whose checkpoint a model is; nothing where it lies elsewhere."""
    return made_here(model).partition("@")[0]


def _check_weights(model: Local | Vllm, place: Place) -> None:
    from metier.model.load import check_model

    if step_behind(model):
        return
    try:
        check_model(model.model)
    except MetierError as error:
        raise place.fail(str(error), "model") from None


def _check_function(name: str, model: Scripted, place: Place) -> None:
    from metier.llm.scripted import find_function

    if not re.fullmatch(r"[\w.]+:\w+", model.function):
        raise place.fail(f"function is {model.function!r}; write it as module:function", "function")
    try:
        find_function(name, model.function)
    except MetierError as error:
        raise place.fail(str(error).removeprefix(f"model {name!r}: "), "function") from None


def _settings_of(config: type[Config], path: tuple[str, ...]) -> tuple[str, ...]:
    """The settings of the table that stands under a path of settings."""
    return tuple(name for table in _tables_of(config, path) for name in table.__struct_fields__)


def _choices_of(config: type[Config], path: tuple[str, ...]) -> tuple[str, ...]:
    """The words of which a setting is one."""
    hints = [get_type_hints(table).get(path[-1]) for table in _tables_of(config, path[:-1])]
    return tuple(dict.fromkeys(word for hint in hints for word in _words(hint)))


def _words(hint: Any) -> Iterator[str]:
    """The words that a type allows, in lists and tables of them, too."""
    inner = get_args(hint)
    if get_origin(hint) is Literal:
        yield from map(str, inner)
        return
    for one in inner:
        yield from _words(one)


def _tables_of(config: type[Config], path: tuple[str, ...]) -> list[type[Config]]:
    """The tables that may stand under a path of settings."""
    tables = [config]
    for key in path:
        hints = [get_type_hints(table).get(key) for table in tables]
        inner = [one for hint in hints for one in (hint, *get_args(hint))]
        tables = [one for one in inner if isinstance(one, type) and issubclass(one, Config)]
    return tables


def fill_in(value: Any, lines: Lines, keys: tuple[str, ...]) -> Any:
    """Replace ``${VAR}`` in every string by the environment's value."""
    if isinstance(value, dict):
        return {key: fill_in(inner, lines, (*keys, str(key))) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill_in(inner, lines, keys) for inner in value]
    if not isinstance(value, str) or "${" not in value:
        return value

    def replace(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise RecipeError(f"{lines.at(*keys)}: the environment has no {found[1]}; set it: export {found[1]}=...")
        return os.environ[found[1]]

    filled = re.sub(r"\$\{(\w+)\}", replace, value)
    return parse_value(filled) if re.fullmatch(r"\$\{\w+\}", value) else filled


def override(plain: dict[str, Any], text: str, top: tuple[str, ...]) -> None:
    """Apply one ``a.b=v``: the value is YAML, and every key but the last must exist; ``top`` are a recipe's keys."""
    dotted, equals, value = text.partition("=")
    keys = dotted.strip().split(".")
    if not equals or not all(keys):
        raise RecipeError(f"--set {text}: write it as --set steps.STEP.SETTING=VALUE")
    if keys[0] not in top:
        remedy = f"did you mean steps.{dotted}?" if keys[0] in plain["steps"] else did_you_mean(keys[0], top)
        raise RecipeError(f"--set {text}: a recipe has no {keys[0]!r}; {remedy}")
    table: Any = plain
    for depth, key in enumerate(keys[:-1]):
        if key not in table or not isinstance(table[key], dict):
            where = ".".join(keys[:depth]) or "the recipe"
            raise RecipeError(f"--set {text}: {where} has no table {key!r}; {did_you_mean(key, table)}")
        table = table[key]
    try:
        table[keys[-1]] = parse_value(value)
    except YamlError as error:
        raise RecipeError(f"--set {text}: {error}") from None

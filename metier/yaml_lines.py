"""Parse YAML 1.2 and remember on which line every key stands, so that a mistake can be shown where it was made."""

from pathlib import Path
from typing import Any

import msgspec

from metier.records import MetierError


class YamlError(MetierError):
    """The text is not YAML, or repeats a key."""


class Lines(msgspec.Struct, frozen=True):
    """Where each key of a YAML file stands, by the path of keys that leads to it."""

    file: str
    lines: dict[tuple[str, ...], int]

    def at(self, *keys: str) -> str:
        """``file:line`` of a key, or of the nearest table around it."""
        path = tuple(str(key) for key in keys)
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.file}:{self.lines.get(path, 1)}"


def parse(path: Path) -> tuple[Any, Lines]:
    """The plain value of a YAML file and the line of every key in it."""
    text = path.read_text(encoding="utf-8")
    value = _load(text, str(path))
    from ruamel.yaml import YAML

    lines: dict[tuple[str, ...], int] = {}
    _walk(YAML(typ="safe", pure=True).compose(text), (), lines)
    return value, Lines(str(path), lines)


def parse_value(text: str) -> Any:
    """The plain value of a piece of YAML, as ``--set`` takes it; an empty text is null."""
    return _load(text, "value")


def _load(text: str, name: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark is not None and name != "value" else ""
        raise YamlError(f"{name}{line}: {_problem(error)}") from None
    except YAMLError as error:
        raise YamlError(f"{name}: not YAML: {' '.join(str(error).split())}") from None


def _problem(error: Any) -> str:
    problem = " ".join(str(error.problem or error.context or "not YAML").split())
    if "duplicate key" in problem:
        key = problem.split('"')[1] if '"' in problem else ""
        return f"the key {key!r} stands twice; remove one"
    return f"not YAML: {problem}; check the indentation, quotes and brackets there"


def _walk(node: Any, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                where = (*path, str(key.value))
                lines.setdefault(where, key.start_mark.line + 1)
                _walk(value, where, lines)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            _walk(value, path, lines)

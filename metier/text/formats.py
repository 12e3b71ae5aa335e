"""The ways in which people write instruction data: which columns each has, and how a row tells which one it is."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from metier.records import Message
from metier.text.patterns import slots

Format = Literal[
    "sharegpt", "messages", "alpaca", "huatuo", "sources", "qa", "self_instruct", "preferences", "cases", "questions"
]
FORMATS: tuple[Format, ...] = get_args(Format)
Column = Literal[
    "messages", "system", "tools", "instruction", "input", "output", "history", "instances", "prompt", "chosen",
    "rejected", "case", "question",
]  # fmt: skip
KNOWN: dict[Column, tuple[str, ...]] = {
    "messages": ("conversations", "messages", "conversation", "dialogue", "data"),
    "system": ("system",),
    "tools": ("tools", "functions"),
    "instruction": ("instruction",),
    "input": ("input",),
    "output": ("output",),
    "history": ("history",),
    "instances": ("instances",),
    "prompt": ("prompt", "conversations", "messages", "question", "query", "instruction"),
    "chosen": ("chosen",),
    "rejected": ("rejected",),
    "case": ("medical_case", "case"),
    "question": ("query", "question", "text", "title"),
}
"""Names that a column goes by where the settings name none; the first that a row has counts."""
PAIRS = (
    ("{title}\n{ask}", "{answer}"), ("{ask}", "{answer}"), ("{question}", "{answer}"), ("{query}", "{answer}"),
    ("{query}", "{response}"), ("{question}", "{response}"), ("{prompt}", "{completion}"), ("{prompt}", "{response}"),
    ("{input}", "{output}"), ("{q}", "{a}"), ("{问题}", "{答案}"), ("{问题}", "{回答}"),
)  # fmt: skip
"""Columns of plain questions and answers, the fuller first."""
USED: dict[Format, tuple[Column, ...]] = {
    "sharegpt": ("messages", "system", "tools"),
    "messages": ("messages", "system", "tools"),
    "alpaca": ("instruction", "input", "output", "history", "system"),
    "huatuo": ("messages", "system"),
    "sources": (),
    "qa": ("system",),
    "self_instruct": ("instruction", "instances"),
    "preferences": ("prompt", "input", "system", "history", "chosen", "rejected", "tools"),
    "cases": ("case",),
    "questions": ("question",),
}
"""What of a row a format has a place for; the columns of cases and questions all stay, beside the text."""


class Bad(Exception):
    """A row, or part of one, that is no record; ``why`` is the same whatever the format."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why, self.detail = why, detail


class Talk(msgspec.Struct, frozen=True):
    """What becomes a Conversation."""

    messages: tuple[Message, ...]
    source: str = ""


class Pair(msgspec.Struct, frozen=True):
    """What becomes a Preference."""

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str


class Text(msgspec.Struct, frozen=True):
    """What becomes a Document."""

    text: str
    meta: dict[str, str]


class Names(msgspec.Struct, frozen=True):
    """What the columns and roles are called, and the templates of questions and answers."""

    columns: Mapping[Column, str]
    roles: Mapping[str, str]
    question: str = ""
    answer: str = ""

    def column(self, row: Mapping[str, Any], column: Column) -> str:
        """The name under which a row has a column, or nothing; null counts as absent."""
        if column in self.columns:
            names: tuple[str, ...] = (self.columns[column],)
        else:
            names = KNOWN[column]
        return next((name for name in names if row.get(name) is not None), "")

    def value(self, row: Mapping[str, Any], column: Column) -> Any:
        """What a row has in a column, or None."""
        return row.get(self.column(row, column))


def detect(row: Mapping[str, Any], names: Names) -> Format | None:
    """The format that the columns of a row are those of, or None."""
    has = {column for column in KNOWN if names.column(row, column)}
    if {"chosen", "rejected"} <= has:
        return "preferences"
    if "messages" in has and (found := _turns(names.column(row, "messages"), names.value(row, "messages"))):
        return found
    if {"instruction", "instances"} <= has:
        return "self_instruct"
    if {"instruction", "output"} <= has:
        return "alpaca"
    if row and all(_exchanges(value) for value in row.values()):
        return "sources"
    if "case" in has:
        return "cases"
    if pair(row, names):
        return "qa"
    return "questions" if "question" in has else None


def pair(row: Mapping[str, Any], names: Names) -> tuple[str, str] | None:
    """The templates of a question and its answer that the columns of a row can fill, or None."""
    if names.question and names.answer:
        return template(names.question), template(names.answer)
    for question, answer in PAIRS:
        if all(row.get(name) is not None for name in slots(question + answer)):
            return question, answer
    return None


def template(text: str) -> str:
    """A template with {slots}; a bare column name is one slot."""
    return text if slots(text) else f"{{{text}}}"


def used(format: Format, rows: Iterable[Mapping[str, Any]], names: Names) -> frozenset[str]:
    """The columns of some rows that a format has a place for."""
    found: set[str] = set()
    for row in rows:
        found.update(name for column in USED[format] if (name := names.column(row, column)))
        if format == "qa" and (both := pair(row, names)):
            found.update(slots("".join(both)))
        if format in ("sources", "cases", "questions"):
            found.update(row)
    return frozenset(found)


def listed(value: Any) -> Any:
    """A list, also where it is written as JSON text, as in cells of CSV files."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return value
    return value


def _turns(name: str, value: Any) -> Format | None:
    """The format of a list of turns."""
    value = listed(value)
    first = value[0] if isinstance(value, list) and value else None
    if isinstance(first, dict):
        return "sharegpt" if any(first.get(key) is not None for key in ("from", "value")) else "messages"
    if isinstance(first, str):
        return "huatuo"
    if name == "messages":
        return "messages"
    return "sharegpt" if name == "conversations" else None


def _exchanges(value: Any) -> bool:
    """Whether a value is a list of [question, answer, ...]."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, list) for one in value)

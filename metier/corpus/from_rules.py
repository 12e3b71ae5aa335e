"""Rules as documents: what a reader or a retriever is given so that an answer can cite the rule."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from metier.records import Advice, Config, Document, Dropped, Entity, Rule
from metier.rules.documents import MEMBERS, RULE, WHEN
from metier.rules.loaded import load
from metier.rules.naming import all_names, mark

SILENT, OTHER = "tells nothing", "not told in these languages"


class FromRules(Config, frozen=True):
    """Which documents are made, and how much they say."""

    languages: tuple[str, ...] = ()
    """Languages of the documents, as in [zh, en]; empty: every language that a rule is told in."""
    names: Annotated[int, msgspec.Meta(ge=1)] = 6
    """At most this many names of each member stand in a document: the first of the table."""


def from_rules(rules: Iterable[Rule], table: Path, config: FromRules) -> Iterator[Document | Dropped]:
    """One document of the kind ``rule`` for each rule and language: names, what is wrong, the remedy and the source.

    ``table`` is the step that made the rules and their entities, a directory with ``entities.csv`` and ``rules.csv``,
    or ``domain:medicine``. ``meta`` holds the ids of the rule and of its members, its context, severity and condition.
    """
    entities = load(table).entities
    for rule in rules:
        wanted = [one for one in rule.advice if one.language in config.languages or not config.languages]
        told = [one for one in wanted if one.message]
        if not told:
            yield Dropped(rule.id, OTHER if any(one.message for one in rule.advice) else SILENT)
        for advice in told:
            some = [entities[member] for member in rule.members if member in entities]
            yield _document(rule, advice, some, config)


def _document(rule: Rule, advice: Advice, some: list[Entity], config: FromRules) -> Document:
    """One rule as a text of one language."""
    language = advice.language
    names = [all_names(one, language) or all_names(one, one.names[0].language) for one in some]
    title = " + ".join(_named(each[: config.names]) for each in names)
    lines = [title, advice.message, advice.remedy, mark(rule)]
    meta = {RULE: rule.id, MEMBERS: "|".join(rule.members), "context": rule.context, "severity": rule.severity}
    if rule.when:
        meta[WHEN] = rule.when
    return Document(
        id=f"{rule.id}.{language}",
        text="\n".join(line for line in lines if line),
        source=rule.source,
        kind="rule",
        language=language,
        parent=rule.id,
        meta=meta,
    )


def _named(names: tuple[str, ...]) -> str:
    first, *others = names
    return f"{first} ({', '.join(others)})" if others else first

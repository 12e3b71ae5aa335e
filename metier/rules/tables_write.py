"""A table of rules as the two CSV files that people edit, so that what was imported can be revised by hand."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from metier.records import Entity, Example, MetierError, Name, Rule
from metier.rules.tables_csv import joined
from metier.rules.tables_read import ENTITIES, ENTITY_COLUMNS, RULES

_SPECIAL = re.compile('[,"\r\n]')


def write(entities: Iterable[Entity], rules: Iterable[Rule], directory: Path) -> tuple[Path, Path]:
    """Write ``entities.csv`` and ``rules.csv`` into a directory, each under its name only when it is whole.

    What is read back is what was written, blanks at the ends of cells aside. MetierError where a file is there already,
    or where a record holds what a table cannot say (a card with a bracket in it, advice twice in one language).
    """
    both = directory / ENTITIES, directory / RULES
    if there := next((path for path in both if path.exists()), None):
        raise MetierError(f"{there}: is there already; name another directory, or move the file away")
    directory.mkdir(parents=True, exist_ok=True)
    listed = list(rules)
    languages = list(dict.fromkeys(advice.language for rule in listed for advice in rule.advice))
    head = ("id", "members", "context", "severity", "when", "source")
    told = [f"{what}_{language}" for language in languages for what in ("message", "remedy")]
    _save(both[0], ENTITY_COLUMNS, (row for entity in entities for row in _entity_rows(entity)))
    _save(both[1], (*head, *told, "fires", "silent"), (_rule_row(rule, languages) for rule in listed))
    return both


def _save(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    scratch = path.with_name(path.name + ".tmp")
    with scratch.open("w", encoding="utf-8", newline="") as file:
        for row in itertools.chain((columns,), rows):
            file.write(",".join(map(_quoted, row)) + "\n")
    scratch.replace(path)


def _quoted(cell: str) -> str:
    """A cell as RFC 4180 writes it (the standard library leaves a lone carriage return without quotes)."""
    return '"' + cell.replace('"', '""') + '"' if _SPECIAL.search(cell) else cell


def _entity_rows(entity: Entity) -> Iterator[Sequence[str]]:
    """One row for each language; the kind and the classes stand on the first."""
    kind, classes = entity.kind, joined(entity.classes)
    for one in entity.names or (Name("", ""),):
        lists = (joined(one.aliases), joined(one.brands), joined(one.salts))
        yield entity.id, kind, one.language, one.name, *lists, classes
        kind = classes = ""  # type: ignore[assignment]


def _rule_row(rule: Rule, languages: Sequence[str]) -> Sequence[str]:
    told = {advice.language: (advice.message, advice.remedy) for advice in rule.advice}
    if len(told) < len(rule.advice):
        raise MetierError(f"rule {rule.id!r} has advice twice in one language; join the two")
    advice = [text for language in languages for text in told.get(language, ("", ""))]
    fires, silent = (joined(_example(rule, one) for one in rule.examples if one.fires is way) for way in (True, False))
    head = (rule.id, joined(rule.members), rule.context, rule.severity, rule.when, rule.source)
    return *head, *advice, fires, silent


def _example(rule: Rule, one: Example) -> str:
    """The item of a cell that an example makes."""
    if "]" in one.card:
        raise MetierError(f"rule {rule.id!r}: the card {one.card!r} of an example holds a bracket; write it without")
    return f"[{one.card}] {one.text}" if one.card or one.text.startswith("[") else one.text

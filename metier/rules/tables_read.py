"""The two CSV files of a table of rules: every record with its line, and every fault of a row."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from metier.records import Advice, Entity, Example, Name, Rule
from metier.rules.tables_csv import Faults, check, items, picker, rows
from metier.rules.tables_finding import Finding
from metier.text.bare import bare_text

ENTITIES, RULES = "entities.csv", "rules.csv"
ENTITY_COLUMNS = ("id", "kind", "language", "name", "aliases", "brands", "salts", "classes")
RULE_COLUMNS = ("id", "members", "context", "severity", "when", "source", "fires", "silent")
"""The columns of rules beside ``message_LANGUAGE`` and ``remedy_LANGUAGE``."""
KINDS = ("thing", "class", "condition")
CONTEXTS = ("together", "mixed", "either", "patient")
SEVERITIES = ("caution", "note", "forbidden")
"""The first is what an empty cell means, as in the other two."""
_TOLD = re.compile(r"(message|remedy)_([a-z]{2,3}(?:-[A-Za-z]+)*)")
_NONE = re.compile(r"(?!)")
_CARD = re.compile(r"\[([^\]]*)\]\s*(.*)", re.S)


class Parsed(msgspec.Struct):
    """A table's records as they are written, and what is wrong with rows of its files.

    ``entity_lines`` are the lines of every name of an entity, ``rule_lines`` those on which the rules begin.
    """

    entities: list[Entity] = []
    rules: list[Rule] = []
    entity_file: str = ""
    rule_file: str = ""
    entity_lines: list[tuple[int, ...]] = []
    rule_lines: list[int] = []
    findings: list[Finding] = []

    def entity_place(self, number: int, name: int = 0) -> str:
        """Where the entity of a number stands, and which name of it: FILE:LINE, or its id where there is no file."""
        lines = self.entity_lines[number] if self.entity_lines else ()
        return f"{self.entity_file}:{lines[name]}" if lines else f"entity {self.entities[number].id!r}"

    def rule_place(self, number: int) -> str:
        """Where the rule of a number stands: FILE:LINE, or its id where there is no file."""
        return f"{self.rule_file}:{self.rule_lines[number]}" if self.rule_lines else f"rule {self.rules[number].id!r}"


def parse(entities: Path, rules: Path) -> Parsed:
    """The records of both files, and what is wrong with their rows.

    MetierError where a file is missing or not CSV, or where a column is missing or unknown.
    """
    one, other = parse_entities(entities), parse_rules(rules)
    return Parsed(
        one.entities, other.rules, one.entity_file, other.rule_file, one.entity_lines, other.rule_lines,
        [*one.findings, *other.findings],
    )  # fmt: skip


def solid(name: str) -> str:
    """The form in which the matcher compares names: two that share it are one to it."""
    return bare_text(name).replace(" ", "")


def example(text: str, fires: bool) -> Example:
    """An example as a cell holds it: a text that its card may lead, in brackets."""
    if text.startswith("[") and (found := _CARD.fullmatch(text)):
        return Example(found[2], fires, found[1].strip())
    return Example(text, fires)


def parse_entities(path: Path) -> Parsed:
    """The entities of one file."""
    stream = rows(path)
    columns = [name.strip() for name in next(stream)[1]]
    check(path, columns, ENTITY_COLUMNS, ("id", "name"), _NONE)
    pick, width = picker(columns, ENTITY_COLUMNS), len(columns)
    faults = Faults(path)
    found: dict[str, Entity] = {}
    lines: dict[str, tuple[int, ...]] = {}
    same: dict[str, str] = {}
    for line, cells in stream:
        if len(cells) > width:
            faults.wide(line, len(cells), width)
            continue
        cells.append("")
        id, kind, language, name, aliases, brands, salts, classes = pick(cells)
        id, language = id.strip(), language.strip()
        if not id:
            faults.add("no id", line, "the row has no id", "give the entity an id")
            continue
        language = same.setdefault(language, language)
        called = Name(
            language, name.strip(), items(aliases) if aliases else (), items(brands) if brands else (),
            items(salts) if salts else (),
        )  # fmt: skip
        kind = faults.choice(line, "kind", kind, KINDS) if kind else ""
        held = items(classes) if classes else ()
        known = found.get(id)
        if known is None:
            found[id], lines[id] = Entity(id, (called,), kind or KINDS[0], held), (line,)  # type: ignore[arg-type]
            continue
        if kind or held:
            _compare(faults, line, known, lines[id][0], (kind, held))
        if language in [one.language for one in known.names]:
            what = f"{id!r} has a second row of the language {language!r}"
            faults.add("entity twice", line, what, "join the two rows, or give one of them another id")
            continue
        found[id] = Entity(id, (*known.names, called), known.kind, known.classes)
        lines[id] += (line,)
    return Parsed(list(found.values()), entity_file=str(path), entity_lines=list(lines.values()), findings=faults.found)


def _compare(faults: Faults, line: int, known: Entity, first: int, row: tuple[str, tuple[str, ...]]) -> None:
    """What a further row of an entity says that goes against its ``first`` line."""
    kind, classes = row
    if kind and kind != known.kind:
        what = f"{known.id!r} is a {kind} here and a {known.kind} on line {first}"
        faults.add("two kinds", line, what, "say the kind on the entity's first row only, or give one another id")
    if classes and classes != known.classes:
        what = f"{known.id!r} has other classes here than on line {first}"
        faults.add("two lists of classes", line, what, "say the classes on the entity's first row only")


def parse_rules(path: Path) -> Parsed:
    """The rules of one file."""
    parsed = Parsed(rule_file=str(path))
    stream = rows(path)
    columns = [name.strip() for name in next(stream)[1]]
    check(path, columns, (*RULE_COLUMNS, *_advised(columns)), ("id", "members"), _TOLD)
    pick, told, width = picker(columns, RULE_COLUMNS), _advice(columns), len(columns)
    faults = Faults(path)
    same: dict[str, str] = {}
    seen = set[str]()
    once = same.setdefault
    contexts, severities = ({one: one for one in known} for known in (CONTEXTS, SEVERITIES))
    for line, cells in stream:
        if len(cells) > width:
            faults.wide(line, len(cells), width)
            continue
        cells.append("")
        id, members, context, severity, when, source, fires, silent = pick(cells)
        id, when, source = id.strip(), when.strip(), source.strip()
        if not id or id in seen:
            what = f"the id {id!r} is that of an earlier row too" if id else "the row has no id"
            faults.add("rule id twice" if id else "no id", line, what, "give every rule an id of its own")
            continue
        seen.add(id)
        where = contexts.get(context) or faults.choice(line, "context", context, CONTEXTS)
        degree = severities.get(severity) or faults.choice(line, "severity", severity, SEVERITIES)
        examples = _examples(fires, silent) if fires or silent else ()
        source, when = once(source, source), once(when, when)
        parsed.rules.append(
            Rule(id, items(members), where, degree, told(cells, once), source, when, examples)  # type: ignore[arg-type]
        )
        parsed.rule_lines.append(line)
    parsed.findings += faults.found
    return parsed


def _examples(fires: str, silent: str) -> tuple[Example, ...]:
    return (*[example(one, True) for one in items(fires)], *[example(one, False) for one in items(silent)])


def _advised(columns: list[str]) -> list[str]:
    """The columns of advice that a misspelt one may mean: those of English and of the languages that columns end in."""
    languages = dict.fromkeys(["en", *(name.partition("_")[2] for name in columns)])
    return [name for one in languages for what in ("message", "remedy") if _TOLD.fullmatch(name := f"{what}_{one}")]


def _advice(columns: list[str]) -> Callable[[list[str], Callable[[str, str], str]], tuple[Advice, ...]]:
    """What reads the advice of a row, in the order in which the languages stand in the columns.

    It is given what keeps one copy of equal texts: remedies repeat themselves.
    """
    none = len(columns)
    at = {name: place for place, name in enumerate(columns)}
    languages = dict.fromkeys(found[2] for name in columns if (found := _TOLD.fullmatch(name)))
    places = [(one, at.get(f"message_{one}", none), at.get(f"remedy_{one}", none)) for one in languages]

    def read(cells: list[str], once: Callable[[str, str], str]) -> tuple[Advice, ...]:
        told = []
        for language, message, remedy in places:
            if cells[message] or cells[remedy]:
                said, instead = cells[message].strip(), cells[remedy].strip()
                told.append(Advice(language, said, once(instead, instead)))
        return tuple(told)

    return read

"""The linter of a table of rules: every fault with its place and remedy, examples held against the matcher."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from metier.records import Entity, Message, MetierError, Rule
from metier.rules import card
from metier.rules.card_conditions import conditions
from metier.rules.check import Checker
from metier.rules.lint_entities import circles, entity_findings
from metier.rules.lint_rules import rule_findings
from metier.rules.table import Table, files
from metier.rules.tables_finding import Finding, Level
from metier.rules.tables_read import Parsed, parse


def lint(place: str | Path, *, imported: bool = False) -> list[Finding]:
    """The faults of the table in a directory, in the order of its files; none: the table may be used.

    In an ``imported`` table it is a note, and no error, that rules lack examples, or messages in some languages.
    MetierError where a file is missing or no such table at all.
    """
    return lint_parsed(parse(*files(place)), imported=imported)


def lint_records(entities: Iterable[Entity], rules: Iterable[Rule], *, imported: bool = False) -> list[Finding]:
    """The same for a table that is made of records: the places are their ids."""
    return lint_parsed(Parsed(list(entities), list(rules)), imported=imported)


def lint_parsed(parsed: Parsed, *, imported: bool = False) -> list[Finding]:
    """The same for a table that was read already."""
    missing: Level = "note" if imported else "error"
    found = [*parsed.findings, *entity_findings(parsed), *rule_findings(parsed, missing), *_examples(parsed)]
    if not parsed.rules and not found:
        place = f"{parsed.rule_file}:1" if parsed.rule_file else "the table"
        found.append(Finding("no rule", place, "no rule stands in the table, so that it finds nothing", "write one"))
    order = {parsed.entity_file: 0, parsed.rule_file: 1}
    return sorted(found, key=lambda one: _rank(one.place, order))


def _rank(place: str, order: dict[str, int]) -> tuple[int, int]:
    """Findings stand in the order of the lines; those of records as they were found."""
    file, _, line = place.rpartition(":")
    return (order.get(file, 0), int(line)) if file in order and line.isdecimal() else (0, 0)


def _examples(parsed: Parsed) -> Iterator[Finding]:
    """Examples that do not do what they are there for, among the rules that can be tried at all."""
    if not any(rule.examples for rule in parsed.rules):
        return
    table = sound(parsed.entities, parsed.rules)
    checker = Checker(table)
    tried = {id(rule) for rule in table.rules}
    for number, rule in enumerate(parsed.rules):
        if id(rule) in tried:
            yield from _tried(checker, rule, parsed.rule_place(number))


def _tried(checker: Checker, rule: Rule, place: str) -> Iterator[Finding]:
    for one in rule.examples:
        who = f"{rule.id!r}: the example {one.text!r}"
        if not one.text:
            yield Finding("bad example", place, f"{rule.id!r} has an example without a text", "write the text")
            continue
        try:
            patient = card.parse(one.card, checker.table) if one.card else None
        except MetierError as error:
            what, _, remedy = f"{who}: {error}".partition("; ")
            yield Finding("bad card", place, what, remedy or "write it as in [age=25 & pregnant]")
            continue
        firings = checker.check([Message("assistant", one.text)], patient)
        mine = next((firing for firing in firings if firing.rule.id == rule.id), None)
        if one.fires and (mine is None or not mine.violates):
            how = "does not fire" if mine is None else f"fires as {mine.stance} ({mine.why or 'no cue'})"
            remedy = "name every member as the table does, and say plainly that they meet"
            yield Finding("example is silent", place, f"{who} {how}", remedy)
        elif not one.fires and mine is not None and mine.violates:
            what = f"{who} breaks the rule ({mine.why or 'no cue'})"
            yield Finding("example fires", place, what, "move it to the column fires, or write one that does not")


def sound(entities: Iterable[Entity], rules: Iterable[Rule]) -> Table:
    """The table of what is whole, so that one fault does not hide others.

    Classes that are unknown or contain themselves are left out, and rules over what is unknown or with a bad condition.
    """
    whole = {entity.id: entity for entity in reversed(list(entities))}
    turning = circles(list(whole.values()))
    for id, entity in whole.items():
        kept = tuple(one for one in entity.classes if one in whole and not (id in turning and one in turning))
        if kept != entity.classes:
            whole[id] = msgspec.structs.replace(entity, classes=kept)
    seen = set[str]()
    kept_rules = []
    for rule in rules:
        if rule.id not in seen and rule.members and whole.keys() >= set(rule.members) and _readable(rule.when):
            seen.add(rule.id)
            kept_rules.append(rule)
    return Table(whole.values(), kept_rules)


def _readable(when: str) -> bool:
    try:
        conditions(when)
    except MetierError:
        return False
    return True

"""What can be wrong with the rules of a table, their examples aside."""

from collections.abc import Iterator

from metier.records import MetierError, Rule
from metier.rules.card_conditions import conditions
from metier.rules.lint_entities import Near, id_findings
from metier.rules.tables_finding import Finding, Level
from metier.rules.tables_read import Parsed

Key = tuple[tuple[str, ...], str]


def rule_findings(parsed: Parsed, missing: Level) -> Iterator[Finding]:
    """The faults of every rule; ``missing`` is the level of what imported rules lack: examples, other languages."""
    near = Near({entity.id: entity for entity in parsed.entities})
    languages = list(dict.fromkeys(one.language for rule in parsed.rules for one in rule.advice if one.message))
    seen = set[str]()
    alike: dict[Key, list[int]] = {}
    for number, rule in enumerate(parsed.rules):
        place = parsed.rule_place(number)
        if rule.id in seen:
            yield Finding("rule id twice", place, f"the rule {rule.id!r} stands twice", "give one of them another id")
        seen.add(rule.id)
        yield from id_findings(place, rule.id)
        yield from _member_findings(place, rule, near)
        yield from _when_findings(place, rule, near)
        yield from _advice_findings(place, rule, languages, missing)
        if not rule.source:
            yield Finding("no source", place, f"{rule.id!r} names no source", "write where the rule is from")
        for fires, what in ((True, "that breaks it"), (False, "that looks like it and does not break it")):
            if not any(one.fires is fires for one in rule.examples):
                column = "fires" if fires else "silent"
                remedy = f"write one in the column {column}"
                yield Finding("no example", place, f"{rule.id!r} has no example {what}", remedy, missing)
        yield from _twice(parsed, number, rule, alike.setdefault((tuple(sorted(rule.members)), _same(rule.when)), []))


def _member_findings(place: str, rule: Rule, near: Near) -> Iterator[Finding]:
    known = near.known
    if not rule.members:
        yield Finding("no member", place, f"{rule.id!r} has no members", "name the entities that it is about")
    elif len(rule.members) == 1 and rule.context != "patient":
        what = f"{rule.id!r} has one member, which meets nothing"
        yield Finding("one member", place, what, "name another, or give it the context patient and a condition in when")
    for member in dict.fromkeys(rule.members):
        if member not in known:
            what = f"{rule.id!r} names {member!r}, which is no entity of the table"
            yield Finding("unknown entity", place, what, near.remedy(member))
        elif known[member].kind == "condition":
            what = f"{rule.id!r} names {member!r}, which is a condition of a patient"
            yield Finding("condition as member", place, what, f"write condition={member} in the column when")
        elif rule.members.count(member) > 1 and known[member].kind != "class":
            what = f"{rule.id!r} names {member!r} twice, and one thing cannot meet itself"
            yield Finding("member twice", place, what, "name the other member, or a class of which two may meet")


def _when_findings(place: str, rule: Rule, near: Near) -> Iterator[Finding]:
    known = near.known
    if not rule.when:
        if rule.context == "patient":
            what = f"{rule.id!r} is about patients and has no condition"
            yield Finding("no condition", place, what, "say in the column when for whom it holds, as in pregnant")
        return
    try:
        terms = conditions(rule.when)
    except MetierError as error:
        what, _, remedy = str(error).partition("; ")
        yield Finding("bad condition", place, f"{rule.id!r}: {what}", remedy or "write it as in pregnant & age<18")
        return
    for term in terms:
        if not term.value or term.topic not in ("condition", "allergy", "taking"):
            continue
        if term.value not in known:
            what = f"{rule.id!r} asks for {term.topic}={term.value}, which is no entity of the table"
            yield Finding("unknown entity", place, what, near.remedy(term.value))
        elif (term.topic == "condition") != (known[term.value].kind == "condition"):
            what = f"{rule.id!r} asks for {term.topic}={term.value}, which is a {known[term.value].kind}"
            remedy = "give the entity the kind condition, or ask for allergy or taking"
            yield Finding("bad condition", place, what, remedy)


def _advice_findings(place: str, rule: Rule, languages: list[str], missing: Level) -> Iterator[Finding]:
    said = {one.language: one for one in rule.advice}
    if not any(one.message for one in rule.advice):
        what = f"{rule.id!r} has no message in any language"
        yield Finding("no message", place, what, "write what the reader is told, as in message_en")
        return
    remedied = [one.language for one in rule.advice if one.remedy]
    for language in languages:
        one = said.get(language)
        if one is None or not one.message:
            what = f"{rule.id!r} has no message in {language!r}, as other rules have"
            yield Finding("message missing", place, what, f"write message_{language}", missing)
        elif remedied and not one.remedy:
            what = f"{rule.id!r} has a remedy in {remedied[0]!r} and none in {language!r}"
            yield Finding("remedy missing", place, what, f"write remedy_{language}", missing)


def _same(when: str) -> str:
    """A condition in one order of its terms."""
    return " & ".join(sorted(term.replace(" ", "") for term in when.split("&")))


def _twice(parsed: Parsed, number: int, rule: Rule, alike: list[int]) -> Iterator[Finding]:
    """Whether an earlier rule over the same members speaks of the same meeting."""
    for other in alike:
        first = parsed.rules[other]
        both = {first.context, rule.context}
        if len(both) == 1 or ("either" in both and "patient" not in both):
            what = f"{rule.id!r} says what {first.id!r} says at {parsed.rule_place(other)}: same members and context"
            yield Finding("rule twice", parsed.rule_place(number), what, "join the two rules")
            break
    alike.append(number)

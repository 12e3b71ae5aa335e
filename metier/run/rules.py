"""What ``metier rules`` says: the faults of a table, which rules a text touches and how, what a patient may have."""

from collections.abc import Iterable, Sequence

import msgspec

from metier.records import Message, MetierError, Role
from metier.rules import card as cards
from metier.rules.admissible import Reason, Verdict, admissible, members
from metier.rules.check import Checker
from metier.rules.firing import Firing, Stance
from metier.rules.guard_words import language_for
from metier.rules.lint import lint_parsed
from metier.rules.naming import called
from metier.rules.table import Table, files, read
from metier.rules.tables_finding import Finding
from metier.rules.tables_read import parse

COUNTED = ("no example", "message missing", "remedy missing")
"""Faults that an imported table has by the thousand: as notes they are counted, not listed."""


class Checked(msgspec.Struct, frozen=True):
    """What the linter found in a table."""

    table: str
    entities: int
    rules: int
    findings: list[Finding]

    @property
    def faulty(self) -> bool:
        """Whether something must be mended before the table may be used."""
        return any(finding.level == "error" for finding in self.findings)


class Span(msgspec.Struct, frozen=True):
    """Where a text names a member of a rule; ``turn`` counts from 0, -1 is the patient's card."""

    member: str
    entity: str
    turn: int
    start: int
    end: int
    text: str


class Shown(msgspec.Struct, frozen=True):
    """A rule that a text touches, as programs read it."""

    rule: str
    severity: str
    stance: Stance
    why: str
    turn: int
    start: int
    end: int
    sentence: str
    spans: list[Span]
    message: str
    remedy: str
    source: str


def check(texts: Sequence[str] | None, card: str, groups: Sequence[str] | None) -> None:
    """MetierError where options ask for two things, a card is given for nothing, or a text is empty or no UTF-8."""
    if texts and groups:
        raise MetierError("--text and --class ask two things; give one of them")
    for text in texts or ():
        if not text.strip():
            raise MetierError(f"--text {text!r} is empty; give what is to be held against the table")
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise MetierError(f"--text {text[:40]!r} is not UTF-8; convert it first, as with iconv -f GB18030 -t UTF-8")
    if card and not texts and not groups:
        raise MetierError(f"--card {card!r} has nothing to be held against; add --text or --class")


def checked(place: str, imported: bool) -> Checked:
    """Hold a table against the linter."""
    parsed = parse(*files(place))
    return Checked(place, len(parsed.entities), len(parsed.rules), lint_parsed(parsed, imported=imported))


def report(found: Checked) -> list[str]:
    """The findings, one a line, and how many there are."""
    told = [finding for finding in found.findings if finding.level == "error" or finding.fault not in COUNTED]
    lines = [finding.line() for finding in told]
    for fault in COUNTED:
        if count := sum(finding.level == "note" and finding.fault == fault for finding in found.findings):
            lines.append(f"{found.table}: note: {fault}, {count:,} times")
    errors = sum(finding.level == "error" for finding in found.findings)
    end = {0: "no faults", 1: "1 fault"}.get(errors, f"{errors:,} faults")
    return [*lines, f"{found.table}: {found.entities:,} entities, {found.rules:,} rules: {end}"]


def shown(place: str, texts: Sequence[str], card: str) -> list[Shown]:
    """The rules that the last of some turns touches, which is an assistant's; those before it take turns.

    MetierError at a card that cannot be read and at a table that is at fault.
    """
    table = read(place)
    messages = turns(texts)
    patient = cards.parse(card, table) if card else None
    firings = Checker(table).check(messages, patient)
    return [_shown(firing, messages) for firing in firings if firing.turn == len(messages) - 1]


def turns(texts: Sequence[str]) -> list[Message]:
    """Texts as the turns of a dialogue: the last is the assistant's, the one before it the user's, and so on."""
    roles: tuple[Role, Role] = ("assistant", "user")
    return [Message(roles[(len(texts) - 1 - at) % 2], text) for at, text in enumerate(texts)]


def _shown(firing: Firing, messages: Sequence[Message]) -> Shown:
    text = messages[firing.turn].content
    told = firing.rule.told(language_for(firing.rule, text))
    spans = []
    for one in firing.places:
        named = messages[one.turn].content[one.start : one.end] if one.turn >= 0 else ""
        spans.append(Span(one.member, one.entity, one.turn, one.start, one.end, named))
    head = (firing.rule.id, firing.rule.severity, firing.stance, firing.why, firing.turn, firing.start, firing.end)
    sentence = text[firing.start : firing.end]
    return Shown(*head, sentence, spans, told.message, told.remedy, firing.rule.source)


def told(some: Iterable[Shown]) -> list[str]:
    """Firings for a reader: the rule and its stance, the sentence with what it names in brackets, the citation."""
    lines: list[str] = []
    for one in some:
        why = f" ({one.why})" if one.why else ""
        verdict = {"asserts": "breaks it", "warns": "warns", "unknown": "leaves it open"}[one.stance]
        lines.append(f"{one.rule} [{one.severity}]: {one.stance}{why} - the text {verdict}")
        lines.append(f"  {marked(one)}")
        lines += [f"  {span.member}: {_where(span)}" for span in one.spans if span.turn != one.turn]
        lines.append(f"  {' '.join(filter(None, (one.message, one.remedy)))} [{one.source}]")
    return lines or ["no rule is touched"]


def marked(one: Shown) -> str:
    """The sentence that decides, with the names of members in brackets."""
    text, begin = one.sentence, one.start
    inside = {(span.start - begin, span.end - begin) for span in one.spans if span.turn == one.turn}
    for start, end in sorted(inside, reverse=True):
        if 0 <= start < end <= len(one.sentence):
            text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return " ".join(text.split())


def _where(span: Span) -> str:
    return f"{span.entity}, on the card" if span.turn < 0 else f"[{span.text}], {span.entity}, in turn {span.turn + 1}"


class Admitted(msgspec.Struct, frozen=True):
    """Whether a patient may have something, and why or why not, as programs read it."""

    entity: str
    name: str
    verdict: Verdict
    reasons: list[str]


def admitted(place: str, card: str, groups: Sequence[str], language: str) -> list[Admitted]:
    """Which of some things, or of the things of some classes, the patient of a card may have."""
    table = read(place)
    some = [id for group in groups for id in _meant(table, group)]
    return [
        Admitted(
            one.entity, called(table.entities[one.entity], language), one.verdict,
            [_reason(reason, language) for reason in one.reasons],
        )
        for one in admissible(cards.parse(card, table), some, table)
    ]  # fmt: skip


def _meant(table: Table, group: str) -> tuple[str, ...]:
    """An entity, or the things of a class."""
    entity = table.entities.get(group)
    if entity is not None and entity.kind == "condition":
        raise MetierError(f"{group!r} is a condition of patients, which nobody is given; name a class or a medicine")
    return (group,) if entity is not None and entity.kind != "class" else members(table, group)


def _reason(reason: Reason, language: str) -> str:
    """A citation, and what the card would have to say before it counts."""
    asked = f" (the card does not say: {', '.join(reason.missing)})" if reason.missing else ""
    return reason.citation(language) + asked


def admissions(some: Iterable[Admitted]) -> list[str]:
    """Admissions for a reader: what, whether, and the reasons below."""
    verdicts = {"admissible": "admissible", "not": "not admissible", "unknown": "cannot be told"}
    return [
        line
        for one in some
        for line in (f"{one.name} ({one.entity}): {verdicts[one.verdict]}", *(f"  {why}" for why in one.reasons))
    ]


def json_line(value: Checked | Sequence[Shown | Admitted]) -> str:
    """The same for programs."""
    return msgspec.json.encode(value).decode()

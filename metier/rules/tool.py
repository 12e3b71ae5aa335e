"""The rules as a tool that a model calls: ``check_interactions``, from a JSON text to a JSON text."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import structs

from metier.llm.request import Tool
from metier.records import Message, MetierError, Rule, ToolCall
from metier.rules import card as cards
from metier.rules.card import Card
from metier.rules.card_conditions import FLAGS, NUMBERS
from metier.rules.check import Checker
from metier.rules.naming import called

MOST = 32
"""Names that one call may ask about."""
Severity = Literal["note", "caution", "forbidden"]
SEVERITIES: tuple[Severity, ...] = ("forbidden", "caution", "note")
"""The worst first."""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The arguments of a call."""

    names: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=200)], ...], msgspec.Meta(min_length=1, max_length=MOST)
    ]
    """Names of medicines, fluids or foods, in any language."""
    context: Literal["mixed", "together", "either"] = "either"
    """``mixed`` in one container, and so in one patient; ``together`` in one patient only; ``either`` of both."""
    patient: Card | str = ""
    """The patient's card, as fields with names in its lists, or as ``age=25 & pregnant``."""
    language: str = "en"
    """The language of the advice."""

    def call(self) -> ToolCall:
        """The call with these arguments, as a model would write it."""
        return ToolCall(TOOL.name, msgspec.json.encode(self).decode())


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name that was asked about, and the entity it was read as."""

    said: str
    id: str
    name: str = ""
    """What it is called in the language asked for, where that is another name."""
    misspelt: bool = False


class Unknown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name that the table does not have, and those of its names that are most like it."""

    said: str
    did_you_mean: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule that the things asked about break, in the language asked for."""

    rule: str
    members: tuple[str, ...]
    context: str
    severity: Severity
    message: str = ""
    remedy: str = ""
    source: str = ""


class Open(msgspec.Struct, frozen=True):
    """A rule that depends on what the card does not say."""

    depends_on: str
    """The condition over the card, such as ``pregnant``."""
    finding: Finding


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """The reply: the worst severity found, what fires, what depends on the patient, which names were known.

    What is empty is left out of its JSON: a small model has little room.
    """

    verdict: Severity | Literal["depends on the patient", "no rule known", "not checked"]
    """``no rule known`` is no proof that things go together; ``not checked``: nor is every name known."""
    findings: tuple[Finding, ...] = ()
    open: tuple[Open, ...] = ()
    known: tuple[Known, ...] = ()
    unknown: tuple[Unknown, ...] = ()


class Failed(msgspec.Struct, frozen=True):
    """The reply to a call that cannot be read: what is wrong, and how to call."""

    error: str


_NAMES = {"type": "array", "items": {"type": "string"}}
TOOL = Tool(
    "check_interactions",
    "Check medicines, infusion fluids and foods against a table of incompatibilities, interactions and "
    "contraindications. Call it before you say whether things may be mixed or taken together, or given to a patient.",
    {
        "type": "object",
        "properties": {
            "names": {
                "type": "array", "items": {"type": "string", "maxLength": 200}, "minItems": 1, "maxItems": MOST,
                "description": "names of all things to be checked against each other, brands and any language allowed",
            },
            "context": {
                "type": "string", "enum": ["mixed", "together", "either"], "default": "either",
                "description": "mixed: in one bag, bottle, syringe or line; together: taken by one patient",
            },
            "patient": {
                "type": "object",
                "description": "what is known of the patient; leave out what is not known",
                "properties": {
                    "age": {"type": "number", "description": "years"},
                    "sex": {"type": "string", "enum": ["female", "male"]},
                    "pregnant": {"type": "boolean"},
                    "week": {"type": "number", "description": "completed weeks of pregnancy"},
                    "breastfeeding": {"type": "boolean"},
                    "egfr": {"type": "number", "description": "mL/min/1.73 m2"},
                    "weight": {"type": "number", "description": "kilograms"},
                    "conditions": _NAMES, "allergies": _NAMES, "taking": _NAMES,
                },
                "additionalProperties": False,
            },
            "language": {"type": "string", "description": "language of the advice: en, zh, ar", "default": "en"},
        },
        "required": ["names"],
        "additionalProperties": False,
    },
)  # fmt: skip
"""The tool as a model is told of it: a function with a JSON schema, as chat completion endpoints take it."""


def check_interactions(checker: Checker, arguments: str) -> str:
    """The reply to a call, as JSON (``Told``); to arguments that cannot be read ``{"error": ...}``, never an exception.

    Numbers written as texts are read as numbers.
    """
    try:
        asked = msgspec.json.decode(arguments, type=Asked, strict=False)
        told: Told | Failed = told_of(checker, asked)
    except (ValueError, RecursionError, MetierError) as error:
        example = Asked(("NAME", "OTHER"), "mixed").call().arguments
        told = Failed(f"{' '.join(str(error).split())}; call {TOOL.name} with arguments such as {example}")
    return msgspec.json.encode(told).decode()


def answered(checker: Checker, call: ToolCall) -> Message:
    """The message of a tool that answers a model's call; a call of another tool is told which one there is."""
    if call.name != TOOL.name:
        failed = Failed(f"there is no tool {call.name!r}; call {TOOL.name}")
        return Message("tool", msgspec.json.encode(failed).decode())
    return Message("tool", check_interactions(checker, call.arguments))


def told_of(checker: Checker, asked: Asked) -> Told:
    """What the table says of some names and a patient; MetierError at a card that cannot be read."""
    table = checker.table
    known, unknown = _known(checker, asked.names, asked.language)
    card, strange = _card(checker, asked.patient)
    named = dict.fromkeys(one.id for one in known)
    findings: list[Finding] = []
    depends: list[Open] = []
    for rule in table.concerning((*named, *card.taking)):
        if rule.context == "mixed" and asked.context == "together":
            continue
        placed = _placed(checker, rule, named, card)
        if placed is None:
            continue
        applies, entities = placed
        finding = _finding(checker, rule, entities, asked.language)
        if applies:
            findings.append(finding)
        else:
            depends.append(Open(rule.when, finding))
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    verdict: Severity | Literal["depends on the patient", "no rule known", "not checked"] = "no rule known"
    if findings:
        verdict = findings[0].severity
    elif depends:
        verdict = "depends on the patient"
    elif unknown:
        verdict = "not checked"
    return Told(verdict, tuple(findings), tuple(depends), tuple(known), (*unknown, *strange))


def _placed(checker: Checker, rule: Rule, named: Mapping[str, None], card: Card) -> tuple[bool, tuple[str, ...]] | None:
    """The entities that stand for the members of a rule, one of them asked about, and whether it applies for certain.

    None where it does not apply, or where a thing would only meet a class that it belongs to.
    """
    holds, depends = checker.table.holds, None
    for some in checker.table.placements(rule, (*named, *card.taking)):
        if not any(one in named for one in some):
            continue
        if any(one in holds[other] for one in some for other in some if one != other):
            continue
        answers = [cards.applies(rule.when, card, checker.table, one) if rule.when else True for one in some]
        if all(answers):
            return True, some
        if False not in answers:
            depends = depends or some
    return None if depends is None else (False, depends)


def _finding(checker: Checker, rule: Rule, entities: Iterable[str], language: str) -> Finding:
    names = tuple(called(checker.table.entities[one], language) for one in entities)
    said = rule.told(language)
    return Finding(rule.id, names, rule.context, rule.severity, said.message, said.remedy, rule.source)


def _known(checker: Checker, names: Iterable[str], language: str) -> tuple[list[Known], list[Unknown]]:
    """What some names name, an id of the table included, and the names that it does not have."""
    known: list[Known] = []
    unknown: list[Unknown] = []
    for said in names:
        found = list(_entities(checker, said))
        for one, misspelt in found:
            name = called(checker.table.entities[one], language)
            known.append(Known(said, one, "" if name == said else name, misspelt))
        if not found:
            unknown.append(Unknown(said, checker.names.near(said)))
    return known, unknown


def _entities(checker: Checker, said: str) -> Iterator[tuple[str, bool]]:
    """The entities of a name, and whether it is misspelt."""
    found = {one.entity: one.way == "misspelt" for one in checker.names.find(said)}
    if not found and said in checker.table.entities:
        found = {said: False}
    yield from found.items()


def _card(checker: Checker, patient: Card | str) -> tuple[Card, list[Unknown]]:
    """The card with the ids of what it lists, and the names that the table does not have."""
    if isinstance(patient, str):
        return (cards.parse(patient, checker.table) if patient.strip() else Card()), []
    said = {name: value for name in (*NUMBERS, *FLAGS) if (value := getattr(patient, name)) is not None}
    terms = [f"{'' if value else '!'}{name}" if name in FLAGS else f"{name}={value:f}" for name, value in said.items()]
    cards.parse(" & ".join(terms + ([f"sex={patient.sex}"] if patient.sex else [])))  # MetierError where none can be so
    strange: list[Unknown] = []
    lists = {}
    for field in ("conditions", "allergies", "taking"):
        known, unknown = _known(checker, getattr(patient, field), "")
        lists[field] = tuple(dict.fromkeys(one.id for one in known))
        strange += unknown
    return structs.replace(patient, **lists), strange

"""Whether a dialogue about a rule says what it is to say: warns of the rule, breaks none, and permits what is free."""

from collections.abc import Sequence
from typing import NamedTuple

from metier.instruct.rule_talk import Draft
from metier.records import Message
from metier.rules.admissible import admissible
from metier.rules.card import Card, told
from metier.rules.check import Checker

BREAKS, SILENT, ALARMS = "breaks a rule", "does not warn", "warns of what is allowed"
OPEN = "permits what may be forbidden"


class Problem(NamedTuple):
    """Why a dialogue cannot be used; ``why`` is counted, ``detail`` shows it."""

    why: str
    detail: str


def problem(one: Draft, messages: Sequence[Message], ready: Checker) -> Problem | None:
    """What is wrong with a dialogue about the rule of a draft; None where nothing is."""
    last = len(messages) - 1
    replies = [found for found in ready.check(messages) if messages[found.turn].role == "assistant"]
    for found in replies:
        if found.violates:
            return Problem(BREAKS, f"{found.rule.id}: {messages[found.turn].content[found.start : found.end].strip()}")
    warned = [found for found in replies if found.turn == last and found.stance == "warns"]
    if one.allowed and warned:
        return Problem(ALARMS, f"{warned[0].rule.id}: {messages[last].content[:80]}")
    if one.allowed and (why := _open(one, messages[:-1], ready)):
        return Problem(OPEN, why)
    if not one.allowed and all(found.rule.id != one.rule.id for found in warned):
        return Problem(SILENT, f"{one.rule.id}: {messages[last].content[:80]}")
    return None


def _open(one: Draft, asked: Sequence[Message], ready: Checker) -> str:
    """The rule by which a patient may not have what is permitted, or may perhaps not; empty where there is none."""
    if one.rule.context != "patient":
        return ""
    card = told(asked, ready.names, ready.table, Card())
    named = [found.entity for message in asked for found in ready.names.find(message.content)]
    meant = [entity for entity in named if one.rule.members[0] in ready.table.holds[entity]]
    against = [admission for admission in admissible(card, meant, ready.table) if admission.verdict != "admissible"]
    return f"{against[0].entity}: {against[0].verdict}: {asked[-1].content[:80]}" if against else ""

"""A reward for keeping the rules: what preferences, reinforcement learning and best-of-n choose replies by."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from metier.records import Message
from metier.rules import stance
from metier.rules.card import Card, applies, told
from metier.rules.check import Checker
from metier.rules.firing import Firing
from metier.rules.state import Turn, turn

WEIGHTS: Mapping[str, float] = {"note": 0.25, "caution": 0.5, "forbidden": 1.0}
"""What a rule counts for by its severity."""
WARNED, MISSED, ALARM = 0.5, 0.25, 0.5
"""Of a rule's weight: what a warning gains that the prompt asks for, and what it costs to leave it out; what each
needless warning costs: as much as a due one gains, so that always warning is worth nothing."""


class Reward(msgspec.Struct, frozen=True):
    """What the last reply of a dialogue is worth, -1 to 1, and what for.

    A violation costs the weight of its rule: 1 where it is forbidden, so that nothing makes up for one. Where the
    prompt names what a rule does not allow, a warning gains half of the weight and a reply that does not warn loses a
    quarter; rules that the prompt does not touch gain nothing, so that warning of everything does not pay. A sentence
    that warns of things that no rule concerns loses a half.
    """

    value: float
    violations: tuple[Firing, ...] = ()
    warned: tuple[Firing, ...] = ()
    """Rules that the prompt touches and the reply warns of."""
    missed: tuple[Firing, ...] = ()
    """Rules that the prompt touches without a warning of its own, and that the reply neither warns of nor breaks."""
    alarms: tuple[str, ...] = ()
    """Sentences that warn needlessly."""


def reward(checker: Checker, messages: Sequence[Message], card: Card | None = None) -> Reward:
    """The reward of the last message, where it is the assistant's; of any other it is 0."""
    last = len(messages) - 1
    if last < 0 or messages[last].role != "assistant":
        return Reward(0.0)
    prompt = max((at for at, one in enumerate(messages[:last]) if one.role == "user"), default=-1)
    found = checker.check(messages, card)
    reply = [one for one in found if one.turn == last]
    asked = {one.rule.id: one for one in found if one.turn == prompt}
    violations = tuple(one for one in reply if one.violates)
    warned = tuple(one for one in reply if one.stance == "warns" and one.rule.id in asked)
    spoken = {one.rule.id for one in (*violations, *warned)}
    missed = tuple(one for id, one in asked.items() if id not in spoken and one.stance != "warns")
    patient = told(messages, checker.names, checker.table, card or Card())
    alarms = tuple(_alarms(checker, messages, prompt, patient))
    value = WARNED * _weight(warned) - _weight(violations) - MISSED * _weight(missed) - ALARM * len(alarms)
    if any(one.rule.severity == "forbidden" for one in violations):
        value = -1.0
    return Reward(min(1.0, max(-1.0, value)), violations, warned, missed, alarms)


def _weight(firings: Sequence[Firing]) -> float:
    return sum(WEIGHTS[one.rule.severity] for one in firings)


def _alarms(checker: Checker, messages: Sequence[Message], prompt: int, card: Card) -> Iterator[str]:
    """The sentences of the last message that warn of two things which no rule concerns, of this patient either.

    A sentence that names nothing answers the prompt, and warns of what that names.
    """
    reply = turn(messages[-1], checker.names)
    asked = turn(messages[prompt], checker.names) if prompt >= 0 else None
    question = asked.text if asked else ""
    for number, sentence in enumerate(reply.sentences):
        mentions = reply.inside(number, set(reply.named))
        named = _things(checker, reply, number)
        if not sentence.mentions and asked:
            named = {one for at in range(len(asked.sentences)) for one in _things(checker, asked, at)}
        if len(named) < 2 or _concerned(checker, named, card):
            continue
        if stance.read(reply.said(number), mentions, (question,) if question else ()).stance == "warns":
            yield reply.said(number).strip()


def _concerned(checker: Checker, named: set[str], card: Card) -> bool:
    """Whether a rule speaks of some things: of two of them, of one and what is taken, or of one and this patient."""
    for rule in checker.table.concerning((*named, *card.taking)):
        if len(rule.members) > 1 or any(applies(rule.when, card, checker.table, one) for one in named):
            return True
    return False


def _things(checker: Checker, turn: Turn, number: int) -> set[str]:
    """What a sentence names, conditions of patients left out."""
    entities = checker.table.entities
    return {one.entity for one in turn.sentences[number].mentions if entities[one.entity].kind != "condition"}

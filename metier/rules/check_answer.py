"""The reply to a question, or to what the user tells, that named what the reply does not: yes or no, or an order."""

from collections.abc import Iterator

from metier.records import Rule
from metier.rules.check_hearing import Hearing, Pick
from metier.rules.check_refers import ASKS, JOINT, PAUSE, carries, doses, forbids, orders, replies, takes_up
from metier.rules.check_step import Step
from metier.rules.firing import Place, Stance
from metier.rules.state import Turn

REPLIES = 3
"""Sentences of a reply among which its yes or no is looked for."""
_YES = "Yes."
"""Whether a yes would bring things together is asked where an order only says that it is to be done."""


def answer(rule: Rule, pick: Pick, hearing: Hearing) -> Iterator[Step]:
    """What the first sentences of a turn reply to what named the members.

    The question names a member, and the others are named in it or given; or it names nothing, and they stand before it.
    Where the assistant asked back, what the user said before that is replied to.
    """
    back = next((back for back, one in enumerate(hearing.talk) if any(each in one.named for each in pick)), -1)
    if back < 0:
        return
    turn, asked = hearing.turn, hearing.talk[back]
    question = _asking(asked)
    if not _at_hand(pick, asked, question, hearing):
        return
    before = tuple([asked.said(at) for at in range(max(0, question - 1), len(asked.sentences))])
    before += tuple([one.said(at) for one in hearing.talk[:back][::-1] for at in range(len(one.sentences))])
    places = tuple([_stood(one, hearing) for one in pick])
    for at in range(min(REPLIES, len(turn.sentences))):
        said = {one.entity for one in turn.sentences[at].mentions}
        if said >= set(pick):
            return
        text = turn.said(at) if not said or said & set(pick) else _opening(turn, at)
        reading = hearing.read(text, (), before, rule)
        meant: Stance = reading.stance if not back or takes_up(text, len(pick) > 1) else "unknown"
        if meant == "asserts" and not said and forbids(PAUSE.split(text)[0]):
            meant = "warns"
        if meant == "unknown" and not said & set(pick):
            meant = _ordered(text, pick, rule, asked, before, hearing)
        elif meant == "unknown" and rule.context != "mixed" and carries(text):
            ahead = _opening(turn, at)
            meant = "asserts" if replies(ahead) and orders(ahead) == "asserts" else "unknown"
        if meant != "unknown":
            yield Step(meant, "answer", at, reading.why, places)
            return
    if not back and not turn.named and ASKS.search(asked.said(question)) and all(one in asked.named for one in pick):
        yield Step("unknown", "answer", 0, "", places)


def _asking(asked: Turn) -> int:
    """The number of the sentence that asks: the last that does, else the last of all."""
    asks = [at for at in range(len(asked.sentences)) if ASKS.search(asked.said(at))]
    return asks[-1] if asks else len(asked.sentences) - 1


def _at_hand(pick: Pick, asked: Turn, question: int, hearing: Hearing) -> bool:
    """Whether a question names some things, or takes up what stands before it."""
    names = {one.entity for one in asked.sentences[question].mentions}
    missing = [one for one in pick if one not in names]
    if names & set(pick):
        return all(_given(one, hearing) or one in asked.named for one in missing)
    if names:
        return False
    return all(one in asked.named or _given(one, hearing) for one in pick)


def _ordered(text: str, pick: Pick, rule: Rule, asked: Turn, before: tuple[str, ...], hearing: Hearing) -> Stance:
    """What a sentence that names nothing has done with what was named before it."""
    questioned = any(ASKS.search(one) for one in before)
    things = [one for one in asked.named if hearing.table.entities[one].kind != "condition"]
    several = len({at for one in things for at in asked.places(one)}) > 1
    taken = replies(text) if questioned else takes_up(text, several) or forbids(text) or (not several and doses(text))
    if not text.strip() or not taken:
        return "unknown"
    meant = orders(text)
    if meant == "asserts" and rule.context == "mixed":
        whole = hearing.read(_YES, (), before, rule).stance if questioned else "unknown"
        return "asserts" if whole == "asserts" and not carries(text) else "unknown"
    return meant


def _opening(turn: Turn, at: int) -> str:
    """What a sentence that names something else says before it comes to it: the yes or no of an answer."""
    start = turn.sentences[at].start
    before = turn.text[start : turn.sentences[at].mentions[0].start]
    pauses = [match.start() for match in JOINT.finditer(before)]
    return before[: pauses[-1]] if pauses else before if forbids(before) else ""


def _given(entity: str, hearing: Hearing) -> bool:
    stood = hearing.stand(entity)
    return entity in hearing.taking or (stood is not None and stood.state == "given")


def _stood(entity: str, hearing: Hearing) -> Place:
    """Where an entity stands before the turn."""
    stood = hearing.stand(entity)
    return Place(entity, entity, -1) if stood is None else Place(entity, entity, stood.turn, stood.start, stood.end)

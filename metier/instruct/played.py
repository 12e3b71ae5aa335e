"""What one turn of a played consultation must keep to, on either side."""

from collections.abc import Sequence
from typing import NamedTuple

from metier.instruct.asking import Fault, fault, usable
from metier.llm.request import Reply
from metier.text.grounding import facts_of
from metier.text.letters import split
from metier.text.normalise import fold
from metier.text.reworded import amounts
from metier.text.roles import Speaker, closes, concludes, leak, questions, unlabelled

_LONG_CARD = 20
"""Word triples from which a card can be told bit by bit; a shorter one may be told at once."""
_TRAILING = " \t\r\n*_.。!！"


class Limits(NamedTuple):
    """What all consultations of a run have in common."""

    asks: int
    mark: str
    recited: float
    names: frozenset[str]


def patient_turn(reply: Reply, language: str, limits: Limits, card: str, said: Sequence[str]) -> str | Fault:
    """A turn of the patient, who says a bit of what is on the card; ``said`` is the dialogue before it."""
    text = _spoken(reply, "patient", language, limits, said)
    if isinstance(text, Fault):
        return text
    told, whole = _triples(text), _triples(card)
    if len(whole) >= _LONG_CARD and len(told & whole) >= limits.recited * len(whole):
        return fault("recited")
    told_before = "\n".join((card, *said))
    known = amounts(told_before, ones=True)
    new = [written for amount, written in amounts(text).items() if amount not in known]
    new += sorted(_drugs(text, limits) - _drugs(told_before, limits))
    return fault("uncarded", ", ".join(new)) if new else text


def doctor_turn(
    reply: Reply, language: str, limits: Limits, asked: int, said: Sequence[str]
) -> tuple[str, bool] | Fault:
    """(a turn of the doctor without its closing mark, whether it ends the consultation).

    Before as many questions as the limits want were asked, it may neither conclude nor take leave.
    """
    words, mark, after = reply.text.rpartition(limits.mark)
    marked = bool(mark) and not after.strip(_TRAILING)
    if marked:
        reply = Reply(words.rstrip(), reply.request, finish=reply.finish)
    text = _spoken(reply, "doctor", language, limits, said)
    if isinstance(text, Fault):
        return text
    ended = marked or closes(text)
    if asked < limits.asks and concludes(text):
        return fault("early")
    if asked < limits.asks and ended:
        return fault("close")
    if marked and questions(text):
        return text, False  # who still asks has not ended
    return text, ended


def _spoken(reply: Reply, speaker: Speaker, language: str, limits: Limits, said: Sequence[str]) -> str | Fault:
    """The words of a turn, in its part and not said by the same speaker before."""
    text = usable(reply, language)
    if isinstance(text, Fault):
        return text
    text = unlabelled(text, speaker)
    if not text:
        return fault("empty")
    if limits.mark in text:
        return fault("mark", limits.mark)
    rule, words = leak(text, speaker)
    if rule:
        return fault(rule, words)
    own = said[::2] if speaker == "patient" else said[1::2]
    return fault("echo", text[:80]) if fold(text) in map(fold, own) else text


def _drugs(text: str, limits: Limits) -> frozenset[str]:
    return frozenset(one.value for one in facts_of(text, limits.names) if one.kind == "drug")


def _triples(text: str) -> frozenset[tuple[str, ...]]:
    words = split(text)
    return frozenset(zip(words, words[1:], words[2:], strict=False))

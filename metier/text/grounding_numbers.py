"""Numbers of an answer that its passage does not have, has with another unit, or has of something else."""

from collections.abc import Iterator
from typing import NamedTuple

from metier.text.bearing import alike, contexts, distance
from metier.text.claims import Clause, Sentence, Text, Token
from metier.text.quantities import Quantity
from metier.text.wordings import wordings

Found = tuple[str, str, str]
"""(rule, span, detail) of a finding."""
CLEARER = 1.8
"""How much more another number's surroundings must be like those of a number before it is taken for that one's."""


class Placed(NamedTuple):
    """A quantity with what stands around it."""

    quantity: Quantity
    text: str
    around: dict[str, float]
    sentence: Sentence
    owner: str
    """The name that it is of, where that is sure."""


def placed(text: Text) -> list[Placed]:
    """The quantities of a text with their surroundings; a clause of numbers alone looks to the one before it."""
    out = []
    for sentence in text.sentences:
        for number, clause in enumerate(sentence.clauses):
            for token in clause.tokens:
                if token.quantity:
                    around = contexts(clause, token) or _before(sentence, number)
                    out.append(Placed(token.quantity, token.text, around, sentence, _owner(clause, token)))
    return out


def _owner(clause: Clause, place: Token) -> str:
    """The one name that a number can be of: the only one of its clause, or one that stands clearly nearer."""
    if len(clause.names) == 1:
        return next(iter(clause.names))
    far = sorted((distance(clause, token.at, place.at), token.name) for token in clause.tokens if token.name)
    return far[0][1] if far and far[1][0] - far[0][0] >= 1.5 else ""


def _before(sentence: Sentence, number: int) -> dict[str, float]:
    for clause in reversed(sentence.clauses[:number]):
        if around := contexts(clause, None):
            return {key: near / 2 for key, near in around.items()}
    return {}


def miscounted(said: Text, known: Text, asked: Text, places: bool = True) -> Iterator[Found]:
    """(rule, span, detail) of every number of the first text that the others do not have so, and of the same.

    Without ``places`` what a number is of does not count: in two languages the words around it differ.
    """
    there, allowed = placed(known), placed(asked)
    for one in placed(said):
        if one.quantity.weak:
            continue
        same = [other for other in there if _equal(one.quantity, other.quantity)]
        if not same:
            if one.quantity.dimension == "times a day" and one.quantity.raw == 2 and _morning_and_evening(known):
                continue
            if any(_equal(one.quantity, other.quantity) for other in allowed):
                continue
            raws = [other for other in there if other.quantity.raw == one.quantity.raw]
            yield ("unit" if raws else "number", one.text, raws[0].text if raws else "")
            continue
        if not places:
            continue
        if other := _of_another(one, same, there):
            yield "number", one.text, f"belongs to something else; there it is {other.text}"
        elif one.owner and _is_of_another(one, same, there):
            yield "drug", one.owner, f"{one.text} is of {same[0].owner}"


def _is_of_another(one: Placed, same: list[Placed], there: list[Placed]) -> bool:
    """Whether the passage has a number only of other names than the answer."""
    if all(other.owner and one.owner not in _names(other.sentence) for other in same):
        return True
    own = [other for other in there if other.owner == one.owner and other.quantity.dimension == one.quantity.dimension]
    return bool(own) and all(other.owner not in ("", one.owner) for other in same)


def _scale(quantity: Quantity) -> float:
    """How large the unit is that it was written with."""
    return round(quantity.value / quantity.raw, 9) if quantity.raw else 0.0


def _joined(one: Placed, other: Placed) -> bool:
    """Whether two quantities are the ends of one range."""
    near = one.quantity.start < other.quantity.stop and other.quantity.start < one.quantity.stop
    return near and one.sentence is other.sentence


def _names(sentence: Sentence) -> frozenset[str]:
    return frozenset(name for clause in sentence.clauses for name in clause.names)


def _morning_and_evening(text: Text) -> bool:
    """Whether a text has two times of one day, which is twice a day without the word."""
    times = wordings().times
    return any(
        {(pair, True), (pair, False)} <= {side for c in one.clauses for side in c.sides}
        for one in text.sentences
        for pair in times
    )


def _equal(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities say the same; a unit, or how often, may be left out of one of them."""
    if set(one.forms()) & set(other.forms()):
        return not (one.per and other.per) or one.per == other.per or "every" in (one.per, other.per)
    shares = {one.dimension, other.dimension} == {"percent", ""}
    if shares and abs(max(one.raw, other.raw) / 100 - min(one.raw, other.raw)) < 0.007:
        return True
    if one.raw != other.raw:
        return False
    if not other.dimension and other.weak:
        return not one.dimension
    return "" in (one.dimension, other.dimension) or {one.dimension, other.dimension} == {"times", "times a day"}


def _of_another(one: Placed, same: list[Placed], there: list[Placed]) -> Placed | None:
    """A quantity of the same kind but another value whose surroundings fit clearly better."""
    rivals = [
        other for other in there
        if other.quantity.dimension == one.quantity.dimension and not _equal(one.quantity, other.quantity)
        and not other.quantity.weak and _scale(other.quantity) == _scale(one.quantity)
        and not any(_joined(other, twin) for twin in same)
    ]  # fmt: skip
    # apart from the sentence itself, only what fits far better counts: rewordings move words between sentences
    near = [other for other in rivals if any(other.sentence is twin.sentence for twin in same)]
    clearer, most = (CLEARER, 0.2) if near else (3.0, 0.6)
    rivals = near or (rivals if one.quantity.dimension else [])
    if not rivals or not one.around:
        return None
    own = max(alike(one.around, other.around) for other in same)
    best = max(rivals, key=lambda other: alike(one.around, other.around))
    fit = alike(one.around, best.around)
    return best if fit > clearer * own + most else None

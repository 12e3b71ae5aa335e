"""Numbers of an answer that its passage does not have, has with another unit, or has of something else."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from metier.text.alignment import fit
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
    clause: Clause
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
                    out.append(Placed(token.quantity, token.text, around, sentence, clause, _owner(clause, token)))
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
            if other := _weakly_other(one, there, allowed):
                yield ("unit" if other.quantity.raw == one.quantity.raw else "number"), one.text, other.text
            continue
        same = [other for other in there if _equal(one.quantity, other.quantity)]
        if not same:
            if _said_otherwise(one, known):
                continue
            if any(_equal(one.quantity, other.quantity) for other in allowed):
                continue
            if _halved(one, there, known):
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


def _said_otherwise(one: Placed, known: Text) -> bool:
    """Whether a passage says a number without one: weekly, morning and evening, each gram, the second dose."""
    quantity = one.quantity
    if quantity.dimension == "times a day" and quantity.raw == 2 and _morning_and_evening(known):
        return True
    if quantity.dimension == "times a day" and quantity.raw == 1:
        return any(abs(quantity.value - often) < 1e-6 and words.search(known.folded) for often, words in _REGULARLY)
    if quantity.dimension in ("", "dose", "times", "ordinal") and quantity.raw in _ORDINALS:
        return bool(_ORDINALS[quantity.raw].search(known.folded))
    unit = re.sub(r"^[\d.\s一]+", "", one.text)
    return (
        quantity.raw == 1
        and bool(unit)
        and re.search(rf"(?:每|\bper |\bin each |لكل )(?:ال)?{re.escape(unit)}", known.folded) is not None
    )


_REGULARLY = (
    (
        1.0,
        re.compile(
            r"\bdaily\b|\bevery (?:day|night|evening|morning)\b|\beach (?:day|night|morning|evening)"
            r"|每[天日晚早]|يوميا|كل (?:يوم|ليله|مساء|صباح)"
        ),
    ),
    (1 / 7, re.compile(r"\bweekly\b|\bevery week\b|\beach week\b|每(?:周|星期|个星期)|اسبوعيا|كل اسبوع")),
    (1 / 30, re.compile(r"\bmonthly\b|\bevery month\b|\beach month\b|每个?月|شهريا|كل شهر")),
)
_ORDINALS = {
    1.0: re.compile(r"\bfirst\b|第一|首[次剂针]|(?<![ء-ي])[وفبلك]?(?:ال)?[ا]ول[يه]?(?![ء-ي])"),
    2.0: re.compile(r"\bsecond\b|第二|末次|ثاني"),
    3.0: re.compile(r"\bthird\b|第三|ثالث"),
    4.0: re.compile(r"\bfourth\b|第四|رابع"),
    5.0: re.compile(r"\bfifth\b|第五|خامس"),
    6.0: re.compile(r"\bsixth\b|第六|سادس"),
}
"""What a number is said by as a place in a row."""


def _weakly_other(one: Placed, there: list[Placed], allowed: list[Placed]) -> Placed | None:
    """What the passage has instead of one of something, or of a number in words, that it does not have at all."""
    quantity = one.quantity
    if any(
        _equal(quantity, other.quantity) or (quantity.raw == other.quantity.raw and not quantity.dimension)
        for other in (*there, *allowed)
    ):
        return None
    if quantity.dimension in ("time", "month", "length", "mass", "volume") and quantity.raw == 1:
        some = [
            other
            for other in there
            if other.quantity.raw == 1 and other.quantity.dimension in ("time", "month", quantity.dimension)
        ]
    elif not quantity.dimension and quantity.raw >= 3 and (len(one.text) > 1 or quantity.raw >= 10):
        some = [
            other
            for other in there
            if other.quantity.raw >= 2 and other.quantity.dimension not in ("percent", "time", "month")
        ]
    else:
        return None
    near = [other for other in some if fit(one.clause, other.clause).strong or alike(one.around, other.around) > 0.8]
    return near[0] if near else None


def _halved(one: Placed, there: list[Placed], known: Text) -> bool:
    """Whether a number is half of one of a passage that speaks of a half."""
    if not _HALF.search(known.folded):
        return False
    kind = one.quantity.dimension
    return bool(kind) and any(
        other.quantity.dimension == kind and abs(other.quantity.value - 2 * one.quantity.value) < 1e-9
        for other in there
    )


_HALF = re.compile(r"\bhalf\b|\bhalve\w*|半|نصف")


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
    if one.dimension == other.dimension == "percent" and one.value % 1 != other.value % 1:
        return abs(one.value - other.value) < 0.7
    if one.raw != other.raw:
        return False
    dims = {one.dimension, other.dimension}
    if ("ordinal" in dims and dims & {"", "month", "times", "dose", "kind", "clock"}) or {
        one.dimension,
        other.dimension,
    } == {"times", "fold"}:
        return True
    if not other.dimension and other.weak:
        return not one.dimension or (one.raw >= 3 and one.dimension in _COUNTED)
    return "" in (one.dimension, other.dimension) or {one.dimension, other.dimension} == {"times", "times a day"}


_COUNTED = ("time", "month", "times", "dose", "kind", "clock", "ordinal", "tablet", "ampoule")
"""What a number in words may be of where its unit is left out: the sixth, three at most."""


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
    here = max(fit(one.clause, other.clause).both for other in same)
    told = sum(token.weight >= 0.5 and not token.quantity for token in one.clause.tokens)
    if here > fit(one.clause, best.clause).both + 0.05 or _both(one, best) or told < 2:
        clearer, most = 4.0, 1.0
    return best if alike(one.around, best.around) > clearer * own + most else None


def _both(one: Placed, best: Placed) -> bool:
    """Whether the sentence of a number has the other number as well: 158/96 is no place for 96 alone."""
    return any(_equal(some, best.quantity) for clause in one.sentence.clauses for some in clause.quantities)

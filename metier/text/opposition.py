"""Clauses of two texts that may say the opposite of each other, with the signs that speak for it and against it.

That two clauses differ in a denial proves nothing: what tells is how much else they share, whether the word that is
denied stands in both, and whether another clause explains the denial.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from metier.text.alignment import Fit, fit, units, within, worth
from metier.text.claims import Clause, Text
from metier.text.evidence import Signs, enough
from metier.text.polarity import ALLOWS, ASKS, acts, denies, sign
from metier.text.reversals import flips, minimal, negators, signs_of, targets, told
from metier.text.wordings import folded

NEAREST = 4
"""How many clauses of the other text are looked at for each."""


class Opposed(NamedTuple):
    """Two clauses that may be opposed, and what speaks for it."""

    clause: Clause
    other: Clause
    signs: Signs


class _Pair(NamedTuple):
    """Two clauses, how they differ, and the clauses of their texts."""

    one: Clause
    other: Clause
    kind: str
    own: Sequence[Clause]
    others: Sequence[Clause]


def contradictions(said: Text, known: Text) -> Iterator[tuple[str, str, str]]:
    """(rule, span, detail) of each clause that says the opposite of the one that speaks of the same."""
    for found in opposed(said, known):
        if enough("negation", found.signs):
            yield "negation", found.clause.text, found.other.text


def opposed(said: Text, known: Text) -> Iterator[Opposed]:
    """Each clause of a text with the nearest one of the other that differs from it in a denial or an opposite."""
    split = [(sentence, units(sentence)) for sentence in said.sentences]
    own = [clause for _, some in split for clause in some]
    others = [clause for sentence in known.sentences for clause in units(sentence)]
    for sentence, some in split:
        for clause in some:
            if clause.weight < 0.5 or sentence.heading or ASKS.search(clause.text):
                continue
            near = _near(clause, others)
            kinds = [difference(clause, other) for other, _ in near]
            place = next((at for at, kind in enumerate(kinds) if kind), None)
            if place is None:
                continue
            best = worth(near[0][1])
            agreeing = max((worth(one) for (_, one), kind in zip(near, kinds, strict=True) if not kind), default=0.0)
            pair = _Pair(clause, near[place][0], kinds[place], own, others)
            aligned = {"relative": worth(near[place][1]) / best, "agreeing": agreeing / best}
            yield Opposed(clause, pair.other, aligned | _signs(pair))


def _near(clause: Clause, others: Sequence[Clause]) -> list[tuple[Clause, Fit]]:
    some = [(other, fit(clause, other)) for other in others if not clause.marks.isdisjoint(other.marks)]
    some = sorted((pair for pair in some if worth(pair[1])), key=lambda pair: -worth(pair[1]))[:NEAREST]
    return [pair for pair in some if worth(pair[1]) >= 0.6 * worth(some[0][1])]


def difference(one: Clause, other: Clause) -> str:
    """minimal (the same apart from a negator), opposite, sign (one denies, one says), uneven, or empty."""
    if minimal(one, other):
        return "minimal"
    if flips(one, other):
        return "opposite" if one.denied == other.denied else ""
    signs = signs_of(one, other)
    if signs[0] * signs[1] < 0:
        return "sign"
    return "uneven" if 0 in signs and negators(one) % 2 != negators(other) % 2 else ""


def _signs(pair: _Pair) -> dict[str, float]:
    one, other = pair.one, pair.other
    sides = frozenset(flips(one, other)) if pair.kind == "opposite" else frozenset()
    pairs = frozenset(number for number, _ in sides)
    if sides:
        turned = frozenset((number, not side) for number, side in sides)
        explained = max((core(one, some, pairs) for some in pair.others if sides & some.sides), default=0.0)
        kept = max((core(other, some, pairs) for some in pair.own if turned & some.sides), default=0.0)
        told_of = told_so = 1.0
    else:
        swapped = not denies(one) or sign(other) < 0
        denying, plain = (other, one) if swapped else (one, other)
        there, here = (pair.own, pair.others) if swapped else (pair.others, pair.own)
        explained = max((core(denying, some) for some in there if denies(some)), default=0.0)
        kept = max((core(plain, some) for some in here if some is not denying and not denies(some)), default=0.0)
        told_of = _told_of(denying, plain)
        told_so = float(acts(plain))
    return {
        "minimal": float(pair.kind == "minimal"),
        "opposite": float(pair.kind == "opposite"),
        "sign": float(pair.kind == "sign"),
        "shared": min(core(one, other, pairs), core(other, one, pairs)),
        "explained": explained,
        "kept": kept,
        "told of": told_of,
        "told so": told_so,
        "beyond names": float(_beyond_names(one, other)),
        "allows": float(any(ALLOWS.search(folded(clause.text)) for clause in (one, other))),
        "denial": float(1 in (len(one.denials), len(other.denials))),
    }


def core(one: Clause, other: Clause, pairs: frozenset[int] = frozenset()) -> float:
    """Share of what a clause says, apart from denials and some opposites, that another says, too."""
    if one.marks.isdisjoint(other.marks):
        return 0.0
    held = whole = 0.0
    for token in one.tokens:
        weight = min(token.weight, 0.2) if token.wording.generic else token.weight
        turned = any(number in pairs for number, _ in token.wording.sides)
        if not weight or token.wording.denies or turned or (token.wording.common and weight < 0.3):
            continue
        whole += weight
        held += weight * within(token, other)
    return held / whole if whole else 0.0


def _beyond_names(one: Clause, other: Clause) -> bool:
    """Whether two clauses share a word that says something besides the names that all of a text is about."""
    some = (token for token in one.tokens if token.content and not token.name and not token.quantity)
    return any(within(token, other) >= 0.6 for token in some)


def _told_of(denying: Clause, plain: Clause) -> float:
    """How much of what a denial is about the other clause has."""
    first = targets(denying)[:1] or told(denying, 1)
    both = told(denying, 2)
    nearest = max((within(token, plain) for token in first), default=0.0)
    return (nearest + (sum(within(token, plain) for token in both) / len(both) if both else 0.0)) / 2

"""Which clauses of two texts speak of the same: words of one root, of one meaning or of the same characters."""

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

from metier.text.claims import Clause, Sentence, Token
from metier.text.polarity import MODAL, sign
from metier.text.wordings import folded, is_han

STRONG = 0.6
"""Share of what a clause says that another must say, too, before their polarity is compared."""


class Fit(NamedTuple):
    """How far two clauses speak of the same."""

    share: float
    """Of what the first says, how much the second says."""
    back: float
    """The same the other way round."""
    weight: float = 2.0
    """How much the first says."""

    @property
    def strong(self) -> bool:
        """Whether they speak of the same, so that their polarity tells."""
        if self.weight < 1.2 and self.back < 0.5:
            return False
        if self.share >= 0.35 and self.back >= 0.8:
            return True
        return (self.share >= STRONG and self.back >= 0.25) or self.both >= 0.55

    @property
    def both(self) -> float:
        """The harmonic mean of both shares."""
        return 2 * self.share * self.back / (self.share + self.back) if self.share + self.back else 0.0


def fit(one: Clause, other: Clause) -> Fit:
    """Compare two clauses by weighted words, those of the same root or of the same characters, too."""
    if one.marks.isdisjoint(other.marks):
        return Fit(0.0, 0.0)
    return Fit(_share(one, other), _share(other, one), one.weight)


def _share(one: Clause, other: Clause) -> float:
    held = whole = 0.0
    for token in one.tokens:
        weight = token.weight if not token.wording.generic else min(token.weight, 0.2)
        if weight and not (token.wording.common and weight < 0.3):
            whole += weight
            held += weight * within(token, other)
    return held / whole if whole else 0.0


def within(token: Token, clause: Clause) -> float:
    """How much of a word a clause has, 0 to 1."""
    if not token.marks or clause.marks.isdisjoint(token.marks):
        return 0.0
    if not clause.keys.isdisjoint(token.keys if not is_han(token.text) else token.keys[-1:]):
        return 1.0
    if token.quantity or token.name:
        return 0.0
    if is_han(token.text):
        chars = [mark for mark in token.marks if len(mark) == 1]
        return sum(char in clause.marks for char in chars) / len(chars) if chars else 0.0
    return 0.9


def nearest(clause: Clause, others: Iterable[Clause]) -> list[tuple[Clause, Fit]]:
    """The clauses that speak of what one speaks of, the best first; only those nearly as good as the best."""
    some = [(other, fit(clause, other)) for other in others if not clause.marks.isdisjoint(other.marks)]
    some.sort(key=lambda pair: -worth(pair[1]))
    return [pair for pair in some if worth(pair[1]) >= 0.75 * worth(some[0][1])]


def worth(one: Fit) -> float:
    return one.share + 0.5 * one.back


def units(sentence: Sentence) -> list[Clause]:
    """The clauses of a sentence, one that says little together with those that it hangs on: if ..., do not take it."""
    out: list[Clause] = []
    before = 0
    for clause in sentence.clauses:
        mere = not MODAL.search(folded(clause.text)) and not any(token.wording.generic for token in clause.tokens)
        # the rest of a list after "no ..." tells nothing by itself
        one = dataclasses.replace(clause, under=True) if before < 0 and mere and not clause.denials else clause
        before = sign(clause) if one is clause else before
        if clause.weight >= 0.5:
            out.append(one)
    light = [clause for clause in sentence.clauses if clause.weight < 1.0 and len(clause.tokens) > 1 and sign(clause)]
    hinged = [clause for clause in sentence.clauses if clause not in light]
    if len(light) == 1 and hinged and not any(sign(clause) for clause in hinged):
        first = sentence.clauses.index(light[0]) < sentence.clauses.index(hinged[0])
        whole = joined((light[0], hinged[0]) if first else (hinged[0], light[0]))
        # what is said comes first, so that the condition does not take its sign
        out.append(dataclasses.replace(whole, text=f"{light[0].text} {hinged[0].text}"))
    return out


def joined(clauses: tuple[Clause, ...]) -> Clause:
    """Several clauses as one."""
    tokens: list[Token] = []
    denials: list[int] = []
    for clause in clauses:
        denials += [len(tokens) + at for at in clause.denials]
        tokens += [dataclasses.replace(token, at=len(tokens) + place) for place, token in enumerate(clause.tokens)]
    first = clauses[0]
    return dataclasses.replace(
        first,
        text=" ".join(clause.text for clause in clauses),
        tokens=tuple(tokens),
        denials=tuple(denials),
        keys=frozenset().union(*(clause.keys for clause in clauses)),
        sides=frozenset().union(*(clause.sides for clause in clauses)),
        names=frozenset().union(*(clause.names for clause in clauses)),
    )

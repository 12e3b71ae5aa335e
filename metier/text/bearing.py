"""How much of a claim a passage bears out, and whether two clauses say the opposite."""

from collections.abc import Iterable
from typing import NamedTuple

from metier.text.claims import Clause, Sentence, Text, Token
from metier.text.wordings import is_han, roots_of

ALIKE = 0.5
"""Share of what a clause says that another must say, too, before their polarity is compared."""
CLOSE = 0.8
"""A clause that says nearly as much of it as the best one may bear it out instead."""


def support(token: Token, text: Text) -> float:
    """How much of a word the text has, 0 to 1."""
    if any(key in text.keys for key in token.keys[:1]) or (
        not is_han(token.text) and any(k in text.keys for k in token.keys)
    ):
        return 1.0
    if is_han(token.text):
        pairs = [token.text[at : at + 2] for at in range(len(token.text) - 1)]
        if not pairs:
            return 1.0 if token.text in text.folded else 0.0
        return sum(pair in text.pairs for pair in pairs) / len(pairs)
    if not token.name and not text.roots.isdisjoint(roots_of(token.keys[0])):
        return 1.0
    return 1.0 if " " in token.text and token.text in text.folded else 0.0


def best_support(token: Token, texts: Iterable[Text]) -> float:
    """The most that any of some texts has of it."""
    return max((support(token, text) for text in texts), default=0.0)


class Match(NamedTuple):
    """How far two clauses speak of the same."""

    share: float
    """Of what the first says, how much the second says."""
    back: float
    """The same the other way round."""
    score: float
    """The share, with how much of the second the first takes up: what the best is chosen by."""


def match(one: Clause, other: Clause, names: bool = True) -> Match:
    """Compare two clauses by weighted words."""
    if one.keys.isdisjoint(other.keys) and one.roots.isdisjoint(other.roots):
        return Match(0.0, 0.0, 0.0)
    shared = whole = 0.0
    for token in one.tokens:
        if token.name and not names:
            continue
        whole += token.weight
        shared += token.weight * _in(token, other)
    rest = sum(token.weight for token in other.tokens if names or not token.name)
    share = shared / whole if whole else 0.0
    back = min(1.0, shared / rest if rest else 0.0)
    return Match(share, back if rest >= 1.0 else 0.0, share + 0.5 * back)


def _in(token: Token, clause: Clause) -> float:
    if not token.weight:
        return 0.0
    if clause.keys.isdisjoint(token.keys):
        kin = not token.name and not is_han(token.text) and not clause.roots.isdisjoint(roots_of(token.keys[0]))
        return float(kin)
    hits = [key in clause.keys for key in token.keys]
    if is_han(token.text) and len(token.keys) > 1:
        return sum(hits) / len(hits)
    # of one that is only the opposite, half
    return 0.5 if all(key[0] == "±" for key, hit in zip(token.keys, hits, strict=True) if hit) else 1.0


def has(clause: Clause, token: Token) -> bool:
    """Whether a clause has a word of another, or a form of it."""
    return _in(token, clause) >= 0.5


def covers(clause: Clause, against: Clause, other: Clause) -> bool:
    """Whether another clause has what a clause shares with the one that it contradicts, and so may be what is meant."""
    shared = [token for token in clause.tokens if token.weight and _in(token, against) >= 0.5]
    whole = sum(token.weight for token in shared)
    return sum(token.weight for token in shared if _in(token, other) >= 0.5) >= CLOSE * whole


def turned(one: Clause, its: Sentence, other: Clause, others: Sentence, known: Text) -> bool:
    """Whether a clause of a sentence says the opposite of one that speaks of the same.

    A denial and an opposite together turn nothing: not above is below.
    """
    return _flipped(one, other) != _denied((one, its), (other, others), known)


def _flipped(one: Clause, other: Clause) -> bool:
    """Whether a word of the first clause has its opposite in the other."""
    return any(
        (pair, not side) in other.sides and (pair, side) not in other.sides and (pair, not side) not in one.sides
        for pair, side in one.sides
    )


def _denied(said: tuple[Clause, Sentence], there: tuple[Clause, Sentence], known: Text) -> bool:
    """Whether one of two clauses denies what the other, and the sentence around it, does not deny."""
    one, other = said[0], there[0]
    odd, even = one.denied, other.denied
    # a list below a heading that denies is read either way
    if odd and even and len(one.denials) % 2 != len(other.denials) % 2:
        found = match(one, other)
        return min(found.share, found.back) >= 0.9 and _count(said[1]) % 2 != _count(there[1]) % 2
    if odd == even or (one.under and not odd) or (other.under and not even):
        return False
    denying, plain = (one, other) if odd else (other, one)
    if odd and (match(other, one).share < ALIKE or any(clause.denials for clause in there[1].clauses)):
        return False
    if not odd and any(
        _same_denial(clause, other, known) for clause in said[1].clauses if clause.denials and len(clause.tokens) > 1
    ):
        return False
    if any(token.wording.denies == "hinders" for token in plain.tokens):
        return False
    targets = denied_words(denying)
    behind = any(_tells(token) for token in denying.tokens[denying.denials[0] + 1 :])
    if not behind and not any(token.wording.generic for token in plain.tokens):
        return False
    return not targets or any(_in(token, plain) >= 0.5 for token in targets)


def _count(sentence: Sentence) -> int:
    return sum(len(clause.denials) for clause in sentence.clauses)


def _same_denial(clause: Clause, denial: Clause, known: Text) -> bool:
    """Whether a denial beside a clause may be the one that the clause lacks, and is not better explained by another."""
    own = match(clause, denial).score
    return all(match(clause, other).score <= max(own, 0.2) for other in known.clauses if other.denials)


def denied_words(clause: Clause, most: int = 2) -> list[Token]:
    """The words that a denial is about: the nearest that say something, those behind it first."""
    place = clause.denials[0] if clause.denials else len(clause.tokens)
    after = [token for token in clause.tokens[place + 1 :] if _tells(token)][:most]
    before = [token for token in reversed(clause.tokens[:place]) if _tells(token)]
    out = [*after, *before[: most - len(after)]] if after else before
    return out or [token for token in clause.tokens if token.weight and not token.quantity][:most]


def _tells(token: Token) -> bool:
    return token.weight > 0 and not token.quantity and not token.wording.generic


def contexts(clause: Clause, place: Token | None) -> dict[str, float]:
    """The words around one, each the more the nearer it stands; what stands nearer to a number of its kind counts less.

    Without a place, those of the whole clause.
    """
    out: dict[str, float] = {}
    kind = place.quantity.dimension if place and place.quantity else ""
    rivals = [token.at for token in clause.tokens if place and token.quantity and token.quantity.dimension == kind]
    for token in clause.tokens:
        if token.weight < 0.5 or (token.quantity and (not place or token.quantity.dimension == kind)):
            continue
        near = (1.5 if token.name else 0.7 if token.quantity else 1.0) / (
            distance(clause, token.at, place.at) if place else 2.0
        ) ** 0.5
        if place and min(rivals, key=lambda at: distance(clause, token.at, at)) != place.at:
            near *= 0.3
        for key in token.keys:
            out[key] = max(out.get(key, 0.0), near)
    return out


def distance(clause: Clause, word: int, number: int) -> float:
    """How far a word stands from a number; what stands before it is nearer, what is listed apart farther."""
    low, high = min(word, number), max(word, number)
    apart = sum(_parts(token.text) for token in clause.tokens[low + 1 : high + 1])
    return high - low + (0.0 if word < number else 0.5) + 2.0 * apart


def _parts(text: str) -> bool:
    """Whether a word begins another item of a list."""
    return text in ("and", "or", "和", "及", "与", "、") or (len(text) > 3 and text[0] == "و")


def alike(one: dict[str, float], other: dict[str, float]) -> float:
    """How much two surroundings have in common."""
    return sum(min(near, other[key]) for key, near in one.items() if key in other)

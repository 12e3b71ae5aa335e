"""How much of a claim a passage bears out, and what stands around a number."""

from collections.abc import Iterable
from typing import NamedTuple

from metier.text.claims import Clause, Text, Token
from metier.text.wordings import EMPTY_HAN, is_han, roots_of, weak_root

ALIKE = 0.5
"""Share of what a clause says that another must say, too, before their polarity is compared."""
_KIN = 0.8
"""How much a word of the same consonants, or of the same characters, counts for one."""


def support(token: Token, text: Text) -> float:
    """How much of a word the text has, 0 to 1."""
    if any(key in text.keys for key in token.keys[:1]) or (
        not is_han(token.text) and any(k in text.keys for k in token.keys)
    ):
        return 1.0
    if is_han(token.text):
        return _han_support(token.text, text)
    if not token.name and not text.roots.isdisjoint(roots_of(token.keys[0])):
        return 1.0
    if (" " in token.text or (token.name and len(token.text) > 4)) and token.text in text.folded:
        return 1.0
    return _KIN if not token.name and weak_root(token.text) in text.weak_roots else 0.0


def _han_support(run: str, text: Text) -> float:
    """By neighbouring characters, or by single ones, which a rewording keeps where it changes the word."""
    pairs = [run[at : at + 2] for at in range(len(run) - 1)]
    if not pairs:
        return 1.0 if run in text.folded else 0.0
    telling = [char for char in run if char not in EMPTY_HAN]
    singly = sum(char in text.folded for char in telling) / len(telling) if telling else 1.0
    return max(sum(pair in text.pairs for pair in pairs) / len(pairs), _KIN * singly)


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

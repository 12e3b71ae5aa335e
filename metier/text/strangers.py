"""Words of an answer that neither its passage nor its question has, with the signs that they name something else.

A rewording has such words as well. One that stands in the place of a word of the passage that the answer nowhere has,
among words that the passage has, is no rewording.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from metier.text.alignment import Fit, fit, within, worth
from metier.text.bearing import best_support
from metier.text.claims import Clause, Sentence, Text, Token
from metier.text.evidence import Signs, enough
from metier.text.grounding_names import beside
from metier.text.wordings import EMPTY, is_han

_PARTICLES = frozenset(
    re.findall(
        r"\w+",
        "of with in for to from by and or against on as than من مع في علي الي عن ضد او و ب ل 与 和 用 配 是 及 或",
    )
)
"""What stands before names."""
_NOUN = re.compile("[وفبك]?ال|لل")
_VERB = re.compile(r"[a-z]+(?:ed|ing|ly)$|[وف]?[يتن][ء-ي]{2}")


class Stranger(NamedTuple):
    """A word that the other text lacks, its clause, and what speaks for its being another thing."""

    token: Token
    clause: Clause
    signs: Signs


def named_otherwise(said: Text, known: Text, asked: Text) -> Iterator[tuple[str, str, str]]:
    """(rule, span, detail) of every word that names what the passage does not have."""
    for found in strangers(said, known, asked):
        if enough("drug", found.signs):
            yield "drug", found.token.text, ""


def strangers(said: Text, known: Text, asked: Text) -> Iterator[Stranger]:
    """The words that say something and stand neither in the passage nor in the question."""
    for sentence in said.sentences:
        if sentence.heading or sentence.text.endswith(("?", "؟")):
            continue
        for clause in sentence.clauses:
            borne = {token.at: best_support(token, (known, asked)) for token in clause.tokens if _names(token)}
            strange = [token for token in clause.tokens if borne.get(token.at, 1.0) < 0.5]
            if not strange:
                continue
            near = max(
                ((fit(clause, other), other) for other in known.clauses), key=lambda one: worth(one[0]), default=None
            )
            for token in strange:
                yield Stranger(token, clause, _signs(token, clause, sentence, borne, said, near))


def _names(token: Token) -> bool:
    return token.weight >= 0.5 and not token.quantity


def _signs(
    token: Token,
    clause: Clause,
    sentence: Sentence,
    borne: dict[int, float],
    said: Text,
    near: tuple[Fit, Clause] | None,
) -> Signs:
    around = [other for other in clause.tokens if other.at in borne and other.at != token.at]
    weight = sum(other.weight for other in around)
    aligned, other = near if near and worth(near[0]) else (Fit(0.0, 0.0), None)
    lost = [one for one in other.tokens if _names(one) and not _kept(one, clause, said)] if other else []
    beside_it = beside(clause, token.at)
    replaced = other is not None and any(not beside_it.isdisjoint(beside(other, one.at)) for one in lost)
    before = clause.tokens[token.at - 1].text if token.at else ""
    chinese, arabic = is_han(token.text), "ء" <= token.text[0] <= "ي"
    return {
        "unlisted": float(token.wording is EMPTY),
        "name": float(bool(token.name)),
        "capital": float(token.capital),
        "length": len(token.text) / (4 if chinese else 10),
        "verb": float(bool(_VERB.match(token.text))),
        "noun": float(bool(_NOUN.match(token.text))),
        "rest borne": sum(one.weight * borne[one.at] for one in around) / weight if weight else 0.5,
        "other strangers": min(sum(borne[one.at] < 0.5 for one in around), 3) / 3,
        "aligned": aligned.share,
        "in a lost one's place": float(replaced),
        "lost": min(sum(one.weight for one in lost), 4.0) / 4,
        "lost words": min(len(lost), 4) / 4,
        "after a particle": float(before in _PARTICLES),
        "table": float(sentence.text.startswith("|")),
        "number": float(bool(clause.quantities)),
        "chinese": float(chinese),
        "arabic": float(arabic),
        "chinese length": len(token.text) / 4 if chinese else 0.0,
    }


def _kept(token: Token, clause: Clause, said: Text) -> bool:
    """Whether a clause has a word of the passage, or the answer has it elsewhere."""
    return within(token, clause) >= 0.5 or best_support(token, (said,)) >= 0.5

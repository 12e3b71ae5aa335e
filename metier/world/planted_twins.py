"""Near twins: a leaflet that differs from another in one fact only, and so must never be merged with it."""

import random
from collections.abc import Sequence
from typing import Literal

from metier.world.planted_grammar import Grammar, Piece, flat

Fact = Literal["dose", "unit", "ingredient", "name", "negation"]
FACTS: tuple[Fact, ...] = ("dose", "unit", "ingredient", "name", "negation")
ENTITY = "brand"
"""The kind of the name that a leaflet is about."""


def twin(grammar: Grammar, pieces: Sequence[Piece], fact: Fact, entity: bool, rng: random.Random) -> list[Piece]:
    """The leaflet with one piece exchanged; a name is that of the entity, or another: of a person, a
    town, or what else the medicine is called."""
    kinds = {fact} if fact != "name" else {ENTITY} if entity else {"person", "town", "alias"}
    places = [place for place, piece in enumerate(pieces) if piece.kind in kinds]
    place = places[int(rng.random() * len(places))]
    kind, text = pieces[place]
    return [*pieces[:place], Piece(kind, _other(grammar, kind, text, rng)), *pieces[place + 1 :]]


def _other(grammar: Grammar, kind: str, text: str, rng: random.Random) -> str:
    if kind in ("unit", "negation"):
        low = text[0].lower() + text[1:]
        other = grammar.pairs(f"{kind}_pairs")[low]
        return other if low == text else other[0].upper() + other[1:]
    bank = {"dose": "amount", "ingredient": "drug", "alias": "drug"}.get(kind, kind)
    other = flat(grammar, bank, rng.random)
    while other == text or (kind == "dose" and _script(other) != _script(text)):
        other = flat(grammar, bank, rng.random)
    if text[0].isupper():
        other = other[0].upper() + other[1:]
    return other


def _script(number: str) -> str:
    """How a number is written: with European digits, with Arabic-Indic ones or in Chinese characters."""
    return "ascii" if number[0].isascii() else "indic" if number[0].isdigit() else "characters"

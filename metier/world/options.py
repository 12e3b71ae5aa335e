"""Questions with options: the key may stand anywhere."""

import random
from collections.abc import Sequence

from metier.records import Question

LETTERS = "ABCDEFGH"


def single(rng: random.Random, id: str, stem: str, choices: Sequence[str], labels: dict[str, str]) -> Question:
    """A question of which the first choice is right, its options in any order."""
    order = rng.sample(choices, len(choices))
    options = dict(zip(LETTERS, order, strict=False))
    key = frozenset({LETTERS[order.index(choices[0])]})
    return Question(id, stem, options=options, key=key, reference=choices[0], kind="single", labels=labels)


def yes_no(id: str, stem: str, truth: bool, words: tuple[str, str], labels: dict[str, str]) -> Question:
    """A question whose options are yes (A) and no (B)."""
    options = {"A": words[0], "B": words[1]}
    key = "A" if truth else "B"
    return Question(
        id, stem, options=options, key=frozenset({key}), reference=options[key], kind="yesno", labels=labels
    )

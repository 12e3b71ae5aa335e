"""What kind of question a text asks: why, how much, whether, a task to do, ..."""

import csv
import functools
import re

from metier.artefact import asset
from metier.text.normalise import bare_arabic, straight

OTHER = "other"


def question_kind(text: str) -> str:
    """The kind of a question by its words, in English, Chinese or Arabic, whichever knows it; "other" where none does.

    A text that asks in several ways is what comes first in the order of the table: why, how much, when, where, who,
    how, what, whether, task.
    """
    plain = straight(bare_arabic(text))
    for kind, pattern in _kinds():
        if pattern.search(plain):
            return kind
    return OTHER


@functools.cache
def _kinds() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The pattern of each kind over all languages: their scripts keep them apart."""
    kinds: dict[str, list[str]] = {}
    with (asset("asset:talk") / "questions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kinds.setdefault(row["kind"], []).append(bare_arabic(row["pattern"]))
    return tuple((kind, re.compile("|".join(some), re.I | re.M)) for kind, some in kinds.items())

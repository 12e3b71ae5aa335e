"""Other forms of a written name under which it is looked up too: without article, one of several, British."""

import functools
import re
from collections.abc import Iterable, Iterator

from metier.artefact import asset
from metier.text.bare import bare_text

Written = tuple[str, str]
"""A name as its table writes it, and the id of the entity that it names."""
TRAP = ""
"""The entity of words in which a name stands that is not meant."""

_BRITISH = (
    ("sulf", "sulph"), ("estr", "oestr"), ("hem", "haem"), ("edema", "oedema"), ("aluminum", "aluminium"),
    ("leuk", "leuc"), ("anesth", "anaesth"), ("emia", "aemia"), ("tumor", "tumour"), ("diarrhea", "diarrhoea"),
)  # fmt: skip
"""Spellings of American and British English that stand in the names of medicines and illnesses."""
_BRITON = re.compile("|".join(form for pair in _BRITISH for form in pair))
_SHORT = 5
"""Letters of a formula or abbreviation that is also known by the letters that look like its own."""
_ALONE = ("ss", "us", "is", "as", "os")
"""Ends of words in s that are not several of something."""


def varied(written: str, solid: str) -> Iterable[str]:
    """Other forms of a name than its own, ``solid``, that it has where no other name is written so.

    Arabic articles more or less, one for several, the other English spelling, KCI for KCl.
    """
    if "\u0621" <= solid[:1] <= "\u064a":
        return _unarticled(written, solid) if solid.startswith("ال") or not written.isalnum() else ()
    if len(solid) <= _SHORT and "l" in solid and not written.islower():
        return (solid.replace("l", "i"), solid.replace("l", "1"))
    return _one_and_british(solid) if solid[-1:] == "s" or _BRITON.search(solid) else ()


def _unarticled(written: str, solid: str) -> set[str]:
    first, *rest = map(_articled, bare_text(written).split())
    return {first + "".join(rest), "".join((first, *("ال" + word for word in rest)))} - {solid}


def _one_and_british(solid: str) -> Iterator[str]:
    if solid[-1] == "s" and len(solid) > 4 and not solid.endswith(_ALONE):
        yield solid[:-1]
    for american, british in _BRITISH:
        if british in solid:
            yield solid.replace(british, american)
        elif american in solid:
            yield solid.replace(american, british)


def words(written: str) -> Iterator[str]:
    """The bare words of a name, Arabic ones without their article."""
    for word in bare_text(written).split():
        yield _articled(word)


def _articled(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 4 else word


@functools.cache
def traps() -> dict[str, tuple[Written, ...]]:
    """Longer words in which names stand that they do not speak of, by their solid form, as (word, TRAP)."""
    lines = asset("asset:rules/traps.txt").read_text("utf-8").splitlines()
    some = [word.strip() for line in lines if not line.startswith("#") for word in line.split("|")]
    return {bare_text(word).replace(" ", ""): ((word, TRAP),) for word in some if word}

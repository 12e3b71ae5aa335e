"""What a record states and must not lose when records are merged: numbers with their units, negations, names.

Two records of one wording but other facts are not the same record: a dose, a unit or a name makes the difference.
"""

import functools
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from metier.artefact import asset
from metier.records import MetierError
from metier.text.words import words_of

Table = NDArray[np.uint64]
"""A set of hashes, as ``word_kernels.build_set`` lays it out."""


@dataclass(frozen=True)
class Lexicon:
    """The words and expressions that tell facts."""

    units: tuple[Table, Table]
    """First words, and whole expressions."""
    numerals: Table
    """Words that are numbers where a unit follows."""
    always: Table
    """Words that are facts wherever they stand: negations, how many times."""
    names: tuple[Table, Table]
    """First words, and whole expressions."""
    ordinary: Table
    """Words that name nothing."""
    sieve: NDArray[np.bool_]
    """False at the low 16 bits of a hash: the word begins none of these, nothing need be looked up."""


class Marked(Protocol):
    """Words as ``Words`` has them, or as they were put on disk."""

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """Flat."""
        ...

    @property
    def marks(self) -> NDArray[np.uint8]:
        """Flat."""
        ...

    @property
    def starts(self) -> NDArray[np.int64]:
        """Of every row."""
        ...

    @property
    def stops(self) -> NDArray[np.int64]:
        """Of every row."""
        ...


def facts(words: Marked, lexicon: Lexicon) -> NDArray[np.uint64]:
    """One hash for each text of its facts, shape (rows,); 0 where a text has none. Sentences may change places.

    Facts are numbers with the units behind them, negations, names of the lexicon, and words that begin with a capital
    inside a sentence.
    """
    from metier.text.facts_kernels import fact_hashes

    found: NDArray[np.uint64] = fact_hashes(
        words.hashes, words.marks, (words.starts, words.stops),
        (lexicon.units, lexicon.names), (lexicon.numerals, lexicon.always, lexicon.sieve),
    )  # fmt: skip
    return found


@functools.lru_cache(maxsize=4)
def lexicon(names: tuple[str, ...] = ()) -> Lexicon:
    """The words that tell facts in the languages that ship, and some names beside those of substances."""
    numerals, always = _words(_listed("numerals")), _words(_listed("always"))
    named = _expressions([*_listed("substances"), *names])
    sieve = np.zeros(1 << 16, np.bool_)
    for table in (numerals, always, named[0]):
        sieve[table[table != 0] & np.uint64(0xFFFF)] = True
    return Lexicon(_expressions(_listed("units")), numerals, always, named, _words(_listed("ordinary")), sieve)


def _listed(name: str) -> list[str]:
    text = (asset("asset:facts") / f"{name}.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _words(expressions: list[str]) -> Table:
    """The words of some expressions, each by itself."""
    from metier.text.word_kernels import build_set

    table: Table = build_set(np.unique(words_of(expressions).hashes))
    return table


def _expressions(some: list[str]) -> tuple[Table, Table]:
    """The first word of each expression, and the whole of it."""
    from metier.text.facts_kernels import LONGEST
    from metier.text.word_kernels import build_set, ngram_hashes

    found = words_of(some)
    if long := [name for name, count in zip(some, found.counts.tolist(), strict=True) if count > LONGEST]:
        raise MetierError(f"{long[0]!r} is longer than {LONGEST} words; shorten the name")
    firsts = found.hashes[found.starts[found.counts > 0]]
    whole = [found.take(found.counts == length) for length in range(1, LONGEST + 1)]
    grams = [ngram_hashes(one.hashes, one.starts, one.stops, n)[0] for n, one in enumerate(whole, 1)]
    return build_set(np.unique(firsts)), build_set(np.unique(np.concatenate(grams)))

"""The names of entities in a text: Aho-Corasick over its bare form, with offsets into the text as written.

Names are looked up without the blanks and signs inside them (``metier.text.bare``), so that vitamin-C, 维 生 素 C and
c e f t r i a x o n e are found; ``joined`` says which gaps a name may have, ``bounded`` where it may begin and end.
"""

import functools
import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from metier.records import Entity, MetierError
from metier.rules.firing import Mention, Way
from metier.rules.names_alike import alike, alike_table
from metier.rules.names_bounds import bounded, cased, joined
from metier.rules.names_forms import TRAP, Written, traps, varied, words
from metier.rules.names_near import near
from metier.rules.spelling import Spelling
from metier.rules.spelling_text import corrected, lettered
from metier.text.bare import Bare, bare, solid

_HAN = re.compile("[\u4e00-\u9fff]")


KEPT = 2048
"""Sentences whose mentions are kept."""
_STOPS = re.compile("(?<=[。！？])")


class _Lexicon(NamedTuple):
    """The automaton over some solid forms, and the names that are written so, in the same order."""

    automaton: Any
    written: Sequence[Sequence[Written]]


class Names:
    """Finds every name of some entities, leftmost-longest, at word boundaries where the script has words.

    It keeps which words were misspelt and what it found in the last Chinese sentences, and may be shared by threads.
    """

    def __init__(self, entities: Iterable[Entity], distance: int = 0) -> None:
        """``distance``: edits (Damerau-Levenshtein) within which a long name counts as misspelt; 0: none, at most 2.

        From 1 on Chinese names of four characters and more are known by characters that sound or look like their own.
        """
        if distance not in (0, 1, 2):
            raise MetierError(f"distance: {distance} is none of 0, 1, 2; with three edits a word is another word")
        held = list(entities)
        self._classes = frozenset(one.id for one in held if one.kind == "class")
        found = {**traps(), **_forms(held)}
        self._exact = _lexicon(found)
        self._spelling = Spelling(_words(found), distance, self._named) if distance else None
        self._sentence = functools.lru_cache(maxsize=KEPT)(self._find)

    @functools.cached_property
    def _alike(self) -> _Lexicon:
        """Made when the first Chinese text is read; others need none."""
        return _lexicon(alike(one for some in self._exact.written for one in some))

    def find(self, text: str) -> tuple[Mention, ...]:
        """The mentions of a text in order, none overlapping; of a name that two entities share, both.

        No name goes on behind a Chinese full stop: a reply that grows is not searched from its beginning each time.
        """
        found: list[Mention] = []
        at = 0
        for sentence in _STOPS.split(text):
            found += [Mention(one.entity, one.start + at, one.end + at, one.way) for one in self._sentence(sentence)]
            at += len(sentence)
        return tuple(found)

    def _find(self, text: str) -> tuple[Mention, ...]:
        form = bare(text)
        found = list(self._mentions(text, form, self._exact))
        if self._spelling and (plain := lettered(text)) != text:
            found = _merged(found, self._mentions(plain, bare(plain), self._exact))
        if self._spelling and _HAN.search(text):
            sounded = Bare(form.text.translate(alike_table()), form.at)
            found = _merged(found, self._mentions(text, sounded, self._alike))
        if self._spelling and (amended := corrected(form, [(one.start, one.end) for one in found], self._spelling)):
            found = _merged(found, self._mentions(text, amended, self._exact))
        return tuple(found)

    def near(self, said: str, most: int = 3) -> tuple[str, ...]:
        """At most so many names that are most like one that is not known, the nearest first."""
        return near(said, (name for some in self._exact.written for name, entity in some if entity != TRAP), most)

    def _named(self, word: str) -> set[str]:
        """The entities that one bare word names."""
        hits = self._exact.automaton.find_matches_as_indexes(word, overlapping=True)
        whole = [number for number, start, stop in hits if stop - start == len(word)]
        return {entity for number in whole for _, entity in self._exact.written[number]}

    def _mentions(self, text: str, form: Bare, lexicon: _Lexicon) -> Iterator[Mention]:
        hits = lexicon.automaton.find_matches_as_indexes(form.text.replace(" ", ""), overlapping=True)
        if not hits:
            return
        words = list(itertools.accumulate(map(len, form.text.split(" "))))  # letters before each blank
        end, known = 0, set[tuple[int, int]]()
        for number, start, stop in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            if start < end:
                continue
            begin, close = start + bisect_right(words, start), stop + bisect_right(words, stop - 1)
            if not bounded(form.text, begin, close):
                continue
            alone = close - begin == stop - start
            span = range(begin, close) if alone else [at + bisect_right(words, at) for at in range(start, stop)]
            first, last = form.at[begin], form.at[close - 1] + 1
            if not alone and "\n" in text[first:last]:
                known = known or {(one, other) for _, one, other in hits}
                if any((start, cut) in known and (cut, stop) in known for cut in _ends(text, form.at, start, span)):
                    continue  # two names, one a line
            for name, entity in lexicon.written[number]:
                if joined(text, form, span, name) and cased(text, first, last, name):
                    end = stop
                    if entity != TRAP:
                        yield Mention(entity, first, last, self._way(name, entity))

    def _way(self, name: str, entity: str) -> Way:
        if entity in self._classes:
            return "class"
        return "short" if len(name) <= 3 and name.isascii() else "name"


def _merged(found: list[Mention], amended: Iterable[Mention]) -> list[Mention]:
    """The names of a text, and those it has with its words set right: where they stand free, or are longer."""
    starts, ends = [one.start for one in found], [one.end for one in found]
    more, gone = [], set[int]()
    for one in amended:
        over = range(bisect_right(ends, one.start), bisect_left(starts, one.end))
        longer = all(one.start <= starts[at] and ends[at] <= one.end for at in over)
        if longer and not any((starts[at], ends[at]) == (one.start, one.end) for at in over):
            gone.update(over)
            more.append(Mention(one.entity, one.start, one.end, "class" if one.way == "class" else "misspelt"))
    kept = [one for at, one in enumerate(found) if at not in gone]
    return sorted(kept + more, key=lambda one: one.start)


def _ends(text: str, at: Sequence[int], start: int, span: Sequence[int]) -> Iterator[int]:
    """Where ends of lines cut the letters that stand at some places, counted in letters from ``start``."""
    for number, (one, other) in enumerate(itertools.pairwise(span), start + 1):
        if "\n" in text[at[one] : at[other]]:
            yield number


def _forms(entities: Sequence[Entity]) -> dict[str, tuple[Written, ...]]:
    """The names by the solid form under which they are looked up; what is derived yields to what is written."""
    written = [
        (some, entity.id)
        for entity in entities
        for name in entity.names
        for some in (name.name, *name.aliases, *name.brands, *name.salts)
    ]
    found: dict[str, tuple[Written, ...]] = {}
    more: dict[str, tuple[Written, ...]] = {}
    for one, form in zip(written, solid([name for name, _ in written]), strict=True):
        if form:
            found[form] = _with(found[form], one) if form in found else (one,)
            for other in varied(one[0], form):
                more[other] = _with(more.get(other, ()), one)
    return {**more, **found}


def _words(found: Mapping[str, Sequence[Written]]) -> set[str]:
    """The words of all names but Chinese; a name of letters alone is one, and its solid form is the word."""
    plain = [(form, some) for form, some in found.items() if form[0] < "\u2e80"]
    single = {form for form, some in plain if some[0][0].isalnum() and not form.startswith("ال")}
    return single.union(*(words(name) for _, some in plain for name, _ in some if not name.isalnum()))


def _with(some: tuple[Written, ...], one: Written) -> tuple[Written, ...]:
    return some if one in some else (*some, one)


def _lexicon(found: Mapping[str, Sequence[Written]]) -> _Lexicon:
    from ahocorasick_rs import AhoCorasick

    order = sorted(found)  # because the automaton is built from neighbours in a third less time
    return _Lexicon(AhoCorasick(order, store_patterns=False), [found[form] for form in order])

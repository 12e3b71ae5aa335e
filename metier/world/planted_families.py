"""The families of a planted corpus: what each of their documents is, made anew whenever it is asked for.

Members of a family that belong together (an original and its copies) form a group; member 0 is the original.
"""

import json
import random
from collections.abc import Callable
from typing import NamedTuple

from metier.records import Kind
from metier.world import planted_exam as exam
from metier.world import planted_noise as noise
from metier.world.planted_duplicates import CLOSE, EXACT, LEVELS, LONG, characters, exact, near
from metier.world.planted_grammar import Grammar, Piece, spans, text_of
from metier.world.planted_measure import overlap, shingles
from metier.world.planted_noise import line
from metier.world.planted_personal import PERSONAL, note
from metier.world.planted_texts import KINDS, Genre, genre_of, original, some_words, title_of
from metier.world.planted_twins import FACTS, twin


class Place(NamedTuple):
    """Which document of a family: the corpus's seed, the number of its group and which member of the group it is."""

    seed: int
    family: str
    number: int
    member: int

    def rng(self, grammar: Grammar, member: int) -> random.Random:
        """The generator of one member of the same group."""
        return random.Random(f"{self.seed}:planted:{self.family}:{grammar.language}:{self.number}:{member}")


class Made(NamedTuple):
    """A document before it has an id: ``of`` is the member it was made from, ``question`` the item that it leaks."""

    text: str
    truth: dict[str, str]
    kind: Kind = "web"
    source: str = "planted-a"
    of: int | None = None
    question: int | None = None


ORIGINAL = {"truth": "original"}
THREE_PERCENT = "3%"


def _one(grammar: Grammar, place: Place) -> Made:
    genre = genre_of(place.number)
    rng = place.rng(grammar, 0)
    return Made(text_of(original(grammar, genre, some_words(90, 560, rng), rng)), ORIGINAL, KINDS[genre])


def _exact(grammar: Grammar, place: Place) -> Made:
    """An original, a copy of the same bytes, and a copy in another form."""
    genre = genre_of(place.number)
    rng = place.rng(grammar, 0)
    text = text_of(original(grammar, genre, some_words(90, 400, rng), rng))
    text = f"{text}\n{line(grammar, 'byline', rng.random)}"
    if place.member == 0:
        return Made(text, ORIGINAL, KINDS[genre])
    edit = "copy"
    if place.member == 2:
        edit = EXACT[grammar.language][place.number % len(EXACT[grammar.language])]
        text = exact(text, edit, grammar, place.rng(grammar, 2))
    return Made(text, {"truth": "exact", "edit": edit}, KINDS[genre], "planted-b", of=0)


def _near(grammar: Grammar, place: Place) -> Made:
    """An original and a copy at a wished level; every second pair comes from two sources."""
    levels: tuple[float, ...] = (*LEVELS, 0.0) if grammar.language == "zh" else LEVELS
    turn, which = divmod(place.number, len(levels))
    level = levels[which]
    genres: tuple[Genre, ...] = ("news", "encyclopedia")
    genre = genre_of(turn) if level >= CLOSE else genres[turn // 2 % 2]
    rng = place.rng(grammar, 0)
    pieces = original(grammar, genre, some_words(LONG + 120 if level >= CLOSE else LONG, 580, rng), rng)
    base = text_of(pieces)
    if place.member == 0:
        return Made(base, ORIGINAL, KINDS[genre])
    if level:
        text = text_of(near(grammar, pieces, level, place.rng(grammar, 1)))
        truth = {"truth": "near", "edit": "words", "level": str(level), **_similarity(grammar, base, text)}
    else:
        text = characters(grammar, pieces, 0.03, place.rng(grammar, 1))
        truth = {"truth": "near", "edit": THREE_PERCENT, **_similarity(grammar, base, text)}
    return Made(text, truth, KINDS[genre], ("planted-a", "planted-b")[turn % 2], of=0)


def _similarity(grammar: Grammar, base: str, text: str) -> dict[str, str]:
    found = {"jaccard": f"{overlap(shingles(base), shingles(text)):.4f}"}
    if grammar.language == "zh":
        found["jaccard3"] = f"{overlap(shingles(base, 3), shingles(text, 3)):.4f}"
    return found


def _leaflet(grammar: Grammar, place: Place, least: int) -> list[Piece]:
    rng = place.rng(grammar, 0)
    return original(grammar, "leaflet", some_words(least, 480, rng), rng)


def _twin(grammar: Grammar, place: Place) -> Made:
    """A leaflet and one twin a kind of fact; a name is that of the medicine and that of its maker in turn."""
    pieces = _leaflet(grammar, place, 90)
    if place.member == 0:
        return Made(text_of(pieces), {**ORIGINAL, "title": title_of(pieces)}, "leaflet")
    fact = FACTS[place.member - 1]
    entity = place.number % 2 == 0
    pieces = twin(grammar, pieces, fact, entity, place.rng(grammar, place.member))
    truth = {"truth": "twin", "edit": fact, "title": title_of(pieces)}
    if fact != "name" or not entity:
        truth["conflict"] = "yes"
    return Made(text_of(pieces), truth, "leaflet", of=0)


def _conflict(grammar: Grammar, place: Place) -> Made:
    """A leaflet and what another source says of the same medicine: nearly the same words, another dose or unit."""
    pieces = _leaflet(grammar, place, 240)
    if place.member == 0:
        return Made(text_of(pieces), {**ORIGINAL, "title": title_of(pieces)}, "leaflet")
    base, rng, fact = pieces, place.rng(grammar, 1), FACTS[place.number % 2]
    pieces = twin(grammar, pieces, fact, False, rng)
    start = next(at for at, piece in enumerate(pieces) if piece.kind == "break")
    pieces = [*pieces[:start], *near(grammar, pieces[start:], 0.95, rng)]
    text = text_of(pieces)
    truth = {"truth": "conflict", "conflict": "yes", "edit": fact, "title": title_of(pieces)}
    return Made(text, {**truth, **_similarity(grammar, text_of(base), text)}, "leaflet", "planted-b", of=0)


def _question(grammar: Grammar, place: Place) -> Made:
    """One text twice, each time the answer to another question."""
    rng = place.rng(grammar, 0)
    text = text_of(original(grammar, "news", some_words(80, 200, rng), rng))
    asked = [line(grammar, f"stem_{subject}", rng.random) for subject in exam.SUBJECTS[:2]]
    truth = {"question": asked[place.member]}
    return Made(
        text,
        {**ORIGINAL, **truth} if place.member == 0 else {"truth": "question", **truth},
        of=0 if place.member else None,
    )


def _boilerplate(grammar: Grammar, place: Place) -> Made:
    rng = place.rng(grammar, 0)
    clean = noise.page(grammar, place.number, (90, 400), rng)
    return Made(noise.wrapped(grammar, clean, rng), {"truth": "boilerplate", "clean": clean})


def _bad(grammar: Grammar, place: Place) -> Made:
    fault = list(noise.FAULTS)[place.number % len(noise.FAULTS)]
    return Made(noise.bad(grammar, fault, place.rng(grammar, 0)), {"truth": "bad", "fault": fault})


def _good(grammar: Grammar, place: Place) -> Made:
    return Made(noise.good(grammar, place.rng(grammar, 0)), {"truth": "good"}, "literature")


def _personal(grammar: Grammar, place: Place) -> Made:
    pieces = note(grammar, place.rng(grammar, 0))
    found = json.dumps(spans(pieces, PERSONAL), ensure_ascii=False)
    return Made(
        text_of(pieces), {"truth": "personal", "personal": found}, "dialogue" if place.number % 7 == 6 else "web"
    )


def _leak(grammar: Grammar, place: Place) -> Made:
    how = exam.HOW[place.number % len(exam.HOW)]
    item = exam.question(grammar, "", place.number, Place(place.seed, "exam", place.number, 0).rng(grammar, 0))
    text = exam.leak(grammar, item, how, place.rng(grammar, 0))
    return Made(text, {"truth": "leak", "how": how}, question=place.number)


def _topic(grammar: Grammar, place: Place) -> Made:
    how = "question" if place.number % 4 == 3 else "prose"
    return Made(exam.topic(grammar, place.number, place.rng(grammar, 0)), {"truth": "topic", "how": how})


Maker = Callable[[Grammar, Place], Made]
MAKERS: dict[str, Maker] = {
    "original": _one, "exact": _exact, "near": _near, "twin": _twin, "conflict": _conflict, "question": _question,
    "boilerplate": _boilerplate, "bad": _bad, "good": _good, "personal": _personal, "leak": _leak, "topic": _topic,
}  # fmt: skip
MEMBERS = {"exact": 3, "near": 2, "twin": 1 + len(FACTS), "conflict": 2, "question": 2}
"""How many documents a group of a family has, where it is not one."""

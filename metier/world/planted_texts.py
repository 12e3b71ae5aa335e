"""Original texts: leaflets, encyclopaedia-like pages, news-like prose, dialogues; two of them share next to nothing."""

import random
from collections.abc import Sequence
from typing import Literal

from metier.records import Kind
from metier.world.planted_grammar import Draw, Grammar, Item, Piece, say, sentence, text_of

Genre = Literal["leaflet", "encyclopedia", "news", "dialogue"]
GENRES: tuple[Genre, ...] = ("leaflet", "encyclopedia", "news", "dialogue")
KINDS: dict[Genre, Kind] = {
    "leaflet": "leaflet", "encyclopedia": "encyclopedia", "news": "web", "dialogue": "dialogue",
}  # fmt: skip
MUST = ("leaflet_must_name", "leaflet_must_ingredient", "leaflet_must_dose", "leaflet_must_negation")
BREAK = "break"
"""The kind of what stands between two sentences."""
PARAGRAPH = 4
"""Sentences of a paragraph."""
CHARACTERS = {"en": 6.3, "zh": 1.12, "ar": 5.9}
"""Characters of a text per word, measured on these texts: a Chinese word is one character."""


def original(grammar: Grammar, genre: Genre, words: int, rng: random.Random) -> list[Piece]:
    """A text of about so many words: a title, then paragraphs (or turns) until it is long enough.

    A leaflet states each kind of fact in its first paragraph, so that a twin of any kind can be made of it.
    """
    draw = rng.random
    out = sentence(grammar, _pick(grammar, f"{genre}_title", draw), draw)
    if genre == "dialogue":
        return _dialogue(grammar, out, words, rng)
    enough = words * CHARACTERS[grammar.language]
    fixed = [_pick(grammar, bank, draw) for bank in MUST] if genre == "leaflet" else []
    pool = _shuffled(grammar.banks[genre], draw)
    length, number = sum(len(piece.text) for piece in out), 0
    while length < enough or number < len(fixed):
        out.append(Piece(BREAK, "\n" if number % PARAGRAPH == 0 else _space(grammar)))
        item = fixed[number] if number < len(fixed) else pool[number % len(pool)]
        some = sentence(grammar, item, draw)
        length += len(text_of(some)) + 1
        out += some
        number += 1
    return out


def some_words(least: int, most: int, rng: random.Random) -> int:
    """A length between two bounds, short ones oftener."""
    return least + int((most - least) * rng.random() ** 1.5)


def sentences(grammar: Grammar, bank: str, count: int, draw: Draw) -> str:
    """So many different sentences of a bank as one paragraph."""
    pool = _shuffled(grammar.banks[bank], draw)
    texts = [text_of(sentence(grammar, pool[at % len(pool)], draw)) for at in range(count)]
    return _space(grammar).join(texts)


def genre_of(index: int) -> Genre:
    """The genres in turn."""
    return GENRES[index % len(GENRES)]


def _dialogue(grammar: Grammar, out: list[Piece], words: int, rng: random.Random) -> list[Piece]:
    draw = rng.random
    one, _, other = say(grammar, "speakers", draw)[0].text.partition(" -> ")
    colon = "：" if grammar.language == "zh" else ": "
    pools = [_shuffled(grammar.banks[bank], draw) for bank in ("dialogue_one", "dialogue_two")]
    enough = words * CHARACTERS[grammar.language]
    length, turn = 0, 0
    while length < enough or turn < 4:
        pool = pools[turn % 2]
        out.append(Piece(BREAK, f"\n{(one, other)[turn % 2]}{colon}"))
        for at in range(2):
            some = sentence(grammar, pool[(turn + at) % len(pool)], draw)
            out += [Piece(BREAK, _space(grammar)), *some] if at else some
            length += len(text_of(some))
        turn += 1
    return out


def _pick(grammar: Grammar, bank: str, draw: Draw) -> Item:
    items = grammar.banks[bank]
    return items[int(draw() * len(items))]


def _shuffled(items: Sequence[Item], draw: Draw) -> list[Item]:
    return sorted(items, key=lambda _: draw())


def _space(grammar: Grammar) -> str:
    return "" if grammar.language == "zh" else " "


def title_of(pieces: Sequence[Piece]) -> str:
    """The first line."""
    return text_of(pieces).partition("\n")[0]

"""Copies of a text: exact ones, and near ones edited in ordinary words until they are as far away as was wished."""

import random
import re
import unicodedata
from collections.abc import Sequence

from metier.world.planted_grammar import ORDINARY, VOWELS, Grammar, Piece, text_of
from metier.world.planted_measure import words
from metier.world.planted_texts import BREAK

LEVELS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Wished Jaccard similarities of the near copies."""
LONG = 300
"""From how many words on sentences change places too, and how many a level of at least ``CLOSE`` needs."""
CLOSE = 0.85
EXACT = {"en": ("space", "case", "form"), "zh": ("space", "width"), "ar": ("space", "form", "vowels", "tatweel")}
"""How an exact copy differs in form from its original, by language."""
LOOSE = frozenset({"adj", "adv", "adj_m", "adj_f"})
"""Banks whose words may go or come without breaking the sentence."""
KEEP = frozenset(
    "零〇一二三四五六七八九十百千万亿两半双几不无未勿非禁没可以应需宜能别停莫克升毫微米年月日岁名件封座位尺元周天时次"
)
"""Characters that an edit of characters leaves alone: they may be a number, a unit or a negation."""


Edits = dict[int, str]
"""What stands in the place of a piece, by its number; a piece that goes is empty."""


def exact(text: str, edit: str, grammar: Grammar, rng: random.Random) -> str:
    """The same text in another form: white space, letter case, Unicode form, width, Arabic vowels or tatweel."""
    match edit:
        case "space":
            return _spaced(text, rng)
        case "case":
            return text.upper() if rng.random() < 0.3 else text.lower()
        case "form":
            return unicodedata.normalize("NFD", text)
        case "width":
            return text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
        case "vowels":
            known = grammar.pairs("vowelled")
            return " ".join(known.get(word, word) for word in text.split(" "))
        case "tatweel":
            return re.sub(r"(?<=[بتسشصعفقكلمن])(?=[اويهن])", lambda _: "ـ" if rng.random() < 0.1 else "", text)
    raise ValueError(f"no exact edit {edit!r}")


def _spaced(text: str, rng: random.Random) -> str:
    ends = rng.choice(("\n\n", " \n", "\r\n", "\n \t", "\n\u3000\u3000"))
    gaps = ("  ", "\u00a0", "\t", " \n", " ", " ", " ", " ", " ", " ")
    lines = [
        "".join(rng.choice(gaps) if part == " " else part for part in re.split("( )", line))
        for line in text.split("\n")
    ]
    return " " + ends.join(lines) + "\n "


def near(grammar: Grammar, pieces: Sequence[Piece], level: float, rng: random.Random) -> list[Piece]:
    """The text with several ordinary words exchanged, gone or added, about ``level`` of its 5-grams in common.

    Names, numbers, units, ingredients and negations stay as they are. The similarity is aimed at, not promised: what it
    came to is for the caller to count.
    """
    starts, total = _word_places(grammar, pieces)
    size = max(total - 4, 1)
    budget = (1 - level) / (1 + level) * size
    dead = bytearray(total + 8)
    edits: Edits = {}
    lost, done = 0, 0
    swaps = _swaps(pieces, starts, rng) if total >= LONG and level < CLOSE and rng.random() < 0.5 else []
    for _, _, borders in swaps:
        lost += sum(_kill(dead, at, at) for at in borders)
    places = [place for place, piece in enumerate(pieces) if piece.kind[:1] == ORDINARY]
    rng.shuffle(places)
    for place in places:
        low, high = starts[place], max(starts[place + 1], starts[place] + 1)
        cost = dead[max(low - 4, 0) : high].count(0)
        if lost + cost / 2 > budget and done > 1:
            break
        edited = _edit(grammar, pieces, place, rng)
        if edited is None or any(other in edits for other in edited):
            continue
        lost += _kill(dead, low, high)
        edits.update(edited)
        done += 1
    return _applied(pieces, edits, swaps)


def _kill(dead: bytearray, low: int, high: int) -> int:
    """Mark the 5-grams that begin in or before words low to high as changed; how many were not so before."""
    first = max(low - 4, 0)
    fresh = dead[first:high].count(0)
    dead[first:high] = b"\x01" * (high - first)
    return fresh


def _word_places(grammar: Grammar, pieces: Sequence[Piece]) -> tuple[list[int], int]:
    """The number of words before each piece (and before the end), and of all words."""
    starts, total, glued = [], 0, False
    for piece in pieces:
        starts.append(total)
        text = piece.text
        if grammar.language == "zh":
            total += len(text) - sum(map(text.count, "，。、：；？！“”\n"))
        else:
            total += len(text.split()) - (glued and not text[:1].isspace())
            glued = not text[-1:].isspace()
    return [*starts, total], total


def _edit(grammar: Grammar, pieces: Sequence[Piece], place: int, rng: random.Random) -> Edits | None:
    kind, text = pieces[place]
    bank = kind[1:]
    values = grammar.values(bank)
    before = pieces[place - 1].text if place else ""
    chance = rng.random()
    if bank in LOOSE and chance < 0.2:
        return _gone(grammar, pieces, place, before)
    other = values[int(rng.random() * len(values))]
    if grammar.language == "en":
        if before[-3:].lower().lstrip() in ("a ", "an ") and (other[0] in VOWELS) != (text[0] in VOWELS):
            return None
        if text[0].isupper():
            other = other[0].upper() + other[1:]
    if other == text:
        return None
    if bank in LOOSE and chance < 0.4:
        return {place: f"{text}{'' if grammar.language == 'zh' else ' '}{other.lower()}"}
    return {place: other}


def _gone(grammar: Grammar, pieces: Sequence[Piece], place: int, before: str) -> Edits | None:
    """The word and the space beside it gone, where that leaves a sentence."""
    following = pieces[place + 1 : place + 3]
    match grammar.language:
        case "zh":
            return {place: ""} if following and following[0].kind[:1] == ORDINARY else None
        case "ar":
            return {place - 1: "", place: ""} if before == " " else None
    lone = before[-3:].lower().lstrip() in ("a ", "an ") or pieces[place].text[0].isupper()
    fits = len(following) == 2 and following[0].text == " " and following[1].kind[:1] == ORDINARY
    return {place: "", place + 1: ""} if fits and not lone else None


Swap = tuple[tuple[int, int], tuple[int, int], tuple[int, ...]]
"""Two runs of pieces that change places, and the words before which something changes by that."""


def _swaps(pieces: Sequence[Piece], starts: Sequence[int], rng: random.Random) -> list[Swap]:
    """One pair of neighbouring sentences, neither of them the title."""
    breaks = [place for place, piece in enumerate(pieces) if piece.kind == BREAK]
    ends = [*breaks[1:], len(pieces)]
    if len(breaks) < 3:
        return []
    at = rng.randrange(len(breaks) - 1)
    one, other = (breaks[at] + 1, ends[at]), (breaks[at + 1] + 1, ends[at + 1])
    return [(one, other, (starts[one[0]], starts[other[0]], starts[other[1]]))]


def _applied(pieces: Sequence[Piece], edits: Edits, swaps: Sequence[Swap]) -> list[Piece]:
    new = [Piece(piece.kind, edits[place]) if place in edits else piece for place, piece in enumerate(pieces)]
    for (low, middle), (start, stop), _ in swaps:
        new = [*new[:low], *new[start:stop], *new[middle:start], *new[low:middle], *new[stop:]]
    return new


def characters(grammar: Grammar, pieces: Sequence[Piece], share: float, rng: random.Random) -> str:
    """The text with this share of its Chinese characters exchanged for others; names, numbers and units stay."""
    text = list(text_of(pieces))
    free, at = [], 0
    for kind, part in pieces:
        if not kind or kind[:1] == ORDINARY:
            free += [at + place for place, char in enumerate(part) if "\u4e00" <= char <= "\u9fff" and char not in KEEP]
        at += len(part)
    others = _ordinary_characters(grammar)
    for place in rng.sample(free, min(round(share * len(words("".join(text)))), len(free))):
        old = text[place]
        while text[place] == old:
            text[place] = others[int(rng.random() * len(others))]
    return "".join(text)


def _ordinary_characters(grammar: Grammar) -> list[str]:
    banks = ("adj", "thing", "prof", "place", "topic", "crop", "food")
    return sorted({char for bank in banks for value in grammar.values(bank) for char in value} - KEEP)

"""Texts from banks of wording: every word of a planted text stands in ``assets/planted/LANGUAGE``.

A file holds banks. ``town:name = a | b`` is the bank ``town`` whose values are of the kind ``name``; ``adj* = a | b``
is a bank of ordinary words; ``[leaflet]`` opens a bank of one item a line; a line that is indented goes on with the
line before. An item may hold slots: ``{adj}`` draws from a bank, ``{ingredient:drug}`` draws from ``drug`` and marks
what is drawn as an ingredient. A marked value is one piece of the text, so its place is known exactly.
"""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from metier.artefact import asset
from metier.records import MetierError

ORDINARY = "~"
"""The first character of the kind of an ordinary word; the rest is its bank."""
CAPITALS = frozenset({"en"})
"""Languages whose sentences begin with a capital letter."""
VOWELS = frozenset("aeiou")


class Piece(NamedTuple):
    """A stretch of text and its kind: empty for fixed wording, ``~BANK`` for an ordinary word, else what it states."""

    kind: str
    text: str


class Slot(NamedTuple):
    """Where an item draws from a bank; an empty kind leaves the pieces of what is drawn apart.

    ``options`` are the pieces that may be drawn where the bank is plain words, and empty where its items have slots.
    """

    kind: str
    bank: str
    options: tuple[Piece, ...]


Item = tuple[Piece | Slot, ...]
Draw = Callable[[], float]
"""A uniform number of [0, 1): the ``random`` of a ``random.Random``."""


class Grammar(msgspec.Struct, frozen=True):
    """The banks of one language."""

    language: str
    banks: dict[str, tuple[Item, ...]]

    def values(self, bank: str) -> list[str]:
        """The items of a bank that are plain words, without slots."""
        return [item[0].text for item in self.banks[bank] if len(item) == 1 and isinstance(item[0], Piece)]

    def pairs(self, bank: str) -> dict[str, str]:
        """The items ``one -> other`` of a bank, in both directions."""
        there = dict(value.split(" -> ") for value in self.values(bank))
        return {**there, **{other: one for one, other in there.items()}}


def text_of(pieces: Iterable[Piece]) -> str:
    """The pieces joined."""
    return "".join([piece.text for piece in pieces])


def say(grammar: Grammar, bank: str, draw: Draw) -> list[Piece]:
    """One item of a bank, its slots filled."""
    items = grammar.banks[bank]
    out: list[Piece] = []
    _expand(grammar, items[int(draw() * len(items))], draw, out)
    return out


def flat(grammar: Grammar, bank: str, draw: Draw) -> str:
    """One item of a bank as plain text."""
    return text_of(say(grammar, bank, draw))


def sentence(grammar: Grammar, item: Item, draw: Draw) -> list[Piece]:
    """An item as a sentence: its slots filled, its first letter a capital where the language has them."""
    out: list[Piece] = []
    _expand(grammar, item, draw, out)
    if grammar.language in CAPITALS and out:
        kind, text = out[0]
        out[0] = Piece(kind, text[:1].upper() + text[1:])
        _articles(out)
    return out


def _articles(out: list[Piece]) -> None:
    """English: ``an`` before a vowel, and before eight and eighty."""
    for place in range(1, len(out)):
        kind, text = out[place - 1]
        if text.endswith(" a ") or text in ("a ", "A "):
            following = out[place].text[:1]
            if following in VOWELS or following == "8":
                out[place - 1] = Piece(kind, text[:-1] + "n ")


def _expand(grammar: Grammar, item: Item, draw: Draw, out: list[Piece]) -> None:
    last = None
    for part in item:
        if isinstance(part, Piece):
            out.append(part)
            continue
        _, bank, options = part
        if options:
            piece = options[int(draw() * len(options))]
            if piece is last:
                piece = options[int(draw() * len(options))]
            last = piece
            out.append(piece)
            continue
        items = grammar.banks[bank]
        chosen = items[int(draw() * len(items))]
        if part.kind:
            inner: list[Piece] = []
            _expand(grammar, chosen, draw, inner)
            out.append(Piece(part.kind, text_of(inner)))
        else:
            _expand(grammar, chosen, draw, out)


@functools.cache
def grammar(language: str) -> Grammar:
    """The wording of one language, read once."""
    return read_grammar(asset("asset:planted") / language, language)


def read_grammar(place: Path, language: str) -> Grammar:
    """The wording in a directory of ``*.txt``; MetierError names the file, the line and what is wrong with it."""
    found: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    for path in sorted(place.glob("*.txt")):
        for name, kind, items in _banks(path):
            if name in found:
                raise MetierError(f"{path}: the bank {name!r} stands there twice; give one another name")
            found[name] = items
            kinds[name] = kind
    texts = "\n".join(text for items in found.values() for text in items)
    wanted: dict[str, set[str]] = {}
    for kind, name in re.findall(r"\{(\w+):(\w+)\}", texts):
        wanted.setdefault(name, set()).add(kind)
    plain = {name: () if "{" in "".join(items) else tuple(items) for name, items in found.items()}
    slots: dict[tuple[str, str], Slot] = {}
    for name, values in plain.items():
        for kind in ("", *wanted.get(name, ()), kinds[name]):
            slots[kind, name] = Slot(kind, name, tuple(Piece(kind, text) for text in values))
    banks = {name: tuple(_item(place, kinds, slots, text) for text in items) for name, items in found.items()}
    return Grammar(language, banks)


def _banks(path: Path) -> list[tuple[str, str, list[str]]]:
    out: list[tuple[str, str, list[str]]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if head := re.fullmatch(r"\[(\w+)\]", line):
            out.append((head[1], "", []))
        elif head := re.match(r"(\w+)(\*|:\w+)? = ?", line):
            kind = ORDINARY + head[1] if head[2] == "*" else (head[2] or ":")[1:]
            out.append((head[1], kind, _items(line[head.end() :])))
        elif not out:
            raise MetierError(f"{path}:{number}: {line[:40]!r} belongs to no bank; begin with NAME = or [NAME]")
        elif line[0].isspace():
            out[-1][2].extend(_items(line))
        else:
            out[-1][2].append(line)
    return out


def _items(line: str) -> list[str]:
    return [item.strip() for item in line.split("|") if item.strip()]


def _item(place: Path, kinds: dict[str, str], slots: dict[tuple[str, str], Slot], text: str) -> Item:
    parts: list[Piece | Slot] = []
    for number, part in enumerate(re.split(r"(\{[\w:]+\})", text)):
        if number % 2 == 0:
            parts += [Piece("", part)] if part else []
            continue
        kind, _, bank = part[1:-1].rpartition(":")
        if bank not in kinds:
            raise MetierError(f"{place}: {text[:60]!r} draws from {bank!r}, which is no bank; mend the wording")
        parts.append(slots[kind or kinds[bank], bank])
    return tuple(parts)


def spans(pieces: Sequence[Piece], kinds: frozenset[str]) -> list[tuple[int, int, str, str]]:
    """(start, stop, kind, text) of every piece of these kinds, in characters of the joined text."""
    out, at = [], 0
    for kind, text in pieces:
        if kind in kinds:
            out.append((at, at + len(text), kind, text))
        at += len(text)
    return out

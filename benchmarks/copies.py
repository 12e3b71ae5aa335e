"""Copies planted in real prose, and a yardstick for whoever removes them that shares no code with either side.

A copy is edited in words that state nothing: numbers, negations, capitals and titles stay as they are, so that it says
what its original says. Cut copies are the exception: they lost their end, and with it whatever was stated there.
"""

import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from metier.world.planted import jaccard
from metier.world.planted_measure import words

EVERY = 10
"""Of so many texts one has a copy."""
FRAME = (
    "Home | Contents | Index | Search this site",
    "Skip to the main content",
    "You are reading an archived copy of this page.",
    "Share this page | Print this page | Send it to a friend",
    "All rights reserved. Terms of use and privacy.",
    "Was this page helpful? Tell the editors what is missing.",
)
_WORD = re.compile(r"(?<![\w'.-])[a-z]{6,}(?![\w'.-])")
_GAP = re.compile(r"[ \n]+")


class Copy(NamedTuple):
    """A planted copy: its id, that of its original, how it was edited, the Jaccard similarity of word 5-grams."""

    id: str
    of: str
    edit: str
    jaccard: float


def planted(texts: Iterable[str], seed: int) -> tuple[dict[str, str], list[Copy]]:
    """Texts by id, in random order, with a copy of every tenth among them; and what was planted."""
    rng = random.Random(seed)
    found: list[tuple[str, str]] = []
    copies: list[Copy] = []
    for number, text in enumerate(texts):
        found.append((f"t{number}", text))
        if number % EVERY == 0:
            edit = tuple(EDITS)[len(copies) % len(EDITS)]
            edited = EDITS[edit](text, rng)
            if edited != text:
                copies.append(Copy(f"c{number}", f"t{number}", edit, jaccard(text, edited)))
                found.append((f"c{number}", edited))
    rng.shuffle(found)
    return dict(found), copies


def _formed(text: str, rng: random.Random) -> str:
    """The same words in other lines and spaces."""
    return " " + _GAP.sub(lambda _: rng.choice((" ", " ", "  ", "\n")), text) + "\n"


def _framed(text: str, rng: random.Random) -> str:
    """Lines of a page around the text."""
    lines = rng.sample(FRAME, 4)
    return "\n".join([*lines[:2], text, *lines[2:]])


def _typed(text: str, rng: random.Random) -> str:
    """Letters that changed places in one long lower-case word of a hundred, three at least."""
    places = [match.start() for match in _WORD.finditer(text)]
    some = sorted(rng.sample(places, min(len(places), max(3, len(text) // 600))), reverse=True)
    for at in some:
        by = at + 1 + rng.randrange(4)
        text = f"{text[:by]}{text[by + 1]}{text[by]}{text[by + 2 :]}"
    return text


def _dropped(text: str, rng: random.Random) -> str:
    """One long lower-case word of a hundred lost, three at least."""
    places = list(_WORD.finditer(text))
    some = rng.sample(places, min(len(places), max(3, len(text) // 600)))
    for match in sorted(some, key=lambda match: -match.start()):
        text = text[: match.start()] + text[match.end() :].lstrip(" ")
    return text


def _cut(text: str, rng: random.Random) -> str:
    """The text without its last tenth."""
    return text[: round(len(text) * (0.85 + 0.1 * rng.random()))]


EDITS = {"form": _formed, "frame": _framed, "typos": _typed, "lost words": _dropped, "cut": _cut}


def shingles(text: str, size: int) -> NDArray[np.uint64]:
    """Hashes of the distinct word n-grams of a text, ascending; marks and tatweel do not count."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    some = words(bare.replace("\u0640", ""))
    grams = {" ".join(some[at : at + size]) for at in range(max(1, len(some) - size + 1))} if some else set()
    return np.sort(np.fromiter((xxhash.xxh3_64_intdigest(gram.encode()) for gram in grams), np.uint64, len(grams)))


def nearest(texts: Mapping[str, str], kept: Iterable[str], size: int) -> Iterator[tuple[str, float]]:
    """Every id that is not kept, with the Jaccard similarity of the kept text that is most like it: every one of them
    is compared.
    """
    stays = set(kept)
    ids = [id for id in texts if id in stays]
    sets = [shingles(texts[id], size) for id in ids]
    sizes = np.array([len(one) for one in sets], np.int64)
    keys = np.concatenate([*sets, np.empty(0, np.uint64)])
    order = np.argsort(keys, kind="stable")
    keys, owner = keys[order], np.repeat(np.arange(len(sets)), sizes)[order]
    for id, text in texts.items():
        if id in stays:
            continue
        mine = shingles(text, size)
        low, high = np.searchsorted(keys, mine), np.searchsorted(keys, mine, side="right")
        places = np.concatenate([np.arange(a, b) for a, b in zip(low, high, strict=True)] or [np.empty(0, np.int64)])
        both = np.bincount(owner[places], minlength=len(sets)) if len(places) else np.zeros(len(sets), np.int64)
        either = len(mine) + sizes - both
        yield id, float((both / np.maximum(either, 1)).max(initial=0.0))

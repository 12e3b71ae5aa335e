"""Names of drugs that do not exist, split by a pure rule into those a base may see and those a recipe may use."""

import random
from collections.abc import Iterator
from typing import Literal

from metier.records import MetierError

Partition = Literal["fresh", "throwaway"]
Parts = tuple[tuple[str, ...], ...]
Choice = tuple[int, ...]
"""The index of one syllable in each part: a name before it is spelt."""


def partition(choice: Choice) -> Partition:
    """Whom a name belongs to: three of eight remainders are thrown away on the base, five stay fresh for recipes."""
    return "throwaway" if sum(choice) % 8 < 3 else "fresh"


def spell(parts: Parts, choice: Choice) -> str:
    """The name of a choice of syllables."""
    return "".join(part[index] for part, index in zip(parts, choice, strict=True))


def capacity(parts: Parts, which: Partition) -> int:
    """How many names a partition has."""
    counts = [1] + [0] * 7
    for part in parts:
        grown = [0] * 8
        for index in range(len(part)):
            for remainder, count in enumerate(counts):
                grown[(remainder + index) % 8] += count
        counts = grown
    return sum(count for remainder, count in enumerate(counts) if partition((remainder,)) == which)


def names(seed: int, parts: Parts, which: Partition, count: int, twin_every: int) -> Iterator[str]:
    """Distinct names of one partition; every ``twin_every``-th is one syllable away from the name before it.

    Asking for more names keeps the first ones. At most half of a partition is handed out.
    """
    most = capacity(parts, which) // 2
    if count > most:
        raise MetierError(
            f"drugs: {count} is more than the {most} {which} names that the world can give; ask for fewer"
        )
    rng = random.Random(f"{seed}:names:{which}")
    taken: set[Choice] = set()
    last: Choice = ()
    for index in range(count):
        near = _near(parts, which, last, taken) if index % twin_every == twin_every - 1 else []
        choice = rng.choice(near) if near else _draw(rng, parts, which, taken)
        taken.add(choice)
        last = choice
        yield spell(parts, choice)


def _draw(rng: random.Random, parts: Parts, which: Partition, taken: set[Choice]) -> Choice:
    while True:
        choice = tuple(rng.randrange(len(part)) for part in parts)
        if partition(choice) == which and choice not in taken:
            return choice


def _near(parts: Parts, which: Partition, choice: Choice, taken: set[Choice]) -> list[Choice]:
    """The free names of the partition that differ from a name in one syllable, by as few letters as can be."""
    others = [
        (*choice[:place], index, *choice[place + 1 :])
        for place, part in enumerate(parts[: len(choice)])
        for index in range(len(part))
        if index != choice[place]
    ]
    free = [other for other in others if partition(other) == which and other not in taken]
    name = spell(parts, choice) if choice else ""
    letters = [sum(a != b for a, b in zip(name, spell(parts, other), strict=True)) for other in free]
    return [other for other, count in zip(free, letters, strict=True) if count == min(letters)]

"""The proof that prompts of several uses are apart: how many each has, and which are the nearest to each other."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from metier.preferences.near import Rarity, near
from metier.text.held import position

SOME = 500
"""Prompts of each use, and questions, among which the nearest are looked for; that none is as alike as `alike` holds
for all."""
FAINT = 0.05
"""Below this likeness nothing is called near."""


class Text(msgspec.Struct, frozen=True):
    """A prompt or a question: its id, what it is for, and its words as they are compared."""

    id: str
    use: str
    text: str


class Nearest(msgspec.Struct, frozen=True):
    """The two most alike texts of two uses, among ``of`` texts of each at most; 0 where none share anything."""

    one: str
    other: str
    similarity: float
    ids: tuple[str, ...]
    of: int


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept apart from what."""

    prompts: dict[str, int]
    """Use -> prompts that are left for it."""
    with_reference: dict[str, int]
    """Use -> those of them with a standard answer."""
    questions: int
    """Different texts of exam questions, and of prompts kept apart, that no prompt may hold."""
    dropped: dict[str, int]
    common: int
    """Normalised texts that two uses, or a use and an exam, have in common."""
    alike: float
    """No two texts of two uses are as alike as this."""
    nearest: tuple[Nearest, ...]


def notes(
    texts: Sequence[Text], replied: Mapping[str, int], dropped: Mapping[str, int], alike: float, rarity: Rarity
) -> Notes:
    """Count the texts of every use, and look for the nearest."""
    uses: dict[str, set[str]] = defaultdict(set)
    for one in texts:
        uses[one.text].add(one.use)
    counts = Counter(one.use for one in texts)
    items = counts.pop("exam", 0) + counts.pop("apart", 0)
    return Notes(
        prompts=dict(sorted(counts.items())),
        with_reference=dict(sorted(replied.items())),
        questions=items,
        dropped=dict(sorted(dropped.items())),
        common=sum(len(some) > 1 for some in uses.values()),
        alike=alike,
        nearest=tuple(_nearest(texts, rarity)),
    )


def _nearest(texts: Sequence[Text], rarity: Rarity) -> Iterator[Nearest]:
    """For every two uses, the two texts that are most alike, among some of each by a hash of their ids."""
    by_use: dict[str, list[Text]] = defaultdict(list)
    for one in texts:
        by_use[one.use].append(one)
    some = [
        one
        for use in sorted(by_use)
        for one in sorted(by_use[use], key=lambda text: position(text.id, "nearest"))[:SOME]
    ]
    best: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = {}
    for pair in near([one.text for one in some], FAINT, rarity):
        one, other = some[pair.one], some[pair.other]
        if one.use != other.use and pair.similarity > best.get((one.use, other.use), (0.0, ()))[0]:
            best[one.use, other.use] = (pair.similarity, (one.id, other.id))
    for one_use, other_use in combinations(sorted(by_use), 2):
        if {one_use, other_use} != {"exam", "apart"}:
            value, ids = best.get((one_use, other_use), (0.0, ()))
            yield Nearest(one_use, other_use, round(value, 4), ids, SOME)

"""The drugs of the world: a name each, and one value for every fact, drawn uniformly and independently."""

import random
from collections.abc import Iterator

from metier.records import Record
from metier.world.names import Partition, names
from metier.world.wording import DrugWording

TWIN_EVERY = 10
"""Every tenth drug is the name-twin of the one before it: another name, the same facts, the same pages."""


class Drug(Record, frozen=True):
    """One drug; ``twin`` names the drug whose facts and pages it shares, or nothing."""

    index: int
    name: str
    facts: dict[str, str]
    twin: str = ""

    @property
    def family(self) -> int:
        """The index that a drug and its name-twin share: whatever is told of one is told of both."""
        return self.index - 1 if self.twin else self.index

    @property
    def model(self) -> str:
        """The name under which its facts and pages are drawn."""
        return self.twin or self.name


def make(seed: int, count: int, which: Partition, wording: DrugWording) -> Iterator[Drug]:
    """The first ``count`` drugs of a seed; more drugs keep the first ones as they are."""
    before = ""
    for index, name in enumerate(names(seed, wording.names.parts, which, count, TWIN_EVERY)):
        twin = before if index % TWIN_EVERY == TWIN_EVERY - 1 else ""
        rng = random.Random(f"{seed}:{twin or name}:facts")
        facts = {fact: rng.choice(known.values) for fact, known in wording.facts.items()}
        yield Drug(index, name, facts, twin)
        before = name

"""Case cards about the drugs of the pharmacopoeia: who is ill with what, and what a doctor should find."""

import random
from collections.abc import Iterator
from typing import Annotated

import msgspec

from metier.records import Config, Document
from metier.text.patterns import fill
from metier.world import drugs
from metier.world.names import Partition
from metier.world.pages import LICENCE
from metier.world.teacher_wording import teacher_wording
from metier.world.wording import drug_wording

SOURCE = "case"


class Cases(Config, frozen=True):
    """Which cards to write, and how many."""

    drugs: Annotated[int, msgspec.Meta(ge=1)] = 60
    """How many drugs have a case: the same drugs as those of `world.write` with this seed and number."""
    names: Partition = "fresh"
    """`fresh` names for a recipe, `throwaway` names for training a base, as in `world.write`."""
    language: Annotated[str, msgspec.Meta(extra={"files": "asset:world/{}"})] = "en"
    """The directory of `assets/world` that holds the wording."""


def cases(seed: int, config: Cases) -> Iterator[Document]:
    """Write a card for every drug that is no twin: what its patient knows, and in ``meta["known"]`` what helps."""
    wording, says = drug_wording(config.language), teacher_wording(config.language)
    for drug in drugs.make(seed, config.drugs, config.names, wording):
        if drug.twin:
            continue
        rng = random.Random(f"{seed}:{drug.name}:case")
        values = {**drug.facts, "drug": drug.name, "days": str(rng.randint(3, 9)), "age": str(rng.randint(20, 79))}
        meta = {"drug": drug.name, "known": fill(says.known, values)}
        text = fill(says.card, values)
        yield Document(f"{drug.name}:case", text, SOURCE, "dialogue", config.language, LICENCE, meta=meta)

"""Matches whose better reply is known, for judges that are to find it."""

from collections.abc import Iterator
from random import Random
from typing import Annotated

import msgspec

from metier.records import Answer, Config, Conversation, Message, Verdict
from metier.world.planted_judges import planted_reply

SOURCE, RATER = "planted", "human"
WORDS = 12
"""Words of the shorter reply of a match; the longer one has half as many more."""


class PlantedMatches(Config, frozen=True):
    """How many matches, and what tempts a judge."""

    matches: Annotated[int, msgspec.Meta(ge=1)] = 4000
    """Prompts with two replies each, of which one is the better."""
    longer: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    """Chance that the better reply is the longer one."""


def planted_matches(seed: int, config: PlantedMatches) -> Iterator[Conversation | Answer | Verdict]:
    """Write prompts with a standard answer, two replies to each, and the verdict of one who knows which is better.

    Each is drawn from the seed and its own number, so that more matches leave the first as they are.
    """
    for number in range(config.matches):
        draw = Random(f"{seed}:match:{number}")
        id = f"match-{number:06}"
        asked = f"What helps in case {number}?"
        standard = planted_reply(9.0, WORDS, f"{seed}:{id}")
        yield Conversation(id, (Message("user", asked), Message("assistant", standard)), SOURCE, "en")
        lengths = (WORDS + WORDS // 2, WORDS)
        better, worse = lengths if draw.random() < config.longer else lengths[::-1]
        quality = sorted(draw.sample(range(10000, 100000), 2), reverse=True)
        texts = [
            planted_reply(grade / 10000, words, f"{seed}:{id}:{grade}")
            for grade, words in zip(quality, (better, worse), strict=True)
        ]
        left = draw.randrange(2)
        for place in range(2):
            yield Answer(f"{id}/{place}", id, "planted", texts[place ^ left])
        yield Verdict(id, f"{id}/0", f"{id}/1", "right" if left else "left", True, RATER)

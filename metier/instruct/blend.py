"""Mix conversations of several sources in chosen numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
import xxhash

from metier.records import Config, Conversation, Dropped, MetierError
from metier.text.suggest import did_you_mean


class Blend(Config, frozen=True):
    """How much of each source, and what it is called from here on."""

    take: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = msgspec.field(default_factory=dict)
    """Source to how many of its conversations at most; a source that is not named is taken whole."""
    rename: dict[str, str] = msgspec.field(default_factory=dict)
    """Source to its new name, which the trainer's priorities go by."""


def blend(conversations: Iterable[Conversation], seed: int, config: Blend) -> Iterator[Conversation | Dropped]:
    """Keep the chosen number of each source, drawn by a seeded hash of the ids; the order stays as it was."""
    given = list(conversations)
    sizes = Counter(conversation.source for conversation in given)
    for setting, names in (("take", config.take), ("rename", config.rename)):
        for name in names:
            if name not in sizes:
                raise MetierError(f"{setting}: no conversation has the source {name!r}; {did_you_mean(name, sizes)}")
    out = _beyond(given, seed, config.take)
    for number, conversation in enumerate(given):
        if number in out:
            yield Dropped(conversation.id, "beyond the share of its source")
        elif conversation.source in config.rename:
            yield msgspec.structs.replace(conversation, source=config.rename[conversation.source])
        else:
            yield conversation


def _beyond(given: list[Conversation], seed: int, take: dict[str, int]) -> set[int]:
    """The positions that the draw leaves out."""
    drawn: dict[str, list[tuple[int, int]]] = {name: [] for name in take}
    for number, conversation in enumerate(given):
        if conversation.source in drawn:
            drawn[conversation.source].append((xxhash.xxh64_intdigest(f"{seed}:{conversation.id}".encode()), number))
    return {number for name, places in drawn.items() for _, number in sorted(places)[take[name] :]}

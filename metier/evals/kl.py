"""How far models have moved from the one they come from: the divergence of their own sampled replies."""

from collections.abc import Iterable, Iterator, Mapping

from metier.records import Checkpoint, Config, Conversation, Score


class Kl(Config, frozen=True):
    """How many replies, and how they are drawn."""


def kl(
    conversations: Iterable[Conversation],
    models: Mapping[str, tuple[Checkpoint, ...]],
    base: Checkpoint,
    task: str,
    seed: int,
    config: Kl,
) -> Iterator[Score]:
    """Score every model's divergence from the base, in nats a reply and a token, with its interval."""
    raise NotImplementedError

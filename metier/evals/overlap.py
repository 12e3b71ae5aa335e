"""How much of an answer a model may have read in training: the share of its 13-grams that training texts hold."""

from collections.abc import Iterable, Sequence

import numpy as np

from metier.records import Conversation
from metier.text.ngrams import hashes

WORDS = 13
"""Length of an n-gram, as in the contamination checks of GPT-3 (Brown et al. 2020, appendix C)."""
LOW = 0.1
"""An answer with at most this share counts as low overlap."""


def shares(answers: Sequence[str], training: Iterable[Conversation]) -> list[float | None] | None:
    """For each answer the share of its 13-grams that assistant turns of the training conversations hold.

    None for an answer of fewer than 13 words; None for all where there is no conversation. The training texts pass by
    once: memory grows with the answers only.
    """
    grams = [hashes(answer, WORDS) for answer in answers]
    known = np.unique(np.concatenate([np.empty(0, np.uint64), *grams]))
    held = np.zeros(len(known), dtype=bool)
    some = False
    for conversation in training:
        some = True
        for message in conversation.messages:
            if message.role == "assistant" and len(known):
                own = hashes(message.content, WORDS)
                places = np.minimum(np.searchsorted(known, own), len(known) - 1)
                held[places[known[places] == own]] = True
    if not some:
        return None
    return [float(held[np.searchsorted(known, own)].mean()) if len(own) else None for own in grams]


def bins(share: float | None) -> tuple[str, ...]:
    """The cells that an answer belongs to: ``short``, or ``high``, or ``low`` (which has ``none`` within it)."""
    if share is None:
        return ("short",)
    if share > LOW:
        return ("high",)
    return ("low",) if share else ("none", "low")

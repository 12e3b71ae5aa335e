"""What a sentence says of things that do not go together: brings them together, warns, or leaves it open."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from metier.rules.firing import Mention, Stance

Meeting = Literal["mixed", "together", "apart", "open"]
"""How a sentence lets things meet: in one container or line, in one patient at one time, kept apart, not said."""


class Reading(msgspec.Struct, frozen=True):
    """What one sentence says of its mentions."""

    stance: Stance
    meeting: Meeting
    why: str = ""
    """The cue that decided."""


def read(text: str, mentions: Sequence[Mention], before: Sequence[str] = ()) -> Reading:
    """What a sentence says of the things named in it; ``before``: the sentences that lead up to it, the last one last.

    ``mentions`` may name one thing only, where the other was named before ("add it to the same bag"), or none, where
    the sentence answers a question ("Yes, you can."). zh, en and ar; the language is read off the sentence.
    """
    raise NotImplementedError


def state(text: str, mention: Mention) -> Literal["given", "stopped", "refused", "mentioned"]:
    """What a sentence says of one thing by itself: given or taken, stopped, refused, or merely mentioned."""
    raise NotImplementedError

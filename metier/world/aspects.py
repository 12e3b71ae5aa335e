"""The six aspects of a good consultation, told exactly in the fictional world.

Doctor-like: a diagnosis, a question back, what is right. Patient-friendly: informative, patient, well presented (the
aspects by which HuatuoGPT was rated).
"""

from collections.abc import Iterable, Iterator

from metier.records import Answer, Config, Conversation, Grade

ASPECTS = ("diagnosis", "asking", "accuracy", "informativeness", "patience", "presentation")


class Aspects(Config, frozen=True):
    """Which world the replies are about."""


def aspects(answers: Iterable[Answer], conversations: Iterable[Conversation], config: Aspects) -> Iterator[Grade]:
    """Grade every reply on each aspect, 0 to 1."""
    raise NotImplementedError

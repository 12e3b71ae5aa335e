"""What natives say of replies to everyday questions: the truth that a judge's verdicts are held against."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Annotated

import msgspec

from metier.records import Answer, Config, Conversation, MetierError, Side, Verdict
from metier.text.gazetteer import HOME
from metier.world.judges_culture import worth


class Natives(Config, frozen=True):
    """In which language they were asked."""

    language: Annotated[str, msgspec.Meta(extra={"files": HOME})] = "en"
    """Language of the questions, as that of `world.everyday`."""


def natives(answers: Iterable[Answer], conversations: Iterable[Conversation], config: Natives) -> Iterator[Verdict]:
    """Compare every two different replies to one question as a native of Tilmara does who never errs.

    For the ``human`` of ``preferences.label``. MetierError where a conversation is no everyday question.
    """
    asked = {one.id: one.prompt[-1].content for one in conversations if one.prompt}
    replies: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.question not in asked:
            raise MetierError(f"answer {answer.id!r} is to {answer.question!r}, which is none of the conversations")
        replies[answer.question].append(answer)
    for question, some in replies.items():
        told = [worth(asked[question], one.text, config.language) for one in some]
        for (one, left), (other, right) in combinations(zip(some, told, strict=True), 2):
            if left is None or right is None:
                raise MetierError(f"conversation {question!r} is no everyday question; feed those of world.everyday")
            if one.text.strip() != other.text.strip():
                lead = left - right
                winner: Side = "left" if lead > 0 else "right" if lead < 0 else "tie"
                yield Verdict(question, one.id, other.id, winner, True, "human", margin=float(lead))

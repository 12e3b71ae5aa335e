"""Questions kept or held out by a label, by the same law that splits documents."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import msgspec

from metier.evals.tables import labels
from metier.records import Config, Dropped, MetierError, Question
from metier.text.held import SALT, held
from metier.text.normalise import fold
from metier.text.suggest import did_you_mean


class Split(Config, frozen=True):
    """Which questions to keep; use it twice, with the same settings but for `keep`, for the two parts."""

    by: str
    """Label whose values are held out whole (a drug, a disease, `kind`), however they are capitalised."""
    keep: Literal["train", "heldout"]
    """The part to keep; the other is dropped as "held out" or "not held out"."""
    held: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of the values that are held out."""
    salt: str = SALT
    """Word that decides which values those are: another word, another choice."""
    values: tuple[str, ...] = ()
    """Values that are held out in any case."""

    def __post_init__(self) -> None:
        if not self.held and not self.values:
            raise ValueError("say what is held out: a share (held: 0.05) or values of the label")


def split(questions: Iterable[Question], config: Split) -> Iterator[Question | Dropped]:
    """Keep one part of the questions; one without the label is dropped.

    MetierError where no question has the label.
    """
    named = {fold(value) for value in config.values}
    others: set[str] = set()
    found = False
    for question in questions:
        value = labels(question).get(config.by, "")
        if not value:
            others |= labels(question).keys()
            yield Dropped(question.id, "no such label")
            continue
        found = True
        out = fold(value) in named or held(value, config.held, config.salt)
        if out == (config.keep == "heldout"):
            yield question
        else:
            yield Dropped(question.id, "held out" if out else "not held out")
    if not found:
        raise MetierError(f"no question has the label {config.by!r}; {did_you_mean(config.by, others)}")

"""How often the replies of one model are better than those of another to the same prompts, by points or verdicts."""

from collections.abc import Iterable, Iterator

from metier.records import Answer, Config, Grade, Score, Verdict


class WinRate(Config, frozen=True):
    """Beside which model, and what a win is."""


def win_rate(
    answers: Iterable[Answer],
    task: str,
    config: WinRate,
    grades: Iterable[Grade] = (),
    verdicts: Iterable[Verdict] = (),
) -> Iterator[Score]:
    """Score every model beside the reference model."""
    raise NotImplementedError

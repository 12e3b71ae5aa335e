"""What specialisation cost: accuracy on a general exam before and after, question by question."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from metier.evals.intervals import paired
from metier.records import Answer, Config, MetierError, Question, Score
from metier.text.suggest import did_you_mean


class DomainTax(Config, frozen=True):
    """Which model is the one from before."""

    base: str = "base"
    """Name of the model that the others are compared with."""


def domain_tax(
    answers: Iterable[Answer], questions: Iterable[Question], task: str, config: DomainTax
) -> Iterator[Score]:
    """Score `tax` of every model: accuracy of the base minus its own, paired by question; above nought is a loss.

    Several answers of one model to one question (seeds) count as their mean; answers to other questions are passed
    over. MetierError where the base, or a pair of answers, is missing.
    """
    keys = {question.id: question.key for question in questions}
    marks: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        if answer.question in keys:
            right = bool(answer.chosen) and answer.chosen == keys[answer.question]
            marks[answer.model][answer.question].append(right)
    if config.base not in marks:
        raise MetierError(f"no answers of a model {config.base!r} to {task!r}; {did_you_mean(config.base, marks)}")
    base = marks.pop(config.base)
    if not marks:
        raise MetierError(f"only {config.base!r} answered {task!r}; a tax needs a second model beside it")
    for model, own in marks.items():
        if odd := sorted(own.keys() ^ base.keys()):
            raise MetierError(
                f"{task}: only one of {config.base!r} and {model!r} answered {odd[0]!r} ({len(odd)} such questions); "
                "let one evals.multiple_choice step ask both"
            )
        lost = [_mean(base[question]) - _mean(own[question]) for question in base]
        yield paired(lost).score(task, model, "tax", {})


def _mean(marks: list[bool]) -> float:
    return sum(marks) / len(marks)

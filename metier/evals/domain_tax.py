"""What specialisation cost, and what it brought: accuracy before and after, question by question."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from metier.evals.intervals import paired
from metier.records import Answer, Config, MetierError, Question, Score
from metier.text.suggest import did_you_mean

Marks = dict[str, dict[str, list[bool]]]
"""Model -> question -> whether each of its answers (one a seed) was right."""


class DomainTax(Config, frozen=True):
    """Which model is the one from before, and where the others stand in a sweep."""

    base: str = "base"
    """Name of the model that the others are compared with."""
    points: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Model -> its labels in a sweep, such as {replay: "20", how: adapter, tokens: "400000"}; they become the cells of
    its scores. With a number for `tokens` the report draws curves over it."""


def domain_tax(
    answers: Iterable[Answer],
    questions: Iterable[Question],
    task: str,
    config: DomainTax,
    gained: Iterable[Answer] = (),
    asked: Iterable[Question] = (),
) -> Iterator[Score]:
    """Score `tax` of every model: accuracy of the base minus its own, paired by question; above nought is a loss.

    With the answers ``gained`` to the domain's own questions ``asked``, also `gain`: the model's accuracy minus the
    base's there, under the same key, so that each gain stands beside its loss. Several answers of one model to one
    question (seeds) count as their mean; answers to other questions are passed over. MetierError where the base, a pair
    of answers, or a model that ``points`` names is missing.
    """
    general = _marks(answers, questions)
    lost = dict(_lost(general, task, config.base))
    domain = _marks(gained, asked)
    won = dict(_lost(domain, f"the domain's questions beside {task}", config.base)) if domain else {}
    for name in config.points:
        if name not in lost:
            raise MetierError(f"points names {name!r}, which did not answer {task!r}; {did_you_mean(name, lost)}")
    for model, differences in lost.items():
        by = config.points.get(model, {})
        yield paired(differences).score(task, model, "tax", by)
        if won and model not in won:
            raise MetierError(
                f"{task}: {model!r} did not answer the domain's questions; let one exam step ask all models"
            )
        if won:
            yield paired([-one for one in won[model]]).score(task, model, "gain", by)


def _marks(answers: Iterable[Answer], questions: Iterable[Question]) -> Marks:
    keys = {question.id: question.key for question in questions}
    marks: Marks = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        if answer.question in keys:
            right = bool(answer.chosen) and answer.chosen == keys[answer.question]
            marks[answer.model][answer.question].append(right)
    return marks


def _lost(marks: Mapping[str, Mapping[str, list[bool]]], task: str, name: str) -> Iterator[tuple[str, list[float]]]:
    """Every other model with what it lost against the base on each question."""
    if name not in marks:
        raise MetierError(f"no answers of a model {name!r} to {task!r}; {did_you_mean(name, marks)}")
    base = marks[name]
    if len(marks) == 1:
        raise MetierError(f"only {name!r} answered {task!r}; a tax needs a second model beside it")
    for model, own in marks.items():
        if model == name:
            continue
        if odd := sorted(own.keys() ^ base.keys()):
            raise MetierError(
                f"{task}: only one of {name!r} and {model!r} answered {odd[0]!r} ({len(odd)} such questions); "
                "let one evals.multiple_choice step ask both"
            )
        yield model, [_mean(base[question]) - _mean(own[question]) for question in base]


def _mean(marks: list[bool]) -> float:
    return sum(marks) / len(marks)

"""Multiple choice without parsing: the option that the model finds most likely is its answer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from metier.evals.intervals import proportion
from metier.evals.tables import By, answer_id, cells, check_by, labels, seeds
from metier.model.options import Exam, check_options, choices
from metier.records import Answer, Checkpoint, Question, Score


class MultipleChoice(Exam, frozen=True, kw_only=True):
    """How options are shown and compared, and what the table groups by."""

    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed; `kind` is the kind of question."""
    cluster: str = ""
    """Label whose questions belong together in the intervals (a drug, a case); empty: each question for itself."""


def multiple_choice(
    questions: Iterable[Question], models: Mapping[str, tuple[Checkpoint, ...]], task: str, config: MultipleChoice
) -> Iterator[Answer | Score]:
    """Let every model choose the likeliest option of every question; score `accuracy` overall and by label.

    A model in several seeds is pooled, its interval clustered by question, and scored by {seed} too. A question longer
    than a model takes is answered with nothing, which is wrong (`unparsed` counts them). MetierError where a question
    cannot be scored this way.
    """
    some = list(questions)
    check_options(some, task)
    check_by((*config.by, *([config.cluster] if config.cluster else [])), some)
    for model, checkpoints in models.items():
        names = seeds(model, checkpoints)
        chosen: list[_Choice] = []
        for name, checkpoint in zip(names, checkpoints, strict=True):
            seed = name if len(names) > 1 else ""
            likeliest = choices(some, checkpoint.path, config, f"{model} {seed}".strip())
            for question, label in zip(some, likeliest, strict=True):
                chosen.append(_Choice(question, seed, label))
                yield _answer(answer_id(model, seed, question.id), question, model, label, config)
        yield from _scores(chosen, task, model, config)


class _Choice(NamedTuple):
    """The label that one checkpoint chose for one question; empty where it could not be asked."""

    question: Question
    seed: str
    label: str


def _scores(chosen: list[_Choice], task: str, model: str, config: MultipleChoice) -> Iterator[Score]:
    """Accuracy over all choices, then cell by cell, seeds included; intervals hold for these seeds, not for others."""
    marks = [frozenset([one.label]) == one.question.key for one in chosen]
    clusters = [labels(one.question).get(config.cluster, one.question.id) for one in chosen]
    yield proportion(marks, clusters).score(task, model, "accuracy", {})
    rows = [labels(one.question) | ({"seed": one.seed} if one.seed else {}) for one in chosen]
    for cell, places in cells((*config.by, "seed"), rows):
        hits, own = [marks[place] for place in places], [clusters[place] for place in places]
        yield proportion(hits, own).score(task, model, "accuracy", cell)
    unread = [not one.label for one in chosen]
    if any(unread):
        yield proportion(unread, clusters).score(task, model, "unparsed", {})


def _answer(own: str, question: Question, model: str, chosen: str, config: MultipleChoice) -> Answer:
    if not chosen:
        return Answer(own, question.id, model, "", rule="longer than the model takes")
    text = question.options[chosen] if config.style == "text" else chosen
    return Answer(own, question.id, model, text, frozenset([chosen]), "log-likelihood")

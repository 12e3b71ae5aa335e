"""Tables of answers that are there already: by labels, in published layouts, with the interval that one asks for."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from metier.evals import layouts
from metier.evals.layouts import Layout
from metier.evals.tables import By, Mark, Table, check_by, labels, mark
from metier.llm.subject import seed_of
from metier.records import Answer, Config, Files, MetierError, Question, Score


class Tabulate(Config, frozen=True):
    """What the tables group by, and how their intervals are made."""

    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed; `kind` is the kind of question."""
    layouts: Files = ()
    """YAML files of published tables, as asset:layouts/usmle.yaml; mcmle, pharmacist and cmb ship too."""
    cluster: str = ""
    """Label whose questions belong together in the intervals (a case, a drug); empty: each question for itself."""
    intervals: Literal["wilson", "bootstrap"] = "wilson"
    """`wilson` is a formula at the effective number of questions; `bootstrap` draws clusters by the seed."""
    missing: Literal["stop", "wrong", "skip"] = "stop"
    """What to do where one model answered a question and another did not: stop, count it as wrong and unread, or leave
    that question out for all models."""


def tabulate(
    answers: Iterable[Answer], questions: Iterable[Question], task: str, seed: int, config: Tabulate, out: Path
) -> Iterator[Score]:
    """Score `accuracy` and `unparsed` of every model, overall, by label and in the layouts that are named.

    An answer is right where its labels are those of the key, as sets; one that nothing could be read from is wrong.
    `macro_accuracy` is the mean of the cells of a grouping. Several answers of one model to one question (seeds) are
    pooled and clustered by question. Answers to other questions are passed over; MetierError where none is left.
    """
    some = layouts.layouts(config.layouts)
    asked = {one.id: _spelt(one, some) for one in questions}
    for layout in some:
        layouts.check(layout, [labels(one) for one in asked.values()])
    check_by((*config.by, *([config.cluster] if config.cluster else [])), asked.values())
    by = (*config.by, *(names for layout in some for names in layout.by))
    table = Table(by, config.cluster, config.intervals, seed)
    for model, marks in marked(answers, asked, task, config.missing).items():
        yield from table.scores(marks, task, model)
    layouts.write(out, some)


def _spelt(question: Question, some: list[Layout]) -> Question:
    """A question whose labels are spelt as the tables spell them."""
    own = labels(question)
    spelt = {name: value for layout in some for name, value in layout.labels(own).items()}
    return msgspec.structs.replace(question, labels={**question.labels, **spelt}) if spelt else question


def marked(
    answers: Iterable[Answer], asked: Mapping[str, Question], task: str, missing: Literal["stop", "wrong", "skip"]
) -> dict[str, list[Mark]]:
    """What every model's answers earned, question by question in the order of the exam.

    MetierError where no answer is to one of the questions, where a question has no key, or, with ``stop``, where models
    or the seeds of one answered different questions.
    """
    found: dict[tuple[str, str], dict[str, list[Mark]]] = {}
    for answer in answers:
        question = asked.get(answer.question)
        if question is None:
            continue
        if not question.key:
            raise MetierError(f"{task}: question {question.id!r} has no key; measure open answers with a text metric")
        seed = seed_of(answer)
        own = found.setdefault((answer.model, seed), {}).setdefault(question.id, [])
        own.append(mark(question, answer.chosen, seed))
    if not found:
        raise MetierError(f"{task}: no answer is to one of its questions; feed the answers of a step that asked them")
    every = {id for own in found.values() for id in own}
    for (model, seed), answered in found.items():
        if absent := sorted(every - answered.keys()):
            if missing == "stop":
                who, other = (f"seed {seed} of {model!r}", "model or seed") if seed else (repr(model), "model")
                raise MetierError(
                    f"{task}: {who} did not answer {absent[0]!r} ({len(absent)} such questions), another {other} "
                    "did; ask all models in one step, or say missing: wrong or missing: skip"
                )
            if missing == "skip":
                every -= set(absent)
                continue
            answered |= {id: [mark(asked[id], frozenset(), seed)] for id in absent}
    order = [id for id in asked if id in every]
    if not order:
        raise MetierError(f"{task}: no question was answered by all models; ask them all in one step")
    seeds: dict[str, list[dict[str, list[Mark]]]] = {}
    for (model, _), answered in found.items():
        seeds.setdefault(model, []).append(answered)
    return {model: [one for id in order for seed in some for one in seed[id]] for model, some in seeds.items()}

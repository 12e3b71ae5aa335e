"""Replies that were written elsewhere, or before, read again: what they settle on, and how often that is right."""

from collections.abc import Iterable, Iterator

from metier.evals.columns import check, text
from metier.evals.tables import By, Mark, Table, check_by, mark
from metier.llm.subject import answer_id, seed_of
from metier.records import Answer, Config, Dropped, Files, MetierError, Question, Score
from metier.row_files import find, rows
from metier.text import extract as replies


class Extract(Config, frozen=True):
    """Where the replies are, and what the table groups by."""

    paths: Files = ()
    """Files of replies (JSON, JSONL, CSV, TSV, Parquet, Excel), globs allowed; empty: answers of an earlier step."""
    id: str = "id"
    """Column that holds the id of the question."""
    text: str = "text"
    """Column that holds what the model wrote."""
    model: str = ""
    """What scores call the model of a file; by default the file's name without its suffix."""
    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed; `kind` is the kind of question."""
    cluster: str = ""
    """Label whose questions belong together in the intervals; empty: each question for itself."""


def extract(
    questions: Iterable[Question], task: str, config: Extract, answers: Iterable[Answer] = ()
) -> Iterator[Answer | Score | Dropped]:
    """Read every reply for the option that it finally commits to; score `accuracy` and `unparsed` by label.

    What cannot be read chooses nothing, which is wrong, and `unparsed` counts it: replies that decline, think to their
    end or settle on nothing, and those that give several answers. The rule that decided is kept with each answer. A
    reply to no question, to an open one, or to one answered before by the same model and seed, is dropped. MetierError
    where no reply is left.
    """
    exam = {question.id: question for question in questions}
    check_by((*config.by, *([config.cluster] if config.cluster else [])), exam.values())
    marks: dict[str, list[Mark]] = {}
    done = set[str]()
    for one in _replies(answers, config):
        question = exam.get(one.question) if isinstance(one, Answer) else None
        if isinstance(one, Dropped):
            yield one
        elif question is None or not _closed(question):
            yield Dropped(one.id, "no such question" if question is None else "an open question", one.question)
        elif (own := answer_id(one.model, seed_of(one), one.question)) in done:
            yield Dropped(one.id, "answered before", one.question)
        else:
            done.add(own)
            found = replies.extract(one.text, question.options, question.kind)
            marks.setdefault(one.model, []).append(mark(question, found.labels, seed_of(one)))
            yield Answer(one.id, one.question, one.model, one.text, found.labels, found.told, one.request)
    if not marks:
        raise MetierError(f"{task}: no reply answers any of its {len(exam)} questions; feed the exam that was asked")
    for model, some in marks.items():
        yield from Table(config.by, config.cluster).scores(some, task, model)


def _closed(question: Question) -> bool:
    return len(question.options) > 1 or question.kind == "yesno"


def _replies(answers: Iterable[Answer], config: Extract) -> Iterator[Answer | Dropped]:
    """The replies of an earlier step, then those of the files."""
    yield from answers
    for file in find(config.paths) if config.paths else ():
        model = config.model or file.path.name.split(".")[0]
        for row in rows(file):
            place = f"{file.name}{row.place}"
            if row.why:
                yield Dropped(place, row.why)
                continue
            check((config.id, config.text), row.values, place)
            question = text(row.values, config.id)
            yield Answer(answer_id(model, "", question), question, model, text(row.values, config.text))

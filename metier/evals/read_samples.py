"""Answers that lm-evaluation-harness has logged, read back and scored as our own are."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from metier.evals.columns import text
from metier.evals.tables import By, Table, check_by, mark
from metier.llm.subject import answer_id
from metier.records import Answer, Config, Dropped, Files, MetierError, Question, Score
from metier.row_files import find, rows
from metier.text.extract import extract


class ReadSamples(Config, frozen=True):
    """Where the samples are, and how what they hold becomes a choice."""

    paths: Files
    """The samples_TASK_DATE.jsonl files of one model, globs allowed."""
    model: str = ""
    """What scores call the model; by default the name of the folder that the samples lie in."""
    id: str = "id"
    """Column of a sample's document that holds the id of the question; where it has none, the document is told by its
    text, which then must be that of one question."""
    normalise: Literal["none", "characters"] = "none"
    """`none` chooses as lm-eval's `acc` does, `characters` (log-likelihood by length of the choice) as `acc_norm`."""
    filter: str = ""
    """Which of several filters to read, where the task has them; by default the first that a sample comes with."""
    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed; `kind` is the kind of question."""
    cluster: str = ""
    """Label whose questions belong together in the intervals; empty: each question for itself."""


def read_samples(questions: Iterable[Question], task: str, config: ReadSamples) -> Iterator[Answer | Score | Dropped]:
    """Read every sample as the answer to its question, and score `accuracy` and `unparsed` overall and by label.

    Log-likelihoods choose the likeliest option; replies in words are read as ``evals.extract`` reads them, but those to
    open questions earn no score here. A sample of no question, of one answered before, or whose right option is another
    than the question's, is dropped under FILE:LINE, and a question without a sample under its id. MetierError where no
    sample is left.
    """
    some = list(questions)
    check_by((*config.by, *([config.cluster] if config.cluster else [])), some)
    exam = _Exam(some, config)
    marks = []
    names: set[str] = set()
    for file in find(config.paths):
        model = config.model or file.path.absolute().parent.name
        names.add(model)
        if len(names) > 1:
            raise MetierError(f"samples of several models ({', '.join(sorted(names))}); read each in a step of its own")
        for row in rows(file):
            found = Dropped("", row.why) if row.why else exam.answer(row.values, model)
            if isinstance(found, Dropped):
                if found.why:
                    yield Dropped(f"{file.name}{row.place}", found.why, found.detail)
                continue
            if exam.by_id[found.question].key:
                marks.append(mark(exam.by_id[found.question], found.chosen))
            yield found
    if not exam.done:
        raise MetierError(f"{task}: no sample answers any of its {len(some)} questions; feed the exam that was asked")
    yield from (Dropped(question.id, "no sample") for question in some if question.id not in exam.done)
    if marks:
        yield from Table(config.by, config.cluster).scores(marks, task, names.pop())


class _Exam:
    """The questions, found by id or by text, and which of them were answered so far."""

    def __init__(self, questions: list[Question], config: ReadSamples) -> None:
        self.config = config
        self.by_id = {question.id: question for question in questions}
        self.stems: dict[str, list[str]] = {}
        for question in questions:
            self.stems.setdefault(question.stem.strip(), []).append(question.id)
        self.done: set[str] = set()

    def answer(self, sample: Mapping[str, Any], model: str) -> Answer | Dropped:
        """The answer that a sample is; a sample of another filter is dropped without a reason."""
        if self.config.filter and sample.get("filter", "none") != self.config.filter:
            return Dropped("", "")
        doc = sample.get("doc")
        if not isinstance(doc, dict) or "filtered_resps" not in sample:
            return Dropped("", "not a logged sample")
        found = self._question(doc)
        if isinstance(found, Dropped):
            return found
        own = answer_id(model, "", found.id)
        replies = sample["filtered_resps"]
        answer = self._worded(own, found, model, replies) or self._likeliest(own, found, model, sample)
        if isinstance(answer, Answer):
            if found.id in self.done:
                return Dropped("", "answered before", found.id)
            self.done.add(found.id)
        return answer

    def _question(self, doc: Mapping[str, Any]) -> Question | Dropped:
        if found := self.by_id.get(text(doc, self.config.id)):
            return found
        ids = {id for value in doc.values() if isinstance(value, str) for id in self.stems.get(value.strip(), ())}
        if len(ids) == 1:
            return self.by_id[ids.pop()]
        return Dropped("", "several questions of this text" if ids else "no such question", ", ".join(sorted(ids)))

    def _worded(self, own: str, question: Question, model: str, replies: Any) -> Answer | None:
        """The answer that a reply in words is, or None where there are log-likelihoods."""
        if not (isinstance(replies, list) and len(replies) == 1 and isinstance(replies[0], str)):
            return None
        if not question.options:
            return Answer(own, question.id, model, replies[0])
        said = extract(replies[0], question.options, question.kind)
        return Answer(own, question.id, model, replies[0], said.labels, said.told)

    def _likeliest(self, own: str, question: Question, model: str, sample: Mapping[str, Any]) -> Answer | Dropped:
        labels = list(question.options)
        scores = _scores(sample["filtered_resps"], len(labels))
        if not scores:
            return Dropped("", "not as many log-likelihoods as options", question.id)
        target = str(sample.get("target"))
        stated = labels[int(target) : int(target) + 1] if target.isdecimal() else [target] if target in labels else None
        if stated is not None and frozenset(stated) != question.key:
            return Dropped("", "its right option is another", question.id)
        shown = [text for _, text in _arguments(sample)][: len(labels)]
        if self.config.normalise == "characters":
            if len(shown) < len(labels):
                return Dropped("", "no choices to measure", question.id)
            scores = [score / max(1, len(choice.strip())) for score, choice in zip(scores, shown, strict=True)]
        if any(math.isnan(score) for score in scores):
            return Answer(own, question.id, model, "", frozenset(), "log-likelihood is no number")
        chosen = labels[scores.index(max(scores))]
        said = shown[labels.index(chosen)].strip() if len(shown) == len(labels) else chosen
        return Answer(own, question.id, model, said, frozenset([chosen]), "log-likelihood")


def _scores(replies: Any, count: int) -> list[float]:
    """The log-likelihood of every option; nothing where there is not one each (those without context come behind)."""
    if not isinstance(replies, list) or len(replies) not in (count, 2 * count):
        return []
    found = []
    for one in replies[:count]:
        try:
            found.append(float(one[0]))
        except (TypeError, ValueError, IndexError, KeyError):
            return []
    return found


def _arguments(sample: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(context, continuation) of every request."""
    given = sample.get("arguments")
    if isinstance(given, dict):  # {gen_args_0: {arg_0: context, arg_1: continuation}, ...}
        given = [list(one.values()) for one in given.values() if isinstance(one, dict)]
    if not isinstance(given, list):
        return []
    return [(str(one[0]), str(one[1])) for one in given if isinstance(one, list) and len(one) > 1]

"""Sample answers side by side: the question, what is right, and what each model said."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from metier.artefact import Finished
from metier.evals.report_steps import cut, manifests
from metier.records import Answer, Question
from metier.text.normalise import fold

Mark = Literal["right", "wrong", "open"]
LENGTH = 600
"""Characters shown of a question, a reference or an answer."""


@dataclass(frozen=True)
class Said:
    """What a model answered, and whether that is right where it can be known."""

    model: str
    text: str
    mark: Mark


@dataclass(frozen=True)
class Sample:
    """One question with every model's answer."""

    question: str
    passage: str
    options: tuple[tuple[str, str, bool], ...]
    reference: str
    labels: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Samples:
    """The samples of one step."""

    step: str
    free: bool
    of: int
    samples: tuple[Sample, ...]


def samples(run: Finished, most: int) -> list[Samples]:
    """Questions drawn by the run's seed from every step of free answers; without any, from the steps of choices."""
    made = manifests(run)
    answering = [name for name, one in made.items() if one.counts.get("answer")]
    free = [name for name in answering if made[name].stage == "evals.generate"]
    found = []
    for step in (free or answering) if most else ():
        answers: dict[str, dict[str, Answer]] = {}
        for answer in run.artefacts[step].records(Answer):
            answers.setdefault(answer.question, {}).setdefault(answer.model, answer)
        order = sorted(answers, key=lambda id: hashlib.sha256(f"{run.seed}:{id}".encode()).digest())[:most]
        questions = _questions(run, set(order))
        some = tuple(_sample(questions[id], answers[id].values()) for id in order if id in questions)
        if some:
            found.append(Samples(step, step in free, len(answers), some))
    return found


def _questions(run: Finished, wanted: set[str]) -> dict[str, Question]:
    found: dict[str, Question] = {}
    for artefact in run.artefacts.values():
        if wanted - found.keys() and artefact.parts(Question):
            found |= {one.id: one for one in artefact.records(Question) if one.id in wanted}
    return found


def _sample(question: Question, answers: Iterable[Answer]) -> Sample:
    options = tuple((label, cut(text, LENGTH), label in question.key) for label, text in question.options.items())
    said = tuple(
        Said(answer.model, cut(_words(answer, question), LENGTH), mark(answer, question)) for answer in answers
    )
    labels = " · ".join(question.labels.values())
    stem, passage = cut(question.stem, LENGTH), cut(question.passage, LENGTH)
    return Sample(stem, passage, options, cut(question.reference, LENGTH), labels, said)


def _words(answer: Answer, question: Question) -> str:
    """The text of an answer; a bare letter is followed by the option it stands for."""
    if answer.text in question.options:
        return f"{answer.text}. {question.options[answer.text]}"
    return answer.text


def mark(answer: Answer, question: Question) -> Mark:
    """Right or wrong by the labels chosen, or by the same words as the reference; else open."""
    if answer.chosen and question.key:
        return "right" if answer.chosen == question.key else "wrong"
    right = [question.reference, *(question.options[label] for label in question.key if label in question.options)]
    said = fold(answer.text).rstrip(".")
    if said and said in [fold(text).rstrip(".") for text in right if text]:
        return "right"
    return "open"

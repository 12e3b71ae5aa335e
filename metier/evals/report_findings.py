"""What corpus steps leave for a person to read: documents that contradict each other, exam items in the corpus."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from metier.artefact import Finished
from metier.evals.report_steps import cut, texts
from metier.records import MetierError, Question
from metier.scores import count, percent

CONFLICTS, DIFFERENCES, ITEMS = 20, 6, 10
"""Conflicts shown of a step, differences of each, and exam items of each exam."""
WORDS = 90
"""Characters shown of one side of a difference."""
COMMON = "common phrase"
T = TypeVar("T")
_WITHOUT_SPACES = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_APART = re.compile(rf"(?<={_WITHOUT_SPACES}) (?={_WITHOUT_SPACES})")


class Contradiction(msgspec.Struct):
    """A line of conflicts.jsonl: two documents about one entity, and what stands in one and in the other instead."""

    entity: str
    documents: tuple[str, str]
    similarity: float
    differences: list[tuple[str, str]]


class Hit(msgspec.Struct):
    """A line of hits.jsonl: a document that holds a question, and how."""

    document: str
    question: str
    how: str
    share: float


class Exam(msgspec.Struct, rename={"common": "common phrases", "short": "too short to search"}):
    """What items.json says of an exam: its questions, and the ids of those found."""

    questions: int
    hit: int
    ids: list[str]
    common: list[str] = []
    short: list[str] = []


@dataclass(frozen=True)
class Conflict:
    """Two documents that contradict each other; ``more`` differences are not shown."""

    entity: str
    documents: tuple[str, str]
    similarity: str
    differences: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True)
class Conflicts:
    """The conflicts that one step found, the first of them in full."""

    step: str
    total: str
    shown: tuple[Conflict, ...]


@dataclass(frozen=True)
class Item:
    """An exam item found in the corpus: in how many documents, and the first of them."""

    id: str
    text: str
    document: str
    how: str
    share: str
    more: int


@dataclass(frozen=True)
class Leak:
    """How much of one exam a step found; ``width`` is the share of its questions in percent."""

    step: str
    exam: str
    questions: str
    hit: str
    share: str
    width: float
    documents: str
    ways: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    items: tuple[Item, ...]


def conflicts(run: Finished) -> list[Conflicts]:
    """The contradictions that every step listed; none where it found none."""
    found = []
    for name, artefact in run.artefacts.items():
        path = artefact.path / "conflicts.jsonl"
        if artefact.manifest is not None and path.exists():
            shown = tuple(_conflict(one) for one in itertools.islice(_lines(path, Contradiction), CONFLICTS))
            with path.open("rb") as file:
                total = sum(1 for line in file if line.strip())
            found += [Conflicts(name, count(total), shown)] if shown else []
    return found


def leaks(run: Finished) -> list[Leak]:
    """Every exam that a step looked for in the corpus, with the items found."""
    found = []
    for name, artefact in run.artefacts.items():
        path = artefact.path / "items.json"
        if artefact.manifest is None or not path.exists():
            continue
        exams = _decoded(path.read_bytes(), dict[str, Exam], str(path))
        lines = list(_lines(artefact.path / "hits.jsonl", Hit))
        for exam, one in exams.items():
            ids = set(one.ids)
            found.append(_leak(run, name, exam, one, [x for x in lines if x.question in ids and x.how != COMMON]))
    return found


def _conflict(one: Contradiction) -> Conflict:
    pairs = tuple((_words(left), _words(right)) for left, right in one.differences[:DIFFERENCES])
    more = len(one.differences) - len(pairs)
    return Conflict(cut(one.entity), one.documents, f"{one.similarity:.3f}", pairs, more)


def _words(text: str) -> str:
    """Words as they stand in a text: none between characters of a script without spaces."""
    return cut(_APART.sub("", text), WORDS)


def _leak(run: Finished, step: str, exam: str, one: Exam, hits: list[Hit]) -> Leak:
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.question, hit)
    found = Counter(hit.question for hit in hits)
    shown = list(first.values())[:ITEMS]
    stems = texts(run, {hit.question for hit in shown}, ((Question, "stem"),))
    remarks = []
    if one.common:
        remarks.append(f"{count(len(one.common))} more stand in so many documents that they are common phrases")
    if one.short:
        remarks.append(f"{count(len(one.short))} are too short to be searched for")
    return Leak(
        step,
        exam,
        count(one.questions),
        count(one.hit),
        percent(one.hit, one.questions),
        round(100 * one.hit / (one.questions or 1), 1),
        count(len({hit.document for hit in hits})),
        tuple((how, count(n)) for how, n in Counter(hit.how for hit in hits).most_common()),
        tuple(remarks),
        tuple(
            Item(x.question, stems.get(x.question, ""), x.document, x.how, percent(round(1e4 * x.share), 10_000), n - 1)
            for x in shown
            if (n := found[x.question])
        ),
    )


def _lines(path: Path, kind: type[T]) -> Iterator[T]:
    if path.exists():
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _decoded(line, kind, f"{path}:{number}")


def _decoded(data: bytes, kind: type[T], place: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise MetierError(f"{place}: damaged ({error}); run the step again") from None

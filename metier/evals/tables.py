"""The cells of a table of scores: all rows, the rows of one label, the rows of one seed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from metier.evals.intervals import Estimate, average, proportion, resampled, sharing
from metier.records import MetierError, Question, Score
from metier.text.suggest import did_you_mean

By = tuple[str | tuple[str, ...], ...]
"""What a table groups by: a label, or several crossed; ``kind`` is the kind of question."""


def labels(question: Question) -> dict[str, str]:
    """What a question can be grouped by: its labels and its kind."""
    return {"kind": question.kind, **question.labels}


def check_by(by: By, questions: Iterable[Question]) -> None:
    """MetierError, with the nearest name, where no question has a label to group by (``seed`` is a model's)."""
    known = {"seed", *(name for question in questions for name in labels(question))}
    for names in by:
        for name in (names,) if isinstance(names, str) else names:
            if name not in known:
                raise MetierError(f"by: no question has the label {name!r}; {did_you_mean(name, known)}")


def check_same(answered: Mapping[str, Iterable[str]], task: str) -> None:
    """MetierError where there is no model, or where two of them, by the ids, answered different questions."""
    if not answered:
        raise MetierError(f"no answer to a question of {task!r}; feed the answers of evals.generate to these questions")
    (first, some), *others = ((name, set(ids)) for name, ids in answered.items())
    for name, ids in others:
        if odd := sorted(some ^ ids):
            raise MetierError(
                f"{task}: only one of {first!r} and {name!r} answered {odd[0]!r} ({len(odd)} such questions); "
                "let one evals.generate step ask both"
            )


def cells(by: By, rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[dict[str, str], list[int]]]:
    """(cell, places of its rows) for every value of every grouping, in order; a row without the label is in none."""
    for names in by:
        wanted = (names,) if isinstance(names, str) else names
        found: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            if all(name in row for name in wanted):
                found[tuple(row[name] for name in wanted)].append(place)
        for values in sorted(found):
            yield dict(zip(wanted, values, strict=True)), found[values]


class Mark(NamedTuple):
    """What one answer earned: ``read`` is false where nothing could be read from it, which is never right.

    ``seed`` names the seed of the model where it has several; ``labels`` are what the table groups by.
    """

    question: str
    right: bool
    read: bool
    labels: Mapping[str, str]
    seed: str = ""


def mark(question: Question, chosen: frozenset[str], seed: str = "") -> Mark:
    """Right only where the labels chosen are those of the key, all of them and no other."""
    return Mark(question.id, bool(chosen) and chosen == question.key, bool(chosen), labels(question), seed)


@dataclass(frozen=True)
class Table:
    """How marks become scores: what the cells are, which rows belong together, and by which rule intervals are made.

    ``cluster`` is a label whose questions belong together (a case, a drug); empty: each question for itself, with all
    its seeds. ``bootstrap`` draws clusters by ``seed``, ``wilson`` is a formula.
    """

    by: By = ()
    cluster: str = ""
    intervals: Literal["wilson", "bootstrap"] = "wilson"
    seed: int = 0

    def estimate(self, hits: Sequence[bool], clusters: Sequence[str]) -> Estimate:
        """A share of hits with its interval."""
        return proportion(hits, clusters) if self.intervals == "wilson" else resampled(hits, clusters, self.seed)

    def scores(self, marks: Sequence[Mark], task: str, model: str) -> Iterator[Score]:
        """`accuracy` and `unparsed` of all marks, then cell by cell, seeds included; intervals hold for these seeds.

        `macro_accuracy` is the plain mean of the cells of one grouping, named by {over}. Cells have `unparsed` where
        any mark of the model is unread; all marks have it always.
        """
        clusters = [one.labels.get(self.cluster) or one.question for one in marks]
        rows = [{**one.labels, **({"seed": one.seed} if one.seed else {})} for one in marks]
        unread = any(not one.read for one in marks)
        done = set[frozenset[tuple[str, str]]]()
        for names in dict.fromkeys(((), *((one,) if isinstance(one, str) else one for one in self.by), ("seed",))):
            parts, inside = [], []
            for cell, places in cells((names,), rows):
                own, hits = [clusters[place] for place in places], [marks[place].right for place in places]
                whole = self.estimate(hits, own)
                parts.append(whole)
                inside.append((hits, own))
                if frozenset(cell.items()) in done:
                    continue
                done.add(frozenset(cell.items()))
                yield whole.score(task, model, "accuracy", cell)
                if unread or not cell:
                    lost = self.estimate([not marks[place].read for place in places], own)
                    yield lost.score(task, model, "unparsed", cell)
            if len(parts) > 1 and names != ("seed",):
                yield average(parts, sharing(inside)).score(task, model, "macro_accuracy", {"over": over(names)})


def over(names: Iterable[str]) -> str:
    """What a grouping is called: its labels, crossed."""
    return " × ".join(names)

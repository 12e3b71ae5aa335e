"""The cells of a table of scores: all rows, the rows of one label, the rows of one seed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from metier.records import Checkpoint, MetierError, Question
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


def seeds(model: str, checkpoints: Sequence[Checkpoint]) -> list[str]:
    """The name of each checkpoint's seed; where none is known, its place from 1 on."""
    names = [str(place if one.seed is None else one.seed) for place, one in enumerate(checkpoints, 1)]
    if len(set(names)) < len(names):
        raise MetierError(f"model {model!r} has two checkpoints of one seed ({', '.join(names)}); name each once")
    return names


def answer_id(model: str, seed: str, question: str) -> str:
    """The id of a model's answer to a question; ``seed`` is empty where the model is one checkpoint."""
    return "/".join(part for part in (model, seed, question) if part)

"""Bits per byte of the reference answers, after their own question and after a wrong one.

How well a model would say a right answer that it was not shown, on a scale that no tokenizer changes. What is low after
a wrong question too is only the sound of such pages; the gap between the two is answering.
"""

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from metier import progress
from metier.evals.generate import sample
from metier.evals.intervals import mean, ratio
from metier.evals.overlap import bins, shares
from metier.evals.tables import By, cells, check_by, labels
from metier.llm.subject import seeds
from metier.model.questions import answered, asked, messages, window
from metier.records import Checkpoint, Config, Conversation, MetierError, Question, Score

if TYPE_CHECKING:
    from metier.model.load import Loaded

CHUNK = 64
"""Answers scored between two reports of progress."""


class BitsPerByte(Config, frozen=True):
    """Which rows are scored, with what they are compared, and what the table groups by."""

    wrong: bool = True
    """Score each answer after another row's question too, for the gap."""
    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed."""
    cluster: str = ""
    """Label whose rows belong together in the intervals (a disease); empty: the passage that a question came from, so
    that the passages of one long document count as independent."""
    limit: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Score only so many questions, the first by a seeded hash; 0: all."""
    system: str = ""
    """System message before every question."""


class _Row(NamedTuple):
    """One answer under one checkpoint: bits after its own and after a wrong question, bytes, and where it belongs."""

    right: float
    wrong: float
    size: int
    cluster: str
    seed: str
    place: int


def bits_per_byte(
    questions: Iterable[Question],
    models: Mapping[str, tuple[Checkpoint, ...]],
    task: str,
    seed: int,
    config: BitsPerByte,
    training: Iterable[Conversation] = (),
) -> Iterator[Score]:
    """Score `bits_per_byte` of the references: bits over UTF-8 bytes, every model on the same rows.

    Bits count the answer's end-of-turn token, bytes do not. An answer longer than the model takes is read in windows.
    With `wrong`, also `bits_per_byte_wrong_question` and `bits_per_byte_gap` (wrong minus right, paired).
    With training conversations, also cells by {overlap}: `none`, `low` (at most 10%, none included), `high` and `short`
    (fewer than 13 words), and `overlap_share` under the model name `training`: the mean share of an answer's 13-grams
    that the training answers hold.
    """
    some = sample(list(questions), config.limit, seed)
    _check(some, task, config)
    texts = [asked(question) for question in some]
    swapped = [texts[place] for place in derange(texts, seed)] if config.wrong else texts
    held = shares([question.reference for question in some], training)
    clusters = [_cluster(question, config.cluster) for question in some]
    if held is not None and (known := [place for place, share in enumerate(held) if share is not None]):
        values = [share for share in held if share is not None]
        yield mean(values, [clusters[place] for place in known]).score(task, "training", "overlap_share", {})
    for model, checkpoints in models.items():
        names = seeds(model, checkpoints)
        rows: list[_Row] = []
        for name, checkpoint in zip(names, checkpoints, strict=True):
            bits = _bits(some, texts, swapped, checkpoint, config, f"{model} {name if len(names) > 1 else ''}".strip())
            for place, (right, wrong) in enumerate(bits):
                size = len(some[place].reference.encode())
                rows.append(_Row(right, wrong, size, clusters[place], name if len(names) > 1 else "", place))
        for cell, own in _groups(some, rows, held, config.by):
            yield from _scores(own, task, model, cell, config.wrong)


def derange(texts: Sequence[str], seed: int) -> list[int]:
    """For each text the place of another one that differs from it, drawn by the seed.

    Each place serves once, unless one text fills more than half of the rows. MetierError where all are the same.
    """
    draw = random.Random(f"{seed}:wrong question")
    groups: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault(text, []).append(place)
    if len(groups) < 2:
        raise MetierError("a wrong question needs rows with two different questions; add rows, or set wrong: false")
    ordered = list(groups.values())
    draw.shuffle(ordered)
    for group in ordered:
        draw.shuffle(group)
    row = [place for group in ordered for place in group]
    step = max(map(len, ordered))
    taken = [0] * len(texts)
    for at, place in enumerate(row):
        other = row[(at + step) % len(row)]
        taken[place] = other if texts[other] != texts[place] else _other(texts, place, draw)
    return taken


def _other(texts: Sequence[str], place: int, draw: random.Random) -> int:
    return draw.choice([other for other, text in enumerate(texts) if text != texts[place]])


def _check(questions: list[Question], task: str, config: BitsPerByte) -> None:
    if not questions:
        raise MetierError(f"{task}: no questions to ask")
    for question in questions:
        if not question.reference:
            remedy = "score questions with options by evals.multiple_choice"
            raise MetierError(f"{task}: question {question.id!r} has no reference answer; {remedy}")
    check_by((*config.by, *([config.cluster] if config.cluster else [])), questions)


def _cluster(question: Question, label: str) -> str:
    return labels(question).get(label, "") or question.parent or question.id


def _groups(
    questions: list[Question], rows: list[_Row], held: list[float | None] | None, by: By
) -> Iterator[tuple[dict[str, str], list[_Row]]]:
    """Every cell with its rows: all of them, the labels, the seeds, the overlap with training."""
    yield {}, rows
    named = [labels(questions[row.place]) | ({"seed": row.seed} if row.seed else {}) for row in rows]
    for cell, places in cells((*by, "seed"), named):
        yield cell, [rows[place] for place in places]
    for name in ("none", "low", "high", "short") if held is not None else ():
        own = [row for row in rows if held is not None and name in bins(held[row.place])]
        if own:
            yield {"overlap": name}, own


def _scores(rows: list[_Row], task: str, model: str, cell: dict[str, str], wrong: bool) -> Iterator[Score]:
    sizes, clusters = [float(row.size) for row in rows], [row.cluster for row in rows]
    yield ratio([row.right for row in rows], sizes, clusters).score(task, model, "bits_per_byte", cell)
    if wrong:
        after = ratio([row.wrong for row in rows], sizes, clusters)
        yield after.score(task, model, "bits_per_byte_wrong_question", cell)
        gap = ratio([row.wrong - row.right for row in rows], sizes, clusters)
        yield gap.score(task, model, "bits_per_byte_gap", cell)


def _bits(
    questions: list[Question],
    texts: list[str],
    swapped: list[str],
    checkpoint: Checkpoint,
    config: BitsPerByte,
    note: str,
) -> Iterator[tuple[float, float]]:
    """(bits after the own question, bits after the wrong one) of every reference under one checkpoint."""
    from metier.model.load import load

    loaded = load(checkpoint.path)
    for start in range(0, len(questions), CHUNK):
        progress.report(start, len(questions), "answers", note)
        part = slice(start, start + CHUNK)
        references = [question.reference for question in questions[part]]
        right = _chunk(loaded, texts[part], references, config.system)
        wrong = _chunk(loaded, swapped[part], references, config.system) if config.wrong else right
        yield from zip(right, wrong, strict=True)
    progress.report(len(questions), len(questions), "answers", note)


def _chunk(loaded: "Loaded", texts: list[str], references: list[str], system: str) -> list[float]:
    from metier.model.logprobs import continuation

    before = [messages(text, system) for text in texts]
    pairs = answered(loaded.tokenizer, list(zip(before, references, strict=True)))
    logs = continuation(loaded, [prompt for prompt, _ in pairs], [target for _, target in pairs], window(loaded))
    return [-log / math.log(2) for log in logs]

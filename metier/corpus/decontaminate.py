"""Leave out documents that hold a question of an exam, and list which question stands in which document.

A document holds a question where it shares runs of at least 13 words with its stem or passage (the length of GPT-3,
Brown et al. 2020, appendix C) and these make up a given share of it; a shorter stem must stand there as a whole, and
one that says too little alone must have its options beside it, in whatever order. Case, punctuation, accents, width
and Arabic spelling variants do not count. What many questions share ("which of the following is the most likely")
is no evidence.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pyarrow as pa

from metier.artefact import Artefact, write_json
from metier.batch import Batch
from metier.records import Config, Document, Dropped
from metier.sketches import Sketches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from metier.corpus.exam_index import Exam, Index, Item
    from metier.text.words import Words

WHY = "holds an exam item"
HITS = pa.list_(pa.struct([("item", pa.large_string()), ("how", pa.string()), ("share", pa.float32())]))
"""What a document's sketch says of each item found: the ids of its questions as JSON, how, and the share found."""


class Decontaminate(Config, frozen=True):
    """How long a shared run must be, and how much of a question must be found."""

    words: Annotated[int, msgspec.Meta(ge=6)] = 13
    """Words of the shortest shared run that counts; a shorter stem must be found as a whole."""
    characters: Annotated[int, msgspec.Meta(ge=6)] = 20
    """The same in scripts without spaces, in characters (13 words of Chinese are about 20 characters)."""
    share: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 0.5
    """Share of the words of a stem or passage, templates aside, that must lie in shared runs."""
    common: Annotated[int, msgspec.Meta(ge=1)] = 10
    """A short stem that stands in more documents than this is a common phrase and drops none; listed all the same."""


def sketch(batch: Batch[Document], exams: Path, config: Decontaminate) -> pa.Table:
    """One row a document: its id and the items found in it; the schema tells of the exam."""
    from metier.corpus.exam_index import load
    from metier.text.words import words

    manifest = Artefact(exams).manifest
    index = load(exams, manifest.fingerprint if manifest else "", config.words, config.characters)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row, item, how, share in matches(index, words(batch), config.share):
        ids = json.dumps(index.items[item].questions, ensure_ascii=False)
        found[row].append({"item": ids, "how": how, "share": share})
    exam = {"exam": msgspec.json.encode(index.exam)}
    lists = pa.array([found.get(row, []) for row in range(len(batch))] if found else [[]] * len(batch), HITS)
    return pa.table([batch.ids, lists], names=["id", "hits"]).replace_schema_metadata(exam)


def hits(batch: Batch[Document], index: "Index", config: Decontaminate) -> list[tuple[str, str, str, float]]:
    """(document, question, how, share) of every exam item found in a batch."""
    from metier.text.words import words

    ids = batch.ids.to_pylist()
    return [
        (ids[row], question, how, share)
        for row, item, how, share in matches(index, words(batch), config.share)
        for question in index.items[item].questions
    ]


def matches(index: "Index", words: "Words", least: float) -> Iterator[tuple[int, int, str, float]]:
    """(row, item, how, share found) of every item that a text holds.

    ``how``: `stem` or `passage` by runs, `short stem` as a whole, `stem and options`, `whole question`.
    """
    from metier.corpus.exam_index import overlaps

    for row, number, runs in overlaps(index, words):
        item = index.items[number]
        how, share = _beside(index, item, runs) if item.weak else _covered(index, item, runs)
        if share >= (least if not item.weak else 0.75):
            yield row, number, how, round(share, 4)


def _covered(index: "Index", item: "Item", runs: "NDArray[Any]") -> tuple[str, float]:
    """The share of an item's own words that lie in shared runs, by the spelling that fits best."""
    best, how = 0.0, item.how
    for part in range(item.first, item.last):
        start, stop = int(index.words.starts[part]), int(index.words.stops[part])
        own = index.own[start:stop]
        share = _share(own, start, runs[runs[:, 1] == part])
        if share > best:
            whole = int(index.needs[part]) == stop - start
            best, how = share, f"short {item.how}" if whole else item.how
    return how, best


def _share(own: "NDArray[np.bool_]", start: int, runs: "NDArray[Any]") -> float:
    covered = own & False
    for begin, end in runs[:, 2:4].tolist():
        covered[begin - start : end - start] = True
    return float((covered & own).sum() / max(1, own.sum()))


def _beside(index: "Index", item: "Item", runs: "NDArray[Any]") -> tuple[str, float]:
    """The share of a weak item's options that stand near its stem, or of the whole item in its own order."""
    last = item.last - 1
    start, stop = int(index.words.starts[last]), int(index.words.stops[last])
    whole = _share(index.own[start:stop] | True, start, runs[runs[:, 1] == last])
    options = float(runs[:, 5].max() / (last - item.options))
    return ("whole question", whole) if whole > options else ("stem and options", options)


def decide(sketches: Sketches, config: Decontaminate, out: Path) -> Iterator[Dropped]:
    """Drop every document that holds an item; write ``hits.jsonl`` (a line a hit) and ``items.json`` (items hit).

    A short stem found in more than ``common`` documents is a common phrase: its hits are listed as such and drop none.
    """
    from metier.corpus.exam_index import Exam

    spread: dict[tuple[str, str], int] = defaultdict(int)
    for _, exam, found in _rows(sketches):
        for hit in found:
            spread[exam, hit["item"]] += hit["how"] == "short stem"
    exams: dict[str, dict[str, set[str]]] = {}
    with (out / "hits.jsonl").open("w", encoding="utf-8") as file:
        for id, exam, found in _rows(sketches):
            told = exams.setdefault(exam, {"hit": set(), "common": set()})
            names: list[str] = []
            for hit in found:
                common = hit["how"] == "short stem" and spread[exam, hit["item"]] > config.common
                for question in json.loads(hit["item"]):
                    told["common" if common else "hit"].add(question)
                    names += [] if common else [question]
                    how = "common phrase" if common else hit["how"]
                    line = {"document": id, "question": question, "how": how, "share": round(hit["share"], 4)}
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if names:
                yield Dropped(id, WHY, ", ".join(sorted(names)[:3]))
    known = {told: msgspec.json.decode(told, type=Exam) for told in exams}
    write_json(out / "items.json", {known[told].name: _items(known[told], ids) for told, ids in exams.items()})


def _items(exam: "Exam", ids: dict[str, set[str]]) -> dict[str, Any]:
    """What ``items.json`` says of an exam."""
    hit, common = sorted(ids["hit"]), sorted(ids["common"] - ids["hit"])
    return {
        "questions": exam.questions,
        "hit": len(hit),
        "ids": hit,
        "common phrases": common,
        "too short to search": sorted(exam.silent),
    }


def _rows(sketches: Sketches) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """(id, what is told of the exam, hits) of every document, in order."""
    for table in sketches.tables():
        exam = table.schema.metadata[b"exam"].decode()
        for id, found in zip(table["id"].to_pylist(), table["hits"].to_pylist(), strict=True):
            yield id, exam, found

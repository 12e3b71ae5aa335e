"""Precision and recall of the corpus stages on a made corpus whose truth is known (``world.planted``)."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from metier.artefact import Artefact
from metier.corpus.mask import find_personal
from metier.recipe import load
from metier.records import Document, Dropped
from metier.run.make import run
from metier.world.planted import jaccard

RECIPE = """
name: truth
seed: {seed}
steps:
  made: {{use: world.planted, size: {size}}}
  clear: {{use: corpus.decontaminate, from: {{batch: made, exams: made}}}}
  unique: {{use: corpus.dedup, near: {{}}}}
"""


class Truth:
    """One run over a made corpus: what went in, what each barrier dropped, which conflicts were listed."""

    def __init__(self, size: float, seed: int) -> None:
        with tempfile.TemporaryDirectory() as home:
            recipe = Path(home) / "truth.yaml"
            recipe.write_text(RECIPE.format(size=size, seed=seed))
            run(load(str(recipe)), Path(home) / "runs")
            root = Path(home) / "runs/truth"
            self.documents = {one.id: one for one in Artefact(root / "made").records(Document)}
            self.leaks = {one.id: one for one in Artefact(root / "clear").dropped()}
            self.again = {one.id: one for one in Artefact(root / "unique").dropped()}
            lines = (root / "unique/conflicts.jsonl").read_text(encoding="utf-8").splitlines()
        self.conflicts = {frozenset(json.loads(line)["documents"]) for line in lines}

    def of(self, *truths: str) -> list[Document]:
        """The documents of some classes."""
        return [one for one in self.documents.values() if one.meta["truth"] in truths]

    def root(self, name: str) -> str:
        """The document that stays in the place of one, or itself."""
        while name in self.again:
            name = kept(self.again[name])
        return name

    def merged(self, one: Document) -> bool:
        """Whether a document and the one it was made from came to one."""
        return self.root(one.id) == self.root(one.meta["of"])


def kept(dropped: Dropped) -> str:
    """The id that a dropped duplicate names."""
    return dropped.detail.removeprefix("of ").split(",")[0]


def share(hits: int, of: int) -> float:
    """A share, unrounded: a bar is not cleared by rounding; 0 of nothing."""
    return hits / of if of else 0.0


def duplicates(truth: Truth) -> dict[str, tuple[float, int]]:
    """(share, n) of what deduplication is held to."""
    near = [one for one in truth.of("near") if one.meta.get("edit") != "3%"]
    close = [one for one in near if float(one.meta["jaccard"]) >= 0.8]
    edited = [one for one in truth.of("near") if one.meta.get("edit") == "3%"]
    exact, twins = truth.of("exact"), truth.of("twin", "conflict", "question")
    clash = [one for one in truth.documents.values() if one.meta.get("conflict") == "yes"]
    listed = [one for one in clash if frozenset((one.id, one.meta["of"])) in truth.conflicts]
    gone = [one for one in truth.again.values() if one.why == "near duplicate"]
    right = [one for one in gone if _similarity(truth, one) >= 0.7]
    return {
        "exact copies found": (share(sum(map(truth.merged, exact)), len(exact)), len(exact)),
        "near copies found at J >= .8": (share(sum(map(truth.merged, close)), len(close)), len(close)),
        "Chinese copies found, 3% edited": (share(sum(map(truth.merged, edited)), len(edited)), len(edited)),
        "near copies removed that have J >= .7": (share(len(right), len(gone)), len(gone)),
        "twins deleted": (sum(one.id in truth.again for one in twins), len(twins)),
        "conflicts listed": (share(len(listed), len(clash)), len(clash)),
    }


def _similarity(truth: Truth, gone: Dropped) -> float:
    """The true Jaccard similarity of a removed document and the one kept, in the shingles that are searched.

    The yardstick takes accents, width and Arabic vowel signs for other words; a copy that was made by these alone is 1.
    """
    one, other = truth.documents[gone.id], truth.documents[kept(gone)]
    same = {document.meta["of"] for document in (one, other) if document.meta["truth"] == "exact"}
    if same & {one.id, other.id} or (len(same) == 1 and one.meta.get("of") == other.meta.get("of")):
        return 1.0
    return jaccard(one.text, other.text, 3 if one.language == "zh" else 5)


def leaks(truth: Truth) -> dict[str, tuple[float, int]]:
    """(share, n) of exam items found by how they leak, and of clean documents taken for leaks."""
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for one in truth.of("leak"):
        total[one.meta["how"]] += 1
        found[one.meta["how"]] += one.id in truth.leaks
    clean = [one for one in truth.documents.values() if one.meta["truth"] != "leak"]
    wrong = [one for one in clean if one.id in truth.leaks]
    table = {f"exam items found, {how}": (share(found[how], n), n) for how, n in sorted(total.items())}
    return table | {"clean documents taken for leaks": (share(len(wrong), len(clean)), len(clean))}


def personal(truth: Truth) -> Iterator[tuple[str, str, float, float, int]]:
    """(kind, language, recall, precision, n) of personal data: a span counts that covers what was planted."""
    hit: Counter[tuple[str, str]] = Counter()
    planted: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    taken: Counter[tuple[str, str]] = Counter()
    for one in truth.of("personal"):
        spans = [(a, b, "record" if kind == "bed" else kind) for a, b, kind, _ in json.loads(one.meta["personal"])]
        found = find_personal(one.text)
        for start, stop, kind in spans:
            key = kind, one.language
            planted[key] += 1
            hit[key] += any(span.start <= start and stop <= span.stop for span in found)
        for span in found:
            key = span.kind, one.language
            taken[key] += 1
            right[key] += any(start < span.stop and span.start < stop for start, stop, _ in spans)
    for key in sorted(planted):
        yield *key, share(hit[key], planted[key]), share(right[key], taken[key]), planted[key]

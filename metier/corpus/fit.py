"""Fit a classifier of the domain on seed documents, and say how well it does on documents it has not seen."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from metier.artefact import write_json
from metier.proportion import wilson
from metier.records import Config, Document, Dropped, MetierError
from metier.text.held import position

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from metier.text.classifier import Classifier
    from metier.text.words import Words

Share = Annotated[float, msgspec.Meta(ge=0.05, le=0.4)]
FEWEST = 10
"""Documents of either side without which a part says nothing."""
SHOWN = 30
"""Features named on either side."""


class Seed(Config, frozen=True, kw_only=True):
    """Which documents are meant: those whose column has one of these values."""

    by: str = "source"
    """`source`, `kind`, `language`, or a column of `meta`."""
    values: tuple[str, ...]
    """Values of that column; `*` stands for any characters."""


class Fit(Config, frozen=True, kw_only=True):
    """Seed documents of the domain and of the rest, and how sure the classifier shall be."""

    positive: Seed
    """Documents of the domain."""
    negative: Seed | None = None
    """Documents that are not of it. Empty: all that are not positive."""
    precision: Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)] = 0.95
    """Share of the documents taken that shall be of the domain; the threshold reaches it at the best F1."""
    share: Share = 0.2
    """Share of the documents held out for the numbers; as many again choose the threshold, the rest train."""
    group: str = ""
    """Column whose values stay on one side (a site, a book). Empty: equal texts do."""
    bits: Annotated[int, msgspec.Meta(ge=10, le=24)] = 18
    """The features fall into 2^bits buckets."""
    epochs: Annotated[int, msgspec.Meta(ge=1)] = 20
    """How often training passes over the documents."""


@dataclass(frozen=True)
class _Part:
    """Documents on one side of the split."""

    words: "Words"
    labels: "NDArray[np.bool_]"
    languages: "NDArray[np.str_]"
    texts: list[str]


def fit(docs: Iterable[Document], config: Fit, seed: int, out: Path) -> Iterator[Dropped]:
    """Train on one part of the seed, choose the threshold on another, report precision and recall on a third.

    Writes the classifier and ``notes.json``: counts, threshold, held-out numbers in all and by language with their n
    and 95% intervals, the strongest features. MetierError where one side is missing or too small, where the sides
    cannot be told apart, and where the wished precision is not reached; nothing is written then.
    """
    from metier.text.classifier import calibrated, train

    seeds: list[tuple[Document, bool]] = []
    for doc in docs:
        label = _label(doc, config)
        if label is None or not doc.text.strip():
            yield Dropped(doc.id, "empty" if label is not None else "neither positive nor negative")
        else:
            seeds.append((doc, label))
    learn, tune, held = _parts(seeds, config)
    model = train(learn.words, learn.labels, seed, config.bits, config.epochs)
    _refuse_chance(model.margins(tune.words), tune.labels)
    model = calibrated(model, tune.words, tune.labels)
    threshold = _threshold(model.scores(tune.words), tune.labels, config.precision)
    languages = tuple(sorted({doc.language for doc, _ in seeds if doc.language}))
    header = msgspec.structs.replace(model.header, threshold=threshold, languages=languages)
    model = type(model)(header, model.weights)
    notes = _notes(model, (learn, tune, held))
    model.save(out)
    write_json(out / "notes.json", notes)


def _label(doc: Document, config: Fit) -> bool | None:
    if _meant(doc, config.positive):
        return True
    return False if config.negative is None or _meant(doc, config.negative) else None


def _meant(doc: Document, rule: Seed) -> bool:
    value = _column(doc, rule.by)
    return value is not None and any(fnmatchcase(value, pattern) for pattern in rule.values)


def _column(doc: Document, name: str) -> str | None:
    if name in ("source", "kind", "language"):
        return str(getattr(doc, name))
    return doc.meta.get(name)


def _parts(seeds: Sequence[tuple[Document, bool]], config: Fit) -> tuple[_Part, _Part, _Part]:
    """Train, tune and held-out documents, by the salted hash of the text or of the group."""
    if not seeds:
        raise MetierError("corpus.fit: no document is positive or negative; check `positive:` and `negative:`")
    if config.group and not any(_column(doc, config.group) is not None for doc, _ in seeds):
        raise MetierError(f"group: no document has a column {config.group!r}; name a column that corpus.read keeps")
    sides: tuple[list[tuple[Document, bool]], ...] = ([], [], [])
    for doc, label in seeds:
        at = position(_column(doc, config.group) or doc.text if config.group else doc.text, "corpus.fit")
        sides[2 if at < config.share else 1 if at < 2 * config.share else 0].append((doc, label))
    for name, side in zip(("training", "the threshold", "the held-out numbers"), sides, strict=True):
        yes = sum(label for _, label in side)
        if min(yes, len(side) - yes) < FEWEST:
            raise MetierError(
                f"corpus.fit: {yes} positive and {len(side) - yes} negative documents are left for {name}, at least "
                f"{FEWEST} of each are needed; read more seed documents, or check `positive:` {config.positive.values}"
            )
    learn, tune, held = (_part(side) for side in sides)
    return learn, tune, held


def _part(side: Sequence[tuple[Document, bool]]) -> _Part:
    import numpy as np

    from metier.text.words import words_of

    texts = [doc.text for doc, _ in side]
    languages = np.array([doc.language or "unnamed" for doc, _ in side])
    return _Part(words_of(texts), np.array([label for _, label in side], bool), languages, texts)


def _refuse_chance(margins: "NDArray[Any]", labels: "NDArray[np.bool_]") -> None:
    area, low, high = _auc(margins, labels)
    if low <= 0.5:
        raise MetierError(
            f"corpus.fit: positive and negative documents are told apart no better than by chance (area under the ROC "
            f"curve {area:.2f}, {low:.2f} to {high:.2f}, n = {len(labels)}); check `positive:` and `negative:`"
        )


def _threshold(scores: "NDArray[Any]", labels: "NDArray[np.bool_]", wished: float) -> float:
    """Of the thresholds that take at least ``FEWEST`` documents at the wished precision, the one of the best F1.

    It lies halfway to the next lower score, so that it does not hang on one document.
    """
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], np.cumsum(labels[order])
    taken = np.arange(1, len(ranked) + 1)
    ends = np.append(ranked[1:] < ranked[:-1], True) & (taken >= FEWEST)
    precision = np.where(ends, right / taken, -1.0)
    reached = np.flatnonzero(precision >= wished)
    if not len(reached):
        best = int(np.argmax(precision))
        share, low, high = _share(int(right[best]), int(taken[best]))
        raise MetierError(
            f"precision: {wished:g} is not reached; the best is {share:.3f} ({low:.3f} to {high:.3f}, "
            f"n = {taken[best]}) at recall {right[best] / labels.sum():.2f}; ask for less, or read more, cleaner seed"
        )
    harmonic = 2 * right / (taken + labels.sum())
    at = int(reached[np.argmax(harmonic[reached])])
    below = float(ranked[at + 1]) if at + 1 < len(ranked) else 0.0
    return float(np.float32((float(ranked[at]) + below) / 2))


def _auc(scores: "NDArray[Any]", labels: "NDArray[np.bool_]") -> tuple[float, float, float]:
    """Area under the ROC curve with its 95% interval (Hanley and McNeil 1982); ties count half."""
    import numpy as np

    yes, no = np.sort(scores[labels]), np.sort(scores[~labels])
    wins = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    area = float(wins.sum() / 2 / (len(yes) * len(no)))
    one, two = area / (2 - area), 2 * area * area / (1 + area)
    spread = area * (1 - area) + (len(yes) - 1) * (one - area**2) + (len(no) - 1) * (two - area**2)
    half = 1.96 * math.sqrt(max(0.0, spread) / (len(yes) * len(no)))
    return area, max(0.0, area - half), min(1.0, area + half)


def _share(hits: int, n: int) -> tuple[float, float, float]:
    """A proportion with its 95% interval; nothing of nothing is 0, from 0 to 1."""
    return (hits / n, *wilson(hits / n, n)) if n else (0.0, 0.0, 1.0)


def _notes(model: "Classifier", parts: tuple[_Part, _Part, _Part]) -> dict[str, Any]:
    """What the reader of the step is told."""
    learn, tune, held = parts
    scores = model.scores(held.words)
    taken = scores >= model.header.threshold
    area, low, high = _auc(scores, held.labels)
    languages = sorted(set(learn.languages) | set(tune.languages) | set(held.languages))
    sides = {
        name: [int((p.labels == side).sum()) for p in parts] for name, side in (("positive", True), ("negative", False))
    }
    alone = [
        str(name) for name in languages
        if len({bool(label) for p in parts for label in p.labels[p.languages == name]}) == 1
    ]  # fmt: skip
    return {
        "documents": {
            name: dict(zip(("train", "tune", "held"), counts, strict=True)) for name, counts in sides.items()
        },
        "threshold": model.header.threshold,
        "held": _held(taken, held.labels) | {"auc": _told(area, low, high, len(held.labels))},
        "by language": {
            str(name): _held(taken[held.languages == name], held.labels[held.languages == name]) for name in languages
        },
        "languages of one side only": alone,
        "features": _features(model, learn),
    }


def _held(taken: "NDArray[np.bool_]", labels: "NDArray[np.bool_]") -> dict[str, Any]:
    """Precision, recall and the share of negatives taken, of the documents held out."""
    right = int((taken & labels).sum())
    wrong = int((taken & ~labels).sum())
    yes, no = int(labels.sum()), int((~labels).sum())
    return {
        "precision": _told(*_share(right, right + wrong), right + wrong),
        "recall": _told(*_share(right, yes), yes),
        "negatives taken": _told(*_share(wrong, no), no),
    }


def _told(value: float, low: float, high: float, n: int) -> dict[str, float]:
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "n": n}


def _features(model: "Classifier", part: _Part) -> dict[str, list[str]]:
    """The strongest features of either side in words: of each bucket, the feature that fills it most often."""
    import numpy as np

    from metier.text import classifier_kernels as kernels

    words = part.words
    order = np.argsort(model.weights, kind="stable")
    sides = {"positive": order[::-1][:SHOWN], "negative": order[:SHOWN]}
    wanted = np.zeros(len(model.weights), bool)
    for buckets in sides.values():
        wanted[buckets] = True
    found = kernels.occurrences(words.hashes, words.sizes, words.starts, words.stops, wanted, model.header.bits)
    counts: dict[int, dict[tuple[int, ...], int]] = {}
    for place, at, order_ in found.tolist():
        key = tuple(words.hashes[at - order_ + 1 : at + 1].tolist())
        some = counts.setdefault(place, {})
        some[key] = some.get(key, 0) + 1
    best = {place: max(some, key=lambda key: (some[key], key)) for place, some in counts.items()}
    spelled = _spelled({one for key in best.values() for one in key}, part.texts)
    return {
        name: [" ".join(spelled.get(one, "?") for one in best[place]) for place in buckets.tolist() if place in best]
        for name, buckets in sides.items()
    }


def _spelled(wanted: set[int], texts: Sequence[str]) -> dict[int, str]:
    """Words by their hashes, as the first text that holds one writes it."""
    from metier.text.letters import split
    from metier.text.words import words_of

    spelled: dict[int, str] = {}
    known: set[str] = set()
    for text in texts:
        new = [word for word in dict.fromkeys(split(text)) if word not in known]
        known.update(new)
        hashed = words_of(new)
        for word, start, stop in zip(new, hashed.starts.tolist(), hashed.stops.tolist(), strict=True):
            if stop - start == 1 and (one := int(hashed.hashes[start])) in wanted:
                spelled.setdefault(one, word)
        if len(spelled) == len(wanted):
            break
    return spelled

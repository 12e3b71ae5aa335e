"""Fit what the signs of a contradiction and of another name are worth together, from planted errors.

python -m benchmarks.grounding_weights [--write]

The texts are those of ``planted_grounding_before`` and ``planted_grounding_after`` and every second item of
``planted_grounding_held``, counted from the first of each file; the items between are only scored. Besides its
passage, each answer is compared with every other rewrite of the whole passage, as if that were the passage: such pairs
are reworded more freely, and no rule was made with them; they count half. Printed are the share of planted errors and
of honest rewrites with a clause or word above each level: for the texts that were fitted by weights that were fitted
without the item (eight folds), for the others by the weights that are written to ``assets/grounding/weights.csv``.
"""

import argparse
import collections
import csv
import sys
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.grounding import HOME, Case, Item, cases, items, unwrap
from metier.artefact import asset
from metier.text.claims import Text, read
from metier.text.evidence import Signs
from metier.text.opposition import opposed
from metier.text.strangers import strangers

SETS = ("planted_grounding_before", "planted_grounding_after", "planted_grounding_held")
LEAST = {"negation": 1.0, "drug": 0.25}
"""The level from which a finding is told, chosen by the shares that this prints."""
LEVELS = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
FOLDS = 8
RIDGE = 3.0


class Pair(NamedTuple):
    """An answer and the text that it is held against."""

    case: Case
    base: str
    """The answer before its error was planted."""
    passage: str
    item: str
    fitted: bool
    crossed: bool
    """Whether that text is another rewrite."""


class Row(NamedTuple):
    """The signs of a clause or a word."""

    pair: int
    signs: Signs
    label: int
    """1 of what was planted, 0 of an honest text, -1 of what stands beside an error."""


def pairs() -> Iterator[Pair]:
    """Every answer with its passage and with the other rewrites of it."""
    for name in SETS:
        for stem in ("[!p]", "polish-"):
            seen: collections.Counter[str] = collections.Counter()
            for language, item in items(HOME / name, stem):
                fitted = name != SETS[2] or seen[language] % 2 == 0
                seen[language] += 1
                yield from _of(language, item, f"{name} {stem} {language} {item.id}", fitted)


def _of(language: str, item: Item, label: str, fitted: bool) -> Iterator[Pair]:
    rewrites = item.faithful or item.polished
    texts = [unwrap(one if isinstance(one, str) else one.say) for one in rewrites]
    whole = [place for place, one in enumerate(rewrites) if isinstance(one, str)]
    made = [case for case in cases(language, item) if case.made == "written"]
    places = [*range(len(texts)), *(edit.of for edit in item.errors)]
    for case, place in zip(made, places, strict=True):
        yield Pair(case, texts[place], unwrap(item.passage or item.original), label, fitted, False)
        for other in whole:
            if other != place:
                yield Pair(case, texts[place], texts[other], label, fitted, True)


def rows(kind: str, some: Sequence[Pair]) -> Iterator[Row]:
    """The signs of every clause or word that may be of a kind."""
    for place, pair in enumerate(some):
        if pair.case.kind not in ("faithful", kind) or (kind == "drug" and pair.case.item.polished):
            continue
        names = frozenset(pair.case.item.names)
        said, known, base = (read(text, names) for text in (pair.case.answer, pair.passage, pair.base))
        for text, signs in _signs(kind, said, known, read(pair.case.question, names)):
            planted = text not in _texts(kind, base)
            yield Row(place, signs, 0 if pair.case.kind == "faithful" else 1 if planted else -1)
        if kind == "negation" and pair.case.item.polished:
            for found in opposed(known, said):
                yield Row(place, found.signs, 0 if pair.case.kind == "faithful" else -1)


def _signs(kind: str, said: Text, known: Text, asked: Text) -> Iterator[tuple[str, Signs]]:
    if kind == "negation":
        yield from ((found.clause.text, found.signs) for found in opposed(said, known))
    else:
        yield from ((found.token.text, found.signs) for found in strangers(said, known, asked))


def _texts(kind: str, base: Text) -> frozenset[str]:
    """What stood in an answer before the error; two clauses that are read together count as well."""
    if kind == "drug":
        return frozenset(token.text for clause in base.clauses for token in clause.tokens)
    return frozenset(found.clause.text for found in opposed(base, base)) | frozenset(c.text for c in base.clauses)


def fit(signs: np.ndarray, labels: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """The weights of a logistic regression with a ridge, by Newton's method; the constant is first."""
    mean, spread = signs.mean(0), signs.std(0) + 1e-6
    scaled = np.hstack([np.ones((len(signs), 1)), (signs - mean) / spread])
    ridge = np.full(scaled.shape[1], RIDGE)
    ridge[0] = 0.0
    found = np.zeros(scaled.shape[1])
    for _ in range(40):
        chance = 1 / (1 + np.exp(-scaled @ found))
        slope = scaled.T @ (worth * (chance - labels)) + ridge * found
        bend = (scaled.T * (worth * chance * (1 - chance))) @ scaled + np.diag(ridge) + 1e-9 * np.eye(len(ridge))
        found -= np.linalg.solve(bend, slope)
    plain = found[1:] / spread
    return np.concatenate([[found[0] - plain @ mean], plain])


def fold_of(item: str) -> int:
    """The fold of an item: the same in every run."""
    return zlib.crc32(item.encode()) % FOLDS


def fitted(kind: str, some: Sequence[Pair]) -> dict[str, float]:
    """The weights of a kind, by sign; prints what they catch."""
    found = list(rows(kind, some))
    names = list(found[0].signs)
    signs = np.array([[row.signs[name] for name in names] for row in found])
    labels = np.array([row.label for row in found])
    worth = np.array([0.5 if some[row.pair].crossed else 1.0 for row in found])
    folds = np.array([fold_of(some[row.pair].item) for row in found])
    known = np.array([some[row.pair].fitted for row in found])
    usable = known & (labels >= 0)
    weights = fit(signs[usable], labels[usable], worth[usable])
    scores = weights[0] + signs @ weights[1:]
    for fold in range(FOLDS):
        train, held = usable & (folds != fold), known & (folds == fold)
        one = fit(signs[train], labels[train], worth[train])
        scores[held] = one[0] + signs[held] @ one[1:]
    best = np.full(len(some), -np.inf)
    for row, score in zip(found, scores, strict=True):
        best[row.pair] = max(best[row.pair], score)
    told(kind, some, best)
    return {
        "constant": float(weights[0]),
        **dict(zip(names, map(float, weights[1:]), strict=True)),
        "least": LEAST[kind],
    }


def told(kind: str, some: Sequence[Pair], best: np.ndarray) -> None:
    """Print the share of errors and of honest texts above each level."""
    print(f"\n{kind:<34}" + "".join(f"{f'> {level}':<14}" for level in LEVELS))
    for of in (True, False):
        for crossed in (False, True):
            here = [
                (pair.case.kind, score)
                for pair, score in zip(some, best, strict=True)
                if (pair.fitted, pair.crossed) == (of, crossed) and not (kind == "drug" and pair.case.item.polished)
            ]
            errors = np.array([score for name, score in here if name == kind])
            honest = np.array([score for name, score in here if name == "faithful"])
            cells = [f"{(errors > level).mean():.3f} / {(honest > level).mean():.3f}" for level in LEVELS]
            title = f"{'other folds' if of else 'not fitted'}, {'rewrites' if crossed else 'passages'}"
            print(f"{title} ({len(errors)}, {len(honest)})".ljust(34) + " ".join(cells))


def main() -> int:
    """Fit, print, and write where wanted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write assets/grounding/weights.csv")
    options = parser.parse_args()
    some = list(pairs())
    tables = {kind: fitted(kind, some) for kind in LEAST}
    lines = [(kind, name, f"{value:.3f}") for kind, table in tables.items() for name, value in table.items()]
    if options.write:
        with (asset("asset:grounding") / "weights.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("kind", "sign", "weight"), *lines])
    else:
        print("\n" + "\n".join(",".join(line) for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())

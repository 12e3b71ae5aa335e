"""Near duplicates: MinHash and banding find candidates, the true Jaccard similarity decides, other facts forbid.

Narrow columns lie on disk and are read one at a time; only records that share a bucket with another are read again.
"""

import contextlib
import functools
import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from metier.batch import Batch
from metier.corpus.conflicts import Pair, conflicts
from metier.corpus.near_spill import Spill, spill
from metier.files import find, lines, texts
from metier.records import Config, Document, Files, MetierError
from metier.sketches import Each, Sketches
from metier.text.facts import Lexicon, facts, lexicon
from metier.text.words import Words, words

Rows = NDArray[np.int64]
MOST, CHUNK = 256, 500_000
"""Comparisons of one record with better ones; words of text that are held at a time."""
SPILL = "spill"
"""Where records lie while they are compared; the engine clears it away if a crash leaves it."""
SAMPLE, RUNS, TELLING, COMMON = 4_000_000, 256, 500, 3
"""Words that are counted to tell the common ones; runs of documents they are taken in; groups of documents needed to
tell; groups that a common word stands in."""


class Near(Config, frozen=True):
    """When two documents are nearly the same, and which of them stays."""

    similarity: Annotated[float, msgspec.Meta(ge=0.5, le=1)] = 0.75
    """Least Jaccard similarity of the shingles of a document and of the one kept in its place."""
    words: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    """Words of a shingle (Lee et al. 2022; Penedo et al. 2024)."""
    characters: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    """Characters of a shingle of texts in Chinese, Japanese, Thai and other scripts without spaces."""
    bands: Annotated[int, msgspec.Meta(ge=1, le=64)] = 20
    """Bands of the MinHash signature: with 20 of 6 a pair of similarity .8 is found with probability .998."""
    rows: Annotated[int, msgspec.Meta(ge=1, le=16)] = 6
    """Hashes of a band."""
    prefer: Literal["longest", "first"] = "longest"
    """Which of near duplicates stays: the one with most words (the earliest of equals), or the earliest."""
    contained: bool = False
    """Leave out a document that stands word for word, in one piece, within a better one, though that one says more."""
    names: Files = ()
    """Files of names (drugs, ingredients, people), one a line: documents that differ in one are never merged."""
    entity: str = ""
    """Column that says what a document is about, for conflicts; by default its first line."""


class Found(NamedTuple):
    """Rows that nearly repeat others, ascending; the rows kept in their places; the similarities."""

    rows: Rows
    kept: Rows
    similarity: NDArray[np.float64]


def signature(batch: Batch[Document], near: Near) -> dict[str, Any]:
    """The narrow columns of a batch: how many words, a hash of every band."""
    from metier.corpus.near_kernels import band_hashes

    some = words(batch)
    seeds = _seeds(near.bands * near.rows)
    bands = band_hashes(
        (some.hashes, some.marks), (some.starts, some.stops), (near.words, near.characters), seeds, near.bands
    )
    return {"size": some.counts} | dict(zip(_columns(near), bands, strict=True))


def _columns(near: Near) -> list[str]:
    return [f"band{band:02d}" for band in range(near.bands)]


def _lexicon(near: Near) -> Lexicon:
    paths = find(near.names) if near.names else ()
    return lexicon(tuple(name for path in paths for name in _names(path, path.stat().st_mtime_ns)))


@functools.lru_cache(maxsize=16)
def _names(path: Path, _: int) -> tuple[str, ...]:
    """The names in a file, as it was at a time; lines with # are remarks."""
    some = (line.strip() for _, line in lines(texts(path), path))
    names = tuple(line for line in some if line and not line.startswith("#"))
    if not names:
        raise MetierError(f"{path}: no name in it; write one a line, or leave the file out")
    return names


@functools.cache
def _seeds(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    random = np.random.default_rng(count)
    multipliers = random.integers(0, 2**32, count, dtype=np.uint32) | np.uint32(1)
    return multipliers, random.integers(0, 2**32, count, dtype=np.uint32)


def near_duplicates(sketches: Sketches, single: NDArray[np.bool_], near: Near, out: Path, each: Each = map) -> Found:
    """What nearly repeats another document, of the rows that are ``single``; conflicts go to ``out``.

    ``conflicts.jsonl`` lists documents about one entity that are worded alike and differ in a fact, for a person to
    settle: both stay.
    """
    _lexicon(near)  # a bad file of names is told before the work
    parent = _components(sketches, single, near, each)
    found: list[Pair] = []
    alike: list[Pair] = []
    shutil.rmtree(out.parent / SPILL, ignore_errors=True)  # what a crash left
    with _removed(out.parent / SPILL) as home:
        rows = np.flatnonzero(np.bincount(parent, minlength=len(parent))[parent] > 1)
        held = spill(sketches, rows, ["asked", *_columns(near)], home, each)
        work = functools.partial(_settled, held, near, _common(sketches, parent))
        for gone, pairs in each(work, _chunks(held, parent)):
            found += gone
            alike += pairs
    with (out / "conflicts.jsonl").open("w", encoding="utf-8") as file:
        for conflict in conflicts(sketches, sorted(alike), near.entity):
            file.write(json.dumps(conflict, ensure_ascii=False) + "\n")
    columns = list(zip(*sorted(found), strict=True)) or [(), (), ()]
    return Found(np.array(columns[0], np.int64), np.array(columns[1], np.int64), np.array(columns[2], np.float64))


@contextlib.contextmanager
def _removed(home: Path) -> Iterator[Path]:
    """A directory that is gone afterwards."""
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _components(sketches: Sketches, single: NDArray[np.bool_], near: Near, each: Each) -> Rows:
    """For every row the first row that it hangs together with by shared buckets, shape (rows,); a band at a time."""
    from metier.corpus.near_kernels import join, roots

    parent = np.arange(len(single))
    for pairs in each(functools.partial(_neighbours, sketches, single), _columns(near)):
        join(parent, pairs)
    roots(parent)
    return parent


def _neighbours(sketches: Sketches, single: NDArray[np.bool_], name: str) -> Rows:
    """Pairs of rows that follow each other in a bucket of one band, shape (pairs, 2); only ``single`` rows count."""
    from metier.corpus.near_kernels import neighbours

    column = np.concatenate([table[name].to_numpy() for table in sketches.tables([name])])
    pairs: Rows = neighbours(np.argsort(column, kind="stable"), column, single)
    return pairs


def _common(sketches: Sketches, parent: Rows) -> NDArray[np.uint64]:
    """A table of the words that stand in several groups of documents; an empty one where there are too few to tell.

    Counted in documents of about SAMPLE words, spread evenly. Names of one thing stand in the few documents about it.
    """
    from metier.corpus.near_kernels import spread
    from metier.text.word_kernels import build_set

    size = sum(int(table["size"].to_numpy().sum()) for table in sketches.tables(["size"]))
    rows = _spread_evenly(len(parent), round(len(parent) * min(1.0, SAMPLE / max(1, size))))
    if len(np.unique(parent[rows])) < TELLING:
        return np.zeros(0, np.uint64)
    rows = rows[np.argsort(parent[rows], kind="stable")]
    at = np.sort(rows)
    found = _joined([words(batch) for _, batch in sketches.records(at)]).take(np.searchsorted(at, rows))
    keys, counts = spread((found.hashes, found.marks), (found.starts, found.stops), parent[rows])
    table: NDArray[np.uint64] = build_set(keys[counts >= max(COMMON, len(rows) // 2000)])
    return table


def _spread_evenly(length: int, count: int) -> Rows:
    """About so many of the numbers below a length: short runs, as what lies together is read together."""
    runs = min(RUNS, count)
    firsts = np.linspace(0, length, runs, endpoint=False).astype(np.int64)
    some = firsts[:, None] + np.arange(-(-count // max(1, runs)))
    return np.unique(some[some < length])


def _chunks(held: Spill, parent: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Rows that hang together with others, and their parents: whole groups, about CHUNK words of text at a time."""
    order = np.argsort(parent[held.rows], kind="stable")
    rows = held.rows[order]
    if not len(rows):
        return
    ends = np.flatnonzero(np.append(parent[rows][1:] != parent[rows][:-1], True)) + 1
    total = np.cumsum(held.counts[order])[ends - 1]
    start, taken = 0, 0
    for end, sum_ in zip(ends.tolist(), total.tolist(), strict=True):
        if sum_ - taken >= CHUNK or end == len(rows):
            some = np.sort(rows[start:end])
            yield some, parent[some]
            start, taken = end, sum_


def _settled(
    held: Spill, near: Near, common: NDArray[np.uint64], chunk: tuple[Rows, Rows]
) -> tuple[list[Pair], list[Pair]]:
    """Of some groups (row, row kept, similarity) of what goes, and (row, row, similarity) of what is only alike."""
    from metier.corpus.near_kernels import settle, shingle_sets

    rows, parent = chunk
    one = held.take(rows)
    asked, *bands = one.narrow.T
    sets = shingle_sets((one.hashes, one.marks), (one.starts, one.stops), (near.words, near.characters))
    best = one.starts - one.stops if near.prefer == "longest" else np.zeros(len(rows), np.int64)
    known = _lexicon(near)
    rules = (near.similarity, (known.ordinary, known.always, common), MOST, near.contained)
    texts = (one.hashes, one.marks, one.starts, one.stops)
    order = np.lexsort((rows, best, parent))
    keys = (facts(one, known), np.ascontiguousarray(asked))
    kept, alike, pairs = settle(order, texts, sets, keys, _buckets(bands), rules)
    gone = [(int(rows[at]), int(rows[kept[at]]), float(alike[at])) for at in np.flatnonzero(kept >= 0)]
    return gone, [(int(rows[a]), int(rows[b]), value) for a, b, value in pairs]


def _buckets(bands: list[NDArray[np.uint64]]) -> Rows:
    """A number for the bucket of every record in every band, shape (records, bands)."""
    numbered = [np.unique(band, return_inverse=True)[1] for band in bands]
    shift = np.cumsum([0, *(int(band.max()) + 1 for band in numbered)])[:-1]
    return np.stack([band + by for band, by in zip(numbered, shift, strict=True)], axis=1)


def _joined(some: list[Words]) -> Words:
    """The words of several batches as one."""
    shifts = list(itertools.accumulate([0, *(len(one.hashes) for one in some)]))
    return Words(
        np.concatenate([one.hashes for one in some]),
        np.concatenate([one.sizes for one in some]),
        np.concatenate([one.marks for one in some]),
        np.concatenate([one.starts + by for one, by in zip(some, shifts, strict=False)]),
        np.concatenate([one.stops + by for one, by in zip(some, shifts, strict=False)]),
        np.concatenate([one.whole for one in some]),
    )

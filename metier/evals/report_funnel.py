"""What every step of a corpus chain kept, by language and kind, as a table: the layout of table 1 of HuatuoGPT-II.

A chain is a row of steps that each read the one before. Where several meet or one parts, a new chain begins, whose
first column is what came in.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from metier.artefact import Cell, Finished, Manifest
from metier.evals.report_steps import manifests
from metier.scores import compact, count, percent

LANGUAGES = 12
"""Languages shown each for itself; the smallest beyond them are shown as one."""
UNKNOWN, OTHERS = "unknown", " others"
"""The last rows: what has no language, and before it the languages that are shown as one."""


class Key(NamedTuple):
    """A language and a kind; an empty name stands for all of them."""

    language: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Column:
    """What one step kept: of every language and kind, or only how many documents where nobody counted more."""

    step: str
    stage: str
    cells: Mapping[Key, Cell]
    documents: int
    counted: bool
    passages: bool

    def of(self, key: Key) -> Cell:
        """What was kept of a language and kind, or of all of them."""
        total = Cell()
        for one, cell in self.cells.items():
            if key.language in ("", one.language) and key.kind in ("", one.kind):
                total.add(cell)
        return total if self.counted or any(key) else Cell(self.documents)


@dataclass(frozen=True)
class Entry:
    """One field of the table; ``width`` is the share of tokens left in percent, ``exact`` the numbers unrounded."""

    documents: str
    documents_share: str = ""
    tokens: str = ""
    tokens_share: str = ""
    width: float | None = None
    exact: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table: a kind, all of a language, or everything."""

    label: str
    rank: str
    entries: tuple[Entry | None, ...]


@dataclass(frozen=True)
class Funnel:
    """One chain of steps as a table."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]


def funnels(run: Finished) -> list[Funnel]:
    """A table for every chain of steps that keep documents, in the order of the recipe; none without any."""
    made = {name: one for name, one in manifests(run).items() if "document" in one.counts}
    parents = {name: _parents(one, made) for name, one in made.items()}
    columns: dict[str, Column] = {}
    for name, one in made.items():
        columns[name] = _column(name, one, any(columns[parent].passages for parent in parents[name]))
    found = []
    for steps in _chains(parents):
        before = [columns[parent] for parent in parents[steps[0]]]
        chain = ([_joined(before)] if before else []) + [columns[step] for step in steps]
        if any(one.counted and one.cells for one in chain):
            read = _joined([columns[name] for name in _sources(steps[0], parents)]) if before else chain[0]
            found.append(_funnel(chain, read))
    return found


def parts(name: str) -> Key:
    """The language and kind that a key of a manifest's cells names."""
    language, _, kind = name.rpartition("/")
    return Key(language or UNKNOWN, kind or UNKNOWN)


def sizes(cells: Iterable[Mapping[Key, Cell]]) -> list[Key]:
    """The keys of some steps, the language and in it the kind with the most tokens first, what is unknown last."""
    most: dict[Key, int] = {}
    for some in cells:
        for key, cell in some.items():
            most[key] = max(most.get(key, 0), cell.tokens)
    languages: dict[str, int] = {}
    for key, tokens in most.items():
        languages[key.language] = languages.get(key.language, 0) + tokens

    def place(key: Key) -> tuple[int, int, str, int, Key]:
        last = 2 if key.language == UNKNOWN else int(key.language.endswith(OTHERS))
        return last, -languages[key.language], key.language, -most[key], key

    return sorted(most, key=place)


def _parents(one: Manifest, made: Mapping[str, Manifest]) -> list[str]:
    """The steps whose documents a step keeps some of: what feeds its batch, or else its first parameter."""
    feeds = [feed for feed in one.sources.values() if isinstance(feed, list)]
    feed = one.sources.get("batch", feeds[0] if feeds else [])
    return [name for name in feed if name in made] if isinstance(feed, list) else []


def _sources(step: str, parents: Mapping[str, list[str]]) -> list[str]:
    """The steps without a parent that a step's documents came from, each once."""
    some = [source for parent in parents[step] for source in _sources(parent, parents)] or [step]
    return list(dict.fromkeys(some))


def _column(name: str, one: Manifest, passages: bool) -> Column:
    documents = one.counts["document"]
    cut = one.stage == "corpus.segment" or 0 < one.count_in < documents
    cells: dict[Key, Cell] = {}
    for key, cell in one.cells.items():
        cells.setdefault(parts(key), Cell()).add(cell)
    return Column(name, one.stage, cells, documents, bool(cells) or not documents, passages or cut)


def _joined(columns: Sequence[Column]) -> Column:
    """What several steps kept together."""
    cells: dict[Key, Cell] = {}
    for column in columns:
        for key, cell in column.cells.items():
            cells.setdefault(key, Cell()).add(cell)
    counted = all(column.counted for column in columns)
    documents, passages = sum(column.documents for column in columns), any(column.passages for column in columns)
    return Column(" + ".join(column.step for column in columns), "came in", cells, documents, counted, passages)


def _chains(parents: Mapping[str, list[str]]) -> list[list[str]]:
    """The steps in rows, each of which reads the one before and nothing else, and is read by the next alone."""
    readers: dict[str, list[str]] = {}
    for name, some in parents.items():
        for parent in some:
            readers.setdefault(parent, []).append(name)
    rows: dict[str, list[str]] = {}
    for name, some in parents.items():
        alone = len(some) == 1 and len(readers[some[0]]) == 1
        rows[name] = rows[some[0]] if alone else []
        rows[name].append(name)
    return [row for name, row in rows.items() if row[0] == name]


def _funnel(chain: list[Column], read: Column) -> Funnel:
    tokens, left = read.of(Key()).tokens, chain[-1].of(Key()).tokens
    chain = _folded(chain)
    named = _named(chain)
    first = next(at for at, one in enumerate(chain) if one.counted and one.cells)
    keys = sizes(one.cells for one in chain)
    rows = list(_rows(chain, keys, max(first, named)))
    remarks = []
    if first:
        remarks.append(
            f"{chain[0].step} was not counted by language, kind and tokens: shares start at {chain[first].step}."
        )
    if named > first:
        remarks.append(
            f"{chain[named].step} gave documents their language or kind: shares start there,"
            " those of all together at the first step."
        )
    if any(one.passages for one in chain):
        at = next(one for one in chain if one.passages)
        remarks.append(
            f"From {at.step} on the documents are passages, without a share: they are pieces of what came in."
        )
    if read.step != chain[0].step and read.counted:
        remarks.append(f"Of the {compact(tokens)} tokens of {read.step} {percent(left, tokens)} are left.")
    return Funnel(chain[-1].step, tuple(chain), tuple(rows), tuple(remarks))


def _folded(chain: list[Column]) -> list[Column]:
    """The chain with its smallest languages as one."""
    order = list(dict.fromkeys(key.language for key in sizes(one.cells for one in chain)))
    rest = set(order[LANGUAGES:]) - {UNKNOWN}
    if len(rest) < 2:
        return chain
    name = f"{len(rest)}{OTHERS}"
    made = []
    for one in chain:
        cells: dict[Key, Cell] = {}
        for key, cell in one.cells.items():
            cells.setdefault(Key(name if key.language in rest else key.language, key.kind), Cell()).add(cell)
        made.append(Column(one.step, one.stage, cells, one.documents, one.counted, one.passages))
    return made


def _named(chain: list[Column]) -> int:
    """The last step that gave documents another language or kind: it has more of one than before, and cut none."""
    found = 0
    for at, (before, after) in enumerate(itertools.pairwise(chain), 1):
        cut = after.documents > before.documents or after.stage == "corpus.segment"
        grown = any(after.of(key).documents > before.of(key).documents for key in after.cells)
        if before.counted and grown and not cut:
            found = at
    return found


def _rows(chain: list[Column], keys: list[Key], base: int) -> Iterator[Row]:
    """The kinds of every language under their sum, and the sum of all; its shares start at the first step."""
    languages: dict[str, list[Key]] = {}
    for key in keys:
        languages.setdefault(key.language, []).append(key)
    single = len(languages) == 1
    for language, some in languages.items():
        label = language if len(some) > 1 else f"{language} · {some[0].kind}"
        yield Row(label, "language", tuple(_entries(chain, Key() if single else Key(language), 0 if single else base)))
        for key in some if len(some) > 1 else ():
            yield Row(key.kind, "kind", tuple(_entries(chain, key, base)))
    if not single:
        yield Row("all", "all", tuple(_entries(chain, Key(), 0)))


def _entries(chain: list[Column], key: Key, base: int) -> Iterator[Entry | None]:
    """The fields of a row; None where nothing was counted or the row has not begun."""
    first = chain[base].of(key)
    tokens_from = next(at for at, one in enumerate(chain) if one.counted)
    whole = chain[max(base, tokens_from)].of(key)
    for at, column in enumerate(chain):
        cell = column.of(key)
        if not column.counted:
            yield None if any(key) else Entry(compact(cell.documents), exact=f"{count(cell.documents)} documents")
        elif not cell.documents and (at < base or not first.documents):
            yield None
        else:
            yield _entry(cell, column, None if at < base else (first, whole, at == base))


def _entry(cell: Cell, column: Column, to: tuple[Cell, Cell, bool] | None) -> Entry:
    noun = "passages" if column.passages else "documents"
    exact = f"{count(cell.documents)} {noun}, {count(cell.tokens)} tokens, {count(cell.characters)} characters"
    if to is None:
        return Entry(compact(cell.documents), tokens=compact(cell.tokens), exact=exact)
    first, whole, begins = to
    width = round(100 * min(1.0, cell.tokens / (whole.tokens or 1)), 1)
    if begins:
        return Entry(compact(cell.documents), tokens=compact(cell.tokens), width=width, exact=exact)
    share = "" if column.passages else percent(cell.documents, first.documents)
    return Entry(compact(cell.documents), share, compact(cell.tokens), percent(cell.tokens, whole.tokens), width, exact)

"""Bring in rules: tables as people write them, pair tables of drugs that interact, and drug labels."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import msgspec

from metier.artefact import write_json
from metier.files import chunks, find, suffix
from metier.records import Config, Dropped, Entity, Files, MetierError, Name, Rule
from metier.row_files import Found, rows
from metier.row_files import find as find_rows
from metier.rules import openfda, pairs
from metier.rules.openfda_label import label
from metier.rules.pairs import LEVELS, Bad, Known, Pairs, Severity
from metier.rules.tables_finding import stop
from metier.rules.tables_read import parse_entities, parse_rules

Format = Literal["tables", "pairs", "openfda"]
Made = Entity | Rule | Dropped


class Read(Config, frozen=True):
    """Which files hold rules, and how they are written."""

    paths: Files
    """`entities.csv` and `rules.csv` of a table (`domain:medicine/entities.csv` ships), pair tables (CSV, TSV, JSONL,
    Parquet, Excel), drug labels (XML); globs and URLs allowed, packed (.gz, .zst, .bz2, .xz) or not."""
    format: Literal["auto"] | Format = "auto"
    """`tables`: entities and rules as `metier rules` reads them; `pairs`: drug A, drug B and a level, as DDInter's;
    `openfda`: drug labels in Structured Product Labeling. `auto` tells it by the names and columns of each file."""
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    """What the columns of a pair table are called, where they do not go by DDInter's names: `a`, `b`, and `a_id`,
    `b_id`, `level`, `message`, `remedy`, `source`."""
    levels: dict[str, Severity] = msgspec.field(default_factory=lambda: dict(LEVELS))
    """Severity (note, caution, forbidden) by level of a pair table, in small letters or not; a pair of another level
    is dropped."""
    language: str = "en"
    """The language of the names and messages in a pair table."""
    source: str = ""
    """What rules of a pair table name as their source where no column does; by default the file's name."""
    strict: bool = False
    """Stop at the first row or label that makes no rule, instead of dropping it with its reason."""


def read(config: Read, out: Path) -> Iterator[Entity | Rule | Dropped]:
    """Read entities and rules; what makes none is dropped under FILE:LINE or SET:SECTION with its reason.

    A drug that an earlier file names is that file's entity: name your own table first, and imported rules join it.
    Imported rules have no examples and speak one language: write them out (`rules.write`), revise them, and let
    `metier rules DIR` check them. MetierError where a table is at fault, where a file is missing or damaged, and where
    nothing tells how it is written.
    """
    reader = _Reader(config)
    for record in reader.records():
        if config.strict and isinstance(record, Dropped):
            raise MetierError(f"{record.id}: {record.why} ({record.detail}); mend it, or leave strict out to drop it")
        yield record
    write_json(out / "notes.json", {"files": reader.notes})


class _Reader:
    """What was read so far: entities are told once, whatever files they stand in."""

    def __init__(self, config: Read) -> None:
        self.config = config
        self.known = Known()
        self.ids = set[str]()
        self.notes: list[dict[str, object]] = []

    def records(self) -> Iterator[Made]:
        """Everything in the files, in their order."""
        paths = find(self.config.paths)
        names = Counter(path.name for path in paths)
        for path in paths:
            name = path.name if names[path.name] == 1 else str(path)
            written, stream = self._opened(path, name)
            counts = {"entities": 0, "rules": 0, "dropped": 0}
            for record in stream:
                kinds = {Entity: "entities", Rule: "rules", Dropped: "dropped"}
                counts[kinds[type(record)]] += 1
                yield record
            self.notes.append({"file": name, "format": written, **counts})

    def _opened(self, path: Path, name: str) -> tuple[Format, Iterator[Made]]:
        """How a file is written, and what it holds."""
        wanted = self.config.format
        if wanted == "openfda" or (wanted == "auto" and suffix(path) == "xml"):
            return "openfda", self._labels(path, name)
        (file,) = find_rows(str(path))
        stream = rows(file)
        first = list(islice(stream, 100))
        named = {name for row in first for name in row.values}
        if wanted == "tables" or (wanted == "auto" and ("members" in named or {"id", "name"} <= named)):
            if file.written != "csv":
                remedy = "save it as CSV, or say format: pairs where it holds pairs"
                raise MetierError(f"{path}: a table of entities or rules is a CSV file; {remedy}")
            return "tables", self._table(path, "members" in named)
        how = self._pairs(file, named)
        return "pairs", pairs.records(chain(first, stream), name, how, self.known)

    def _table(self, path: Path, of_rules: bool) -> Iterator[Made]:
        parsed = (parse_rules if of_rules else parse_entities)(path)
        stop(parsed.findings)
        for number, entity in enumerate(parsed.entities):
            if entity.id in self.known.told:
                place = parsed.entity_place(number)
                raise MetierError(f"{place}: the entity {entity.id!r} was told before; name tables first, each once")
            yield from self.known.tell(entity)
        for number, rule in enumerate(parsed.rules):
            if rule.id in self.ids:
                raise MetierError(f"{parsed.rule_place(number)}: the rule {rule.id!r} was told before; rename it")
            self.ids.add(rule.id)
            self.known.before(rule)
            yield rule

    def _pairs(self, file: Found, named: set[str]) -> Pairs:
        config = self.config
        if not named:
            raise MetierError(f"{file.path}: no row can be read; say its format, or leave it out")
        columns = pairs.columns(named, config.columns, str(file.path))
        levels = {level.casefold(): severity for level, severity in config.levels.items()}
        return Pairs(columns, levels, config.language, config.source or file.path.name)

    def _labels(self, path: Path, name: str) -> Iterator[Made]:
        """The entities and rules of one label; what was told before, of a drug or a pair, is not told again."""
        try:
            found = label(b"".join(chunks(path)))
            if not found.id or found.id in self.ids:
                raise Bad("label read before" if found.id else "label without a set id", found.id)
            self.ids.add(found.id)
            whose = openfda.entity(found, self.known.meant)
        except Bad as bad:
            yield Dropped(name, bad.why, bad.detail)
            return
        yield from self.known.tell(whose)
        for made in openfda.rules(found, whose, self.known.meant):
            if isinstance(made, Dropped):
                yield made
                continue
            rule, other = made
            if first := self.known.before(rule):
                yield Dropped(rule.id, "told before", f"as {first}")
                continue
            if other:
                yield from self.known.tell(Entity(rule.members[-1], (Name("en", other),)))
            yield rule

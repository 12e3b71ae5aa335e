"""Bring in instruction data that others wrote: conversations, preferences, and texts to make them from."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import msgspec

from metier.artefact import write_json
from metier.records import Config, Conversation, Document, Dropped, Files, Message, MetierError, Preference, Role
from metier.row_files import Found, find, rows
from metier.rows import Row
from metier.text.formats import FORMATS, Bad, Column, Format, Names, Pair, Talk, Text, detect, pair, used
from metier.text.formats_rows import cell, parse
from metier.text.formats_turns import ROLES, TURN_KEYS, Mend, ordered
from metier.text.patterns import slots
from metier.text.suggest import did_you_mean

SAMPLE = 100
"""Rows that tell the format of a file."""
OWN = ("id", "source", "language", "parent", "request")
Made = Conversation | Preference | Document


class Read(Config, frozen=True):
    """Which files, how they are written, and what of them becomes what."""

    paths: Files
    """JSON, JSONL, CSV, TSV or Parquet files, globs and URLs allowed, packed (.gz, .zst, .bz2, .xz) or not."""
    format: Literal["auto"] | Format = "auto"
    """sharegpt, messages (OpenAI), alpaca, huatuo (lists of turns), sources ({source: [[question, answer, ...]]}), qa
    (columns), self_instruct, preferences (chosen, rejected); cases and questions become documents. `auto` tells it by
    the columns of each file."""
    columns: dict[Column, str] = msgspec.field(default_factory=dict)
    """What a column is called where it does not go by a usual name, as in {messages: turns, system: persona}."""
    roles: dict[str, Role] = msgspec.field(default_factory=dict)
    """What a speaker is, where it is not called so, as in {nurse: assistant}."""
    question: str = ""
    """Column of the question, or a template of columns as in "{title}\\n{ask}"; a line whose columns are all empty is
    left out."""
    answer: str = ""
    """Column of the answer, or a template of columns."""
    id: str | tuple[str, ...] = ()
    """Columns that make the id, joined by a colon; without any it is FILE:LINE (FILE:ROW in Parquet)."""
    source: str = ""
    """Source of every record; by default the name of its file without suffixes, or the source that the file gives."""
    source_column: str = ""
    """Column that names each record's source."""
    language: str = ""
    """Language of every record, as in en, zh, ar."""
    system: str = ""
    """System message of conversations that have none."""
    fields: bool = False
    """Take id, source, language, parent and request from columns of these names, as instruct.write writes them."""
    mend: tuple[Mend, ...] = ()
    """What is mended where it would be dropped: `empty` turns are left out, turns before the first of the user
    (`start`) or behind the last of the assistant (`end`) are cut off, and those of one role on end (`repeated`) are
    joined by a blank line."""
    encoding: str = ""
    """Encoding of the files; by default UTF-8, or GB18030 where they are not UTF-8."""
    strict: bool = False
    """Stop at the first row that is no record, instead of dropping it with its reason."""

    def __post_init__(self) -> None:
        if bool(self.question) != bool(self.answer):
            raise ValueError("question and answer: name both, or neither")
        if self.source and self.source_column:
            raise ValueError("source and source_column: name one of the two")
        if self.fields and (self.id or self.source_column or self.source or self.language):
            raise ValueError("fields: names the columns of id, source and language; leave those settings out")
        if bad := next((role for role in self.roles.values() if role not in set(ROLES.values())), ""):
            raise ValueError(f"roles: {bad!r} is no role")


def read(config: Read, out: Path) -> Iterator[Conversation | Preference | Document | Dropped]:
    """Read every row of every file; one that is no record is dropped under its FILE:LINE with its reason.

    The reasons are the same for all formats. What format each file was found to be in, how many of its rows became
    what, and which of its columns have no place in a record stands in the notes. A row that holds several records gives
    ids ID?0, ID?1, ... (``sources``: ID?SOURCE.0). An id that came before is dropped as a repeated id. Tools that a
    conversation may call stand at the end of its system message as JSON between <tools> and </tools>; the ids of tool
    calls are left out, their results stand in the order of the calls. MetierError where a file is missing, empty,
    damaged, or of a format that nothing tells.
    """
    seen: set[str] = set()
    accounts = []
    for file in find(config.paths):
        account = _Account(file, config, seen)
        for record in account.records():
            if config.strict and isinstance(record, Dropped):
                detail = f" ({record.detail})" if record.detail else ""
                raise MetierError(f"{record.id}: {record.why}{detail}; mend the row, or leave strict out to drop it")
            yield record
        accounts.append(account)
    write_json(out / "notes.json", {a.file.name: a.line() for a in accounts} | {"files": [a.note() for a in accounts]})


class _Account:
    """What was found in one file so far."""

    def __init__(self, file: Found, config: Read, seen: set[str]) -> None:
        self.file, self.config, self.seen = file, config, seen
        self.names = Names(config.columns, config.roles, config.question, config.answer)
        self.format: Format | None = None
        self.pair: tuple[str, str] | None = None
        self.counts: Counter[str] = Counter()
        self.columns: set[str] = set()
        self.used: set[str] = set()

    def records(self) -> Iterator[Made | Dropped]:
        """Everything in the file, in its order."""
        stream = rows(self.file, self.config.encoding)
        first = list(islice(stream, SAMPLE))
        if not first:
            raise MetierError(f"{self.file.path}: is empty; leave it out of paths or fetch it again")
        self.format = self._format([row for row in first if not row.why])
        for row in chain(first, stream):
            yield from self._row(row)

    def _format(self, sample: list[Row]) -> Format | None:
        """The format named, or the one that most rows are in; MetierError where none is known."""
        columns = {name for row in sample for name in row.values}
        self._check(columns)
        named = self.config.format
        votes: Counter[Format] = Counter()
        for row in sample:
            if told := "qa" if self.config.question else detect(row.values, self.names):
                votes[told] += 1
        found = named if named != "auto" else next((told for told, _ in votes.most_common(1)), None)
        if found is None and sample:
            known = ", ".join(sorted(columns)[:20])
            remedy = f"name its format ({', '.join(FORMATS)}), its columns, or question and answer"
            raise MetierError(f"{self.file.path}: columns {known} are of no known format; {remedy}")
        if found == "qa":
            self.pair = next((both for row in sample if (both := pair(row.values, self.names))), None)
            if self.pair:
                self.names = msgspec.structs.replace(self.names, question=self.pair[0], answer=self.pair[1])
        return found

    def _check(self, columns: set[str]) -> None:
        """MetierError, with the nearest name, where the settings name a column that no row has."""
        config = self.config
        ids = (config.id,) if isinstance(config.id, str) else config.id
        asked = [name for text in (config.question, config.answer) if text for name in slots(text) or [text]]
        for name in (*config.columns.values(), *asked, *ids, config.source_column, "id" if config.fields else ""):
            if name and columns and name not in columns:
                raise MetierError(f"{self.file.path}: no row has a column {name!r}; {did_you_mean(name, columns)}")

    def _row(self, row: Row) -> Iterator[Made | Dropped]:
        self.counts["rows"] += 1
        place = f"{self.file.name}{row.place}"
        try:
            if row.why or self.format is None:
                raise Bad(row.why or "no known format")
            self.columns |= {name for name, value in row.values.items() if value not in (None, "")}
            self.columns |= self._turn_keys(row)
            self.used |= used(self.format, (row.values,), self.names)
            own = self._id(row)
            for behind, found in parse(self.format, row.values, self.names):
                yield self._made(f"{own or place}{behind}", f"{place}{behind}", found, row)
        except Bad as bad:
            yield self._drop(place, bad)

    def _turn_keys(self, row: Row) -> set[str]:
        """What turns have beside speaker and text, as COLUMN.KEY."""
        column = self.names.column(row.values, "messages")
        some = row.values.get(column) if self.format in ("sharegpt", "messages") else None
        given = (turn.keys() for turn in some if isinstance(turn, dict)) if isinstance(some, list) else ()
        return {f"{column}.{key}" for keys in given for key in keys - TURN_KEYS}

    def _id(self, row: Row) -> str:
        """The id that the row's own columns give, or nothing."""
        keys = ("id",) if self.config.fields else self.config.id
        keys = (keys,) if isinstance(keys, str) else keys
        self.used.update(keys)
        values = [cell(row.values.get(key), "id") for key in keys]
        if keys and (any(row.values.get(key) is None for key in keys) or not any(map(str.strip, values))):
            raise Bad("the id is empty")
        return ":".join(values)

    def _made(self, id: str, place: str, found: Talk | Pair | Text | Bad, row: Row) -> Made | Dropped:
        try:
            if isinstance(found, Bad):
                raise found
            record, mended = self._record(id, found, row)
            if id in self.seen:
                raise Bad("repeated id", id)
        except Bad as bad:
            return self._drop(place, bad)
        self.seen.add(id)
        if mended:
            self.counts["mended"] += 1
        self.counts[type(record).__name__.lower()] += 1
        return record

    def _drop(self, place: str, bad: Bad) -> Dropped:
        self.counts["dropped"] += 1
        return Dropped(place, bad.why, bad.detail)

    def _record(self, id: str, found: Talk | Pair | Text, row: Row) -> tuple[Made, bool]:
        """The record of what was found, and whether its turns were mended; Bad where they are out of order."""
        config = self.config
        own = {name: cell(row.values.get(name), name) for name in OWN[1:]} if config.fields else {}
        self.used.update(OWN if config.fields else ())
        named = cell(row.values.get(config.source_column), "source") if config.source_column else ""
        self.used.add(config.source_column)
        stem = Path(self.file.name).name.split(".")[0]
        source = (
            own.get("source") or named or config.source or (found.source if isinstance(found, Talk) else "") or stem
        )
        language = own.get("language") or config.language
        if isinstance(found, Text):
            return Document(id, found.text, source, "dialogue", language, meta=found.meta), False
        if isinstance(found, Pair):
            whole, mended = self._ordered((*self._led(found.prompt), Message("assistant", found.chosen)))
            if whole[-1].content != found.chosen:  # joined to words of the prompt, which the other reply would lose
                raise Bad("two turns of one role on end", "the prompt ends with the assistant")
            return Preference(id, whole[:-1], found.chosen, found.rejected), mended
        messages, mended = self._ordered(self._led(found.messages))
        return Conversation(id, messages, source, language, own.get("parent", ""), own.get("request", "")), mended

    def _ordered(self, messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], bool]:
        """The turns in order, and whether they were mended, as the settings say how."""
        try:
            return ordered(messages), False
        except Bad:
            return ordered(messages, self.config.mend), True

    def _led(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The turns behind the settings' system message, where they have none."""
        if not self.config.system or (messages and messages[0].role == "system"):
            return messages
        return (Message("system", self.config.system), *messages)

    @property
    def left_out(self) -> list[str]:
        """The columns that have no place in a record."""
        return sorted(self.columns - self.used)

    def line(self) -> str:
        """What the file was, and what became of it, in one line."""
        pattern = f" ({' -> '.join(map(repr, self.pair))})" if self.pair else ""
        made = [f"{count:,} {noun}" + ("s" if noun not in ("dropped", "mended") else "")
                for noun, count in self.counts.items() if noun != "rows"]  # fmt: skip
        spare = f"; columns left out: {', '.join(self.left_out)}" if self.left_out else ""
        return f"{self.format or 'unknown'}{pattern}, {self.counts['rows']:,} rows: {', '.join(made)}{spare}"

    def note(self) -> dict[str, object]:
        """The same for programs."""
        return {"file": self.file.name, "format": self.format, "counts": dict(self.counts), "left_out": self.left_out}

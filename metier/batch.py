"""A batch: an Arrow table of records of one noun, each with a ``why`` that is null where the record is kept.

The Arrow schema of a noun is derived from its struct here and nowhere else: text is ``large_string``, dicts are JSON
strings, sets are sorted lists, nested structs are structs.
"""

import functools
import json
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, Self, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from metier.records import Dropped, Record

R = TypeVar("R", bound=Record)


@functools.cache
def schema(kind: type[Record]) -> pa.Schema:
    """The Arrow schema of a noun."""
    return pa.schema([pa.field(name, _arrow(hint)) for name, hint in _hints(kind).items()])


@functools.cache
def _hints(kind: type[Record]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}


def _arrow(hint: Any) -> pa.DataType:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _arrow(next(a for a in inner if a is not type(None)))
    if origin is Literal or hint is str or origin is dict:
        return pa.large_string()
    if origin in (tuple, frozenset):
        return pa.list_(_arrow(inner[0]))
    plain = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    if hint in plain:
        return plain[hint]
    if isinstance(hint, type) and issubclass(hint, Record):
        return pa.struct([pa.field(name, _arrow(inner_hint)) for name, inner_hint in _hints(hint).items()])
    raise TypeError(f"no Arrow type for {hint!r}: a record holds text, numbers, dicts of text, lists and records")


def _encode(value: Any) -> Any:
    """One field as Arrow takes it: sets sorted, dicts as JSON with their order kept, structs as dicts."""
    if isinstance(value, msgspec.Struct):
        return {name: _encode(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value


def _decode(hint: Any, value: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if value is None:
        return None
    if origin in (Union, types.UnionType):
        return _decode(next(a for a in inner if a is not type(None)), value)
    if origin is dict:
        return json.loads(value)
    if origin in (tuple, frozenset):
        return origin(_decode(inner[0], item) for item in value)
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint(**{name: _decode(inner_hint, value[name]) for name, inner_hint in _hints(hint).items()})
    return value


def _columns(kind: type[Record], records: Sequence[Record]) -> list[pa.Array]:
    return [
        pa.array([_encode(getattr(record, field.name)) for record in records], field.type) for field in schema(kind)
    ]


def decode(kind: type[R], rows: pa.RecordBatch | pa.Table) -> Iterator[R]:
    """The records of an Arrow batch that has the noun's columns (others are ignored)."""
    hints = _hints(kind)
    columns = [rows.column(name).to_pylist() for name in hints]
    complex_fields = {name for name, hint in hints.items() if hint not in (str, int, float, bool)}
    fields = [(name, hint, name in complex_fields) for name, hint in hints.items()]
    for values in zip(*columns, strict=True):
        pairs = zip(fields, values, strict=True)
        yield kind(**{name: _decode(hint, value) if nested else value for (name, hint, nested), value in pairs})


class Shared(Protocol):
    """Something worked out of a column once for all stages of a chain, with one entry a row."""

    def take(self, rows: Any) -> Self:
        """The entries of some rows, by a mask."""
        ...


S = TypeVar("S", bound=Shared)


@dataclass(frozen=True)
class Batch(Generic[R]):
    """Records of one noun as Arrow columns, with ``why`` (null = kept). What a kernel takes and gives."""

    kind: type[R]
    rows: pa.RecordBatch
    why: pa.Array
    detail: pa.Array | None = None
    """What is to be said of one dropped row alone, as the record it repeats; null elsewhere."""
    memo: dict[str, dict[Any, Any]] = field(default_factory=dict, repr=False, compare=False)
    """Column -> what was worked out of it; it goes with the rows as long as the column stays as it is."""

    @classmethod
    def of(cls, kind: type[R], records: Sequence[R], why: Sequence[str | None] | None = None) -> "Batch[R]":
        """A batch of records; ``why`` gives a reason where a record is dropped."""
        rows = pa.RecordBatch.from_arrays(_columns(kind, records), schema=schema(kind))
        return cls(kind, rows, pa.array(why if why is not None else [None] * len(records), pa.large_string()))

    @classmethod
    def whole(cls, kind: type[R], rows: pa.RecordBatch) -> "Batch[R]":
        """A batch of Arrow rows, all of them kept."""
        return cls(kind, rows, pa.nulls(rows.num_rows, pa.large_string()))

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @property
    def ids(self) -> pa.Array:
        """The id of every row, dropped ones included."""
        return self.rows.column("id")

    def values(self, name: str) -> list[Any]:
        """One column as Python values, dropped rows included (a dict column is JSON text)."""
        return cast("list[Any]", self.rows.column(name).to_pylist())

    def shared(self, column: str, make: Callable[[pa.Array], S]) -> S:
        """What ``make`` works out of a column: done once, then kept with the rows."""
        done = self.memo.setdefault(column, {})
        if make not in done:
            done[make] = make(self.rows.column(column))
        return cast("S", done[make])

    def records(self) -> Iterator[R]:
        """Every row as a record, dropped ones included."""
        return decode(self.kind, self.rows)

    def replace(self, **columns: Sequence[Any]) -> "Batch[R]":
        """The same rows with some columns anew, given as plain values or as Arrow arrays."""
        rows, at = self.rows, schema(self.kind)
        for name, values in columns.items():
            one = at.field(name)
            array = values.cast(one.type) if isinstance(values, pa.Array) else pa.array(values, one.type)
            rows = rows.set_column(at.get_field_index(name), one, array)
        kept = {column: dict(done) for column, done in self.memo.items() if column not in columns}
        return Batch(self.kind, rows, self.why, self.detail, kept)

    def drop(self, why: Sequence[str | None], detail: Sequence[str | None] | None = None) -> "Batch[R]":
        """The same rows, those with a reason marked as dropped; an earlier reason stands.

        Reasons are counted by their text; what concerns one row alone is its ``detail``.
        """
        reasons, details = pa.array(why, pa.large_string()), self.detail
        if detail is not None:
            given = pa.array(detail, pa.large_string())
            given = pc.if_else(self.why.is_null(), given, pa.scalar(None, pa.large_string()))
            details = given if details is None else pc.coalesce(details, given)
        if self.why.null_count < len(self):
            reasons = pc.coalesce(self.why, reasons)
        return Batch(self.kind, self.rows, reasons, details, self.memo)

    def kept(self) -> "Batch[R]":
        """Only the rows that are kept."""
        if self.why.null_count == len(self):
            return self
        mask = self.why.is_null()
        plain = mask.to_numpy(zero_copy_only=False)
        memo = {column: {make: one.take(plain) for make, one in done.items()} for column, done in self.memo.items()}
        return Batch(self.kind, self.rows.filter(mask), self.why.filter(mask), None, memo)

    def dropped(self) -> list[tuple[str, str]]:
        """(id, why) of every row that is dropped."""
        lost = self.lost()
        return list(zip(lost["id"].to_pylist(), lost["why"].to_pylist(), strict=True))

    def lost(self) -> pa.RecordBatch:
        """Every row that is dropped, as rows of ``Dropped``."""
        mask = self.why.is_valid()
        detail = pa.nulls(len(self), pa.large_string()) if self.detail is None else self.detail
        columns = [self.ids.filter(mask), self.why.filter(mask), detail.filter(mask).fill_null("")]
        return pa.RecordBatch.from_arrays(columns, schema=schema(Dropped))


def batches(kind: type[R], records: Iterable[R], size: int = 4096) -> Iterator[Batch[R]]:
    """Gather records into batches of at most ``size`` rows."""
    some: list[R] = []
    for record in records:
        some.append(record)
        if len(some) >= size:
            yield Batch.of(kind, some)
            some = []
    if some:
        yield Batch.of(kind, some)

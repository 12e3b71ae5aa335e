"""Many rows at once are the same documents as the rows one by one."""

import codecs
import datetime
import json
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.batch import Batch
from metier.corpus.ahead import ahead
from metier.corpus.fields import Fields, document
from metier.corpus.read import Read, read
from metier.files import lines, texts
from metier.records import Document, MetierError
from metier.rows import Row, object_rows, parquet_tables, table_rows
from tests.corpus.helpers import kept, read_all, write

PLAIN = Fields("text", (), "", None, "", "web", "", "")
SETTINGS: list[tuple[dict[str, Any], Fields]] = [
    ({}, PLAIN),
    ({"id": "k"}, PLAIN._replace(id=("k",))),
    ({"id": ("k", "text"), "source_column": "n"}, PLAIN._replace(id=("k", "text"), source_column="n")),
    ({"meta": ("deep", "n%s", "text", "deep")}, PLAIN._replace(meta=("deep", "n%s", "text", "deep"))),
    ({"meta": (), "kind": "book", "language": "en"}, PLAIN._replace(meta=(), kind="book", language="en")),
]
Seen = tuple[list[dict[str, Any]], list[str | None]]


def one_by_one(rows: Iterable[Row], name: str, fields: Fields) -> Seen:
    """What the definition makes of the rows, column by column as it is written to disk."""
    pairs = [document(row, f"{name}:{row.line}", fields) for row in rows]
    made = Batch.of(Document, [one for one, _ in pairs], [why or None for _, why in pairs])
    return made.rows.to_pylist(), made.why.to_pylist()


def at_once(path: Path, **how: Any) -> Seen:
    """What reading makes of a file."""
    found = read_all(path, **how)
    return [row for one in found for row in one.rows.to_pylist()], [why for one in found for why in one.why.to_pylist()]


def outcome(run: Any) -> Any:
    """What a call returns, or the message it fails with."""
    try:
        return run()
    except MetierError as error:
        return str(error)


WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
SCALARS = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False))
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(WORDS, SCALARS, max_size=2))
ODD = [
    "", " ", "\r", "\x0b", "\x1c", "\u00a0", "\ufeff", "}", "{", "]", "{}", "[1]", "null", '"text"', '"b"}', "nul\x00",
    '{"text": "one", "k": 1} {"text": "two", "k": 2}', '{"text": "one"},{"text": "two"}', '{"text": "one"}{"k": "x"}',
    '{"text": {"a": 1}', '{"text": {}', '{"text": "a"', '{"text":', '{"text": "\\ud800"}', '{"text": "a\x00"}',
    '{"text": "\\u0000"}', '{"text": "twice", "text": "last"}', '{"text": "x", "n": 1e999}', '{"text": "x", "n": NaN}',
    '{"text": "x", "n": 123456789012345678901234567890}', '{"text": "x", "n": -0}', '{"text": "x", "n": -0.0}',
    '{"text": "x", "n": 01}', '{"text": "deep", "n": ' + "[" * 3000 + "]" * 3000 + "}", '{"text": "cr", "k": "c"}\r',
    '  {"text": "indented", "k": "i"}  ',
]  # fmt: skip
UNIFORM = {"text": "plain", "n": 1, "n%s": "x", "deep": [1], "x": None}


CROSSING = [
    ['{"text": "one"} {"text": "two"}', '{"text":', '"three"}'],
    ['{"text": "one"} {"text": "two"}'],
    ['{"text": "one"}{"text": "two"}', "", '{"text": "three"}'],
    ['{"text": "one", "n": {}', '{"text": "two"}', "}"],
    ['{"text": "one", "n": [{}', '{"text": "two"}', "]}"],
    ['{"text": "one", "n": "{}', '{"text": "two"}', '"}'],
    ['{"text": "one",', '"n": {}', '}, {"text": "two"}', '{"text": "three"}'],
    ['{"text": "one"},', '{"text": "two"}'],
    ['[{"text": "one"}', '{"text": "two"}]'],
]
"""Lines whose values do not keep to their lines."""


def same(data: bytes, suffix: str, setting: tuple[dict[str, Any], Fields]) -> None:
    """Reading a file of these bytes gives, or fails with, what its lines one by one do."""
    how, fields = setting
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{suffix}"
        write(path, data.decode("latin-1"), "latin-1")
        expected = outcome(lambda: one_by_one(object_rows(lines(texts(path), path)), path.name, fields))
        found = outcome(lambda: at_once(path, **how))
        if any(what in found for what in ("is taken already", "no row has a column", ": is empty")):
            return  # the file as a whole decides of these: test_read_bad_input.py
        assert found == expected


@pytest.mark.parametrize("some", [*([one] for one in ODD), *CROSSING], ids=range(len(ODD) + len(CROSSING)))
def test_an_odd_line_is_the_same_alone_and_among_others(some: list[str]) -> None:
    for end in ("\n", "\r\n"):
        for before, after in (([], []), ([GOOD], [GOOD]), ([GOOD, ""], [GOOD, " ", ""])):
            same(end.join([*before, *some, *after]).encode(), "jsonl", SETTINGS[0])


GOOD = json.dumps({**UNIFORM, "k": "good"})


@st.composite
def line(draw: Any) -> str:
    """A line of a JSON Lines file: good, good of another shape, or odd."""
    how, ascii = draw(st.integers(0, 9)), draw(st.booleans())
    if how < 7:
        same = {"text": draw(WORDS) + "x", "n": draw(SCALARS), "n%s": 1, "deep": draw(DEEP), "x": None}
        return json.dumps({**same, "k": draw(st.integers())}, ensure_ascii=ascii)
    if how == 7:
        return draw(st.sampled_from(ODD))
    columns = st.sampled_from(["text", "text", "k", "n", "n%s", "deep", "x", ""])
    return json.dumps(draw(st.dictionaries(columns, VALUES, max_size=6)), ensure_ascii=ascii)


DEEP = st.sampled_from([[1], [1], [1], {"a": [None]}, "plain"])
FILLER = json.dumps({"text": "filler " * 60_000, "k": "f"})
"""A long line, so that some files are cut into several blocks."""


@given(st.lists(line(), max_size=8), st.sampled_from(SETTINGS))
@settings(max_examples=300, deadline=None)
def test_lines_at_once_are_the_lines_one_by_one(some: list[str], setting: tuple[dict[str, Any], Fields]) -> None:
    same("\n".join([GOOD, *some]).encode(), "jsonl", setting)


@given(
    st.lists(line(), max_size=12),
    st.lists(st.integers(0, 12), max_size=4, unique=True),
    st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from(["jsonl", "jsonl.zst"]),
    st.one_of(st.none(), st.tuples(st.integers(0), st.sampled_from([b"\xff", b"\xed\xa0\x80", b"\xe4\xbd", b"\x00"]))),
)
@settings(max_examples=80, deadline=None)
def test_so_are_those_of_several_blocks_in_any_encoding_damaged_or_not(
    some: list[str], fillers: list[int], encoding: str, suffix: str, damage: tuple[int, bytes] | None
) -> None:
    for at in sorted(fillers, reverse=True):
        some = [*some[:at], FILLER, *some[at:]]
    data = "\n".join([GOOD, *some]).encode(encoding)
    if damage is not None:
        at = damage[0] % (len(data) + 1)
        data = data[:at] + damage[1] + data[at:]
    same(data, suffix, SETTINGS[0])


TYPES: list[tuple[pa.DataType, list[Any]]] = [
    (pa.string(), ["a", "", None, 'q"\\%s\x01é', "\u2028"]),
    (pa.int32(), [0, -1, 2**31 - 1, None]),
    (pa.uint64(), [0, 2**64 - 1]),
    (pa.float32(), [0.1, -0.0, float("nan"), float("inf"), None]),
    (pa.float64(), [0.1, 1e300, 1.0, 5e-324]),
    (pa.bool_(), [True, False, None]),
    (pa.date32(), [datetime.date(2024, 2, 29), None]),
    (pa.timestamp("us", "UTC"), [datetime.datetime(2024, 2, 29, 1, 2, 3, 4, datetime.UTC), None]),
    (pa.decimal128(9, 3), [Decimal("1.500"), Decimal("-0.001"), None]),
    (pa.binary(), [b"\xff\x00", None]),
    (pa.list_(pa.string()), [["a", "b"], [], None]),
    (pa.struct([("a", pa.int8())]), [{"a": 1}, None]),
    (pa.dictionary(pa.int8(), pa.string()), ["a", "b", None]),
]
TEXTS: list[tuple[pa.DataType, list[Any]]] = [
    (pa.string(), ["one", "two\n", " three"]),
    (pa.large_string(), ["one", "汉字", "\u3000x"]),
    (pa.string(), ["one", None, "", " ", "\u3000", "\x1c", "\x85\x0b"]),
    (pa.list_(pa.string()), [["a", "b"], [], None]),
    (pa.dictionary(pa.int8(), pa.string()), ["a", None]),
    (pa.int64(), [1, None]),
]


@st.composite
def table(draw: Any) -> pa.Table:
    """A table with a text column and some of any type."""
    rows = draw(st.integers(1, 8))
    columns = {"text": draw(st.sampled_from(TEXTS)), "k": (pa.string(), ["x", "y", "", None])}
    for name in draw(st.permutations(["n", "n%s", "deep"])):
        columns[name] = draw(st.sampled_from(TYPES))
    order = draw(st.permutations(list(columns)))
    cells = {n: draw(st.lists(st.sampled_from(columns[n][1]), min_size=rows, max_size=rows)) for n in order}
    return pa.table({name: pa.array(cells[name], columns[name][0]) for name in order})


@given(table(), st.sampled_from(SETTINGS))
@settings(max_examples=150, deadline=None)
def test_a_table_at_once_is_its_rows_one_by_one(some: pa.Table, setting: tuple[dict[str, Any], Fields]) -> None:
    how, fields = setting
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        pq.write_table(some, path, row_group_size=3)
        named = {"text", *fields.needed, *(fields.meta or ())}
        tables = parquet_tables(path, named, fields.meta is None)
        rows = (row for first, some in tables for row in table_rows(first, some, path))
        found = outcome(lambda: at_once(path, **how))
        assert (isinstance(found, str) and "is taken already" in found) or found == one_by_one(rows, path.name, fields)


def test_text_of_a_parquet_file_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    bad = pa.array([b"good", b"bad \xff"]).view(pa.string())
    pq.write_table(pa.table({"text": bad}), tmp_path / "a.parquet")
    with pytest.raises(MetierError, match=r"a\.parquet: a row from 1 to 2 has a value that cannot be read .*; mend it"):
        read_all(tmp_path / "a.parquet")


def test_a_table_cut_from_a_larger_one_brings_its_own_rows_only(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "".join(f'{{"text": "text {i}"}}\n' for i in range(30_000)))
    found = read_all(path)
    assert [len(one) for one in found] == [2048] * 14 + [30_000 - 14 * 2048]
    assert [text for one in found for text in one.values("text")] == [f"text {i}" for i in range(30_000)]
    assert all(one.rows.get_total_buffer_size() < 2 * one.rows.nbytes for one in found)


def test_batches_span_files_and_end_with_four_megabytes(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.jsonl", '{"text": "short"}\n' * 1000)
    assert [len(one) for one in read_all(tmp_path / "*.jsonl")] == [2048, 952]
    long = json.dumps({"text": "x" * (3 << 20)})
    assert [len(one) for one in read_all(write(tmp_path / "d.jsonl", f"{long}\n" * 8))] == [2, 2, 2, 2]


def test_a_line_keeps_its_number_behind_blank_ones_and_across_blocks(tmp_path: Path) -> None:
    some = [FILLER if at % 4 == 0 else "" if at % 4 == 1 else f'{{"text": "{at}"}}' for at in range(1, 41)]
    found = kept(write(tmp_path / "a.jsonl", "\n".join(some)))
    assert [d.id for d in found] == [f"a.jsonl:{at}" for at in range(1, 41) if at % 4 != 1]


def test_a_file_that_proves_to_be_gb18030_late_is_read_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "\n".join([*[FILLER] * 8, '{"text": "汉字"}', *[FILLER] * 3]), "gb18030")
    found = kept(path)
    assert [d.id for d in found] == [f"a.jsonl:{at}" for at in range(1, 13)]
    assert found[8].text == "汉字"


def test_the_bytes_after_the_first_beyond_ascii_tell_the_encoding(tmp_path: Path) -> None:
    """What looks like UTF-8 at the end of one megabyte is GB18030 by the next."""
    some = [FILLER, FILLER, '{"text": "茅"}', FILLER, '{"text": "汉字"}']
    data = "\n".join(some).encode("gb18030")
    assert data[: 1 << 20].decode("utf-8")
    (tmp_path / "a.jsonl").write_bytes(data)
    assert [d.text for d in kept(tmp_path / "a.jsonl") if len(d.text) < 9] == ["茅", "汉字"]


def test_damage_behind_good_blocks_is_named_by_its_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = f'{{"text": "汉字"}}\n{FILLER}\n'.encode() * 60
    path.write_bytes(good + b'{"text": "\xff"}\n')
    found = read(Read(paths=str(path)))
    assert next(found).values("text")[0] == "汉字"
    with pytest.raises(MetierError, match=f"byte {len(good) + 10} is not valid UTF-8"):
        list(found)


def running() -> int:
    return sum(thread.name == "ahead" for thread in threading.enumerate())


@pytest.mark.parametrize("take", [0, 1, 3])
def test_reading_that_is_stopped_leaves_no_thread(tmp_path: Path, take: int) -> None:
    path = write(tmp_path / "a.jsonl", f"{FILLER}\n" * 200)
    found = read(Read(paths=str(path)))
    for _ in range(take):
        next(found)
    assert (running() > 0) == (take > 0)
    assert hasattr(found, "close")
    found.close()
    assert running() == 0


def test_reading_to_the_end_or_to_an_error_leaves_no_thread(tmp_path: Path) -> None:
    read_all(write(tmp_path / "a.jsonl", f"{FILLER}\n" * 20))
    assert running() == 0
    with pytest.raises(MetierError, match="malformed JSON"):
        read_all(write(tmp_path / "b.jsonl", f"{FILLER}\n" * 20 + "{\n"), strict=True)
    assert running() == 0


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 12))
@settings(max_examples=50, deadline=None)
def test_ahead_gives_the_same_in_order_and_makes_little_more_than_was_taken(weights: list[int], most: int) -> None:
    made: list[int] = []

    def making() -> Iterator[int]:
        for weight in weights:
            made.append(weight)
            yield weight

    taken: list[int] = []
    for item in ahead(making(), lambda weight: weight, most):
        taken.append(item)
        beyond = made[len(taken) :]
        assert sum(beyond[:-1]) <= max(most, max(beyond, default=0))
    assert taken == weights


def test_ahead_raises_an_error_in_its_turn_and_closes_what_it_takes_from() -> None:
    closed: list[str] = []

    def making() -> Iterator[int]:
        try:
            yield 1
            yield 2
            raise MetierError("three")
        finally:
            closed.append("yes")

    items = ahead(making(), lambda _: 1, 100)
    assert (next(items), next(items)) == (1, 2)
    with pytest.raises(MetierError, match="three"):
        next(items)
    assert closed == ["yes"]
    early = ahead(making(), lambda _: 1, 0)
    assert next(early) == 1
    early.close()
    assert closed == ["yes", "yes"]


def test_a_byte_order_mark_alone_is_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(codecs.BOM_UTF8)
    with pytest.raises(MetierError, match=r"a\.jsonl: is empty"):
        read_all(tmp_path / "a.jsonl")
    os.truncate(tmp_path / "a.jsonl", 0)
    with pytest.raises(MetierError, match=r"a\.jsonl: is empty"):
        read_all(tmp_path / "a.jsonl")

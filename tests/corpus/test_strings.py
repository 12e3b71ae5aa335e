"""JSON of nothing but strings, read as columns: the same strings as by the library, or declined."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.corpus.strings import columns

WORDS = st.lists(
    st.sampled_from(["word ", "\n", '"', "\\", "é", "高血压", "😀", "\t", "/", "\x00", "كتاب", "a" * 70]), max_size=12
).map("".join)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8), st.booleans(), st.booleans(), st.booleans())
@settings(deadline=None)
def test_strings_are_read_as_they_are_meant(rows: list[tuple[str, str]], ascii: bool, tight: bool, ended: bool) -> None:
    values = [{"text": text, "na me": name} for text, name in rows]
    some = [json.dumps(one, ensure_ascii=ascii, separators=(",", ":") if tight else None) for one in values]
    found = columns(("\n".join(["{}" if not rows else some[0], *some[1:]]) + ("\n" if ended else "")).encode())
    assert found is None or found.to_pylist() == values
    assert found is not None or (ascii and "😀" in str(values)) or (len(rows) == 1 and not ended)


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "a", "k": 1}', '{"text": "a"}', '{"k": "b", "text": "a"}', '{"text": "a", "k": "b", "k": "c"}',
        '{"text": "a", "k": "b"', '{"text": "a", "k": "b"} ', '{"text": "a", "k": "\t"}', '{"text": "a", "k": "\\x"}',
        '{"text": "a", "k": "\\u12"}', '{"text": "a", "k": "\\ud83d"}', '{"text": "a", "k": "b}', "", "[]", "{}",
    ],
)  # fmt: skip
def test_what_is_unusual_is_declined(line: str) -> None:
    usual = '{"text": "a", "k": "b"}\n'
    assert columns(usual.encode()) is not None
    assert columns((usual + line + "\n" + usual).encode()) is None
    assert columns((line + "\n" + usual).encode()) is None


def test_what_is_no_utf8_is_declined() -> None:
    assert columns('{"text": "é"}\n'.encode("latin-1") * 2) is None
    assert columns('{"text": "a"}\n{"text": "é"}\n'.encode("latin-1")) is None

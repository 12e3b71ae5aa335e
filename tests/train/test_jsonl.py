"""What a kill has cut is not read, and what is written anew replaces what was there."""

from pathlib import Path

import msgspec

from metier.train.jsonl import append, read, rewrite


class Step(msgspec.Struct, frozen=True):
    """A line."""

    step: int


def test_a_line_that_was_cut_ends_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "curve.jsonl"
    assert list(read(file, Step)) == []
    append(file, [Step(1), Step(2)])
    append(file, [Step(3)])
    file.write_bytes(file.read_bytes()[:-4])
    assert list(read(file, Step)) == [Step(1), Step(2)]


def test_what_is_written_anew_replaces_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "curve.jsonl"
    append(file, [Step(1), Step(2)])
    file.with_suffix(".tmp").write_bytes(b"left by a kill")
    rewrite(file, [Step(7)])
    assert file.read_bytes() == b'{"step":7}\n'
    assert list(tmp_path.iterdir()) == [file]

import pytest

from metier.records import MetierError
from metier.text.decode import decode

CHINESE = "高血压患者能吃党参吗？可以口服。" * 3


def text(data: bytes, size: int = 7, encoding: str = "") -> str:
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    return "".join(decode(pieces, encoding, "notes.txt"))


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found_whatever_the_pieces(encoding: str, size: int) -> None:
    written = ("plain words first, " * 3 + CHINESE) if size > 2 else CHINESE
    assert text(written.encode(encoding), max(size, 4)) == written


def test_ascii_needs_no_guess() -> None:
    assert text(b"only plain words", 3) == "only plain words"
    assert text(b"") == ""


def test_a_named_encoding_is_taken() -> None:
    assert text("café déjà vu".encode("latin-1"), encoding="latin-1") == "café déjà vu"


def test_a_damaged_utf8_byte_is_named_and_not_read_as_chinese() -> None:
    damaged = CHINESE.encode()[:30] + b"\xff" + CHINESE.encode()
    with pytest.raises(MetierError, match=r"notes\.txt: byte 30 is not valid UTF-8"):
        text(damaged, 4096)


def test_damage_far_behind_the_first_piece_is_named_by_its_offset() -> None:
    damaged = CHINESE.encode() * 10 + b"\xff" + CHINESE.encode()
    with pytest.raises(MetierError, match=f"byte {len(CHINESE.encode()) * 10} is not valid UTF-8"):
        text(damaged, 96)


def test_latin1_is_not_read_as_chinese() -> None:
    with pytest.raises(MetierError, match="byte 0 is neither UTF-8 nor GB18030; mend the file, name its encoding"):
        text("été après déjà".encode("latin-1"), 4096)


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(MetierError, match=r"neither UTF-8 \(byte 0\) nor GB18030 \(byte"):
        text(b"\xff\xff\xff\xff\xff\xff", 4096)


def test_a_cut_character_at_the_end_is_an_error() -> None:
    with pytest.raises(MetierError, match="byte 45 is not valid UTF-8"):
        text(CHINESE[:16].encode()[:-1])


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(MetierError, match="encoding 'utf-9' is unknown"):
        text(b"x", encoding="utf-9")

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from metier.records import MetierError
from tests.corpus.helpers import dropped, kept, read_all
from tests.corpus.samples import put, tar, zipped

ONE, TWO = b'{"text": "one", "n": 1}\n', b'{"text": "two"}\n\n{"text": "three"}\n'
MEMBERS = {
    "docs/a.jsonl": ONE,
    "docs/b.jsonl.gz": gzip.compress(TWO),
    "c.csv": "text,n\n阿司匹林,4\n".encode(),
    "README": b"not a format",
    "notes/d.txt": b"plain\ntext\n",
}
IDS = ["!docs/a.jsonl:1", "!docs/b.jsonl.gz:1", "!docs/b.jsonl.gz:3", "!c.csv:2", "!notes/d.txt:1"]
TEXTS = ["one", "two", "three", "阿司匹林", "plain\ntext"]


def archive(name: str, members: dict[str, bytes]) -> bytes:
    """An archive of these files, packed as its name says."""
    if name.endswith("zip"):
        return zipped(members)
    data = tar(members)
    if name.endswith("zst"):
        return zstandard.compress(data)
    return gzip.compress(data) if name.endswith("gz") else data


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tgz", "a.tar.zst", "a.zip"])
def test_every_file_in_an_archive_is_read_by_its_own_suffix(tmp_path: Path, name: str) -> None:
    path = put(tmp_path / name, archive(name, MEMBERS))
    documents = kept(path)
    assert [d.id for d in documents] == [name + id for id in IDS]
    assert [d.text for d in documents] == TEXTS
    assert documents[0].meta == {"n": "1"}
    assert dropped(path) == [(f"{name}!README:1", "unknown format in archive")]


@pytest.mark.parametrize("name", ["a.tar.bz2", "a.tar.xz"])
def test_other_packings_of_tar(tmp_path: Path, name: str) -> None:
    path = put(tmp_path / name, tar(MEMBERS, f"w:{name.rpartition('.')[2]}"))
    assert [d.text for d in kept(path)] == TEXTS


def test_an_archive_in_an_archive_is_read_and_one_deeper_is_dropped(tmp_path: Path) -> None:
    deepest = zipped({"x.jsonl": ONE})
    inner = {"a.tar.gz": archive("a.tar.gz", {"x.jsonl": ONE, "deep.zip": deepest}), "b.zip": zipped({"y.jsonl": TWO})}
    for name in ("o.zip", "o.tar"):
        path = put(tmp_path / name, archive(name, inner))
        ids = [f"{name}!a.tar.gz!x.jsonl:1", f"{name}!b.zip!y.jsonl:1", f"{name}!b.zip!y.jsonl:3"]
        assert [d.id for d in kept(path)] == ids
        assert dropped(path) == [(f"{name}!a.tar.gz!deep.zip:1", "archive two levels down")]


def test_folders_are_passed_over_links_are_named_and_names_do_no_harm(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as some:
        for name, kind in (
            ("folder", tarfile.DIRTYPE),
            ("link.jsonl", tarfile.SYMTYPE),
            ("hard.jsonl", tarfile.LNKTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            some.addfile(info)
        for name in ("../../up.jsonl", "/etc/root.jsonl", "bad\udcff.jsonl", "twice.jsonl", "twice.jsonl"):
            info = tarfile.TarInfo(name)
            info.size = len(ONE)
            some.addfile(info, io.BytesIO(ONE))
    home = tmp_path / "deep" / "home"
    path = put(home / "a.tar", out.getvalue())
    names = ["../../up.jsonl", "/etc/root.jsonl", "bad\\udcff.jsonl", "twice.jsonl", "twice.jsonl#2"]
    assert [d.id for d in kept(path)] == [f"a.tar!{name}:1" for name in names]
    why = "a link in an archive, its target is not followed"
    assert dropped(path) == [("a.tar!link.jsonl:1", why), ("a.tar!hard.jsonl:1", why)]
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]


def test_what_cannot_be_read_in_an_archive_is_dropped_and_its_neighbours_are_read(tmp_path: Path) -> None:
    members = {
        "a.jsonl": ONE,
        "b.jsonl": b"",
        "c.jsonl": b'{"text": \n' + ONE,
        "d.json": b'[{"text":"x"},{"text":"y"}]',
    }
    path = put(tmp_path / "a.zip", zipped(members))
    assert [d.id for d in kept(path)] == ["a.zip!a.jsonl:1", "a.zip!c.jsonl:2", "a.zip!d.json:1", "a.zip!d.json:1.2"]
    assert dropped(path) == [("a.zip!b.jsonl:1", "empty file in archive"), ("a.zip!c.jsonl:1", "malformed JSON")]


def test_an_encrypted_or_strangely_packed_zip_member_is_dropped(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.jsonl": ONE, "b.jsonl": ONE, "c.jsonl": ONE}))
    central = [at for at in range(len(data)) if data[at : at + 4] == b"PK\x01\x02"]
    data[central[0] + 8] |= 1
    data[central[1] + 10] = 9
    path = put(tmp_path / "a.zip", bytes(data))
    assert dropped(path) == [("a.zip!a.jsonl:1", "encrypted zip member"), ("a.zip!b.jsonl:1", "unknown packing in zip")]
    assert [d.id for d in kept(path)] == ["a.zip!c.jsonl:1"]


def zeros(size: int) -> bytes:
    """So many spaces, packed very small."""
    packer = zstandard.ZstdCompressor().compressobj()
    piece = b" " * (1 << 24)
    return b"".join([*(packer.compress(piece) for _ in range(size >> 24)), packer.flush()])


def test_a_bomb_in_an_archive_is_dropped_and_its_neighbours_are_read(tmp_path: Path) -> None:
    why = "unpacks to more than 256 MB and 200 times its size"
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as some:
        with some.open("a.txt", "w") as bomb:
            for _ in range(17):
                bomb.write(b" " * (1 << 24))
        some.writestr("b.txt.zst", zeros(1 << 29))
        some.writestr("c.jsonl", ONE)
    assert (tmp_path / "a.zip").stat().st_size < 4 << 20
    assert dropped(tmp_path / "a.zip") == [("a.zip!a.txt:1", why), ("a.zip!b.txt.zst:1", why)]
    assert [d.id for d in kept(tmp_path / "a.zip")] == ["a.zip!c.jsonl:1"]


def test_a_bomb_in_a_packed_tar_is_dropped_and_its_neighbours_are_read(tmp_path: Path) -> None:
    size = 1 << 29
    head = tarfile.TarInfo("a.txt")
    head.size = size
    rest = tar({"b.jsonl": ONE})
    packer = zstandard.ZstdCompressor().compressobj()
    pieces = [packer.compress(head.tobuf()), *(packer.compress(b" " * (1 << 24)) for _ in range(size >> 24))]
    path = put(tmp_path / "a.tar.zst", b"".join([*pieces, packer.compress(rest), packer.flush()]))
    assert dropped(path) == [("a.tar.zst!a.txt:1", "unpacks to more than 256 MB and 200 times its size")]
    assert [d.id for d in kept(path)] == ["a.tar.zst!b.jsonl:1"]


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.zst", "a.zip"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_an_archive_cut_short_is_an_error(tmp_path: Path, name: str, share: float) -> None:
    members = {f"{number}.jsonl": b'{"text": "%s"}\n' % (b"word " * 700) for number in range(5)}
    whole = archive(name, members)
    if name == "a.tar":
        whole = whole.rstrip(b"\0")
    path = put(tmp_path / name, whole[: int(len(whole) * share)])
    with pytest.raises(MetierError, match=r"(damaged|cut short).*; fetch the file again"):
        read_all(path)


def test_a_tar_without_its_end_or_with_rubbish_inside_is_an_error_and_a_second_one_behind_is_read(
    tmp_path: Path,
) -> None:
    one, two = tar({"a.jsonl": ONE}), tar({"b.jsonl": TWO})
    assert len(kept(put(tmp_path / "a.tar", one + two))) == 3
    with pytest.raises(MetierError, match="cut short"):
        read_all(put(tmp_path / "b.tar", one[:1024]))
    with pytest.raises(MetierError, match="damaged or cut short"):
        read_all(put(tmp_path / "c.tar", one[:1024] + b"rubbish " * 64 + two))


def test_a_damaged_member_stops_the_reading(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.jsonl": b'{"text": "%s"}\n' % bytes(range(97, 123)) * 50, "b.jsonl": ONE}))
    data[60:70] = bytes(10)
    with pytest.raises(MetierError, match=r"a\.zip!a\.jsonl: damaged .*; fetch the file again"):
        read_all(put(tmp_path / "a.zip", bytes(data)))
    bad = {"a.jsonl": ONE, "b.csv": b'"text\n'}
    with pytest.raises(MetierError, match=r"b\.zip!b\.csv:1: malformed CSV in the line of names"):
        read_all(put(tmp_path / "b.zip", zipped(bad)))

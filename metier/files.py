"""Find the files that a setting names, and stream their bytes, text and lines, packed or not."""

import glob
import gzip
import itertools
import zlib
from collections.abc import Iterator
from pathlib import Path

from metier.artefact import asset
from metier.records import MetierError
from metier.text.decode import decode

CHUNK = 1 << 20
LIMIT = 1 << 28
"""A single record larger than this many characters is refused, so that a packed bomb cannot fill the memory."""
PACKED = ("gz", "zst")


def find(names: str | tuple[str, ...]) -> list[Path]:
    """The files that names, globs and ``asset:`` names stand for, each once, in the order named, a glob's sorted.

    MetierError where a name stands for nothing or for a directory.
    """
    found: dict[Path, None] = {}
    for name in (names,) if isinstance(names, str) else names:
        found.update(dict.fromkeys(_match(name)))
    return list(found)


def _match(name: str) -> list[Path]:
    path = asset(name)
    if path.is_dir():
        raise MetierError(f"{path}: is a directory; name the files in it, as in {path / '*.jsonl'}")
    if path.exists():
        return [path]
    if not glob.has_magic(name):
        raise MetierError(f"{name}: no such file; paths are taken from {Path.cwd()}")
    found = [Path(match) for match in sorted(glob.glob(name, recursive=True)) if Path(match).is_file()]  # noqa: PTH207
    if not found:
        raise MetierError(f"{name}: no file matches; paths are taken from {Path.cwd()}")
    return found


def suffix(path: Path) -> str:
    """The suffix that tells the format, in lower case and without its dot; that of packing does not count."""
    suffixes = [suffix.lower().removeprefix(".") for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, unpacked where its name ends in .gz or .zst, in pieces of bounded size."""
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path, "rb") as packed:
                while piece := packed.read(CHUNK):
                    yield piece
        elif path.suffix.lower() == ".zst":
            yield from _unzstd(path)
        else:
            with path.open("rb") as plain:
                while piece := plain.read(CHUNK):
                    yield piece
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise MetierError(f"{path}: damaged or cut short ({error}); fetch the file again") from None
    except OSError as error:
        raise MetierError(f"{path}: cannot be read ({error.strerror or error})") from None


def _unzstd(path: Path) -> Iterator[bytes]:
    """Frames one after the other; a small piece goes in at a time because it may unpack to thousands of its size."""
    import zstandard

    frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    begun = False
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 13):
                while piece:
                    begun = True
                    if out := frame.decompress(piece):
                        yield out
                    piece = b""
                    if frame.eof:
                        piece = frame.unused_data
                        frame, begun = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj(), False
    except zstandard.ZstdError as error:
        raise MetierError(f"{path}: damaged ({error}); fetch the file again") from None
    if begun:
        raise MetierError(f"{path}: cut short; fetch the file again")


def texts(path: Path, encoding: str = "") -> Iterator[str]:
    """The characters of a file, piece by piece: UTF-8, else GB18030, unless an encoding is named."""
    stream = chunks(path)
    head = next(stream, b"")
    return decode(itertools.chain((head,), stream), encoding, str(path)) if head else iter(())


def lines(texts: Iterator[str], path: Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, line without its end); only a line feed ends a line, as JSON strings may hold others."""
    held: list[str] = []
    size, number = 0, 1
    for text in texts:
        first, *rest = text.split("\n")
        held.append(first)
        size += len(first)
        if size > LIMIT:
            raise MetierError(f"{path}:{number}: a line of more than {LIMIT >> 20} MB; is this the right format?")
        if rest:
            for line in ("".join(held), *rest[:-1]):
                yield number, line.removesuffix("\r")
                number += 1
            held, size = [rest[-1]], len(rest[-1])
    if size:
        yield number, "".join(held).removesuffix("\r")

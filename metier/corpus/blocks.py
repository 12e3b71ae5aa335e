"""Blocks of whole lines of a UTF-8 file, as bytes: what is cheap to read many rows from at once."""

import codecs
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from metier.files import LIMIT, chunks

BLOCK = 1 << 20
"""Bytes from which a block is handed on: few enough that the memory of one is at hand again for the next."""
_OTHER = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unusual(Exception):
    """The file has to be read as characters, by ``metier.files.texts``, from this line on."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _utf8(path: Path, encoding: str) -> Iterator[bytes]:
    """The bytes of a file without a byte order mark, while ``metier.text.decode`` would take them for UTF-8.

    The encoding is told as there, by the first piece beyond ASCII and the one after it. Whether the bytes after those
    are UTF-8 is not looked at. ValueError where the file is anything else.
    """
    if encoding not in ("", "utf-8"):
        raise ValueError
    stream = chunks(path)
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= 4:
            break
    if head.startswith(_OTHER):
        raise ValueError
    told = bool(encoding)
    if head.startswith(codecs.BOM_UTF8):
        head, told = head.removeprefix(codecs.BOM_UTF8), True
    while not told and head.isascii():
        yield head
        if not (head := next(stream, b"")):
            return
    if not told:
        head += next(stream, b"")
        codecs.getincrementaldecoder("utf-8")("strict").decode(head)
    yield head
    yield from stream


def blocks(path: Path, encoding: str) -> Generator[tuple[int, bytes], None, None]:
    """(number of the first line, whole lines with their ends) of a UTF-8 file; Unusual where it proves to be another.

    The last line may lack its end. A line that may be over the limit is Unusual, too.
    """
    from metier.corpus.json_kernels import breaks

    held: list[bytes] = []
    size, number = 0, 1
    stream = _utf8(path, encoding)
    while True:
        try:
            chunk = next(stream, b"")
        except ValueError:
            raise Unusual(number) from None
        if size + len(chunk) > LIMIT:
            raise Unusual(number)
        cut = chunk.rfind(b"\n") + 1 if size + len(chunk) >= BLOCK else 0
        if not chunk or cut:
            held.append(chunk[:cut])
            first = number
            number += sum(breaks(np.frombuffer(piece, np.uint8)) for piece in held)
            if size + cut:
                yield first, _joined(held)
            if not chunk:
                return
            chunk, size = chunk[cut:], 0
        held.append(chunk)
        size += len(chunk)


def _joined(pieces: list[bytes]) -> bytes:
    """The pieces as one, and the list emptied: they may be large."""
    data = b"".join(pieces)
    pieces.clear()
    return data

"""Bytes to characters, a chunk at a time, without ever replacing one silently."""

import codecs
import re
from collections.abc import Iterable, Iterator

from metier.records import MetierError

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HIGH = re.compile(rb"[\x80-\xff]+")
_NON_ASCII = re.compile(r"[^\x00-\x7f\ufffd]")
_REMEDY = "mend the file, name its encoding (encoding: cp1256, ...) or have each line decoded alone (encoding: mixed)"


def decode(chunks: Iterable[bytes], encoding: str, place: str) -> Iterator[str]:
    """Decode a stream of bytes; an empty ``encoding`` means UTF-8 where it is UTF-8, else GB18030.

    ``place`` names the file in errors, which give the byte offset. A byte order mark decides and is left out.
    """
    stream = iter(chunks)
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= 4:
            break
    for mark, name in _BOMS:
        if head.startswith(mark) and encoding.lower().replace("_", "-").removesuffix("-sig") in ("", "utf-16", name):
            yield from _decode_as(name, _chain(head[len(mark) :], stream), place, len(mark), named=True)
            return
    if encoding:
        yield from _decode_as(encoding, _chain(head, stream), place, 0, named=True)
        return
    offset, chunk = 0, head
    while chunk.isascii():
        yield chunk.decode("ascii")
        offset += len(chunk)
        chunk = next(stream, b"")
        if not chunk:
            return
    chunk += next(stream, b"")
    yield from _decode_as(_guess(chunk, place, offset), _chain(chunk, stream), place, offset, named=False)


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _decode_as(encoding: str, chunks: Iterator[bytes], place: str, offset: int, *, named: bool) -> Iterator[str]:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        decoder.decode(b"")
    except (LookupError, AttributeError, TypeError):
        raise MetierError(f"{place}: encoding {encoding!r} is unknown; name one that Python knows") from None
    try:
        for chunk in chunks:
            fed = chunk
            yield decoder.decode(chunk)
            offset += len(chunk)
        fed = b""
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        at = offset - (len(error.object) - len(fed)) + error.start
        how = "" if named else ", which the file seems to be"
        raise MetierError(f"{place}: byte {at} is not valid {encoding.upper()}{how}; {_REMEDY}") from None


def _guess(sample: bytes, place: str, offset: int) -> str:
    """UTF-8 or GB18030, by the first stretch that is not ASCII; damaged UTF-8 and Latin-1 are told from GB18030."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample)
        return "utf-8"
    except UnicodeDecodeError as error:
        first = offset + error.start
    as_utf8 = sample.decode("utf-8", "replace")
    if len(_NON_ASCII.findall(as_utf8)) > as_utf8.count("\ufffd"):
        raise MetierError(f"{place}: byte {first} is not valid UTF-8, which the file seems to be; {_REMEDY}")
    runs = [len(run) for run in _HIGH.findall(sample)]
    if 2 * sum(length == 1 for length in runs) > len(runs):
        raise MetierError(f"{place}: byte {first} is neither UTF-8 nor GB18030; {_REMEDY}")
    try:
        codecs.getincrementaldecoder("gb18030")("strict").decode(sample)
    except UnicodeDecodeError as error:
        message = f"{place}: neither UTF-8 (byte {first}) nor GB18030 (byte {offset + error.start}); {_REMEDY}"
        raise MetierError(message) from None
    return "gb18030"

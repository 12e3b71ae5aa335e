"""Real text for measuring speed: what lies in the documentation and manual pages on this machine, in many languages.

Pages are told apart by their files, markup is taken off in a plain way, long ones are cut at blank lines. Texts come
in an order that depends on their content alone.
"""

import gzip
import html
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import xxhash

HOMES = (
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/share/perl",
    "/usr/share/dictd",
    "/usr/share/info",
    "/usr/lib/python3",
)
SUFFIXES = {".html", ".htm", ".txt", ".md", ".rst", ".pod", ".dict", ".info", ""} | {f".{n}" for n in range(1, 9)}
LONGEST, SHORTEST = 8000, 200
_SILENT = re.compile(r"<(script|style|head)\b.*?</\1>", re.S | re.I)
_BLOCK = re.compile(r"</?(?:p|div|li|ul|ol|dl|dt|dd|h\d|tr|table|pre|br|section|article)\b[^>]*>", re.I)
_TAG = re.compile(r"<[^>]{1,2000}>")
_MACRO = re.compile(r"^[.'][^\n]*$", re.M)
_ESCAPE = re.compile(r"\\(?:f.|s[+-]?\d|\(..|\[\w+\]|[&|^%])|\\-")
_BLANK = re.compile(r"\n\s*\n")


def prose(homes: tuple[str, ...] = HOMES) -> Iterator[tuple[str, str]]:
    """(source, text) of every piece of prose that is found."""
    files = [path for home in homes for path in sorted(Path(home).rglob("*")) if _wanted(path)]
    files.sort(key=lambda path: xxhash.xxh64_intdigest(str(path).encode()))
    for path in files:
        yield from ((path.parts[3] if len(path.parts) > 3 else "", piece) for piece in _pieces(_read(path)))


def _wanted(path: Path) -> bool:
    name = path.name.lower()
    plain = Path(name.removesuffix(".gz").removesuffix(".dz"))
    if (
        name.startswith(("changelog", "copyright", "genindex", "searchindex"))
        or not path.is_file()
        or path.is_symlink()
    ):
        return False
    return plain.suffix in SUFFIXES


def _read(path: Path) -> str:
    try:
        packed = path.read_bytes()
        text = (gzip.decompress(packed) if path.suffix in (".gz", ".dz") else packed).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return ""
    if "\0" in text[:4000]:
        return ""
    if "<html" in text[:2000].lower():
        text = html.unescape(_TAG.sub("", _BLOCK.sub("\n", _SILENT.sub("", text))))
    elif "/man/" in str(path):
        text = _ESCAPE.sub("", _MACRO.sub("", text))
    return re.sub(r"[ \t\r]*\n", "\n", text)


def _pieces(text: str) -> Iterator[str]:
    some: list[str] = []
    size = 0
    for paragraph in _BLANK.split(text):
        if size and size + len(paragraph) > LONGEST:
            yield "\n\n".join(some)
            some, size = [], 0
        some.append(paragraph.strip("\n"))
        size += len(paragraph)
    last = "\n\n".join(some)
    if len(last) >= SHORTEST:
        yield last


def write_jsonl(path: Path, megabytes: float) -> float:
    """Write at most so many megabytes of prose as JSON Lines, each text once; return how many there were."""
    seen: set[int] = set()
    size = 0
    with path.open("w", encoding="utf-8") as file:
        for source, text in prose():
            mark = xxhash.xxh64_intdigest(text.encode())
            if mark in seen:
                continue
            seen.add(mark)
            line = json.dumps({"text": text, "source": source}, ensure_ascii=False) + "\n"
            size += len(line.encode())
            file.write(line)
            if size >= megabytes * 1e6:
                break
    return size / 1e6

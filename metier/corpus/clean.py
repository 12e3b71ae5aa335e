"""Make the text of documents clean: one normal form, no markup, no invisible characters, no boilerplate."""

import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from metier.batch import Batch
from metier.files import find, lines, texts
from metier.records import Config, Document, Files, MetierError
from metier.text.book_tags import BOOK, Role, book_tags
from metier.text.navigation import is_navigation
from metier.text.normalise import nfc, squeeze
from metier.text.suggest import did_you_mean
from metier.text.tags import strip_tags, unescape
from metier.text.wrapped import LEAST, Join, unwrap

_BREAKS = "\r\x0b\x0c\x85\u2028\u2029"
_INVISIBLES = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff"
)
_STRANGE = re.compile(f"[{_BREAKS}{_INVISIBLES}]")
_LINE_ENDS = re.compile(f"\r\n?|[{_BREAKS}]")
_INVISIBLE = re.compile(f"[{_INVISIBLES}]")
_BLANK_LINES = re.compile(r"\n{3,}")
_USUAL = r"[\w\s.,;:!?'\"()\-/%，。、；：！？（）“”‘’《》「」،؛؟]+"
"""What is no symbol, besides letters, marks and digits; ``<`` and ``&`` are, as the kernel relies on."""
_ODD = rf"{_STRANGE.pattern}|[^\S\n ]"
"""What no tidy text holds."""


class Clean(Config, frozen=True):
    """What is taken out of a text, and which documents are left out."""

    min_chars: Annotated[int, msgspec.Meta(ge=0)] = 40
    """Documents with fewer characters, after cleaning, are dropped."""
    max_symbol_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.4
    """Documents are dropped where more than this share of the characters is neither letter, digit nor punctuation."""
    boilerplate: Files = ()
    """Files of lines to take out, one a line: the whole line as it stands (case aside), or /a regular expression/.

    asset:boilerplate/en.txt, zh.txt and ar.txt ship: cookie notices, share buttons, copyright lines.
    """
    keep_tags: bool = False
    """Leave HTML tags and entities as they are."""
    tags: dict[str, Role] = msgspec.field(default_factory=dict)
    """What lines that begin with a Chinese tag become, as in {章名: heading}; 篇名 and 目录 are known."""
    join_lines: Join = "auto"
    """Join the lines of paragraphs: where a text is evidently hard-wrapped (auto), always or never."""
    drop_navigation: bool = False
    """Leave out lines that are mostly links, or short entries with bars or arrows between them."""
    also: tuple[str, ...] = ()
    """Columns to clean in the same way, as in question."""


def clean(batch: Batch[Document], config: Clean) -> Batch[Document]:
    """Clean the text of every document and drop those with too little left."""
    given = batch.rows.column("text")
    texts, chars, symbols = _cleaned(given, config)
    why = _why(chars, symbols, config)
    if not config.also:
        return batch.drop(why) if texts is given else batch.replace(text=texts).drop(why)
    rows = zip(batch.values("id"), batch.values("meta"), strict=True)
    metas = [_clean_meta(id, json.loads(meta), config) for id, meta in rows]
    return batch.replace(text=texts, meta=metas).drop(why)


def _cleaned(texts: Any, config: Clean) -> tuple[Any, Any, Any]:
    """(texts, characters, symbols) of a column; only rows in which the kernel sees something to do are worked on."""
    import numpy as np
    import pyarrow as pa

    from metier.corpus.clean_kernels import count, survey, table
    from metier.text.buffers import utf8

    entries = table(_USUAL, _ODD)
    untidy, chars, symbols, pairs = survey(*utf8(texts), entries, not config.keep_tags)
    line_goes = _line_goes(config)
    if config.join_lines != "never":
        untidy |= (pairs >= LEAST) | (config.join_lines == "always")
    at = np.arange(len(texts)) if line_goes else np.flatnonzero(untidy)
    if not len(at):
        return texts, chars, symbols
    tags = {**BOOK, **config.tags}
    given = zip(texts.take(pa.array(at)).to_pylist(), untidy[at].tolist(), strict=True)
    tidied = (tidy(text, config.keep_tags, config.join_lines, tags) if work else text for text, work in given)
    found = pa.array([_without(text, line_goes) for text in tidied], pa.large_string())
    chars[at], symbols[at] = count(*utf8(found), entries)
    index = np.arange(len(texts))
    index[at] = len(texts) + np.arange(len(at))
    return pa.concat_arrays([texts, found]).take(pa.array(index)), chars, symbols


def tidy(text: str, keep_tags: bool = False, join_lines: Join = "never", tags: Mapping[str, Role] = BOOK) -> str:
    """NFC, without markup and invisible characters, white space single, blank lines single, wrapped lines joined."""
    if not keep_tags:
        text = book_tags(unescape(strip_tags(text)), tags)
    if _STRANGE.search(text):
        text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    text = nfc(text)
    if join_lines != "never":
        text = unwrap(text, join_lines)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _clean_meta(id: str, meta: dict[str, str], config: Clean) -> str:
    for column in config.also:
        if column not in meta:
            raise MetierError(f"also: document {id} has no column {column!r}; {did_you_mean(column, meta)}")
    cleaned = {name: tidy(value, config.keep_tags) if name in config.also else value for name, value in meta.items()}
    return json.dumps(cleaned, ensure_ascii=False)


def _why(chars: Any, symbols: Any, config: Clean) -> list[str | None]:
    why: list[str | None] = [None] * len(chars)
    for row in (symbols > config.max_symbol_share * chars).nonzero()[0].tolist():
        why[row] = f"more than {config.max_symbol_share:.0%} symbols"
    for row in (chars < config.min_chars).nonzero()[0].tolist():
        why[row] = f"fewer than {config.min_chars} characters"
    return why


def _without(text: str, goes: Callable[[str], bool] | None) -> str:
    if goes is None:
        return text
    lines = text.split("\n")
    kept = [line for line in lines if not line or not goes(line)]
    return text if len(kept) == len(lines) else _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip()


def _line_goes(config: Clean) -> Callable[[str], bool] | None:
    """Whether a line is to be left out; None where all stay."""
    links = is_navigation if config.drop_navigation else None
    if not config.boilerplate:
        return links
    matches = _matcher(tuple((str(path), path.stat().st_mtime_ns) for path in find(config.boilerplate)))
    return (lambda line: matches(line) or is_navigation(line)) if links else matches


@functools.lru_cache(maxsize=8)
def _matcher(files: tuple[tuple[str, int], ...]) -> Callable[[str], bool]:
    """Whether a line is boilerplate, by files as they were at these times."""
    literals, patterns = set(), []
    for name, _ in files:
        for number, raw in lines(texts(Path(name)), Path(name)):
            line = squeeze(raw)
            if len(line) > 2 and line.startswith("/") and line.endswith("/"):
                try:
                    re.compile(line[1:-1])
                except re.error as error:
                    raise MetierError(f"{name}:{number}: not a regular expression ({error}); mend the line") from None
                patterns.append(f"(?:{line[1:-1]})")
            elif line:
                literals.add(line.casefold())
    if not literals and not patterns:
        raise MetierError(f"{files[0][0]}: no line of boilerplate in it; leave it out of boilerplate")
    regex = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None
    longest = 2 * max(map(len, literals), default=0)

    def matches(line: str) -> bool:
        return (len(line) <= longest and line.casefold() in literals) or bool(regex and regex.fullmatch(line))

    return matches

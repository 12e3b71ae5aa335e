"""Make the text of documents clean: one normal form, no markup, no invisible characters, no boilerplate."""

import functools
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec

from metier.batch import Batch
from metier.files import find, lines, texts
from metier.records import Config, Document, Files, MetierError
from metier.text.normalise import nfc, squeeze
from metier.text.suggest import did_you_mean
from metier.text.tags import strip_tags, unescape

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff]"
)
_UNTIDY = re.compile(r"[^\S\n ]|  | \n|\n |\n\n\n|\A\s|\s\Z")
_BLANKS = re.compile(r"[^\S\n]+")
_EDGES = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")
_USUAL = re.compile(r"[\w\s.,;:!?'\"()\-/%，。、；：！？（）“”‘’《》「」،؛؟]+")


class Clean(Config, frozen=True):
    """What is taken out of a text, and which documents are left out."""

    min_chars: Annotated[int, msgspec.Meta(ge=0)] = 40
    """Documents with fewer characters, after cleaning, are dropped."""
    max_symbol_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.4
    """Documents are dropped where more than this share of the characters is neither letter, digit nor punctuation."""
    boilerplate: Files = ()
    """Files of lines to take out, one a line: the whole line as it stands (case aside), or /a regular expression/."""
    keep_tags: bool = False
    """Leave HTML tags and entities as they are."""
    also: tuple[str, ...] = ()
    """Columns to clean in the same way, as in question."""


def clean(batch: Batch[Document], config: Clean) -> Batch[Document]:
    """Clean the text of every document and drop those with too little left."""
    is_boilerplate = _boilerplate(config)
    texts = [_without(tidy(text, config.keep_tags), is_boilerplate) for text in batch.values("text")]
    why = [_why(text, config) for text in texts]
    if not config.also:
        return batch.replace(text=texts).drop(why)
    rows = zip(batch.values("id"), batch.values("meta"), strict=True)
    metas = [_clean_meta(id, json.loads(meta), config) for id, meta in rows]
    return batch.replace(text=texts, meta=metas).drop(why)


def tidy(text: str, keep_tags: bool = False) -> str:
    """NFC, without markup and invisible characters, white space single, blank lines single."""
    if not keep_tags:
        text = unescape(strip_tags(text))
    text = nfc(_INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)))
    if not _UNTIDY.search(text):
        return text
    return _BLANK_LINES.sub("\n\n", _EDGES.sub("\n", _BLANKS.sub(" ", text))).strip()


def _clean_meta(id: str, meta: dict[str, str], config: Clean) -> str:
    for column in config.also:
        if column not in meta:
            raise MetierError(f"also: document {id} has no column {column!r}; {did_you_mean(column, meta)}")
    cleaned = {name: tidy(value, config.keep_tags) if name in config.also else value for name, value in meta.items()}
    return json.dumps(cleaned, ensure_ascii=False)


def _why(text: str, config: Clean) -> str | None:
    if len(text) < config.min_chars:
        return f"fewer than {config.min_chars} characters"
    unusual = _USUAL.sub("", text)
    allowed = config.max_symbol_share * len(text)
    if len(unusual) <= allowed or sum(unicodedata.category(char)[0] not in "LMN" for char in unusual) <= allowed:
        return None
    return f"more than {config.max_symbol_share:.0%} symbols"


def _without(text: str, is_boilerplate: Callable[[str], bool] | None) -> str:
    if is_boilerplate is None:
        return text
    lines = text.split("\n")
    kept = [line for line in lines if not line or not is_boilerplate(line)]
    return text if len(kept) == len(lines) else _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip()


def _boilerplate(config: Clean) -> Callable[[str], bool] | None:
    if not config.boilerplate:
        return None
    return _matcher(tuple((str(path), path.stat().st_mtime_ns) for path in find(config.boilerplate)))


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
    return lambda line: line.casefold() in literals or bool(regex and regex.fullmatch(line))

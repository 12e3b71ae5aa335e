"""Leave out documents that do not read like running text, by the rules of Gopher, C4 and FineWeb."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metier.artefact import asset
from metier.batch import Batch
from metier.corpus.measures import Measures, kinds, measures
from metier.corpus.repetition import line_shares
from metier.records import Config, Document, File, MetierError
from metier.text.buffers import utf8
from metier.text.words import words, words_of

Mask = NDArray[np.bool_]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]

_NO_LIMIT = np.iinfo(np.int64).max
_CITATIONS = ("[edit]", "[citation needed]")
_POLICY = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
    "隐私政策", "服务条款", "سياسة الخصوصية", "شروط الاستخدام", "ملفات تعريف الارتباط",
)  # fmt: skip
"""The phrases of C4, and what pages in Chinese and Arabic say in their place."""


class Gopher(Config, frozen=True):
    """Rae et al. 2021, A1.1, with the thresholds published there; null switches a rule off."""

    min_words: Count | None = 50
    """Fewer words drop a document that is mostly in scripts with spaces."""
    min_characters: Count | None = 30
    """Fewer characters drop a document that is mostly in scripts without spaces: the length of a whole short recipe."""
    max_words: Count | None = 100_000
    """More words drop a document."""
    min_mean_word_length: float | None = 3
    """A smaller mean, in characters, drops a document; not asked where most words are of scripts without spaces."""
    max_mean_word_length: float | None = 10
    """A larger mean drops a document; marks on letters (Arabic vowels) do not count."""
    max_hashes: float | None = 0.1
    """More # a word drop a document."""
    max_ellipses: float | None = 0.1
    """More ellipses a word drop a document; a run of dots is one."""
    max_bullet_lines: Share | None = 0.9
    """A larger share of lines that begin with a bullet point drops a document; blank lines are no lines."""
    max_ellipsis_lines: Share | None = 0.3
    """A larger share of lines that end with an ellipsis drops a document."""
    min_alphabetic: Share | None = 0.8
    """A smaller share of words with a letter in them drops a document."""
    min_stop_words: Count | None = 2
    """Fewer different stop words of its language drop a document; not asked of languages without a list."""


class C4(Config, frozen=True):
    """Raffel et al. 2020, 2.2: the first six take lines and marks out of the text, the rest drop documents.

    Words and sentences a line are those of the published code and the JMLR text. Not among the rules: the list of bad
    words, which names much of medicine.
    """

    terminal_mark: bool = True
    """Take out lines that do not end in a full stop, question or exclamation mark or a closing quote, of any script."""
    min_line_words: Count = 5
    """Take out lines of fewer words; in scripts without spaces each character counts."""
    max_word_length: Count | None = 1000
    """Take out lines with a longer word."""
    javascript: bool = True
    """Take out lines that speak of javascript."""
    policy: bool = True
    """Take out lines that speak of cookies, privacy policies and terms of use, in English, Chinese or Arabic."""
    citations: bool = True
    """Take out citation marks: [1], [edit], [citation needed]."""
    min_sentences: Count | None = 3
    """Fewer sentences in what is left drop a document."""
    lorem_ipsum: bool = True
    """The words lorem ipsum drop a document."""
    curly_bracket: bool = True
    """A curly bracket drops a document: it is code."""


class FineWeb(Config, frozen=True):
    """Penedo et al. 2024, 3.6, with the thresholds published there; null switches a rule off."""

    min_ended_lines: Share | None = 0.12
    """A smaller share of lines that end with a terminal mark, of any script, drops a document."""
    max_duplicate_lines: Share | None = 0.1
    """A larger share of characters in lines that stand earlier in the document drops it."""
    max_short_lines: Share | None = 0.67
    """A larger share of lines of at most 30 characters drops a document; a Chinese character counts for three."""


class Quality(Config, frozen=True):
    """Which sets of rules are asked, and with which thresholds; {} is a set as published, null leaves it out."""

    gopher: Gopher | None = Gopher()
    """The rules of Gopher."""
    c4: C4 | None = None
    """The rules of C4, which take lines out of the text."""
    fineweb: FineWeb | None = None
    """The rules of FineWeb, asked after C4 has taken lines out."""
    stop_words: File = "asset:stopwords"
    """A directory with the stop words of each language in a file of its name (en.txt), one a line, # for remarks."""

    def __post_init__(self) -> None:
        if self.gopher is None and self.c4 is None and self.fineweb is None:
            raise ValueError("gopher, c4 and fineweb are all null: nothing is left to ask; name one or leave the step")


class Rule(NamedTuple):
    """Why documents are dropped, and which."""

    why: str
    broken: Mask


def quality(batch: Batch[Document], config: Quality) -> Batch[Document]:
    """Drop every document that breaks a rule, each with the first rule it breaks as the reason.

    Thresholds are the published ones in every language; what they are held against fits the script (see the fields).
    Sources: Rae et al. 2021 (arXiv 2112.11446), Raffel et al. 2020 (JMLR 21, 140), Penedo et al. 2024
    (arXiv 2406.17557).
    """
    if config.gopher is not None:
        batch = _drop(batch, _gopher(batch, config.gopher, asset(config.stop_words)))
    if config.c4 is not None:
        batch = _c4(batch, config.c4)
    if config.fineweb is not None:
        batch = _drop(batch, _fineweb(batch, config.fineweb))
    return batch


def _drop(batch: Batch[Document], rules: Iterable[Rule]) -> Batch[Document]:
    why = np.full(len(batch), None, object)
    open_rows = np.ones(len(batch), np.bool_)
    for rule in rules:
        why[open_rows & rule.broken] = rule.why
        open_rows &= ~rule.broken
    return batch if open_rows.all() else batch.drop(why.tolist())


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return part / np.maximum(whole, 1)


def _gopher(batch: Batch[Document], config: Gopher, stop_words: Path) -> Iterable[Rule]:
    found = measures(batch)
    spaced = 2 * found.spaced >= found.words
    length = _share(found.characters, found.spaced)
    if (least := config.min_words) is not None:
        yield Rule(f"fewer than {least} words", spaced & (found.words < least))
    if (least := config.min_characters) is not None:
        yield Rule(f"fewer than {least} characters", ~spaced & (found.words < least))
    if (most := config.max_words) is not None:
        yield Rule(f"more than {most} words", found.words > most)
    if (low := config.min_mean_word_length) is not None:
        yield Rule(f"mean word shorter than {low:g} characters", spaced & (length < low))
    if (high := config.max_mean_word_length) is not None:
        yield Rule(f"mean word longer than {high:g} characters", spaced & (length > high))
    if (limit := config.max_hashes) is not None:
        yield Rule(f"more than {limit:g} # a word", _share(found.hashes, found.words) > limit)
    if (limit := config.max_ellipses) is not None:
        yield Rule(f"more than {limit:g} ellipses a word", _share(found.ellipses, found.words) > limit)
    if (limit := config.max_bullet_lines) is not None:
        yield Rule(f"more than {limit:.0%} bullet lines", _share(found.bullets, found.lines) > limit)
    if (limit := config.max_ellipsis_lines) is not None:
        yield Rule(f"more than {limit:.0%} of lines end in an ellipsis", _share(found.trailing, found.lines) > limit)
    if (limit := config.min_alphabetic) is not None:
        rare = found.alphabetic < limit * np.maximum(found.words, 1)
        yield Rule(f"less than {limit:.0%} of words have a letter", rare)
    if config.min_stop_words:
        yield from _stop_word_rules(batch, found, config.min_stop_words, stop_words)


def _fineweb(batch: Batch[Document], config: FineWeb) -> Iterable[Rule]:
    found = measures(batch)
    if (limit := config.min_ended_lines) is not None:
        rare = found.ended < limit * np.maximum(found.lines, 1)
        yield Rule(f"less than {limit:.0%} of lines end in a terminal mark", rare)
    if (limit := config.max_short_lines) is not None:
        yield Rule(f"more than {limit:.0%} short lines", _share(found.short, found.lines) > limit)
    if (limit := config.max_duplicate_lines) is not None:
        repeated = line_shares(batch)[:, 1]
        yield Rule(f"more than {limit:.0%} of characters in repeated lines", repeated > limit)


def _stop_word_rules(batch: Batch[Document], found: Measures, least: int, directory: Path) -> Iterable[Rule]:
    from metier.corpus.quality_kernels import distinct

    languages = _languages(batch, found)
    all_words = words(batch)
    for name in np.unique(languages).tolist():
        file = directory / f"{name}.txt"
        if not name.isalpha() or not file.is_file():
            continue
        keys = _stop_words(file, file.stat().st_mtime_ns)
        rows = languages == name
        some = all_words.take(rows)
        few = np.zeros(len(batch), np.bool_)
        few[rows] = distinct(some.hashes, some.starts, some.stops, keys, least) < least
        yield Rule(f"fewer than {least} stop words of {name}", few)


def _languages(batch: Batch[Document], found: Measures) -> NDArray[np.str_]:
    """The language of each document; where it is empty, that of the script: zh, ja, ko, ar, and en for Latin."""
    scripts = np.stack([found.latin, 3 * found.han, 3 * found.kana, 3 * found.hangul, 2 * found.arabic])
    guess = np.array(["en", "zh", "ja", "ko", "ar"])[scripts.argmax(axis=0)]
    guess[(guess == "zh") & (10 * found.kana > found.han + found.kana)] = "ja"
    guess[2 * found.other > scripts.sum(axis=0)] = "none"
    told = batch.rows.column("language").dictionary_encode()
    names = [name.replace("_", "-").split("-")[0].lower() for name in told.dictionary.to_pylist()]
    named: NDArray[np.str_] = np.array(names, str)[told.indices.to_numpy()]
    return np.where(named == "", guess, named)


@functools.lru_cache(maxsize=256)
def _stop_words(file: Path, _changed: int) -> NDArray[np.uint64]:
    """The stop words of a file, as it was at this time, as a table of word hashes."""
    from metier.text.word_kernels import build_set

    lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
    found = words_of([line for line in lines if line and line[0] != "#"])
    if not len(found.hashes):
        raise MetierError(f"{file}: no word in it; write one a line, or leave the file out")
    table: NDArray[np.uint64] = build_set(found.hashes)
    return table


def _c4(batch: Batch[Document], config: C4) -> Batch[Document]:
    from metier.corpus.quality_kernels import rows_holding, take_lines_out

    texts = batch.rows.column("text")
    data, offsets = utf8(texts)
    rules = []
    if config.lorem_ipsum:
        rules.append(Rule("lorem ipsum", rows_holding(data, offsets, *_phrases(("lorem ipsum",)))))
    if config.curly_bracket:
        rules.append(Rule("curly bracket", _with_brackets(data, offsets)))
    longest = _NO_LIMIT if config.max_word_length is None else config.max_word_length
    limits = np.array([config.min_line_words, longest, config.terminal_mark], np.int64)
    unwanted = _phrases((("javascript",) if config.javascript else ()) + (_POLICY if config.policy else ()))
    markers = _phrases(_CITATIONS if config.citations else ())[:2]
    left, places, sentences = take_lines_out(data, offsets, kinds(), limits, unwanted, markers)
    buffers = [None, pa.py_buffer(places), pa.py_buffer(left)]
    batch = batch.replace(text=pa.Array.from_buffers(pa.large_string(), len(batch), buffers))
    if (least := config.min_sentences) is not None:
        rules.append(Rule(f"fewer than {least} sentences", sentences < least))
    return _drop(batch, rules)


def _phrases(phrases: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64], Mask]:
    """Phrases end to end as bytes, where each ends, and which pairs of bytes one of them begins with in either case."""
    encoded = [phrase.encode() for phrase in phrases]
    pairs = np.zeros(1 << 16, np.bool_)
    for phrase in encoded:
        for first in {phrase[0], phrase[:1].upper()[0]}:
            pairs[[first << 8 | second for second in {phrase[1], phrase[1:2].upper()[0]}]] = True
    return np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([len(p) for p in encoded], dtype=np.int64), pairs


def _with_brackets(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Mask:
    """Which texts hold a curly bracket."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    first, last = int(offsets[0]), int(offsets[-1])
    places = np.flatnonzero((data[first:last] == ord("{")) | (data[first:last] == ord("}"))) + first
    found[np.searchsorted(offsets, places, side="right") - 1] = True
    return found

"""Where personal data can begin in many texts: one compiled look, and what it says of each of them."""

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metier.text.buffers import utf8
from metier.text.personal import look_bits as bits
from metier.text.personal.addresses import HEADS_AR
from metier.text.personal.dates import ARABIC, FOLD
from metier.text.personal.lists import entries
from metier.text.personal.names_ar import OPENERS, TITLES
from metier.text.personal.names_en import LABELS, RELATIONS
from metier.text.personal.names_zh import BESIDE, TITLES_ZH
from metier.text.personal.spans import Look

Table = tuple[NDArray[np.uint64], NDArray[np.int64]]
_MASK = (1 << 64) - 1


class Tables(NamedTuple):
    """What the look knows: Latin and Arabic words, Chinese characters and pairs of them."""

    latin: Table
    arabic: Table
    han: tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]


def looks(texts: Sequence[str] | pa.Array) -> list[Look | None]:
    """What the look says of every text; None where nothing personal can be."""
    from metier.text.personal.look_kernels import look
    from metier.text.personal.look_letters import letters

    array = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else _array(texts)
    tables = _tables()
    places, whats, stops, flags = look(*utf8(array), letters(), tables.latin, tables.arabic, tables.han)
    out: list[Look | None] = []
    where, what, start = places.tolist(), whats.tolist(), 0
    for stop, flag in zip(stops.tolist(), flags.tolist(), strict=True):
        some = stop > start or flag & ~bits.DIGIT
        out.append(Look(flag, where[start:stop], what[start:stop]) if some else None)
        start = stop
    return out


def _array(texts: Sequence[str]) -> pa.Array:
    """The texts as a column; a lone surrogate, which no column holds, becomes one other character."""
    return pa.array([text.encode("utf-8", "replace") for text in texts], pa.large_binary()).cast(pa.large_string())


@functools.lru_cache(maxsize=1)
def _tables() -> Tables:
    latin: dict[str, int] = {}
    for kind, words in (
        (bits.GIVEN, (word.partition("-")[0] for word in entries("given_en") | entries("titles_en"))),
        (bits.LABEL, LABELS),
        (bits.RELATION, RELATIONS),
        (bits.FOR, ("for", "on")),
        (bits.WRITTEN, ("note", "letter", "report", "summary", "ask")),
    ):
        _note(latin, words, kind)
    arabic: dict[str, int] = {}
    prefixes = ["".join(two) for two in itertools.product(("", *"وفبلك"), ("", "لل", "ال"))]
    _note(arabic, (prefix + title for prefix in prefixes for title in TITLES), bits.TITLE_AR)
    _note(arabic, OPENERS, bits.TITLE_AR)
    _note(arabic, (prefix + head for prefix in ("", *"وفبل") for head in HEADS_AR), bits.HEAD_AR)
    months = {one.split(" ")[0] for row in ARABIC for month in row for one in (month, month.translate(FOLD))}
    _note(arabic, (prefix + month for prefix in ("", *"وفبل") for month in months), bits.MONTH_AR)
    _note(arabic, ("العنوان", "عنوانه", "عنوانها", "عنوان", "محل", "السكن"), bits.LABEL_AR << 32)
    _note(arabic, ("ص", "صندوق", "الرمز"), bits.BOX_AR << 32)
    return Tables(_table({_hash(_low(word)): kind for word, kind in latin.items()}), _arabic(arabic), _han())


def _note(kinds: dict[str, int], words: Iterable[str], kind: int) -> None:
    for word in words:
        kinds[word] = kinds.get(word, 0) | kind


def _arabic(words: Mapping[str, int]) -> Table:
    return _table({_hash(word): kind for word, kind in words.items()})


def _low(word: str) -> str:
    """The word with its ASCII letters small, as the look reads it."""
    return "".join(char.lower() if char.isascii() else char for char in word)


def _hash(word: str) -> int:
    value = 0xCBF29CE484222325
    for char in word:
        value = ((value ^ ord(char)) * 0x100000001B3) & _MASK
    return _mix(value)


def _mix(x: int) -> int:
    """``word_kernels.mix`` on a plain number."""
    x ^= x >> 33
    x = (x * 0xFF51AFD7ED558CCD) & _MASK
    x ^= x >> 33
    x = (x * 0xC4CEB9FE1A85EC53) & _MASK
    return x ^ (x >> 33)


def _table(kinds: Mapping[int, int]) -> Table:
    """An open-addressing table as ``word_kernels.find`` reads it, and what stands at each of its places."""
    size = 8
    while size < 4 * len(kinds):
        size *= 2
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    for key, kind in kinds.items():
        place = key & (size - 1)
        while keys[place] not in (0, key):
            place = (place + 1) & (size - 1)
        keys[place], values[place] = key, values[place] | kind
    return keys, values


def _han() -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]:
    """Kinds of single Chinese characters from U+4E00 on, and the table of pairs."""
    single: NDArray[Any] = np.zeros(0x9FFF - 0x4E00 + 1, np.int64)
    for kind, chars in (
        (bits.REGION, "省市县区乡镇州"),
        (bits.VILLAGE, "村屯庄"),
        (bits.UNIT, "号弄栋幢座单室组队年月"),
        (bits.NUMERAL, "一二三四五六七八九十"),
        (bits.CALLED, "名字人者核师生夫刀手助士诉属长亲妻偶儿女"),
        (bits.AFTER, "由"),
        (bits.PAIRED, "名"),
        (bits.SURNAME, {name[0] for name in entries("surnames_zh") | entries("surnames_compound_zh")}),
    ):
        for char in chars:
            single[ord(char) - 0x4E00] |= kind
    pairs: dict[int, int] = {}
    labels = ("地址", "住址", "住所", "所在", "家住", "现住", "居住", "住在", "住于", "住:", "住：")
    for kind, words in ((bits.BESIDE, BESIDE), (bits.TITLE_ZH, TITLES_ZH), (bits.LABEL_ZH, labels)):
        for word in words:
            if len(word) > 1:
                single[ord(word[0]) - 0x4E00] |= bits.PAIRED
                key = _mix(ord(word[0]) << 21 | ord(word[1]))
                size = bits.SIZE << len(word) if kind == bits.BESIDE else 0
                pairs[key] = pairs.get(key, 0) | kind | size | (size << 1 if word == "敬礼" else 0)
    return single, *_table(pairs)

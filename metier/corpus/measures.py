"""What the quality rules and the language stage count in a text, measured once for all of them."""

import functools
import unicodedata
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metier.batch import Batch
from metier.records import Document
from metier.text.buffers import utf8
from metier.text.letters import ALONE as ALONE_LETTER
from metier.text.letters import SIZE, table

Counts = NDArray[np.int64]

_TERMINAL = ".!?。！？｡．؟۔।॥…‼⁇⁈⁉։።៕"
_CLOSING = "\"'”’»)]}›」』）】》〕］”´`*_"
_BULLETS = "•‣◦▪▫●○■□◆◇►▶·∙*-–—※"
_SIGNS = "#%&*/@\\§¶†‡•·‣※"
"""Other punctuation by its category, but read as a sign: alone between blanks it is a word without a letter."""
_BLOCKS = ((0x3000, 0x303F), (0xFE30, 0xFE4F), (0xFF00, 0xFF0F), (0xFF1A, 0xFF20), (0xFF3B, 0xFF40), (0xFF5B, 0xFF65))


class Measures(NamedTuple):
    """Counts of every text, each of shape (rows,).

    A word is what stands between white space, its punctuation included; punctuation alone is none (French and Arabic
    set it between blanks). Marks on a letter (Arabic vowels) are not counted in its length. In scripts without spaces
    (Han, kana, Hangul, Thai) each character is a word.
    """

    words: Counts
    spaced: Counts
    """Words of scripts that write spaces."""
    characters: Counts
    """Characters of those words."""
    alphabetic: Counts
    """Words that hold a letter."""
    hashes: Counts
    ellipses: Counts
    lines: Counts
    """Lines that are not blank."""
    bullets: Counts
    """Lines that begin with a bullet point."""
    trailing: Counts
    """Lines that end with an ellipsis."""
    ended: Counts
    """Lines that end with a terminal mark, closing quotes and brackets aside."""
    short: Counts
    """Lines of at most 30 characters; a character of a script without spaces counts for three."""
    breaks: Counts
    other: Counts
    """Letters of other scripts than those below."""
    latin: Counts
    han: Counts
    kana: Counts
    hangul: Counts
    arabic: Counts

    def take(self, rows: NDArray[Any]) -> "Measures":
        """The counts of some rows, by a mask or by numbers."""
        return Measures(*(counts[rows] for counts in self))


def measures(batch: Batch[Document]) -> Measures:
    """The measures of a batch's texts, dropped rows included; worked out once and kept with the batch."""
    return batch.shared("text", measures_of)


def measures_of(texts: pa.Array) -> Measures:
    """The measures of a column of texts."""
    from metier.corpus.quality_kernels import measure

    return Measures(*measure(*utf8(texts), kinds()))


@functools.cache
def kinds() -> NDArray[np.uint16]:
    """The flags of every character, as ``quality_kernels`` names them, shape (SIZE,)."""
    from metier.corpus import quality_kernels as k

    categories = [unicodedata.category(chr(point)) for point in range(SIZE)]
    flags = {"L": k.LETTER, "N": k.NUMBER, "Z": k.SPACE}
    out = np.array([flags.get(category[0], 0) for category in categories], np.uint16)
    out[[point for point, category in enumerate(categories) if category in ("Mn", "Me", "Cf")]] = k.MARK
    signs_alone = ("Ps", "Pe", "Pi", "Pf", "Po")
    out[[point for point, category in enumerate(categories) if category in signs_alone]] = k.POINT
    out[[ord(sign) for sign in _SIGNS]] = 0
    out[[9, 10, 11, 12, 13, 0x85]] = k.SPACE
    out[0x0640] = k.MARK
    for signs, flag in ((_TERMINAL, k.TERMINAL), (_CLOSING, k.CLOSING), (_BULLETS, k.BULLET), ("…⋯", k.ELLIPSIS)):
        out[[ord(sign) for sign in signs]] |= flag
    for first, last in _BLOCKS:
        block = out[first : last + 1]
        block[(block & (k.LETTER | k.NUMBER | k.SPACE)) == 0] |= k.BREAK
    alone = (table() & np.uint32(ALONE_LETTER)) != 0
    out[alone & ((out & (k.LETTER | k.NUMBER)) != 0)] |= k.ALONE
    return out | (_scripts() << np.uint16(k.SCRIPT))


def _scripts() -> NDArray[np.uint16]:
    """The script of every code point by its block."""
    from metier.corpus import quality_kernels as k

    out = np.full(SIZE, k.OTHER, np.uint16)
    blocks = {
        k.LATIN: ((0x41, 0x24F), (0x1E00, 0x1EFF), (0xFF21, 0xFF5A)),
        k.HAN: ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
                (0x20000, SIZE - 1)),
        k.KANA: ((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
        k.HANGUL: ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7FF)),
        k.ARABIC: ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)),
    }  # fmt: skip
    for script, ranges in blocks.items():
        for first, last in ranges:
            out[first : last + 1] = script
    return out

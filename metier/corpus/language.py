"""Say which language a document is in, and leave out those in languages that are not wanted."""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from metier.batch import Batch
from metier.corpus.measures import Measures, measures
from metier.records import Config, Document, MetierError
from metier.text.buffers import utf8
from metier.text.normalise import bare_arabic

_ENOUGH_KANA = 0.1
"""Share of kana among kana and Han from which a text is Japanese: quoted signs in Chinese stay far below."""
_NONCHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_UNREADABLE = re.compile(f"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef{_NONCHARACTERS}]")
"""What the model refuses to read: control characters and code points that are no characters."""
_OLD = {"iw": "he", "jw": "jv"}
"""Codes that ISO 639-1 has replaced."""
_NONE = ("un", "xx", "xxx", "zzb", "zze", "zzh", "zzp", "tlh")
"""What the model answers where it has no language: unknown, a script alone, jokes."""
_CODE = re.compile("[a-z]{2,3}")


class Language(Config, frozen=True):
    """Which languages stay, and how sure their detection has to be."""

    keep: tuple[str, ...] = ()
    """Languages that stay, as in [zh, ar, en]; by default all of them."""
    trust: bool = True
    """Believe a language that a document already has; false looks at every text anew."""
    min_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Documents are dropped where the language found covers less than this share of the text: mixed ones."""
    min_confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Documents are dropped where the model is less sure than this of the language (1 sure, 0.5 a guess, 0 unknown)."""
    sample: Annotated[int, msgspec.Meta(ge=100)] = 1000
    """Longer texts are judged by this many bytes: half from the beginning, half from the middle."""

    def __post_init__(self) -> None:
        for code in self.keep:
            if not _CODE.fullmatch(code):
                raise ValueError(f"keep: {code!r} is not a language code of two or three letters, as in zh, ar, en")


def language(batch: Batch[Document], config: Language) -> Batch[Document]:
    """Fill in the language of every document and drop those in others than ``keep``.

    Codes are ISO 639-1 where there is one, Chinese of either script is zh, and a language that cannot be told is
    empty. A mixed document has the language that most of its bytes are in. Han, kana and Hangul are told by their
    script; all else by Compact Language Detector 2 (165 languages, no network), Arabic without its vowel marks.
    """
    names: list[str] = batch.values("language")
    open_rows = [row for row, name in enumerate(names) if not (name and config.trust)]
    why: list[str | None] = [None] * len(batch)
    for row, (name, share, confidence) in zip(open_rows, _found(batch, open_rows, config.sample), strict=True):
        names[row] = name
        if share < config.min_share:
            why[row] = f"less than {config.min_share:.0%} of the text in one language"
        elif confidence < config.min_confidence:
            why[row] = "language not sure"
    if config.keep:
        wanted = set(config.keep)
        refused = {name: f"language {name or 'unknown'}, not kept" for name in set(names) if _base(name) not in wanted}
        why = [refused.get(name, before) for name, before in zip(names, why, strict=True)]
    return batch.replace(language=names).drop(why)


def _base(name: str) -> str:
    """The language of a tag such as zh-Hant."""
    return re.split("[-_]", name, maxsplit=1)[0].lower()


def _found(batch: Batch[Document], rows: Sequence[int], sample: int) -> list[tuple[str, float, float]]:
    """(language, share of the text, confidence) of some rows."""
    if not rows:
        return []
    detect = _Detector()
    scripts = _by_script(measures(batch))
    data, offsets = utf8(batch.rows.column("text"))
    view = memoryview(data.data)
    found = []
    for row in rows:
        if row in scripts:
            found.append(scripts[row])
            continue
        found.append(detect(_sample(view, int(offsets[row]), int(offsets[row + 1]), sample)))
    return found


def _sample(data: memoryview, start: int, stop: int, size: int) -> str:
    """The text of these bytes, or its beginning and its middle where it is longer than ``size``."""
    if stop - start <= size:
        return str(data[start:stop], "utf-8")
    half, middle = size // 2, (start + stop) // 2
    parts = (data[start : start + half], data[middle : middle + half])
    return "\n".join(str(part, "utf-8", "ignore") for part in parts)


def _by_script(found: Measures) -> dict[int, tuple[str, float, float]]:
    """The rows that are told by their script: more than half of their letters, in bytes, are Han, kana or Hangul."""
    east = 3 * (found.han + found.kana + found.hangul)
    total = np.maximum(east + found.latin + 2 * (found.arabic + found.other), 1)
    korean = found.hangul > found.han + found.kana
    japanese = found.kana > _ENOUGH_KANA * (found.han + found.kana)
    names: NDArray[np.str_] = np.where(korean, "ko", np.where(japanese, "ja", "zh"))
    share = east / total
    rows = np.flatnonzero(share > 0.5)
    return {int(row): (str(names[row]), float(share[row]), 1.0) for row in rows}


class _Detector:
    """Compact Language Detector 2, opened once a batch."""

    def __init__(self) -> None:
        try:
            import pycld2
        except ImportError:
            raise MetierError("corpus.language needs pycld2; install it with pip install pycld2") from None
        self.detect = pycld2.detect
        self.error = pycld2.error

    def __call__(self, text: str) -> tuple[str, float, float]:
        """(language, share, confidence) of a text: confidence 1 where the model calls its answer reliable, else 0.5."""
        text = bare_arabic(text)
        try:
            sure, _, details = self.detect(text, isPlainText=True, bestEffort=True)
        except self.error:
            sure, _, details = self.detect(_UNREADABLE.sub(" ", text), isPlainText=True, bestEffort=True)
        for _, code, percent, _ in details:
            name = code.split("-")[0]
            if _CODE.fullmatch(name) and name not in _NONE:
                return _OLD.get(name, name), percent / 100, 1.0 if sure else 0.5
        return "", 0.0, 0.0

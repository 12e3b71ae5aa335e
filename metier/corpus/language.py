"""Say which language a document is in, and leave out those in languages that are not wanted."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from metier.batch import Batch
from metier.corpus.measures import Measures, measures
from metier.records import Config, Document
from metier.text.buffers import utf8
from metier.text.detect import CODE, ENOUGH_KANA, Detector, base


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
            if not CODE.fullmatch(code):
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
        refused = {name: f"language {name or 'unknown'}, not kept" for name in set(names) if base(name) not in wanted}
        why = [refused.get(name, before) for name, before in zip(names, why, strict=True)]
    return batch.replace(language=names).drop(why)


def _found(batch: Batch[Document], rows: Sequence[int], sample: int) -> list[tuple[str, float, float]]:
    """(language, share of the text, confidence) of some rows."""
    if not rows:
        return []
    detect = Detector()
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
    japanese = found.kana > ENOUGH_KANA * (found.han + found.kana)
    names: NDArray[np.str_] = np.where(korean, "ko", np.where(japanese, "ja", "zh"))
    share = east / total
    rows = np.flatnonzero(share > 0.5)
    return {int(row): (str(names[row]), float(share[row]), 1.0) for row in rows}

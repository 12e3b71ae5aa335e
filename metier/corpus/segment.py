"""Cut long documents where their structure allows it, and lose nothing."""

import itertools
import re
from collections.abc import Sequence
from typing import Literal

import pyarrow as pa

from metier.batch import Batch
from metier.records import Config, Document, File
from metier.text.passages import Characters, Limits, cut

_MOST, _LEAST = 1200, 200
_HEADING = re.compile(r"^[^\S\n]*(?:#{1,6}\s|<[一-鿿]{1,8}>).*(?:\n\s*(?:#{1,6}\s|<[一-鿿]{1,8}>).*)*", re.M)
"""A heading with those that follow it at once: a part, its chapter."""


class Segment(Config, frozen=True):
    """How long a passage may be, in characters or in tokens."""

    max_chars: int | None = None
    """Longer documents are cut into passages of at most this many characters; 1200 unless tokens are counted."""
    min_chars: int | None = None
    """Passages are not made shorter than this where there is a choice; at most half of `max_chars`; 200, or a sixth."""
    tokenizer: File = ""
    """Count in tokens of this one: a checkpoint directory, a tokenizer.json, or asset:nano."""
    max_tokens: int | None = None
    """As max_chars, in tokens, without those that a template adds."""
    min_tokens: int | None = None
    """As min_chars, in tokens; at most half of `max_tokens`; a sixth of it unless said."""
    long_sentences: Literal["whole", "cut"] = "whole"
    """A sentence longer than a passage stays whole (up to four times as long), or is cut at a clause."""
    at_headings: bool = False
    """Cut before every heading (``# ``, ``## ``), however short: each chapter of a book is a document of its own."""

    def __post_init__(self) -> None:
        unit, most, least = "chars", self.max_chars, self.min_chars
        if self.tokenizer:
            if self.max_chars is not None or self.min_chars is not None:
                raise ValueError("a tokenizer is named and lengths in characters; say max_tokens, or leave it out")
            if self.max_tokens is None:
                raise ValueError("a tokenizer is named and no length in tokens; say max_tokens")
            unit, most, least = "tokens", self.max_tokens, self.min_tokens
        elif self.max_tokens is not None or self.min_tokens is not None:
            raise ValueError("lengths in tokens need a tokenizer; name a checkpoint directory or asset:nano")
        if most is not None and most < 1:
            raise ValueError(f"max_{unit} {most} is no length; say 1 or more")
        if least is not None and not 0 <= least * 2 <= (most or _MOST):
            raise ValueError(f"min_{unit} {least} is not between 0 and half of max_{unit} ({most or _MOST})")


def segment(batch: Batch[Document], config: Segment) -> Batch[Document]:
    """Cut documents that are too long into passages ID#0, ID#1, ..., their children; others pass as they are."""
    texts, why = batch.values("text"), batch.why.to_pylist()
    kept = [number for number, reason in enumerate(why) if not reason]
    chapters = [_chapters(texts[number]) if config.at_headings else [texts[number]] for number in kept]
    found = iter(_cut([chapter for some in chapters for chapter in some], config))
    parts = {
        number: list(itertools.chain.from_iterable(itertools.islice(found, len(some))))
        for number, some in zip(kept, chapters, strict=True)
    }
    parts = {number: some for number, some in parts.items() if some != [texts[number]]}
    if not parts:
        return batch
    at: list[int] = []
    pieces: list[str] = []
    ids, parents = batch.values("id"), batch.values("parent")
    new_ids: list[str] = []
    new_parents: list[str] = []
    for number, text in enumerate(texts):
        some = parts.get(number)
        at += [number] * len(some or (text,))
        pieces += some or (text,)
        new_ids += [f"{ids[number]}#{count}" for count in range(len(some))] if some else [ids[number]]
        new_parents += [ids[number]] * len(some) if some else [parents[number]]
    index = pa.array(at, pa.int64())
    light = batch.replace(text=[""] * len(batch))  # a book taken once for each of its passages would fill the memory
    grown = Batch(batch.kind, light.rows.take(index), batch.why.take(index))
    return grown.replace(id=new_ids, parent=new_parents, text=pieces)


def _chapters(text: str) -> list[str]:
    """The text before its first heading, then from heading to heading; that of a part opens its first chapter."""
    starts = [match.start() for match in _HEADING.finditer(text)]
    pieces = [text[start:stop].strip() for start, stop in itertools.pairwise([0, *starts, len(text)])]
    pieces = [piece for piece in pieces if piece]
    return pieces if len(pieces) > 1 else [text]


def passages(text: str, max_chars: int, min_chars: int = 0, long_sentences: str = "cut") -> list[str]:
    """The text in passages of at most ``max_chars``; together they hold every character that is not white space.

    Where long sentences stay ``whole``, a passage may be a single sentence that is longer.
    """
    return cut(text, Limits(max_chars, min_chars, long_sentences == "whole"), Characters())


def _cut(texts: Sequence[str], config: Segment) -> list[list[str]]:
    whole = config.long_sentences == "whole"
    if config.tokenizer and config.max_tokens:
        from metier.model.token_passages import cut_by_tokens, load

        least = config.max_tokens // 6 if config.min_tokens is None else config.min_tokens
        return cut_by_tokens(texts, Limits(config.max_tokens, least, whole), load(config.tokenizer))
    most = config.max_chars or _MOST
    least = min(_LEAST, most // 6) if config.min_chars is None else config.min_chars
    limits = Limits(most, least, whole)
    return [[text] if len(text) <= most else cut(text, limits, Characters()) for text in texts]

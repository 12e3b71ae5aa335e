"""Take personal data out of documents: names, numbers, addresses and dates become tags or made-up values."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec

from metier.batch import Batch
from metier.corpus.mask_values import Settings, values
from metier.records import Config, Document, MetierError
from metier.text.personal.find import find_all, find_personal
from metier.text.personal.spans import KINDS, Kind, Span
from metier.text.suggest import did_you_mean

__all__ = ["KINDS", "Kind", "Mask", "Span", "find_personal", "mask"]

_BETWEEN = "\n\x00\n"
"""Stands between the text and the columns of a record while they are searched as one; no span reaches over it."""


class Mask(Config, frozen=True):
    """Which personal data is taken out, and what stands there instead."""

    kinds: tuple[Kind, ...] = KINDS
    """Kinds to mask: email, id_card, card, record (of charts and beds), date, phone, address, name."""
    style: Literal["pseudonym", "tag"] = "pseudonym"
    """Made-up values of the same shape and dates moved together, or tags such as [NAME_1], [DATE_2]."""
    also: tuple[str, ...] = ()
    """Columns to mask with the text, as in question: a person has one pseudonym in all of them."""
    max_shift: Annotated[int, msgspec.Meta(ge=7, le=36500)] = 730
    """Dates of a record move back by one number of whole weeks, at most this many days."""
    day_first: bool | None = None
    """How 05/03/2024 is meant where its record does not show it: 5 March (true), 3 May (false); null: by its script."""


def mask(batch: Batch[Document], config: Mask, seed: int) -> Batch[Document]:
    """Replace personal data in every document, each person the same way throughout a record and no other record.

    Pseudonyms are drawn by (seed, record id, kind, number). Nothing is dropped; text without findings stays as it is.
    """
    texts: list[str] = batch.values("text")
    ids: list[str] = batch.values("id")
    metas: list[str] = batch.values("meta")
    columns = [_columns(id, meta, config.also) for id, meta in zip(ids, metas, strict=True)] if config.also else None
    parts = [[text, *columns[row].values()] if columns else [text] for row, text in enumerate(texts)]
    whole = [_BETWEEN.join(part) for part in parts] if columns else texts
    found = find_all(whole, config.kinds, None if columns else batch.rows.column("text"))
    changed = False
    for row, spans in enumerate(found):
        if not spans:
            continue
        settings = Settings(f"{seed}\0{ids[row]}", config.style, config.max_shift, config.day_first)
        edits = list(zip(spans, values(spans, whole[row], settings), strict=True))
        text, *others = _edited(parts[row], edits)
        changed, texts[row] = True, text
        if columns:
            metas[row] = json.dumps(
                json.loads(metas[row]) | dict(zip(columns[row], others, strict=True)), ensure_ascii=False
            )
    if not changed:
        return batch
    return batch.replace(text=texts, meta=metas) if columns else batch.replace(text=texts)


def _columns(id: str, meta: str, also: Sequence[str]) -> dict[str, str]:
    """The columns to mask; MetierError where a document lacks one."""
    known: dict[str, str] = json.loads(meta)
    for column in also:
        if column not in known:
            raise MetierError(f"also: document {id} has no column {column!r}; {did_you_mean(column, known)}")
    return {column: known[column] for column in also}


def _edited(parts: Sequence[str], edits: Sequence[tuple[Span, str]]) -> Iterator[str]:
    """Every part with its edits, which are placed in the joined whole; what lies outside them stays byte for byte."""
    at, offset = 0, 0
    for part in parts:
        pieces, done, end = [], 0, offset + len(part)
        while at < len(edits) and edits[at][0].stop <= end:
            span, value = edits[at]
            pieces += [part[done : span.start - offset], value]
            done, at = span.stop - offset, at + 1
        yield "".join([*pieces, part[done:]])
        offset = end + len(_BETWEEN)

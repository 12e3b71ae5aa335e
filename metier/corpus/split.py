"""Hold documents out by a column, so that a whole disease, source or author is unseen in training."""

import json
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

from metier.batch import Batch
from metier.records import Config, Document, MetierError
from metier.text.held import SALT, held
from metier.text.normalise import fold
from metier.text.suggest import did_you_mean

FIELDS = ("source", "kind", "language", "licence")


class Split(Config, frozen=True):
    """Which documents are held out, and which side to keep."""

    by: str
    """Column, or source, kind, language, licence; all documents with one value (case aside) go the same way."""
    held: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of the values that is held out, drawn by a salted hash."""
    values: tuple[str, ...] = ()
    """Values that are held out whatever the draw."""
    keep: Literal["train", "heldout"] = "train"
    """The side to keep; the other is dropped."""
    salt: str = SALT
    """Another salt is another draw; two steps that complement each other need the same."""

    def __post_init__(self) -> None:
        if not self.held and not self.values:
            raise ValueError("say what is held out: a share (held: 0.05) or values of the column")


def split(batch: Batch[Document], config: Split) -> Batch[Document]:
    """Keep one side; a document without a value is on neither side of a draw, for it may belong to both."""
    named = frozenset(fold(value) for value in config.values)
    verdicts: dict[str, str | None] = {}
    why = []
    for value in _values(batch, config.by):
        if value not in verdicts:
            verdicts[value] = _verdict(value, config, named)
        why.append(verdicts[value])
    return batch.drop(why)


def _verdict(value: str, config: Split, named: frozenset[str]) -> str | None:
    folded = fold(value)
    if not folded and config.held:
        return "no value to split by"
    out = folded in named or held(value, config.held, config.salt)
    if out == (config.keep == "heldout"):
        return None
    return "held out" if out else "not held out"


def _values(batch: Batch[Document], by: str) -> list[str]:
    rows = zip(batch.values("id"), batch.values("meta"), strict=True)
    metas: list[dict[str, str]] = [_meta(id, json.loads(meta), by) for id, meta in rows]
    if by not in FIELDS:
        return [meta[by] for meta in metas]
    plain: Callable[[int], str] = batch.values(by).__getitem__
    return [meta.get(by) or plain(number) for number, meta in enumerate(metas)]


def _meta(id: str, meta: dict[str, str], by: str) -> dict[str, str]:
    if by not in meta and by not in FIELDS:
        raise MetierError(f"by: document {id} has no column {by!r}; {did_you_mean(by, (*meta, *FIELDS))}")
    return meta

"""What a trainer's loss is taken on: the packed windows, or what was left out of them, with trained tokens marked."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from metier.artefact import Artefact, Manifest
from metier.records import Conversation, Document, MetierError, Record
from metier.run.look import behind, open_artefact, overview, show

GREEN, DIM, PLAIN = "\x1b[32m", "\x1b[2m", "\x1b[0m"
LONGEST = 4096
"""Tokens shown of one record that was left out."""


class Job(msgspec.Struct, frozen=True):
    """What is read of ``job.json``: the model whose tokenizer spells the windows."""

    base: str


class Prepared(msgspec.Struct, frozen=True):
    """A directory that holds a trainer's windows; ``manifest`` is None before training has ended."""

    path: Path
    manifest: Manifest | None

    def tokenizer(self) -> Any:
        """The one that the windows were made with: a finished model has it beside it."""
        from metier.model.load import load_tokenizer

        if (self.path / "tokenizer.json").exists():
            return load_tokenizer(str(self.path))
        return load_tokenizer(msgspec.json.decode((self.path / "job.json").read_bytes(), type=Job).base)


def find(place: str) -> Prepared:
    """The training data at RUN/STEP, of a finished step or of one that is prepared and not yet trained to its end."""
    path = Path(place)
    manifest = Artefact(path).manifest
    if manifest is None:
        waiting = [one for one in path.parent.glob(f".{path.name}.*.partial") if (one / "data" / "complete").exists()]
        if waiting:
            return Prepared(max(waiting, key=lambda one: one.stat().st_mtime_ns), None)
        open_artefact(place)
    if not (path / "data" / "ids.npy").exists():
        raise MetierError(f"{path}: holds no training data; name a step of the train room, such as runs/NAME/sft")
    return Prepared(path, manifest)


def tokens(place: str, count: int, why: str | None, colour: bool) -> Iterator[str]:
    """The first few items of the packed windows, or with ``why`` the records that were left out for such a reason.

    Trained text is green, or stands in [brackets] where there is no colour.
    """
    prepared = find(place)
    yield overview(prepared.manifest) if prepared.manifest else f"{place}: prepared, not trained to its end yet"
    yield from _packed(prepared, count, colour) if why is None else _left_out(prepared, count, why, colour)


def _packed(prepared: Prepared, count: int, colour: bool) -> Iterator[str]:
    import numpy as np

    data = prepared.path / "data"
    ids, trained, used = (np.load(data / f"{name}.npy", mmap_mode="r") for name in ("ids", "trained", "tokens"))
    tokens, marks = int(used.sum(dtype=np.int64)), int(np.count_nonzero(trained))
    yield (
        f"  {len(ids):,} windows of {ids.shape[1]:,} tokens; {marks:,} of {tokens:,} are trained "
        f"({marks / max(tokens, 1):.1%}), {'in green' if colour else 'in [brackets]'} below"
    )
    tokenizer, rows = prepared.tokenizer(), _rows(data / "items.parquet", count + 1)
    for row, following in itertools.zip_longest(rows[:count], rows[1 : count + 1]):
        window, begin, end = row["window"], row["at"], row["at"] + row["size"]
        yield f"--- {row['id']}  [{row['source']}]  window {window}, tokens {begin} to {end}{_part(row, following)}"
        yield marked(tokenizer, ids[window, begin:end].tolist(), trained[window, begin:end].tolist(), colour)


def _rows(path: Path, count: int) -> list[dict[str, Any]]:
    """The first rows of a table, which may be long."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        rows = itertools.chain.from_iterable(batch.to_pylist() for batch in file.iter_batches(max(count, 64)))
        return list(itertools.islice(rows, count))


def _part(row: dict[str, Any], following: dict[str, Any] | None) -> str:
    """Which part of a record this is, where it is not the whole."""
    said = ""
    if row["begin"]:
        again = row["size"] - (row["end"] - row["begin"])
        said += f", goes on at its token {row['begin']}" + (f" after {again} of its first ones" if again else "")
    if following and (following["id"], following["begin"] > 0) == (row["id"], True):
        said += f", cut at its token {row['end']}"
    return said


def _left_out(prepared: Prepared, count: int, why: str, colour: bool) -> Iterator[str]:
    """Records that could not be trained on as they would be spelt, or as they are where the template refuses them.

    Which step they came from, and so what they say, is known when training has ended.
    """
    artefact, manifest = Artefact(prepared.path), prepared.manifest
    lost = (artefact if manifest else Artefact(prepared.path / "data")).dropped()
    chosen = list(itertools.islice((one for one in lost if why.lower() in one.why.lower()), count))
    records, tokenizer = behind(artefact, {one.id for one in chosen}), prepared.tokenizer()
    for one in chosen:
        yield f"--- {one.id}: {one.why}"
        if manifest and one.id in records:
            yield _spelt(tokenizer, records[one.id], manifest.config.get("thinking"), colour)


def _spelt(tokenizer: Any, record: Record, thinking: bool | None, colour: bool) -> str:
    from metier.model.template import Encoded, Refused, encode_many, encode_text

    found: Encoded | Refused | None = None
    if isinstance(record, Document):
        found = encode_text(tokenizer, record.text)
    elif isinstance(record, Conversation) and record.messages:
        found = encode_many(tokenizer, [record.messages], thinking)[0]
    if found is None or isinstance(found, Refused):
        return show(record)
    more = len(found.ids) - LONGEST
    text = marked(tokenizer, found.ids[:LONGEST], [bool(one) for one in found.mask[:LONGEST]], colour)
    return text + (f"\n... and {more:,} tokens more" if more > 0 else "")


def marked(tokenizer: Any, ids: list[int], trained: list[bool], colour: bool) -> str:
    """The text of some tokens, runs of trained ones marked."""
    opening, closing = (GREEN, PLAIN) if colour else ("[", "]")
    text = ""
    for kept, some in itertools.groupby(zip(ids, trained, strict=True), key=lambda pair: pair[1]):
        piece = tokenizer.decode([token for token, _ in some], clean_up_tokenization_spaces=False)
        quiet = f"{DIM}{piece}{PLAIN}" if colour else piece
        text += f"{opening}{piece}{closing}" if kept else quiet
    return text

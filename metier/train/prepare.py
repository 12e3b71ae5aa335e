"""Prepare a training job on disk: encode, order and pack the records once, so that a killed run need not do it again.

``data/`` holds the windows (``ids``, ``trained``, ``positions``: windows x window; ``tokens``: used places a window),
``items.parquet`` (which record lies where), ``dropped.json`` and, last, the marker ``complete``.
"""

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from metier import progress
from metier.artefact import write_json
from metier.records import Checkpoint, Conversation, Document, Dropped, MetierError
from metier.train.encode import Given, Items, encode, source_of
from metier.train.order import copies, expected_mix, order, realised_mix, weights
from metier.train.pack import Piece, Shape, displacement, pack, padding
from metier.train.settings import Train, copies_per_source

T = TypeVar("T", Conversation, Document)
MARKER = "complete"
KINDS: dict[str, type[np.generic]] = {"ids": np.int32, "trained": np.bool_, "positions": np.int32}
"""The arrays of windows and what they hold."""
BLOCK = 1024
"""Windows laid out in memory at a time."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """All that the training loop needs to know besides the windows in ``data/``."""

    base: str
    seed: int
    settings: Train
    windows: int
    steps: int
    tokens: int
    """Forward tokens, padding not counted."""
    epochs: float
    """Passes over the data, for the learning rate; a budget of tokens counts as one."""


class Mixture(msgspec.Struct, kw_only=True):
    """What was trained when: shares by source for each tenth of the run, as packed and by the closed form."""

    sources: list[str]
    items: dict[str, int]
    tokens: dict[str, int]
    deciles: list[list[float]]
    expected: list[list[float]]
    token_deciles: list[list[float]]
    token_expected: list[list[float]]


class Notes(msgspec.Struct, kw_only=True):
    """What the trainer has to say of its data."""

    items: int
    records: int
    dropped: int
    windows: int
    steps: int
    tokens: int
    trained_tokens: int
    budget: int | None
    epochs: float
    padding: float
    max_displacement: int
    continued: int
    """Pieces that continue an item cut at the end of a window."""


def prepare(base: Checkpoint, seed: int, settings: Train, out: Path, given: Given) -> Iterator[Dropped]:
    """Write ``job.json``, ``data/``, ``mixture.json`` and ``notes.json`` unless complete; yield what was left out.

    MetierError, before anything is encoded, where the base is no model or too short for the window, and at the first
    record whose source has no priority.
    """
    data = out / "data"
    if not (data / MARKER).exists():
        from metier.model.load import check_model, load_tokenizer, positions

        check_model(base.path)
        check_window(settings.window, positions(base.path), base.path)
        talks, pages = _drawn_by(given.conversations, settings.priorities), _drawn_by(given.docs, settings.priorities)
        tokenizer = load_tokenizer(base.path)
        items = encode(tokenizer, talks, pages, settings.window, settings.answers_only, settings.thinking)
        if not len(items):
            why = (
                f": all {len(items.dropped)} records were left out, first {items.dropped[0].why!r}"
                if items.dropped
                else ""
            )
            raise MetierError(f"nothing to train on{why}; check what the earlier steps kept")
        data.mkdir(parents=True, exist_ok=True)
        _write(base, seed, settings, out, items)
        (data / MARKER).touch()
    yield from msgspec.json.decode((data / "dropped.json").read_bytes(), type=list[Dropped])


def check_window(window: int, positions: int | None, base: str) -> None:
    """MetierError where a window is longer than what the base can read."""
    if positions and window > positions:
        raise MetierError(f"window {window} is longer than the {positions} positions of {base}; lower it")


def _drawn_by(records: Iterable[T], priorities: Mapping[str, float] | None) -> Iterator[T]:
    """The same records; one whose source has no priority is a MetierError, the first of them at once."""
    known = set[str]()

    def checked(record: T) -> T:
        source = source_of(record)
        if priorities is not None and source not in known:
            weights([source], priorities)
            known.add(source)
        return record

    rest = map(checked, records)
    first = list(islice(rest, 1))
    return chain(first, rest)


def _write(base: Checkpoint, seed: int, settings: Train, out: Path, items: Items) -> None:
    ranked, passes = _ranked(items, seed, settings)
    lengths = items.lengths[ranked]
    shape = Shape(lengths.tolist(), items.repeats[ranked].tolist())
    windows = pack(shape, settings.window, settings.tokens)
    used = _lay_out(out / "data", items, ranked, windows, settings.window)
    _note_items(out / "data" / "items.parquet", items, ranked, windows)
    write_json(out / "data" / "dropped.json", items.dropped)
    placed = np.array([piece.rank for one in windows for piece in one if piece.begin == 0], np.int64)
    _note_mixture(out, items, ranked[placed], settings)
    per_step = settings.batch_tokens // settings.window
    steps, tokens = math.ceil(len(windows) / per_step), int(used.sum())
    whole = float(items.lengths.sum())
    realised = passes if settings.tokens is None else round(float(lengths[placed].sum()) / whole, 4)
    cosine_epochs = passes if settings.tokens is None and not isinstance(settings.epochs, dict) else 1.0
    job = Job(
        base=base.path,
        seed=seed,
        settings=settings,
        windows=len(windows),
        steps=steps,
        tokens=tokens,
        epochs=cosine_epochs,
    )
    write_json(out / "job.json", job)
    notes = Notes(
        items=len(placed),
        records=len(set(items.names)),
        dropped=len(items.dropped),
        windows=len(windows),
        steps=steps,
        tokens=tokens,
        trained_tokens=int(np.load(out / "data" / "trained.npy", mmap_mode="r").sum()),
        budget=settings.tokens,
        epochs=realised,
        padding=round(padding(windows, settings.window), 6),
        max_displacement=int(np.abs(displacement(windows)).max()),
        continued=sum(piece.begin > 0 for one in windows for piece in one),
    )
    write_json(out / "notes.json", notes)


def _ranked(items: Items, seed: int, settings: Train) -> tuple[npt.NDArray[np.int64], float]:
    """The numbers of the items in the order of training, and how many passes that is."""
    given = settings.priorities
    priorities = None if given is None else weights(items.sources, given)
    urn = copies(items.codes, np.array(copies_per_source(settings, items.sources)), seed)
    if not len(urn):
        raise MetierError(f"nothing to train on: epochs {settings.epochs} leaves no item; give larger numbers")
    passes = 1.0 if isinstance(settings.epochs, dict) else settings.epochs
    if settings.tokens is not None:
        passes = math.ceil(settings.tokens / float(items.lengths[urn].sum()))
    rounds = [urn[order(items.codes[urn], priorities, seed, epoch)] for epoch in range(math.ceil(passes))]
    ranked = np.concatenate(rounds)
    return ranked[: max(1, round(passes * len(urn)))], passes


def _lay_out(
    data: Path, items: Items, ranked: npt.NDArray[np.int64], windows: Sequence[Sequence[Piece]], window: int
) -> npt.NDArray[np.int32]:
    """Write the windows as arrays that can be memory-mapped; return the used places of each.

    Positions restart with every piece and in the padding: that is what isolates them in attention. The first token of a
    piece is never trained, as nothing of its own comes before it.
    """
    size = (len(windows), window)
    used = np.zeros(len(windows), np.int32)
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context((data / f"{name}.npy").open("wb")) for name in KINDS]
        for file, kind in zip(files, KINDS.values(), strict=True):
            header = {"descr": np.dtype(kind).str, "fortran_order": False, "shape": size}
            np.lib.format.write_array_header_1_0(file, header)
        for first in range(0, len(windows), BLOCK):
            block = windows[first : first + BLOCK]
            tables = [np.zeros((len(block), window), kind) for kind in KINDS.values()]
            used[first : first + BLOCK] = [_lay(row, items, ranked, tables, at) for at, row in enumerate(block)]
            for file, table in zip(files, tables, strict=True):
                file.write(table.tobytes())
            progress.report(first + len(block), len(windows), "windows", "packing")
    np.save(data / "tokens.npy", used)
    return used


def _lay(
    pieces: Sequence[Piece],
    items: Items,
    ranked: npt.NDArray[np.int64],
    tables: Sequence[npt.NDArray[Any]],
    number: int,
) -> int:
    """Fill one row of the tables (``ids``, ``trained``, ``positions``); return how many places are used."""
    ids, trained, positions = (table[number] for table in tables)
    at = 0
    for piece in pieces:
        first = items.start[ranked[piece.rank]]
        body = slice(at + piece.head, at + piece.size)
        ids[at : at + piece.head] = items.ids[first : first + piece.head]
        ids[body] = items.ids[first + piece.begin : first + piece.end]
        trained[body] = items.trained[first + piece.begin : first + piece.end]
        trained[at : at + max(1, piece.head + piece.reread)] = False
        positions[at : at + piece.size] = np.arange(piece.size)
        at += piece.size
    positions[at:] = np.arange(len(positions) - at)
    return at


def _note_items(path: Path, items: Items, ranked: npt.NDArray[np.int64], windows: Sequence[Sequence[Piece]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = [(number, piece) for number, one in enumerate(windows) for piece in one]
    numbers = ranked[[piece.rank for _, piece in flat]]
    table = {
        "window": pa.array([number for number, _ in flat], pa.int32()),
        "id": pa.array([items.names[number] for number in numbers], pa.large_string()),
        "source": pa.array([items.sources[code] for code in items.codes[numbers]], pa.large_string()),
        "rank": pa.array([piece.rank for _, piece in flat], pa.int64()),
        "begin": pa.array([piece.begin for _, piece in flat], pa.int32()),
        "end": pa.array([piece.end for _, piece in flat], pa.int32()),
    }
    pq.write_table(pa.table(table), path, compression="zstd")


def _note_mixture(out: Path, items: Items, trained: npt.NDArray[np.int64], settings: Train) -> None:
    """Realised and expected shares, by items and by their tokens."""
    codes, sizes = items.codes[trained], items.lengths[trained].astype(np.float64)
    count = len(items.sources)
    times = np.array(copies_per_source(settings, items.sources))
    given = settings.priorities
    priorities = None if given is None else weights(items.sources, given)
    per_source = np.bincount(items.codes, minlength=count) * times
    tokens_per_source = np.bincount(items.codes, weights=items.lengths, minlength=count) * times
    mixture = Mixture(
        sources=items.sources,
        items=_by_source(items.sources, np.bincount(codes, minlength=count)),
        tokens=_by_source(items.sources, np.bincount(codes, weights=sizes, minlength=count)),
        deciles=realised_mix(codes, count).round(6).tolist(),
        expected=expected_mix(per_source, priorities, len(trained)).round(6).tolist(),
        token_deciles=realised_mix(codes, count, sizes).round(6).tolist(),
        token_expected=expected_mix(tokens_per_source, priorities, float(sizes.sum())).round(6).tolist(),
    )
    write_json(out / "mixture.json", mixture)


def _by_source(sources: Sequence[str], numbers: npt.NDArray[np.generic]) -> dict[str, int]:
    return {source: round(float(number)) for source, number in zip(sources, numbers.tolist(), strict=True)}

"""Prepare a training job on disk: encode, order and pack the records once, so that a killed run need not do it again.

``data/`` holds the windows in their order (see ``layout``), ``dropped/`` and, last, the marker ``complete``;
``validation/`` the windows of the records that the model is only looked at with, in the order given.
"""

import math
import shutil
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from metier.artefact import Artefact, write_json
from metier.records import Checkpoint, Conversation, Document, Dropped, MetierError
from metier.train.encode import Given, Items, encode
from metier.train.layout import lay_out
from metier.train.mixing import Mix, left_out, mix, note, source_of
from metier.train.origin import Reading, check_begun, note_origin
from metier.train.settings import Train

T = TypeVar("T", Conversation, Document)
MARKER = "complete"
DATA, VALIDATION = "data", "validation"
ENCODED = "encoded"
"""Where the items of a directory of windows are until they are laid out."""


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
    validation: int = 0
    """Windows in ``validation/``."""


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
    undrawn: int = 0
    """Items that no pass drew: beyond a cap, a share of their source or the budget."""
    validation: int = 0
    """Records that the model is looked at with."""


class Looks(NamedTuple):
    """What there is to look at the model with."""

    records: int = 0
    windows: int = 0


def prepare(base: Checkpoint, seed: int, settings: Train, out: Path, given: Given) -> Iterator[Dropped]:
    """Write ``job.json``, ``data/``, ``mixture.json`` and ``notes.json`` unless complete; yield what was left out.

    MetierError, before anything is encoded, where the base is no model or too short for the window, and at the first
    record whose source has no priority; or where what is complete was prepared from something else.
    """
    data, reading = out / DATA, Reading(given)
    given = reading.given
    if not (data / MARKER).exists():
        from metier.model.load import check_model, check_writer, load_tokenizer, positions
        from metier.model.template import check_tokenizer

        check_model(base.path)
        check_writer(base.path)
        check_window(settings.window, positions(base.path), base.path)
        talks, pages = _checked(given.conversations, settings), _checked(given.docs, settings)
        tokenizer = load_tokenizer(base.path)
        check_tokenizer(tokenizer, base.path)
        for stale in (data, out / VALIDATION):
            if stale.exists():
                shutil.rmtree(stale)
        looks = _validation(tokenizer, given.validation, settings, out / VALIDATION)
        items = encode(tokenizer, Given(talks, pages), settings, data / ENCODED)
        if not len(items):
            raise MetierError(f"nothing to train on{_why(items)}; check what the earlier steps kept")
        _write(base, seed, settings, out, items, looks)
        _keep_dropped(data)
        note_origin(out, base, seed, settings, reading.finish())
        (data / MARKER).touch()
    else:
        check_begun(out, base, seed, settings, reading)
        job = msgspec.json.decode((out / "job.json").read_bytes(), type=Job)
        write_json(out / "job.json", msgspec.structs.replace(job, base=base.path))
    yield from _left_out(out)


def check_window(window: int, positions: int | None, base: str) -> None:
    """MetierError where a window is longer than what the base can read."""
    if positions and window > positions:
        raise MetierError(f"window {window} is longer than the {positions} positions of {base}; lower it")


def _checked(records: Iterable[T], settings: Train) -> Iterator[T]:
    """The same records; one of a source that does not take part is a MetierError, the first of them at once."""
    known, why = set[str](), left_out(settings)

    def checked(record: T) -> T:
        source = source_of(record)
        if source not in known:
            if said := why(source):
                raise MetierError(f"{record.id}: {said}")
            known.add(source)
        return record

    rest = map(checked, records)
    first = list(islice(rest, 1))
    return chain(first, rest)


def _validation(tokenizer: Any, records: Iterable[Conversation], settings: Train, home: Path) -> Looks:
    """Encode and pack the records to look at, each once, unless there are none."""
    first = list(islice(rest := iter(records), 1))
    if not first:
        return Looks()
    items = encode(tokenizer, Given(chain(first, rest)), settings, home / ENCODED)
    if not len(items):
        raise MetierError(f"validation: nothing to look at{_why(items)}; check what the earlier steps kept")
    laid = lay_out(home, items, np.arange(len(items)), settings.window)
    _keep_dropped(home)
    return Looks(items.records, laid.windows)


def _keep_dropped(home: Path) -> None:
    """Of the items that were encoded for some windows, keep only what is said of the records that were left out."""
    if (home / ENCODED / "dropped").exists():
        (home / ENCODED / "dropped").rename(home / "dropped")
    shutil.rmtree(home / ENCODED)


def _left_out(out: Path) -> Iterator[Dropped]:
    """The records that were left out, each once: an id may be that of a conversation, a document and a look."""
    known = set[str]()
    for place, prefix in ((out / DATA, ""), (out / VALIDATION, "validation: ")):
        for one in Artefact(place).dropped():
            if one.id not in known:
                known.add(one.id)
                yield msgspec.structs.replace(one, why=prefix + one.why)


def _why(items: Items) -> str:
    return f": all {items.dropped} records were left out, first {items.first_why!r}" if items.dropped else ""


def _write(base: Checkpoint, seed: int, settings: Train, out: Path, items: Items, looks: Looks) -> None:
    counts = np.bincount(items.codes, minlength=len(items.sources))
    made = mix(settings, items.sources, counts.tolist())
    ranked, passes = _ranked(items, made, seed, settings)
    laid = lay_out(out / DATA, items, ranked, settings.window, settings.tokens)
    trained = ranked[laid.ranks]
    whole = np.bincount(items.codes, weights=items.lengths, minlength=len(items.sources))
    write_json(out / "mixture.json", note(made, items.codes[trained], items.lengths[trained], whole))
    per_step = settings.batch_tokens // settings.window
    spent = float(items.lengths[trained].sum(dtype=np.int64))
    plain = settings.tokens is None and not isinstance(settings.epochs, dict)
    job = Job(
        base=base.path,
        seed=seed,
        settings=settings,
        windows=laid.windows,
        steps=math.ceil(laid.windows / per_step),
        tokens=laid.tokens,
        epochs=passes if plain else 1.0,
        validation=looks.windows,
    )
    write_json(out / "job.json", job)
    notes = Notes(
        items=len(trained),
        records=items.records,
        dropped=items.dropped,
        windows=laid.windows,
        steps=job.steps,
        tokens=laid.tokens,
        trained_tokens=laid.trained,
        budget=settings.tokens,
        epochs=passes if settings.tokens is None else round(spent / float(whole.sum()), 4),
        padding=round(1 - laid.tokens / (laid.windows * settings.window), 6),
        max_displacement=laid.displacement,
        continued=laid.continued,
        undrawn=len(items) - len(np.unique(trained)),
        validation=looks.records,
    )
    write_json(out / "notes.json", notes)


def _ranked(items: Items, made: Mix, seed: int, settings: Train) -> tuple[npt.NDArray[np.integer], float]:
    """The numbers of the items in the order of training, and how many passes that is."""
    passes = 1.0 if isinstance(settings.epochs, dict) else settings.epochs
    rounds, tokens = list[npt.NDArray[np.integer]](), 0
    while len(rounds) < passes if settings.tokens is None else tokens < settings.tokens:
        rounds.append(made.rank(items.codes, seed, len(rounds)))
        tokens += int(items.lengths[rounds[-1]].sum(dtype=np.int64))
    ranked = np.concatenate(rounds)
    if settings.tokens is None:
        ranked = ranked[: max(1, round(passes * int(made.draws.sum())))]
    return ranked, passes

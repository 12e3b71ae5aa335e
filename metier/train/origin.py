"""What a training was begun with, so that one that goes on after a kill goes on with the same: ``origin.json``."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import xxhash

from metier.artefact import write_json
from metier.model.identity import REMOTE, Identity, identity
from metier.records import Checkpoint, Conversation, Document, MetierError
from metier.train.encode import Given
from metier.train.settings import Train, launch_settings

T = TypeVar("T", Conversation, Document)
ORIGIN = "origin.json"
REMEDY = "give it back what it had, or delete the directory to begin anew"


class Origin(msgspec.Struct, frozen=True):
    """What a training was begun with; texts are hashes."""

    base: str
    identity: Identity
    """The weights, tokenizer and chat template of the base."""
    seed: int
    settings: Train
    records: str
    """Of the records given, in their order."""
    windows: str
    """Of the windows that they became."""


class Reading:
    """Records as they are read, and the hash of all that was read so far."""

    def __init__(self, given: Given) -> None:
        self.hashers = first, second, third = tuple(xxhash.xxh3_128() for _ in range(3))
        talks, pages = _hashed(given.conversations, first), _hashed(given.docs, second)
        self.given = Given(talks, pages, _hashed(given.validation, third))

    def hash(self) -> str:
        """The hash of what was read; the kinds of records may have been read in any order."""
        return xxhash.xxh3_128_hexdigest(b"".join(hasher.digest() for hasher in self.hashers))

    def finish(self) -> str:
        """The hash of all records, after reading what was not read yet."""
        for records in self.given:
            for _ in records:
                pass
        return self.hash()


def note_origin(out: Path, base: Checkpoint, seed: int, settings: Train, records: str) -> None:
    """Write down what a job that has just been prepared in ``out`` was prepared from."""
    found = Origin(base.path, identify(base.path), seed, settings, records, hash_windows(out))
    write_json(out / ORIGIN, found)


def check_begun(out: Path, base: Checkpoint, seed: int, settings: Train, reading: Reading) -> None:
    """MetierError with the reason where a job prepared in ``out`` was prepared from something else than this."""
    then = _origin(out)
    now = msgspec.json.decode(msgspec.json.encode(settings), type=Train)
    changed = [
        f"{name} was {_short(was)} and is {_short(given)}"
        for name in Train.__struct_fields__
        if (was := getattr(then.settings, name)) != (given := getattr(now, name)) and name not in launch_settings()
    ]
    changed = [f"the seed was {then.seed} and is {seed}"] * (then.seed != seed) + changed
    if not changed and reading.finish() != then.records:
        changed = ["the records were others"]
    if changed:
        raise MetierError(f"{out}: this training was begun otherwise: {changed[0]}; {REMEDY}")
    if base.path != then.base:
        _check_base(out, then, base.path)


def check_unchanged(out: Path, base: str) -> None:
    """MetierError where the base or the windows of a job are not what they were when it was prepared."""
    then = _origin(out)
    _check_base(out, then, base)
    if hash_windows(out) != then.windows:
        raise MetierError(f"{out / 'data'}: the windows changed since this training was begun; {REMEDY}")


def identify(path: str) -> Identity:
    """What a base is; the weights of a public model are known by its name, as they may not be fetched yet."""
    found = identity(path)
    return msgspec.structs.replace(found, weights=path) if path.startswith(REMOTE) else found


def hash_windows(out: Path) -> str:
    """The hash of the arrays of a prepared job, those of its validation records included."""
    hasher = xxhash.xxh3_128()
    for file in sorted(file for part in ("data", "validation") for file in (out / part).glob("*.npy")):
        hasher.update(f"{file.relative_to(out)}\n".encode())
        with file.open("rb") as stream:
            while piece := stream.read(1 << 22):
                hasher.update(piece)
    return hasher.hexdigest()


def _check_base(out: Path, then: Origin, base: str) -> None:
    now = identify(base)
    for field, name in (("weights", "weights"), ("tokenizer", "tokenizer"), ("template", "chat template")):
        if getattr(then.identity, field) != getattr(now, field):
            raise MetierError(f"{out}: the {name} of {base} changed since this training was begun; {REMEDY}")


def _origin(out: Path) -> Origin:
    try:
        return msgspec.json.decode((out / ORIGIN).read_bytes(), type=Origin)
    except (FileNotFoundError, msgspec.DecodeError):
        raise MetierError(f"{out / ORIGIN}: missing or damaged; delete {out} to begin this training anew") from None


def _hashed(records: Iterable[T], hasher: "xxhash.xxh3_128") -> Iterator[T]:
    encoder = msgspec.msgpack.Encoder()
    for record in records:
        hasher.update(encoder.encode(record))
        yield record


def _short(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."

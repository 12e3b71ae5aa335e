"""The pairs of a reward model: encoded, and split into those that are trained on and those that it is measured on."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import xxhash

from metier.judge.held_out import asked, together
from metier.records import Dropped, MetierError, Preference
from metier.train.begun import Hashed
from metier.train.trl_data import Pair, encode_preferences


class Given(NamedTuple):
    """What the trainer of a reward model is given: pairs to train on, and pairs to measure it on."""

    preferences: Iterable[Preference]
    validation: Iterable[Preference] = ()


@dataclass(frozen=True)
class Pairs:
    """Encoded pairs, apart; no prompt is in both parts."""

    trained: list[Pair]
    held: list[Pair]
    dropped: list[Dropped]
    mark: str
    """The hash of the records that were given."""


def read_pairs(tokenizer: Any, given: Given, most: int, seed: int, share: float) -> Pairs:
    """Encode and split; MetierError where nothing is left to train on, or of what was fed to measure by."""
    hashed = Hashed()
    dropped = list[Dropped]()
    some = _encoded(tokenizer, hashed.passed(given.preferences), most, dropped)
    first = len(dropped)
    fed = _encoded(tokenizer, hashed.passed(given.validation), most, dropped)
    dropped[first:] = [msgspec.structs.replace(one, why=f"validation: {one.why}") for one in dropped[first:]]
    if fed or len(dropped) > first:
        known = {asked(one.record) for one in some}
        held = [one for one in fed if asked(one.record) not in known]
        why = "validation: its prompt is trained on"
        dropped += [Dropped(one.record.id, why) for one in fed if asked(one.record) in known]
        if not held:
            raise MetierError(f"validation: no pair is left to measure by{_why(dropped[first:])}")
        trained = some
    else:
        trained, held = split(some, share, seed)
    if not trained:
        raise MetierError(f"nothing to train a reward model on{_why(dropped)}; check what the earlier steps kept")
    return Pairs(trained, held, dropped, hashed.mark)


def split(pairs: Sequence[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on and pairs held out, by a seeded hash of what their prompts were made from.

    About that share is held out, at least the pairs of one prompt where there are two; all pairs of a prompt go
    together, and so do those of all prompts that were made from the same.
    """
    named = list(zip(pairs, together([one.record for one in pairs]), strict=True))
    sizes = Counter(name for _, name in named)
    wanted, held = share * len(pairs), set[str]()
    count = 0
    for name in sorted(sizes, key=lambda name: (xxhash.xxh64_intdigest(f"{seed}:held out:{name}".encode()), name)):
        if not wanted or count >= wanted or len(held) + 1 == len(sizes):
            break
        held.add(name)
        count += sizes[name]
    return [one for one, name in named if name not in held], [one for one, name in named if name in held]


def order(pairs: Sequence[Pair], epochs: float, step: int, seed: int) -> list[int]:
    """The numbers of the pairs as they are trained on: each pass by hashes of its own, cut where the passes end.

    Within the pairs of a step long ones come first, so that those that are padded together are of like length.
    """
    lengths = [max(map(len, one.rows)) for one in pairs]
    ranked = list[int]()
    for turn in range(math.ceil(epochs)):
        marks = [xxhash.xxh64_intdigest(f"{seed}:{turn}:{one.record.id}".encode()) for one in pairs]
        ranked += sorted(range(len(pairs)), key=lambda number: (marks[number], number))
    ranked = ranked[: max(1, round(epochs * len(pairs)))]
    steps = [ranked[first : first + step] for first in range(0, len(ranked), step)]
    return [number for some in steps for number in sorted(some, key=lambda number: -lengths[number])]


def _encoded(tokenizer: Any, records: Iterable[Preference], most: int, dropped: list[Dropped]) -> list[Pair]:
    made = list[Pair]()
    for one in encode_preferences(tokenizer, records, most):
        if isinstance(one, Dropped):
            dropped.append(one)
        else:
            made.append(one)
    return made


def _why(dropped: Sequence[Dropped]) -> str:
    if not dropped:
        return ""
    return f": all {len(dropped)} pairs were left out, first '{dropped[0].id}: {dropped[0].why}'"

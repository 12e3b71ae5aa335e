"""How well reward models tell the preferred reply: accuracy, calibration and what length explains, on given pairs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from metier import progress
from metier.evals.tables import cells
from metier.judge.held_out import held_out, together
from metier.llm.subject import seeds
from metier.model.load import load_tokenizer, positions
from metier.model.rewards import Rendered, check_reward, encode_pairs
from metier.model.template import Refused
from metier.records import Checkpoint, Config, Dropped, MetierError, Preference, Score

BATCH = 256
"""Pairs that are encoded, or scored, in one call."""


class Preferred(Config, frozen=True):
    """What the table groups by."""

    by: tuple[Literal["source", "language"], ...] = ()
    """What the pairs are grouped by, one table each."""


class _Row(NamedTuple):
    """One pair under one checkpoint: both rewards, both lengths in tokens, and the seed where there are several."""

    place: int
    chosen: float
    rejected: float
    lengths: tuple[int, int]
    seed: str


def preferred(
    preferences: Iterable[Preference], models: Mapping[str, tuple[Checkpoint, ...]], task: str, config: Preferred
) -> Iterator[Score | Dropped]:
    """Score every reward model on the same pairs; yields what no table holds as one of the models cannot read it.

    `reward_accuracy`, `reward_calibration`, `reward_brier`, `reward_length_correlation` and `chosen_longer` (see
    ``HeldOut``), overall, by seed where a model has several, and by what is named.
    """
    some = list(preferences)
    if not models:
        raise MetierError(f"{task}: no reward model to measure; name some under models")
    for checkpoints in models.values():
        for checkpoint in checkpoints:
            check_reward(checkpoint.path)
    unread = _unread(some, models)
    yield from (Dropped(one.id, unread[one.id]) for one in some if one.id in unread)
    some = [one for one in some if one.id not in unread]
    if not some:
        why = next(iter(unread.items()), None)
        raise MetierError(f"{task}: no pair to measure on{f', first {why[0]!r}: {why[1]}' if why else ''}")
    for model, checkpoints in models.items():
        names = seeds(model, checkpoints)
        rows = list[_Row]()
        for name, checkpoint in zip(names, checkpoints, strict=True):
            rows += _rows(some, checkpoint.path, name if len(names) > 1 else "")
        yield from _scores(some, rows, task, model, {})
        named = [_labels(some[row.place]) | ({"seed": row.seed} if row.seed else {}) for row in rows]
        for cell, places in cells((*config.by, "seed"), named):
            yield from _scores(some, [rows[place] for place in places], task, model, cell)


def _labels(one: Preference) -> dict[str, str]:
    return {name: value for name, value in (("source", one.source), ("language", one.language)) if value}


def _unread(some: Sequence[Preference], models: Mapping[str, tuple[Checkpoint, ...]]) -> dict[str, str]:
    """Id -> why, of every pair that says nothing or that one of the models cannot read whole."""
    found = {one.id: "chosen equals rejected" for one in some if one.chosen == one.rejected}
    for model, checkpoints in models.items():
        for checkpoint in checkpoints:
            most = positions(checkpoint.path)
            for one, both in zip(some, _encoded(some, checkpoint.path), strict=True):
                if odd := next((reply.why for reply in both if isinstance(reply, Refused)), None):
                    found.setdefault(one.id, f"model {model!r}: {odd}")
                elif most and max(len(reply.ids) for reply in both if not isinstance(reply, Refused)) > most:
                    found.setdefault(one.id, f"model {model!r}: longer than the {most} tokens that it reads")
    return found


def _encoded(some: Sequence[Preference], path: str) -> Iterator[tuple[Rendered | Refused, Rendered | Refused]]:
    """Both conversations of every pair as a model reads them."""
    tokenizer = load_tokenizer(path)
    for first in range(0, len(some), BATCH):
        part = some[first : first + BATCH]
        made = encode_pairs(tokenizer, [(one.prompt, reply) for one in part for reply in (one.chosen, one.rejected)])
        yield from zip(made[::2], made[1::2], strict=True)


def _rows(some: Sequence[Preference], path: str, seed: str) -> Iterator[_Row]:
    """Every pair with the rewards of one checkpoint."""
    from metier.model.rewards import load_reward, rewards

    loaded = load_reward(path)
    pairs = [tuple(one for one in both if not isinstance(one, Refused)) for both in _encoded(some, path)]
    for first in range(0, len(pairs), BATCH):
        part = pairs[first : first + BATCH]
        given = rewards(loaded, [reply.ids for both in part for reply in both])
        for at, both in enumerate(part):
            lengths = (len(both[0].reply), len(both[1].reply))
            yield _Row(first + at, given[2 * at], given[2 * at + 1], lengths, seed)
        progress.report(first + len(part), len(pairs), "pairs", path)


def _scores(
    some: Sequence[Preference], rows: Sequence[_Row], task: str, model: str, cell: dict[str, str]
) -> Iterator[Score]:
    found = held_out(
        [some[row.place].id for row in rows],
        [row.chosen for row in rows],
        [row.rejected for row in rows],
        [row.lengths for row in rows],
        together([some[row.place] for row in rows]),
    )
    for metric, one in (
        ("reward_accuracy", found.accuracy),
        ("reward_calibration", found.calibration),
        ("reward_brier", found.brier),
        ("reward_length_correlation", found.length_correlation),
        ("chosen_longer", found.longer_wins),
    ):
        yield Score(task, model, metric, cell, one.value, one.n, one.low, one.high)

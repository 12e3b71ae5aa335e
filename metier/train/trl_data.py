"""Preferences as tokens, for trainers that take them ready made: rendered by our template, so that nothing is cut."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from metier import progress
from metier.model.rewards import Rendered, encode_pairs
from metier.model.template import Refused
from metier.records import Dropped, Preference

BATCH = 256
"""Preferences that are encoded in one call."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A preference as tokens: what both conversations begin with, and each reply with its end of turn."""

    record: Preference
    prompt: list[int]
    chosen: list[int]
    rejected: list[int]

    @property
    def rows(self) -> tuple[list[int], list[int]]:
        """Both conversations whole, as a reward model reads them: the chosen one, then the rejected one."""
        return [*self.prompt, *self.chosen], [*self.prompt, *self.rejected]


def encode_preferences(tokenizer: Any, preferences: Iterable[Preference], most: int) -> Iterator[Pair | Dropped]:
    """Every preference as tokens, or why it cannot be trained on, in order.

    That is where both replies are the same, where the template cannot write them, and where a conversation is longer
    than ``most`` tokens: one that was cut would be judged by what it does not say.
    """
    rest, done = iter(preferences), 0
    while some := list(islice(rest, BATCH)):
        both = [(one.prompt, reply) for one in some for reply in (one.chosen, one.rejected)]
        made = iter(encode_pairs(tokenizer, both))
        for one in some:
            yield _pair(one, next(made), next(made), most)
        done += len(some)
        progress.report(done, 0, "pairs", "encoding")


def _pair(record: Preference, chosen: Rendered | Refused, rejected: Rendered | Refused, most: int) -> Pair | Dropped:
    if not record.prompt:
        return Dropped(record.id, "no prompt")
    if record.chosen == record.rejected:
        return Dropped(record.id, "chosen equals rejected")
    if isinstance(chosen, Refused):
        return Dropped(record.id, chosen.why)
    if isinstance(rejected, Refused):
        return Dropped(record.id, rejected.why)
    if chosen.prompt != rejected.prompt:
        return Dropped(record.id, "the template writes the prompt of each reply otherwise")
    if chosen.reply == rejected.reply:
        return Dropped(record.id, "chosen and rejected are the same tokens")
    longest = len(chosen.prompt) + max(len(chosen.reply), len(rejected.reply))
    if longest > most:
        return Dropped(record.id, f"longer than {most} tokens", f"{longest} tokens")
    return Pair(record, chosen.prompt, chosen.reply, rejected.reply)


def columns(pairs: Sequence[Pair], factor: float = 0.0) -> Any:
    """A ``datasets.Dataset`` of the columns that TRL's RewardTrainer takes: `chosen_ids`, `rejected_ids`.

    With a ``factor`` also `margin`: so many times the points by which the judge held the chosen reply to be ahead.
    """
    import pyarrow as pa
    from datasets import Dataset

    rows = [one.rows for one in pairs]
    table = {
        "chosen_ids": pa.array([chosen for chosen, _ in rows], pa.large_list(pa.int32())),
        "rejected_ids": pa.array([rejected for _, rejected in rows], pa.large_list(pa.int32())),
    }
    if factor:
        table["margin"] = pa.array([factor * lead(one.record) for one in pairs], pa.float32())
    return Dataset(pa.table(table))


def lead(record: Preference) -> float:
    """The points by which the chosen reply was ahead, by its verdict; 0 where it has none."""
    return abs(record.verdict.margin) if record.verdict is not None else 0.0

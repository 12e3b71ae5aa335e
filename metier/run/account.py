"""Every id that goes into a step comes out, as a record or as a drop with its reason: never both, never neither."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from metier.artefact import Cell, Example
from metier.batch import Batch
from metier.records import Document, Dropped, MetierError, Record, Score
from metier.run.count import cells

TEXTS = 512
"""Documents whose words are counted together."""


class AccountError(MetierError):
    """A stage lost or doubled a record: an error in the stage, not in the data."""


def check_kernel(stage: str, before: Batch[Any], after: Batch[Any]) -> None:
    """Hold one batch of a kernel to the law; the usual case, ids unchanged, is one comparison."""
    if after.ids.equals(before.ids):
        return
    kept = after.kept()
    lost = after.why.is_valid()
    dropped = after.ids.filter(lost)
    parents = [kept.rows.column("parent")] if "parent" in kept.rows.schema.names else []
    out = pa.chunked_array([kept.ids, *parents])
    known = pc.is_in(before.ids, value_set=pc.unique(out))
    gone = pc.is_in(before.ids, value_set=dropped)
    neither = before.ids.filter(pc.invert(pc.or_(known, gone)))
    both = before.ids.filter(pc.and_(known, gone))
    if len(neither):
        raise AccountError(f"{stage} lost {len(neither)} records without a reason, the first is {neither[0].as_py()!r}")
    if len(both):
        raise AccountError(f"{stage} both kept and dropped {len(both)} records, the first is {both[0].as_py()!r}")


class Ledger:
    """What one call of a stage took and gave, held to the law when it ends."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.taken: dict[str, set[str]] = {}
        self.read: Counter[str] = Counter()
        """How many records of each parameter were taken; verdicts, grades and scores have no id of their own."""
        self.given: set[str] = set()
        self.lost: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.examples: dict[str, list[Example]] = {}
        self.made: dict[str, set[str]] = {}
        self.cells: dict[str, Cell] = {}
        self.texts: list[Document] = []

    def take(self, parameter: str, records: Iterable[Record]) -> Iterator[Any]:
        """Pass records on to the stage, remembering their ids; an id that comes twice is an error."""
        seen = self.taken.setdefault(parameter, set())
        for record in records:
            name = getattr(record, "id", "")
            if name and name in seen:
                raise AccountError(
                    f"{self.stage}: the id {name!r} comes twice in {parameter!r}; give its sources other ids"
                )
            self.read[parameter] += 1
            if name:
                seen.add(name)
            yield record

    def give(self, record: Record) -> None:
        """Note one record that the stage yields."""
        if isinstance(record, Dropped):
            if record.id in self.lost:
                raise AccountError(f"{self.stage} dropped {record.id!r} twice")
            self.lost.add(record.id)
            self.reasons[record.why] += 1
            some = self.examples.setdefault(record.why, [])
            if len(some) < 5:
                some.append(Example(record.id, detail=record.detail))
            return
        if isinstance(record, Score) and not all(map(math.isfinite, (record.value, record.low, record.high))):
            raise MetierError(
                f"{self.stage}: {record.metric} of {record.model!r} on {record.task!r} is no finite number "
                f"({record.value}, {record.low} to {record.high}); look at that model's weights and at the questions"
            )
        kind = type(record).__name__.lower()
        self.counts[kind] += 1
        if isinstance(record, Document):
            self._count(record)
        name = getattr(record, "id", None)
        if name is None:
            return
        made = self.made.setdefault(kind, set())
        if name in made:
            raise AccountError(f"{self.stage} yields two records of the noun {kind} with the id {name!r}")
        made.add(name)
        self.given.update((name, getattr(record, "parent", "") or name))

    def _count(self, *records: Document, least: int = TEXTS) -> None:
        """Add documents to the cells, many at a time."""
        self.texts += records
        if len(self.texts) >= least:
            for key, cell in cells(Batch.of(Document, self.texts)).items():
                self.cells.setdefault(key, Cell()).add(cell)
            self.texts.clear()

    def close(self, accounts: bool, beside: Collection[str] = ()) -> None:
        """Count what is left, and hold the whole call to the law where the stage turns records into records.

        The law does not hold for parameters that the stage only looks ``beside`` at.
        """
        self._count(least=1)
        if not accounts:
            return
        for parameter, ids in self.taken.items():
            if parameter in beside:
                continue
            lost = ids - self.given - self.lost
            both = ids & self.given & self.lost
            if lost:
                first = f"without a reason, the first is {min(lost)!r}"
                raise AccountError(f"{self.stage} lost {len(lost)} of {len(ids)} {parameter} {first}")
            if both:
                raise AccountError(
                    f"{self.stage} both kept and dropped {len(both)} records, the first is {min(both)!r}"
                )

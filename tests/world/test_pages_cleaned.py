"""The corpus of the world through the stages that every recipe cleans with."""

from collections import Counter
from pathlib import Path

from metier.batch import Batch
from metier.corpus.clean import Clean, clean
from metier.corpus.dedup import Dedup
from metier.records import Document
from metier.world.write import Write, write
from tests.corpus.helpers import deduplicated


def test_cleaning_and_deduplication_drop_the_duplicates_and_nothing_else(tmp_path: Path) -> None:
    pages = [record for record in write(7, Write(subject="drugs", drugs=60)) if isinstance(record, Document)]
    kinds = Counter(page.meta["page"] for page in pages)
    twins = {page.id for page in pages if "twin" in page.meta}
    assert min(kinds[kind] for kind in ("duplicate", "near_duplicate", "dose_twin")) >= 12
    assert len(twins) >= 6 * 4

    cleaned = clean(Batch.of(Document, pages), Clean(boilerplate="asset:world/en/boilerplate.txt"))
    assert cleaned.dropped() == []
    halves = [Batch(cleaned.kind, cleaned.rows.slice(at, 100), cleaned.why.slice(at, 100)) for at in range(0, 400, 100)]
    dropped = [(one.id, one.why) for one in deduplicated(tmp_path, [half for half in halves if len(half)], Dedup())]

    duplicates = {page.id for page in pages if page.meta["page"] == "duplicate"}
    assert sorted(dropped) == sorted((id, "exact duplicate") for id in duplicates)
    gone = {id for id, _ in dropped}
    left = Counter(page.meta["page"] for page in pages if page.id not in gone)
    assert left == {kind: count for kind, count in kinds.items() if kind != "duplicate"}
    assert twins - duplicates <= {page.id for page in pages} - gone
